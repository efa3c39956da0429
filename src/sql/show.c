/* SHOW in all its kinds, EXPLAIN, ANALYZE and DESCRIBE. */
#include "sql/parse.h"

/* FROM|IN table [FROM|IN database] */
static void
show_table(struct sql_parse *parse)
{
    if (!sql_parse_accept(parse, KW(FROM)) && !sql_parse_accept(parse, KW(IN))) {
        return;
    }
    if (!sql_body_table(parse)) {
        return;
    }
    if (parse->out->table_db.len == 0 &&
        (sql_parse_accept(parse, KW(FROM)) || sql_parse_accept(parse, KW(IN)))) {
        parse->out->table_db = sql_token_span(parse->token);
        sql_parse_advance(parse);
    }
}

/* LIKE 'x' or WHERE: an expression may call anything. */
static void
show_tail(struct sql_parse *parse)
{
    while (!sql_parse_at_end(parse) && !sql_parse_is(parse, KW(WHERE)) &&
           !sql_parse_is(parse, KW(LIKE))) {
        sql_parse_advance(parse);
    }
    sql_body_parse(parse, CLAUSE_EXPR, false);
    if ((parse->effects.type & MX_SQL_WRITE) != 0) {
        parse->out->type |= MX_SQL_WRITE;
    }
}

static void
show_create(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    bool table = sql_parse_is(parse, KW(TABLE)) || sql_parse_is(parse, KW(VIEW)) ||
                 sql_parse_is(parse, KW(SEQUENCE));
    sql_parse_advance(parse);
    if (table) {
        sql_body_table(parse);
    }
}

static void
show_variables(struct sql_parse *parse, bool global)
{
    parse->out->type = global ? MX_SQL_GSYSVAR_READ : MX_SQL_SYSVAR_READ;
}

/* Kinds that speak of the statement before, which only the server that ran it knows. */
static bool
is_about_last(struct sql_parse *parse)
{
    if (sql_parse_is(parse, KW(COUNT))) { /* SHOW COUNT(*) WARNINGS */
        sql_parse_advance(parse);
        while (sql_parse_is(parse, '(') || sql_parse_is(parse, '*') || sql_parse_is(parse, ')')) {
            sql_parse_advance(parse);
        }
    }
    return sql_parse_is(parse, KW(WARNINGS)) || sql_parse_is(parse, KW(ERRORS)) ||
           sql_parse_is(parse, KW(PROFILE)) || sql_parse_is(parse, KW(PROFILES));
}

void
sql_show_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_READ, MX_SQL_OP_SHOW);
    bool global = sql_parse_accept(parse, KW(GLOBAL));
    if (!global && !sql_parse_accept(parse, KW(SESSION))) {
        sql_parse_accept(parse, KW(LOCAL));
    }
    while (sql_parse_is(parse, KW(FULL)) || sql_parse_is(parse, KW(EXTENDED))) {
        sql_parse_advance(parse);
    }
    if (is_about_last(parse)) {
        parse->out->facts |= MX_SQL_FACT_LAST_SERVER;
        if (sql_parse_is(parse, KW(WARNINGS))) {
            parse->out->type = MX_SQL_WRITE;
        }
        sql_parse_skip(parse);
        return;
    }
    switch (parse->token.kind) {
    case KW(DATABASES):
    case KW(SCHEMAS):
        parse->out->op = MX_SQL_OP_SHOW_DATABASES;
        break;
    case KW(VARIABLES):
        show_variables(parse, global);
        break;
    case KW(INDEX):
    case KW(INDEXES):
    case KW(KEYS):
        parse->out->type = MX_SQL_WRITE; /* statistics belong to the primary */
        sql_parse_advance(parse);
        show_table(parse);
        break;
    case KW(COLUMNS):
    case KW(FIELDS):
        sql_parse_advance(parse);
        show_table(parse);
        break;
    case KW(CREATE):
        show_create(parse);
        break;
    case KW(MASTER):
        sql_parse_advance(parse);
        if (sql_parse_is(parse, KW(STATUS))) {
            parse->out->type = MX_SQL_WRITE; /* asks for the primary's binary log */
        }
        break;
    default:
        break;
    }
    show_tail(parse);
}

/* Words between EXPLAIN and the statement: EXTENDED, PARTITIONS, FORMAT = JSON. */
static void
explain_options(struct sql_parse *parse)
{
    for (;;) {
        if (sql_parse_is(parse, KW(EXTENDED)) || sql_parse_is(parse, KW(PARTITIONS))) {
            struct sql_lexer saved = parse->lexer;
            struct sql_token word = parse->token;
            sql_parse_advance(parse);
            if (sql_parse_at_end(parse)) { /* a table of that name */
                parse->lexer = saved;
                parse->token = word;
                return;
            }
        } else if (sql_parse_is(parse, KW(FORMAT))) {
            struct sql_lexer saved = parse->lexer;
            struct sql_token word = parse->token;
            sql_parse_advance(parse);
            if (!sql_parse_is(parse, T_COMPARE)) {
                parse->lexer = saved;
                parse->token = word;
                return;
            }
            sql_parse_advance(parse);
            sql_parse_advance(parse);
        } else {
            return;
        }
    }
}

static bool
is_explainable(uint32_t kind)
{
    switch (kind) {
    case KW(SELECT):
    case KW(WITH):
    case KW(VALUES):
    case KW(INSERT):
    case KW(REPLACE):
    case KW(UPDATE):
    case KW(DELETE):
    case '(':
        return true;
    default:
        return false;
    }
}

/*
 * A server with read_only refuses to explain a change, ANALYZE carries it out, and the optimizer
 * may call a function for its constant value: what writes when run is a write when explained.
 */
static void
explain_statement(struct sql_parse *parse)
{
    struct mx_sql *out = parse->out;
    sql_statement_parse(parse);
    uint32_t kept = out->type & (MX_SQL_WRITE | MX_SQL_MASTER_READ);
    sql_verdict(parse, MX_SQL_READ | kept, MX_SQL_OP_EXPLAIN);
    out->result = MX_SQL_PARTIALLY_PARSED;
}

static void
analyze_table(struct sql_parse *parse)
{
    sql_table_admin_parse(parse, KW(ANALYZE));
    parse->out->op = MX_SQL_OP_EXPLAIN;
}

void
sql_explain_parse(struct sql_parse *parse, uint32_t word)
{
    if (word == KW(ANALYZE) &&
        (sql_parse_is(parse, KW(TABLE)) || sql_parse_is(parse, KW(TABLES)) ||
         sql_parse_is(parse, KW(LOCAL)) || sql_parse_is(parse, KW(NO_WRITE_TO_BINLOG)))) {
        analyze_table(parse);
        return;
    }
    explain_options(parse);
    if (sql_parse_is(parse, KW(FOR))) { /* EXPLAIN FOR CONNECTION n */
        sql_verdict(parse, MX_SQL_READ, MX_SQL_OP_EXPLAIN);
        parse->out->result = MX_SQL_PARTIALLY_PARSED;
        sql_parse_skip(parse);
    } else if (is_explainable(parse->token.kind)) {
        explain_statement(parse);
    } else {
        sql_verdict(parse, MX_SQL_READ, MX_SQL_OP_SHOW);
        sql_body_table(parse);
        sql_parse_skip(parse);
    }
}
