/*
 * Operands of the body: names, calls, variables and the parentheses around them. Decides what a
 * name is by the clause it stands in.
 */
#include "sql/body.h"
#include "sql/word.h"

static void
push_call(struct sql_parse *parse, enum sql_frame_kind kind, enum sql_clause clause, bool from,
          const struct sql_token *call)
{
    parse->depth++;
    if (parse->collector != NULL && parse->collector->open != NULL) {
        parse->collector->open(parse->collector->data, call);
    }
    if (parse->depth > SQL_DEPTH_MAX) {
        return; /* the deepest frame stands for all below it */
    }
    parse->frame = &parse->frames[parse->depth];
    *parse->frame = (struct sql_frame){
        .kind = (uint8_t)kind,
        .clause = (uint8_t)clause,
        .from = from,
    };
}

void
sql_frame_push(struct sql_parse *parse, enum sql_frame_kind kind, enum sql_clause clause, bool from)
{
    push_call(parse, kind, clause, from, NULL);
}

/* A parenthesis that is neither a call nor a list of names. */
void
sql_group_open(struct sql_parse *parse)
{
    const struct sql_frame *frame = parse->frame;
    enum sql_clause clause = (enum sql_clause)frame->clause;
    sql_parse_advance(parse);
    if (clause == CLAUSE_TABLE) {
        sql_frame_push(parse, FRAME_TABLES, CLAUSE_TABLE, true);
    } else if (clause == CLAUSE_JOINED || clause == CLAUSE_NAMES) {
        sql_frame_push(parse, FRAME_GROUP, CLAUSE_NAMES, false);
    } else {
        sql_frame_push(parse, FRAME_GROUP, CLAUSE_EXPR, false);
    }
    sql_operand_end(parse);
}

void
sql_frame_close(struct sql_parse *parse)
{
    sql_operand_end(parse);
    if (parse->depth > 0) {
        if (parse->collector != NULL && parse->collector->close != NULL) {
            parse->collector->close(parse->collector->data);
        }
        parse->depth--;
        if (parse->depth < SQL_DEPTH_MAX) {
            parse->frame = &parse->frames[parse->depth];
        }
    }
    if (parse->frame->clause == CLAUSE_TABLE) {
        parse->frame->clause = CLAUSE_JOINED;
    }
    parse->operand = true;
    sql_parse_advance(parse);
}

static void
column_report(struct sql_parse *parse, const struct mx_sql_span parts[3], uint32_t count)
{
    if (parse->collector != NULL && parse->collector->column != NULL) {
        parse->collector->column(parse->collector->data, parts, count);
    }
}

SQL_RARE void
sql_name_collect(struct sql_parse *parse, struct sql_token name)
{
    struct mx_sql_span parts[3] = {sql_token_span(name)};
    column_report(parse, parts, 1);
}

static void
report_table(struct sql_parse *parse, struct mx_sql_span db, struct mx_sql_span table)
{
    struct mx_sql *out = parse->out;
    if (out->table.len == 0) {
        out->table = table;
        out->table_db = db;
    }
    out->facts |= MX_SQL_FACT_USES_TABLES;
    const struct sql_collector *collector = parse->collector;
    if (collector != NULL && collector->table != NULL &&
        !collector->table(collector->data, db, table)) {
        parse->lexer.pos = parse->lexer.end; /* nothing more is wanted */
    }
}

/* Up to three names with dots between; parse->name is the first of them, afterwards the last. */
static uint32_t
qualified_name(struct sql_parse *parse, struct mx_sql_span parts[3])
{
    uint32_t count = 1;
    parts[0] = sql_token_span(parse->name);
    while (sql_parse_accept(parse, '.')) {
        if (!sql_token_is_word(parse->token.kind) && !sql_parse_is(parse, T_QUOTED) &&
            !sql_parse_is(parse, '*')) {
            break;
        }
        sql_parse_take(parse);
        if (count < 3) {
            parts[count++] = sql_token_span(parse->name);
        }
    }
    return count;
}

SQL_RARE static void
qualified_table(struct sql_parse *parse)
{
    struct mx_sql_span parts[3];
    struct mx_sql_span db = {0};
    uint32_t count = qualified_name(parse, parts);
    if (count >= 2 && parse->name.kind == '*') { /* DELETE t1.* FROM t1 */
        count--;
    }
    if (count >= 2) {
        db = parts[count - 2];
    }
    report_table(parse, db, parts[count - 1]);
}

