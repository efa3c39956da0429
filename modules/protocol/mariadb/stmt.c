/*
 * Prepared statements: what the client has prepared, under ids that the proxy gives out, and under
 * which id each server knows it. Also names of text PREPARE.
 */
#include "mariadb.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_SIZE 260u
#define ID_MAX        (WIRE_STMT_ID_LAST - 1u)

/* ------------------------------------------------------------ the client's */

static struct mariadb_stmts *
stmts_of(struct mariadb_client *client)
{
    if (client->stmts == NULL) {
        client->stmts = mx_calloc(1, sizeof(*client->stmts));
    }
    return client->stmts;
}

struct mariadb_stmt *
stmt_add_from(struct mariadb_client *client, uint32_t first)
{
    struct mariadb_stmts *stmts = stmts_of(client);
    if (stmts->last_id + 1 < first) {
        stmts->last_id = first - 1;
    }
    return stmt_add(client);
}

/* One that no statement has: a session may prepare more often than there are numbers. */
static uint32_t
next_id(const struct mariadb_stmts *stmts)
{
    uint32_t id = stmts->last_id;
    do {
        id = id >= ID_MAX ? 1 : id + 1;
    } while (id_rows_find(&stmts->rows, sizeof(struct mariadb_stmt), id) != NULL);
    return id;
}

struct mariadb_stmt *
stmt_add(struct mariadb_client *client)
{
    struct mariadb_stmts *stmts = stmts_of(client);
    stmts->last_id = next_id(stmts);
    stmts->last_usable = stmts->last_id;
    return id_rows_add(&stmts->rows, sizeof(struct mariadb_stmt), stmts->last_id);
}

struct mariadb_stmt *
stmt_find(const struct mariadb_client *client, uint32_t id)
{
    return client->stmts == NULL
               ? NULL
               : id_rows_find(&client->stmts->rows, sizeof(struct mariadb_stmt), id);
}

static void
row_fini(struct mariadb_stmt *stmt)
{
    free(stmt->types);
    free(stmt->sql);
    free(stmt->kill);
}

void
stmt_remove(struct mariadb_client *client, uint32_t id)
{
    struct mariadb_stmt *stmt = stmt_find(client, id);
    if (stmt == NULL) {
        return;
    }
    struct mariadb_stmts *stmts = client->stmts;
    row_fini(stmt);
    stmts->last_usable = stmts->last_usable == id ? 0 : stmts->last_usable;
    id_rows_remove(&stmts->rows, sizeof(*stmt), id);
}

void
stmt_clear(struct mariadb_client *client)
{
    struct mariadb_stmts *stmts = client->stmts;
    if (stmts == NULL) {
        return;
    }
    struct mariadb_stmt *stmt = NULL;
    while ((stmt = id_rows_next(&stmts->rows, sizeof(*stmt), stmt)) != NULL) {
        row_fini(stmt);
    }
    id_rows_free(&stmts->rows);
    stmts->kills = 0;
    stmts->last_usable = 0;
    while (stmts->names != NULL) {
        struct mariadb_name *next = stmts->names->next;
        free(stmts->names);
        stmts->names = next;
    }
}

void
stmt_set_sql(struct mariadb_stmt *stmt, const struct mx_sql *sql)
{
    if (sql == NULL) {
        return;
    }
    stmt->sql = mx_alloc(sizeof(*stmt->sql));
    *stmt->sql = *sql;
    stmt->sql->type = (stmt->sql->type & ~(uint32_t)MX_SQL_PREPARE_STMT) | MX_SQL_EXEC_STMT;
}

void
stmt_note_types(struct mariadb_stmt *stmt, const uint8_t *payload, size_t len)
{
    struct wire_execute ex;
    if (stmt->parameters == 0 || wire_execute_decode(payload, len, stmt->parameters, &ex) != 0 ||
        !ex.has_types) {
        return;
    }
    if (stmt->types != NULL && memcmp(stmt->types, payload + ex.types_at, ex.types_len) == 0) {
        return;
    }
    if (stmt->types == NULL) {
        stmt->types = mx_alloc(ex.types_len);
    }
    memcpy(stmt->types, payload + ex.types_at, ex.types_len);
    stmt->types_version = stmt->types_version == UINT16_MAX ? 1 : stmt->types_version + 1;
}

