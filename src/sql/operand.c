/*
 * Operands of the body: names, calls, variables and the parentheses around them. Decides what a
 * name is by the clause it stands in.
 */
#include "sql/body.h"
#include "sql/word.h"

void
sql_operand_end(struct sql_parse *parse)
{
    parse->operand = false;
    if (parse->collector != NULL && parse->collector->operand_end != NULL) {
        parse->collector->operand_end(parse->collector->data);
    }
}

void
sql_clause_enter(struct sql_parse *parse, enum sql_clause clause, bool from)
{
    struct sql_frame *frame = sql_frame_at(parse);
    frame->clause = (uint8_t)clause;
    frame->from = from;
    frame->with = false;
    parse->into_list = false;
    sql_operand_end(parse);
}

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
    parse->frames[parse->depth] = (struct sql_frame){
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
    const struct sql_frame *frame = sql_frame_at(parse);
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
    }
    struct sql_frame *frame = sql_frame_at(parse);
    if (frame->clause == CLAUSE_TABLE) {
        frame->clause = CLAUSE_JOINED;
    }
    parse->operand = true;
    sql_parse_advance(parse);
}

void
sql_column_report(struct sql_parse *parse, const struct mx_sql_span parts[3], uint32_t count)
{
    if (parse->collector != NULL && parse->collector->column != NULL) {
        parse->collector->column(parse->collector->data, parts, count);
    }
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

/* Up to three names with dots between; the current token is behind them. */
static uint32_t
qualified_name(struct sql_parse *parse, struct mx_sql_span parts[3], struct sql_token *last)
{
    uint32_t count = 0;
    for (;;) {
        *last = parse->token;
        if (count < 3) {
            parts[count++] = sql_token_span(parse->token);
        }
        sql_parse_advance(parse);
        if (!sql_parse_is(parse, '.')) {
            return count;
        }
        sql_parse_advance(parse);
        if (!sql_token_is_word(parse->token.kind) && !sql_parse_is(parse, T_QUOTED) &&
            !sql_parse_is(parse, '*')) {
            return count;
        }
    }
}

bool
sql_body_table(struct sql_parse *parse)
{
    struct mx_sql_span parts[3];
    struct sql_token last;
    struct mx_sql_span db = {0};
    if (sql_parse_is(parse, '.')) {
        sql_parse_advance(parse); /* .t1 is accepted as a table of the default database */
    }
    if (!sql_token_is_word(parse->token.kind) && !sql_parse_is(parse, T_QUOTED)) {
        return false;
    }
    uint32_t count = qualified_name(parse, parts, &last);
    if (count >= 2) {
        if (last.kind == '*') { /* DELETE t1.* FROM t1 */
            count--;
        }
        if (count >= 2) {
            db = parts[count - 2];
        }
    }
    report_table(parse, db, parts[count - 1]);
    return true;
}

static void
apply_function(struct sql_parse *parse, uint32_t class)
{
    switch ((enum sql_function_class) class) {
    case FN_READ:
        break;
    case FN_MASTER_READ:
        parse->effects.master_read = true;
        break;
    case FN_LAST_SERVER:
        parse->out->facts |= MX_SQL_FACT_LAST_SERVER;
        break;
    case FN_LOCK:
        parse->out->facts |= MX_SQL_FACT_LOCKS_SESSION;
        parse->effects.writes = true;
        break;
    case FN_UNLOCK:
        parse->out->facts |= MX_SQL_FACT_UNLOCKS_SESSION;
        parse->effects.writes = true;
        break;
    case FN_KEPT:
        parse->effects.kept = true;
        break;
    case FN_NONE:
    case FN_SEQUENCE:
    case FN_WRITE:
        parse->effects.writes = true;
        break;
    }
}

uint32_t
sql_call_class(const struct sql_parse *parse, struct sql_token name)
{
    const char *text = parse->sql + name.start;
    uint32_t len = name.len;
    if (name.kind == T_QUOTED) {
        return FN_NONE; /* a quoted name never means a function of the server */
    }
    const struct sql_word *found = sql_word_find(sql_functions, text, len);
    return found == NULL ? (uint32_t)FN_NONE : found->value;
}

/* The current token is the parenthesis behind the name. */
void
sql_call_open(struct sql_parse *parse, struct sql_token name, uint32_t class)
{
    apply_function(parse, class);
    sql_parse_advance(parse);
    push_call(parse, FRAME_FUNCTION, CLAUSE_EXPR, false, &name);
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

/* A name where an expression is expected. */
static void
expression_name(struct sql_parse *parse)
{
    struct mx_sql_span parts[3];
    struct sql_token last;
    uint32_t kind = parse->token.kind;
    uint32_t count = qualified_name(parse, parts, &last);
    if (sql_parse_is(parse, '(')) {
        bool builtin = count == 1 || (count == 2 && is_builtin_schema(parse, parts[0]));
        sql_call_open(parse, last, builtin ? sql_call_class(parse, last) : (uint32_t)FN_NONE);
        return;
    }
    if (count == 1 && sql_parse_is(parse, T_STRING) && kind != T_QUOTED) {
        return; /* _utf8'..', DATE'..' */
    }
    if (count > 1 && (sql_token_is_text(parse->sql, last, "nextval") ||
                      sql_token_is_text(parse->sql, last, "currval"))) {
        report_table(parse, count > 2 ? parts[0] : (struct mx_sql_span){0}, parts[count - 2]);
        parse->effects.writes = true;
    } else {
        sql_column_report(parse, parts, count);
    }
    parse->operand = true;
}

/* A name behind a table. */
void
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

void
sql_name_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = sql_frame_at(parse);
    switch ((enum sql_clause)frame->clause) {
    case CLAUSE_TABLE:
        if (parse->token.kind == KW(JSON_TABLE)) {
            struct sql_token name = parse->token;
            sql_parse_advance(parse);
            frame->clause = CLAUSE_JOINED;
            if (sql_parse_is(parse, '(')) {
                sql_call_open(parse, name, FN_READ);
            }
            return;
        }
        sql_body_table(parse);
        frame->clause = CLAUSE_JOINED;
        if (sql_parse_is(parse, '(') && parse->in_insert && parse->depth == parse->base) {
            frame->clause = CLAUSE_COLUMNS;
        }
        return;
    case CLAUSE_JOINED:
        sql_alias_seen(parse);
        return;
    case CLAUSE_NAMES:
        sql_parse_advance(parse);
        return;
    case CLAUSE_COLUMNS:
    case CLAUSE_EXPR:
        break;
    }
    if (parse->operand) {
        struct sql_token name = parse->token;
        sql_column_alias_seen(parse);
        bool clause = name.kind == KW(ESCAPE) || name.kind == KW(COLUMNS);
        if (!clause && sql_parse_is(parse, '(')) { /* no alias: AS OF TIMESTAMP f() */
            sql_call_open(parse, name, sql_call_class(parse, name));
        }
        return;
    }
    expression_name(parse);
}

void
sql_user_variable_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->into_list) {
        parse->effects.uservar_write = true;
        parse->effects.into_variable = true;
    } else if (sql_parse_is(parse, T_ASSIGN)) {
        parse->effects.uservar_write = true;
        sql_operand_end(parse);
        sql_parse_advance(parse);
        return;
    } else {
        parse->effects.uservar_read = true;
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
        parse->effects.master_read = true;
        return;
    }
    if (sql_token_is_text(parse->sql, name, "warning_count") ||
        sql_token_is_text(parse->sql, name, "error_count")) {
        parse->out->facts |= MX_SQL_FACT_LAST_SERVER;
    }
    if (!scoped) { /* the endpoint names only reads without a scope */
        parse->effects.sysvar_read = true;
    }
}

void
sql_operator_report(struct sql_parse *parse, struct sql_token op)
{
    if (sql_frame_at(parse)->clause == CLAUSE_EXPR && parse->collector != NULL &&
        parse->collector->operator_seen != NULL) {
        parse->collector->operator_seen(parse->collector->data, op);
    }
}