bool
sql_body_table(struct sql_parse *parse)
{
    if (sql_parse_is(parse, '.')) {
        sql_parse_advance(parse); /* .t1 is accepted as a table of the default database */
    }
    if (!sql_token_is_word(parse->token.kind) && !sql_parse_is(parse, T_QUOTED)) {
        return false;
    }
    sql_parse_take(parse);
    if (sql_parse_is(parse, '.')) {
        qualified_table(parse);
    } else {
        report_table(parse, (struct mx_sql_span){0}, sql_token_span(parse->name));
    }
    return true;
}

static void
apply_function(struct sql_parse *parse, enum sql_function_class class)
{
    switch (class) {
    case FN_READ:
        break;
    case FN_MASTER_READ:
        parse->effects.type |= MX_SQL_MASTER_READ;
        break;
    case FN_LAST_SERVER:
        parse->out->facts |= MX_SQL_FACT_LAST_SERVER;
        break;
    case FN_LOCK:
        parse->out->facts |= MX_SQL_FACT_LOCKS_SESSION;
        parse->effects.type |= MX_SQL_WRITE;
        break;
    case FN_UNLOCK:
        parse->out->facts |= MX_SQL_FACT_UNLOCKS_SESSION;
        parse->effects.type |= MX_SQL_WRITE;
        break;
    case FN_KEPT:
        parse->effects.kept = true;
        break;
    case FN_NONE:
    case FN_SEQUENCE:
    case FN_WRITE:
        parse->effects.type |= MX_SQL_WRITE;
        break;
    }
}

enum sql_function_class
sql_call_class(const struct sql_parse *parse)
{
    if (parse->name.kind == T_QUOTED) {
        return FN_NONE; /* a quoted name never means a function of the server */
    }
    return sql_word_function(parse->sql + parse->name.start, parse->name.len);
}

void
sql_call_open(struct sql_parse *parse, enum sql_function_class class)
{
    apply_function(parse, class);
    sql_parse_advance(parse);
    push_call(parse, FRAME_FUNCTION, CLAUSE_EXPR, false, &parse->name);
    parse->operand = false;
    if (class == FN_SEQUENCE && !sql_parse_is(parse, ')')) {
        sql_body_table(parse);
    }
}

/* The schemas in which a server keeps the variants of its own functions. */
static bool
is_builtin_schema(const struct sql_parse *parse, struct mx_sql_span name)
{
    struct sql_token token = {T_IDENT, name.start, name.len};
    return sql_token_is_text(parse->sql, token, "mariadb_schema") ||
           sql_token_is_text(parse->sql, token, "oracle_schema");
}

static bool
is_sequence_value(const struct sql_parse *parse, struct sql_token name)
{
    return sql_token_is_text(parse->sql, name, "nextval") ||
           sql_token_is_text(parse->sql, name, "currval");
}

/* The current token is the dot behind the name. */
SQL_RARE static void
qualified_expression(struct sql_parse *parse)
{
    struct mx_sql_span parts[3];
    bool quoted = parse->name.kind == T_QUOTED;
    uint32_t count = qualified_name(parse, parts);
    if (sql_parse_is(parse, '(')) {
        bool builtin = count == 1 || (count == 2 && is_builtin_schema(parse, parts[0]));
        sql_call_open(parse, builtin ? sql_call_class(parse) : FN_NONE);
        return;
    }
    if (count == 1 && sql_parse_is(parse, T_STRING) && !quoted) {
        return; /* _utf8'..', DATE'..' */
    }
    if (count > 1 && is_sequence_value(parse, parse->name)) {
        report_table(parse, count > 2 ? parts[0] : (struct mx_sql_span){0}, parts[count - 2]);
        parse->effects.type |= MX_SQL_WRITE;
    } else {
        column_report(parse, parts, count);
    }
    parse->operand = true;
}

/* A name where an expression is expected. */
static void
expression_name(struct sql_parse *parse)
{
    sql_parse_take(parse);
    if (sql_parse_is(parse, '.')) {
        qualified_expression(parse);
    } else if (sql_parse_is(parse, '(')) {
        sql_call_open(parse, sql_call_class(parse));
    } else if (!sql_parse_is(parse, T_STRING) || parse->name.kind == T_QUOTED) {
        sql_name_report(parse, parse->name); /* else it is _utf8'..' or DATE'..' */
        parse->operand = true;
    }
}

