/* /maxscale/query_classifier */
#include "admin/res.h"
#include "mx/sql.h"
#include "mx/str.h"

#include <stdlib.h>
#include <string.h>

void
admin_get_classifier(struct admin_request *request, struct admin_response *response)
{
    json_t *attributes =
        json_pack("{s:{s:I}}", "parameters", "cache_size",
                  (json_int_t)request->registry->globals->query_classifier_cache_size);

    admin_response_body(
        response,
        admin_document(request, admin_resource("query_classifier", "query_classifier", attributes),
                       "/maxscale/query_classifier/"));
}

static const struct {
    uint32_t bit;
    const char *name;
} types[] = {
    {MX_SQL_READ, "READ"},
    {MX_SQL_WRITE, "WRITE"},
    {MX_SQL_MASTER_READ, "MASTER_READ"},
    {MX_SQL_SESSION_WRITE, "SESSION_WRITE"},
    {MX_SQL_USERVAR_WRITE, "USERVAR_WRITE"},
    {MX_SQL_USERVAR_READ, "USERVAR_READ"},
    {MX_SQL_SYSVAR_READ, "SYSVAR_READ"},
    {MX_SQL_GSYSVAR_READ, "GSYSVAR_READ"},
    {MX_SQL_GSYSVAR_WRITE, "GSYSVAR_WRITE"},
    {MX_SQL_BEGIN_TRX, "BEGIN_TRX"},
    {MX_SQL_ENABLE_AUTOCOMMIT, "ENABLE_AUTOCOMMIT"},
    {MX_SQL_DISABLE_AUTOCOMMIT, "DISABLE_AUTOCOMMIT"},
    {MX_SQL_ROLLBACK, "ROLLBACK"},
    {MX_SQL_COMMIT, "COMMIT"},
    {MX_SQL_PREPARE_NAMED_STMT, "PREPARE_NAMED_STMT"},
    {MX_SQL_PREPARE_STMT, "PREPARE_STMT"},
    {MX_SQL_EXEC_STMT, "EXEC_STMT"},
    {MX_SQL_CREATE_TMP_TABLE, "CREATE_TMP_TABLE"},
    {MX_SQL_DEALLOC_PREPARE, "DEALLOC_PREPARE"},
    {MX_SQL_READONLY, "READONLY"},
    {MX_SQL_READWRITE, "READWRITE"},
    {MX_SQL_NEXT_TRX, "NEXT_TRX"},
};

static const char *const operations[MX_SQL_OP_COUNT] = {
    [MX_SQL_OP_UNDEFINED] = "UNDEFINED",
    [MX_SQL_OP_ALTER] = "ALTER",
    [MX_SQL_OP_ALTER_TABLE] = "ALTER_TABLE",
    [MX_SQL_OP_CALL] = "CALL",
    [MX_SQL_OP_CHANGE_DB] = "CHANGE_DB",
    [MX_SQL_OP_CREATE] = "CREATE",
    [MX_SQL_OP_CREATE_ROLE] = "CREATE_ROLE",
    [MX_SQL_OP_CREATE_TABLE] = "CREATE_TABLE",
    [MX_SQL_OP_CREATE_USER] = "CREATE_USER",
    [MX_SQL_OP_DELETE] = "DELETE",
    [MX_SQL_OP_DROP] = "DROP",
    [MX_SQL_OP_DROP_TABLE] = "DROP_TABLE",
    [MX_SQL_OP_EXECUTE] = "EXECUTE",
    [MX_SQL_OP_EXPLAIN] = "EXPLAIN",
    [MX_SQL_OP_GRANT] = "GRANT",
    [MX_SQL_OP_INSERT] = "INSERT",
    [MX_SQL_OP_KILL] = "KILL",
    [MX_SQL_OP_LOAD] = "LOAD",
    [MX_SQL_OP_LOAD_LOCAL] = "LOAD_LOCAL",
    [MX_SQL_OP_REVOKE] = "REVOKE",
    [MX_SQL_OP_SELECT] = "SELECT",
    [MX_SQL_OP_SET] = "SET",
    [MX_SQL_OP_SET_TRANSACTION] = "SET_TRANSACTION",
    [MX_SQL_OP_SHOW] = "SHOW",
    [MX_SQL_OP_SHOW_DATABASES] = "SHOW_DATABASES",
    [MX_SQL_OP_TRUNCATE] = "TRUNCATE",
    [MX_SQL_OP_UPDATE] = "UPDATE",
};

