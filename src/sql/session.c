/* Transactions, XA, prepared statements by name, locks, HANDLER, FLUSH and RESET, LOAD. */
#include "sql/parse.h"

/* The characteristics of START TRANSACTION and SET TRANSACTION: READ ONLY, READ WRITE. */
static void
start_transaction(struct sql_parse *parse)
{
    uint32_t type = MX_SQL_BEGIN_TRX;
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    while (!sql_parse_at_end(parse)) {
        if (sql_parse_accept(parse, KW(READ))) {
            if (sql_parse_is(parse, KW(ONLY))) {
                type |= MX_SQL_READ;
                parse->out->trx_access = 1;
            } else if (sql_parse_is(parse, KW(WRITE))) {
                type |= MX_SQL_WRITE;
                parse->out->trx_access = 2;
            }
        }
        if (!sql_parse_at_end(parse)) {
            sql_parse_advance(parse);
        }
    }
    sql_verdict(parse, type, MX_SQL_OP_UNDEFINED);
}

/* COMMIT and ROLLBACK: [WORK] [AND [NO] CHAIN] [[NO] RELEASE]; ROLLBACK [WORK] TO [SAVEPOINT] x */
static void
end_transaction(struct sql_parse *parse, uint32_t word)
{
    uint32_t type = word == KW(COMMIT) ? MX_SQL_COMMIT : MX_SQL_ROLLBACK;
    bool no = false;
    while (!sql_parse_at_end(parse)) {
        if (sql_parse_is(parse, KW(TO))) {
            type = MX_SQL_WRITE;
        } else if (sql_parse_is(parse, KW(CHAIN)) && !no) {
            parse->out->facts |= MX_SQL_FACT_CHAIN;
        }
        no = sql_parse_is(parse, KW(NO));
        sql_parse_advance(parse);
    }
    sql_verdict(parse, type, MX_SQL_OP_UNDEFINED);
}

void
sql_transaction_parse(struct sql_parse *parse, uint32_t word)
{
    if (word == KW(COMMIT) || word == KW(ROLLBACK)) {
        end_transaction(parse, word);
        return;
    }
    if (word == KW(START) && sql_parse_accept(parse, KW(TRANSACTION))) {
        start_transaction(parse);
        return;
    }
    /* SAVEPOINT, RELEASE SAVEPOINT, START SLAVE */
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    if (word == KW(START)) {
        parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    }
    sql_parse_skip(parse);
}

void
sql_xa_parse(struct sql_parse *parse)
{
    uint32_t word = parse->token.kind;
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    parse->out->facts |= MX_SQL_FACT_XA;
    if (word == KW(START) || word == KW(BEGIN)) {
        parse->out->type = MX_SQL_BEGIN_TRX;
    } else if (word == KW(COMMIT) || word == KW(ROLLBACK)) {
        parse->out->facts |= MX_SQL_FACT_XA_DONE;
    }
    sql_parse_skip(parse);
}

void
sql_prepare_parse(struct sql_parse *parse, uint32_t word)
{
    if (word == KW(DEALLOCATE)) {
        sql_verdict(parse, MX_SQL_DEALLOC_PREPARE, MX_SQL_OP_UNDEFINED);
        sql_parse_accept(parse, KW(PREPARE));
        parse->out->stmt_name = sql_token_span(parse->token);
        sql_parse_skip(parse);
        return;
    }
    if (word == KW(EXECUTE)) {
        sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_EXECUTE);
        if (sql_parse_accept(parse, KW(IMMEDIATE))) {
            if (sql_parse_is(parse, T_STRING)) {
                parse->out->stmt_text = sql_token_span(parse->token);
            }
        } else {
            parse->out->stmt_name = sql_token_span(parse->token);
            sql_parse_advance(parse);
        }
        sql_body_parse(parse, CLAUSE_EXPR, false);
        sql_body_apply(parse);
        return;
    }
    sql_verdict(parse, MX_SQL_PREPARE_NAMED_STMT, MX_SQL_OP_UNDEFINED);
    parse->out->stmt_name = sql_token_span(parse->token);
    sql_parse_advance(parse);
    if (sql_parse_accept(parse, KW(FROM)) && sql_parse_is(parse, T_STRING)) {
        struct mx_sql_span text = sql_token_span(parse->token);
        sql_parse_advance(parse);
        if (sql_parse_at_end(parse)) { /* one literal, not a concatenation */
            parse->out->stmt_text = text;
        }
    }
    sql_parse_skip(parse);
}

