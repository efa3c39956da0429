/* CREATE, ALTER, DROP, RENAME and the statements that tend tables. */
#include "sql/parse.h"

/* Table names separated by commas, with anything else between, to the end of the statement. */
static void
table_list(struct sql_parse *parse)
{
    bool expect = true;
    while (!sql_parse_at_end(parse)) {
        if (expect && (sql_token_is_word(parse->token.kind) || sql_parse_is(parse, T_QUOTED))) {
            sql_body_table(parse);
            expect = false;
            continue;
        }
        expect = sql_parse_is(parse, ',') || sql_parse_is(parse, KW(TO));
        sql_parse_advance(parse);
    }
}

static void
if_exists(struct sql_parse *parse)
{
    if (sql_parse_accept(parse, KW(IF))) {
        sql_parse_accept(parse, KW(NOT));
        sql_parse_accept(parse, KW(EXISTS));
    }
}

/* DEFINER = user@host, ALGORITHM = x, SQL SECURITY x, OR REPLACE, AGGREGATE, ONLINE, ... */
static void
skip_prefix(struct sql_parse *parse)
{
    for (;;) {
        switch (parse->token.kind) {
        case KW(OR):
        case KW(REPLACE):
        case KW(AGGREGATE):
        case KW(ONLINE):
        case KW(IGNORE):
        case KW(UNIQUE):
        case KW(FULLTEXT):
        case KW(SPATIAL):
        case KW(SQL):
        case KW(SECURITY):
        case KW(INVOKER):
        case KW(MERGE):
        case '=':
            sql_parse_advance(parse);
            break;
        case KW(ALGORITHM):
            sql_parse_advance(parse);
            sql_parse_accept(parse, T_COMPARE);
            sql_parse_advance(parse);
            break;
        case KW(DEFINER):
            sql_parse_advance(parse);
            if (sql_parse_accept(parse, T_COMPARE)) {
                sql_parse_advance(parse);
                if (sql_parse_accept(parse, '(')) { /* CURRENT_USER() */
                    sql_parse_accept(parse, ')');
                }
                sql_parse_accept(parse, T_USERVAR);
            }
            break;
        default:
            return;
        }
    }
}

/* The query of CREATE TABLE ... SELECT or CREATE VIEW: its body counts for variables and facts. */
static void
query_behind(struct sql_parse *parse)
{
    struct mx_sql_span table = parse->out->table;
    struct mx_sql_span table_db = parse->out->table_db;
    while (!sql_parse_at_end(parse) && !sql_parse_is(parse, KW(SELECT)) &&
           !sql_parse_is(parse, KW(WITH))) {
        sql_parse_advance(parse);
    }
    sql_body_parse(parse, CLAUSE_EXPR, false);
    parse->out->table = table;
    parse->out->table_db = table_db;
}

static void
create_table(struct sql_parse *parse, bool temporary)
{
    uint32_t type = MX_SQL_WRITE | (temporary ? MX_SQL_CREATE_TMP_TABLE : 0u);
    sql_verdict(parse, type, MX_SQL_OP_CREATE_TABLE);
    if (!temporary) {
        parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    }
    if_exists(parse);
    sql_body_table(parse);
    if (sql_parse_accept(parse, KW(LIKE))) {
        sql_body_table(parse);
    }
    query_behind(parse);
    parse->effects.type &= ~(uint32_t)MX_SQL_WRITE;
    parse->effects.kept = false;
    sql_body_apply(parse);
}

static void
create_index(struct sql_parse *parse)
{
    while (!sql_parse_at_end(parse) && !sql_parse_accept(parse, KW(ON))) {
        sql_parse_advance(parse);
    }
    sql_body_table(parse);
    sql_parse_skip(parse);
}