static const char *
result_word(enum mx_sql_result result)
{
    switch (result) {
    case MX_SQL_INVALID:
        return "Parser::Result::INVALID";
    case MX_SQL_TOKENIZED:
        return "Parser::Result::TOKENIZED";
    case MX_SQL_PARTIALLY_PARSED:
        return "Parser::Result::PARTIALLY_PARSED";
    case MX_SQL_PARSED:
        return "Parser::Result::PARSED";
    }
    return "Parser::Result::INVALID";
}

static json_t *
type_mask_json(uint32_t mask)
{
    struct mx_str text = {0};
    json_t *out;

    for (size_t i = 0; i < MX_COUNT(types); i++) {
        if ((mask & types[i].bit) != 0) {
            mx_str_printf(&text, "%ssql::TYPE_%s", text.len > 0 ? "|" : "", types[i].name);
        }
    }
    out = json_string(mx_str_text(&text));
    mx_str_free(&text);
    return out;
}

static json_t *
operation_json(uint16_t op)
{
    return json_sprintf("sql::OP_%s", op < MX_SQL_OP_COUNT ? operations[op] : operations[0]);
}

/* Text of the statement without the quotes around it. */
static void
add_name(struct mx_str *out, const char *sql, struct mx_sql_span span)
{
    char name[256];

    if (span.len > 0) {
        (void)mx_sql_span_name(sql, span, name, sizeof(name));
        mx_str_printf(out, "%s%s", out->len > 0 ? "." : "", name);
    }
}

/* "db.table.column" as far as it was written. */
static json_t *
field_json(const char *sql, const struct mx_sql_field *field)
{
    struct mx_str text = {0};
    json_t *out;

    add_name(&text, sql, field->db);
    add_name(&text, sql, field->table);
    add_name(&text, sql, field->column);
    out = admin_text(mx_str_text(&text));
    mx_str_free(&text);
    return out;
}

static json_t *
call_json(const char *sql, const struct mx_sql_facts *facts, const struct mx_sql_call *call)
{
    struct mx_str name = {0};
    json_t *arguments = json_array();
    json_t *out;

    add_name(&name, sql, call->name);
    for (uint32_t i = 0; i < call->field_count; i++) {
        (void)json_array_append_new(arguments, field_json(sql, &facts->fields[call->fields[i]]));
    }
    out = json_pack("{s:o, s:o}", "name",
                    admin_text(call->normal != NULL ? call->normal : mx_str_text(&name)),
                    "arguments", arguments);
    mx_str_free(&name);
    return out;
}

static void
add_facts(json_t *attributes, const char *sql, size_t len)
{
    struct mx_sql_facts *facts = mx_sql_facts_new(sql, len, NULL);
    json_t *fields = json_array();
    json_t *functions = json_array();
    size_t size = MX_SQL_CANONICAL_SIZE(len);
    char *canonical = mx_alloc(size);

    for (uint32_t i = 0; i < facts->field_count; i++) {
        (void)json_array_append_new(fields, field_json(sql, &facts->fields[i]));
    }
    for (uint32_t i = 0; i < facts->call_count; i++) {
        (void)json_array_append_new(functions, call_json(sql, facts, &facts->calls[i]));
    }
    (void)mx_sql_canonical_endpoint(sql, len, NULL, canonical, size);
    (void)json_object_set_new(attributes, "fields", fields);
    (void)json_object_set_new(attributes, "functions", functions);
    (void)json_object_set_new(attributes, "canonical", admin_text(canonical));
    mx_sql_facts_free(facts);
    free(canonical);
}

void
admin_get_classify(struct admin_request *request, struct admin_response *response)
{
    const char *sql = admin_uri_param(&request->uri, "sql");
    struct mx_sql found = {.result = MX_SQL_INVALID};
    json_t *attributes = json_object();

    if (sql != NULL && *sql != '\0') {
        mx_sql_classify(sql, strlen(sql), NULL, &found);
    }
    (void)json_object_set_new(attributes, "parse_result",
                              json_string(result_word((enum mx_sql_result)found.result)));
    if (found.result != MX_SQL_INVALID) {
        (void)json_object_set_new(attributes, "type_mask", type_mask_json(found.type));
        (void)json_object_set_new(attributes, "operation", operation_json(found.op));
        add_facts(attributes, sql, strlen(sql));
    }
    admin_response_body(response,
                        admin_document(request, admin_resource("classify", "classify", attributes),
                                       "/maxscale/query_classifier/classify/"));
}