void
sql_handler_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    sql_body_table(parse);
    if (sql_parse_is(parse, KW(OPEN))) {
        parse->out->facts |= MX_SQL_FACT_LOCKS_SESSION;
    } else if (sql_parse_is(parse, KW(CLOSE))) {
        parse->out->facts |= MX_SQL_FACT_UNLOCKS_SESSION;
    }
    sql_parse_skip(parse);
}

void
sql_lock_parse(struct sql_parse *parse, uint32_t word)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    if (word == KW(UNLOCK)) {
        parse->out->facts |= MX_SQL_FACT_UNLOCKS_SESSION;
        sql_parse_skip(parse);
        return;
    }
    parse->out->facts |= MX_SQL_FACT_LOCKS_SESSION;
    bool expect = true;
    sql_parse_advance(parse); /* TABLE or TABLES */
    while (!sql_parse_at_end(parse)) {
        if (expect && (sql_token_is_word(parse->token.kind) || sql_parse_is(parse, T_QUOTED))) {
            sql_body_table(parse);
            expect = false;
        } else {
            expect = sql_parse_is(parse, ',');
            sql_parse_advance(parse);
        }
    }
}

/* FLUSH, RESET and PURGE, from behind the word. */
void
sql_flush_parse(struct sql_parse *parse, uint32_t word)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    if (word == KW(RESET) && sql_parse_is(parse, KW(QUERY))) { /* RESET QUERY CACHE */
        parse->out->type = MX_SQL_SESSION_WRITE;
        parse->out->facts &= ~(uint32_t)MX_SQL_FACT_IMPLICIT_COMMIT;
    }
    while (!sql_parse_at_end(parse)) {
        struct sql_token seen = parse->token;
        sql_parse_advance(parse);
        if ((seen.kind == KW(READ) && sql_parse_is(parse, KW(LOCK))) ||
            (seen.kind == KW(FOR) && sql_token_is_text(parse->sql, parse->token, "export"))) {
            parse->out->facts |= MX_SQL_FACT_LOCKS_SESSION;
        }
    }
    if (sql_parse_is(parse, T_BAD)) {
        parse->bad = true;
    }
}

void
sql_load_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_LOAD);
    if (sql_parse_is(parse, KW(INDEX))) { /* LOAD INDEX INTO CACHE t1, t2 */
        sql_table_admin_parse(parse, KW(CACHE));
        return;
    }
    while (!sql_parse_at_end(parse) && !sql_parse_accept(parse, KW(TABLE))) {
        if (sql_parse_is(parse, KW(LOCAL))) {
            parse->out->op = MX_SQL_OP_LOAD_LOCAL;
        }
        sql_parse_advance(parse);
    }
    sql_body_table(parse);
    while (!sql_parse_at_end(parse) && !sql_parse_is(parse, '(') && !sql_parse_is(parse, KW(SET))) {
        sql_parse_advance(parse);
    }
    bool columns = sql_parse_is(parse, '(');
    sql_body_parse(parse, CLAUSE_EXPR, false);
    if (columns && (parse->effects.type & MX_SQL_USERVAR_READ) !=
                       0) { /* (a, @b) takes the fields of the file */
        parse->effects.type |= MX_SQL_USERVAR_WRITE;
    }
    sql_body_apply(parse);
}