void
sql_create_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_CREATE);
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    skip_prefix(parse);
    bool temporary = sql_parse_accept(parse, KW(TEMPORARY));
    switch (parse->token.kind) {
    case KW(TABLE):
        parse->out->facts &= ~(uint32_t)MX_SQL_FACT_IMPLICIT_COMMIT;
        sql_parse_advance(parse);
        create_table(parse, temporary);
        break;
    case KW(SEQUENCE):
        sql_parse_advance(parse);
        if_exists(parse);
        if (temporary) {
            parse->out->type |= MX_SQL_CREATE_TMP_TABLE;
            parse->out->facts &= ~(uint32_t)MX_SQL_FACT_IMPLICIT_COMMIT;
        }
        sql_body_table(parse);
        sql_parse_skip(parse);
        break;
    case KW(VIEW):
        sql_parse_advance(parse);
        if_exists(parse);
        sql_body_table(parse);
        query_behind(parse);
        break;
    case KW(INDEX):
        create_index(parse);
        break;
    case KW(FUNCTION):
    case KW(PROCEDURE):
    case KW(TRIGGER):
    case KW(EVENT):
    case KW(PACKAGE):
        parse->out->result = MX_SQL_PARTIALLY_PARSED;
        sql_routine_skip(parse);
        break;
    default: /* DATABASE, USER, ROLE, SERVER, ... */
        sql_parse_skip(parse);
        break;
    }
}

void
sql_alter_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_ALTER);
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    skip_prefix(parse);
    if (sql_parse_is(parse, KW(TABLE)) || sql_parse_is(parse, KW(SEQUENCE)) ||
        sql_parse_is(parse, KW(VIEW))) {
        if (sql_parse_is(parse, KW(TABLE))) {
            parse->out->op = MX_SQL_OP_ALTER_TABLE;
        }
        sql_parse_advance(parse);
        if_exists(parse);
        sql_body_table(parse);
        sql_parse_skip(parse);
    } else if (sql_parse_is(parse, KW(EVENT))) {
        sql_routine_skip(parse);
    } else {
        sql_parse_skip(parse);
    }
}

void
sql_drop_parse(struct sql_parse *parse)
{
    if (sql_parse_accept(parse, KW(PREPARE))) {
        sql_verdict(parse, MX_SQL_DEALLOC_PREPARE, MX_SQL_OP_DROP);
        parse->out->stmt_name = sql_token_span(parse->token);
        sql_parse_skip(parse);
        return;
    }
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_DROP);
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    bool temporary = sql_parse_accept(parse, KW(TEMPORARY));
    if (temporary) {
        parse->out->facts &= ~(uint32_t)MX_SQL_FACT_IMPLICIT_COMMIT;
    }
    switch (parse->token.kind) {
    case KW(TABLE):
    case KW(TABLES):
        parse->out->op = MX_SQL_OP_DROP_TABLE;
        parse->out->facts |= MX_SQL_FACT_DROPS_TABLE;
        sql_parse_advance(parse);
        if_exists(parse);
        table_list(parse);
        break;
    case KW(SEQUENCE):
        parse->out->facts |= MX_SQL_FACT_DROPS_TABLE;
        sql_parse_advance(parse);
        if_exists(parse);
        table_list(parse);
        break;
    case KW(VIEW):
        sql_parse_advance(parse);
        if_exists(parse);
        table_list(parse);
        break;
    case KW(INDEX):
        create_index(parse);
        break;
    default:
        sql_parse_skip(parse);
        break;
    }
}

/* RENAME, OPTIMIZE, CHECK, REPAIR, CHECKSUM, CACHE INDEX; word is the first of them. */
void
sql_table_admin_parse(struct sql_parse *parse, uint32_t word)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    if (word == KW(CHECKSUM)) { /* reads the table, whatever it is, and changes nothing */
        parse->out->type = MX_SQL_READ;
        parse->out->facts &= ~(uint32_t)MX_SQL_FACT_IMPLICIT_COMMIT;
    }
    while (sql_parse_is(parse, KW(LOCAL)) || sql_parse_is(parse, KW(NO_WRITE_TO_BINLOG)) ||
           sql_parse_is(parse, KW(INDEX)) || sql_parse_is(parse, KW(VIEW))) {
        sql_parse_advance(parse);
    }
    if (sql_parse_is(parse, KW(USER))) {
        sql_parse_skip(parse);
        return;
    }
    if (!sql_parse_accept(parse, KW(TABLES))) {
        sql_parse_accept(parse, KW(TABLE));
    }
    if_exists(parse);
    table_list(parse);
}