/* A name behind a table. */
SQL_RARE void
sql_alias_seen(struct sql_parse *parse)
{
    const struct sql_collector *collector = parse->collector;
    if (collector != NULL && collector->alias != NULL) {
        collector->alias(collector->data, sql_token_span(parse->token));
    }
    sql_parse_advance(parse);
}

/* A name behind an expression. */
void
sql_column_alias_seen(struct sql_parse *parse)
{
    const struct sql_collector *collector = parse->collector;
    if (collector != NULL && collector->column_alias != NULL) {
        collector->column_alias(collector->data, sql_token_span(parse->token));
    }
    sql_parse_advance(parse);
}

SQL_RARE static void
json_table_seen(struct sql_parse *parse)
{
    sql_parse_take(parse);
    parse->frame->clause = CLAUSE_JOINED;
    if (sql_parse_is(parse, '(')) {
        sql_call_open(parse, FN_READ);
    }
}

static void
table_seen(struct sql_parse *parse)
{
    if (sql_parse_is(parse, KW(JSON_TABLE))) {
        json_table_seen(parse);
        return;
    }
    sql_body_table(parse);
    parse->frame->clause = CLAUSE_JOINED;
    if (sql_parse_is(parse, '(') && parse->in_insert && parse->depth == parse->base) {
        parse->frame->clause = CLAUSE_COLUMNS;
    }
}

/* A name behind an operand: its alias, or a function without an operator: AS OF TIMESTAMP f(). */
SQL_RARE static void
second_name_seen(struct sql_parse *parse)
{
    parse->name = parse->token;
    sql_column_alias_seen(parse);
    bool clause = parse->name.kind == KW(ESCAPE) || parse->name.kind == KW(COLUMNS);
    if (!clause && sql_parse_is(parse, '(')) {
        sql_call_open(parse, sql_call_class(parse));
    }
}

void
sql_name_seen(struct sql_parse *parse)
{
    switch ((enum sql_clause)parse->frame->clause) {
    case CLAUSE_TABLE:
        table_seen(parse);
        break;
    case CLAUSE_JOINED:
        sql_alias_seen(parse);
        break;
    case CLAUSE_NAMES:
        sql_parse_advance(parse);
        break;
    case CLAUSE_COLUMNS:
    case CLAUSE_EXPR:
        if (parse->operand) {
            second_name_seen(parse);
        } else {
            expression_name(parse);
        }
        break;
    }
}

void
sql_user_variable_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->into_list) {
        parse->effects.type |= MX_SQL_USERVAR_WRITE;
        parse->effects.into_variable = true;
    } else if (sql_parse_is(parse, T_ASSIGN)) {
        parse->effects.type |= MX_SQL_USERVAR_WRITE;
        sql_operand_end(parse);
        sql_parse_advance(parse);
        return;
    } else {
        parse->effects.type |= MX_SQL_USERVAR_READ;
    }
    parse->operand = true;
}

void
sql_system_variable_seen(struct sql_parse *parse)
{
    struct sql_token token = parse->token;
    bool scoped = false;
    sql_parse_advance(parse);
    while (sql_parse_is(parse, '.')) {
        scoped = true;
        sql_parse_advance(parse);
        token = parse->token;
        if (!sql_token_is_word(token.kind) && token.kind != T_QUOTED) {
            break;
        }
        sql_parse_advance(parse);
    }
    parse->operand = true;
    uint32_t skip = token.kind == T_SYSVAR ? 2 : 0;
    struct sql_token name = {token.kind, token.start + skip, token.len - skip};
    if (sql_token_is_text(parse->sql, name, "identity") ||
        sql_token_is_text(parse->sql, name, "last_insert_id") ||
        sql_token_is_text(parse->sql, name, "last_gtid")) {
        parse->effects.type |= MX_SQL_MASTER_READ;
        return;
    }
    if (sql_token_is_text(parse->sql, name, "warning_count") ||
        sql_token_is_text(parse->sql, name, "error_count")) {
        parse->out->facts |= MX_SQL_FACT_LAST_SERVER;
    }
    if (!scoped) { /* the endpoint names only reads without a scope */
        parse->effects.type |= MX_SQL_SYSVAR_READ;
    }
}