/* ------------------------------------------------------------ text PREPARE */

static struct mariadb_name **
name_slot(struct mariadb_stmts *stmts, const char *name)
{
    struct mariadb_name **at = &stmts->names;
    while (*at != NULL && strcasecmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static char
unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '0':
        return '\0';
    default:
        return c;
    }
}

/* What a literal means, without its quotes; *out_len is never more than the literal's length. */
static void
literal_text(const char *literal, size_t len, bool backslash, char *out, size_t *out_len)
{
    char quote = literal[0];
    size_t n = 0;
    for (size_t i = 1; i + 1 < len; i++) {
        if (literal[i] == '\\' && backslash && i + 2 < len) {
            i++;
            out[n++] = unescape(literal[i]);
        } else {
            if (literal[i] == quote && i + 2 < len && literal[i + 1] == quote) {
                i++;
            }
            out[n++] = literal[i];
        }
    }
    *out_len = n;
}

/* A text that is not in the statement (a variable) may do anything. */
static void
classify_prepared(struct mx_session *session, const char *text, const struct mx_sql *sql,
                  struct mx_sql *out)
{
    const struct mx_sql_options *options = mx_session_sql_options(session);
    size_t len = sql->stmt_text.len;
    const char *literal = text + sql->stmt_text.start;
    if (len < 2 || (literal[0] != '\'' && literal[0] != '"')) {
        *out = (struct mx_sql){.type = MX_SQL_WRITE};
        return;
    }
    char *plain = mx_alloc(len);
    size_t plain_len = 0;
    literal_text(literal, len, (options->mode & MX_SQL_MODE_NO_BACKSLASH_ESCAPES) == 0, plain,
                 &plain_len);
    mx_sql_classify(plain, plain_len, options, out);
    free(plain);
}

void
stmt_note_name(struct mx_session *session, const char *text, size_t len MX_UNUSED,
               const struct mx_sql *sql)
{
    struct mariadb_stmts *stmts = stmts_of(client_of(session));
    char name[NAME_MAX_SIZE];
    size_t size = mx_sql_span_name(text, sql->stmt_name, name, sizeof(name)) + 1;
    struct mariadb_name **slot = name_slot(stmts, name);
    if (*slot != NULL) {
        struct mariadb_name *old = *slot;
        *slot = old->next;
        free(old);
    }
    if ((sql->type & MX_SQL_PREPARE_NAMED_STMT) == 0) {
        return; /* DEALLOCATE */
    }
    struct mariadb_name *entry = mx_alloc(sizeof(*entry) + size);
    memcpy(entry->name, name, size);
    classify_prepared(session, text, sql, &entry->sql);
    entry->sql.type |= MX_SQL_EXEC_STMT;
    entry->next = stmts->names;
    stmts->names = entry;
}

const struct mx_sql *
stmt_sql_of_name(const struct mariadb_client *client, const char *text, const struct mx_sql *sql)
{
    if (client->stmts == NULL || sql->stmt_name.len == 0) {
        return NULL;
    }
    char name[NAME_MAX_SIZE];
    (void)mx_sql_span_name(text, sql->stmt_name, name, sizeof(name));
    const struct mariadb_name *entry = *name_slot(client->stmts, name);
    return entry == NULL ? NULL : &entry->sql;
}

/* ------------------------------------------------------------ a server's */

struct backend_stmt *
backend_stmt_find(const struct mariadb_backend *backend, uint32_t id)
{
    return id_rows_find(&backend->stmts, sizeof(struct backend_stmt), id);
}

struct backend_stmt *
backend_stmt_add(struct mariadb_backend *backend, uint32_t id, uint32_t server_id)
{
    struct backend_stmt *stmt = id_rows_add(&backend->stmts, sizeof(*stmt), id);
    stmt->server_id = server_id;
    return stmt;
}

void
backend_stmt_remove(struct mariadb_backend *backend, uint32_t id)
{
    id_rows_remove(&backend->stmts, sizeof(struct backend_stmt), id);
}

void
backend_stmts_forget(struct mariadb_backend *backend)
{
    id_rows_clear(&backend->stmts, sizeof(struct backend_stmt));
}
