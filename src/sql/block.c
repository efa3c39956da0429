/*
 * Compound statements: where BEGIN ... END, IF, loops and stored routines end, so that the
 * semicolons inside are not taken for the end of the statement. Nothing else is looked at.
 */
#include "sql/parse.h"

enum {
    DECLARE_LEVELS = 64
};

struct block {
    uint32_t depth;    /* open BEGIN, IF, CASE, loops */
    uint64_t declares; /* Oracle mode: levels still in their declarations, by depth */
    bool start;        /* at the place where a statement may begin */
    bool handler;      /* in DECLARE ... HANDLER FOR: a statement follows */
    bool routine;      /* in the header of a routine: AS or IS opens its declarations */
    bool oracle;
};

static void
open_level(struct block *block, bool declares)
{
    block->depth++;
    if (block->depth < DECLARE_LEVELS) {
        uint64_t bit = (uint64_t)1 << block->depth;
        block->declares = declares ? block->declares | bit : block->declares & ~bit;
    }
    block->start = true;
}

static bool
in_declares(const struct block *block)
{
    return block->depth < DECLARE_LEVELS && ((block->declares >> block->depth) & 1) != 0;
}

/* END, with the word it may be followed by: END IF, END LOOP ... */
static void
close_level(struct sql_parse *parse, struct block *block)
{
    sql_parse_advance(parse);
    switch (parse->token.kind) {
    case KW(IF):
    case KW(CASE):
    case KW(LOOP):
    case KW(WHILE):
    case KW(REPEAT):
    case KW(FOR):
        sql_parse_advance(parse);
        break;
    default:
        break;
    }
    if (block->depth > 0) {
        block->depth--;
    }
    block->start = false;
}

/* IF EXISTS and FOR EACH ROW are no statements. */
static bool
opens_statement(struct sql_parse *parse, uint32_t kind)
{
    if (kind == KW(IF)) {
        return !sql_parse_is(parse, KW(NOT)) && !sql_parse_is(parse, KW(EXISTS));
    }
    if (kind == KW(FOR)) {
        return !sql_token_is_text(parse->sql, parse->token, "each");
    }
    return true;
}

static void
begin_seen(struct sql_parse *parse, struct block *block)
{
    sql_parse_advance(parse);
    if (in_declares(block)) {
        block->declares &= ~((uint64_t)1 << block->depth);
        block->start = true;
    } else {
        open_level(block, false);
    }
    if (sql_parse_accept(parse, KW(NOT))) {
        sql_parse_advance(parse); /* ATOMIC */
    }
}

/* Words after which a statement begins. */
static bool
starts_statement(uint32_t kind)
{
    return kind == KW(THEN) || kind == KW(ELSE) || kind == KW(DO) || kind == ':' ||
           kind == T_LABEL || kind == ';' || kind == KW(LOOP) || kind == KW(EXCEPTION);
}

/* Words that end a routine's header: what follows is an expression or a plain statement. */
static bool
ends_header(uint32_t kind)
{
    return kind == KW(RETURN) || kind == KW(SELECT) || kind == KW(SET) || kind == KW(WHERE) ||
           kind == KW(CALL) || kind == KW(VALUES);
}

static void
step(struct sql_parse *parse, struct block *block)
{
    uint32_t kind = parse->token.kind;
    bool opening = block->start || block->handler;
    switch (kind) {
    case KW(BEGIN):
        if (opening || in_declares(block)) {
            begin_seen(parse, block);
            block->handler = false;
            return;
        }
        break;
    case KW(CASE):
        sql_parse_advance(parse);
        open_level(block, false);
        block->start = false;
        return;
    case KW(IF):
    case KW(WHILE):
    case KW(REPEAT):
    case KW(LOOP):
    case KW(FOR):
        sql_parse_advance(parse);
        if (opening && opens_statement(parse, kind)) {
            open_level(block, false);
            block->handler = false;
            block->start = kind == KW(LOOP) || kind == KW(REPEAT);
        }
        return;
    case KW(END):
        if (block->depth > 0) {
            close_level(parse, block);
            return;
        }
        break;
    case KW(DECLARE):
        if (block->oracle && block->start) {
            sql_parse_advance(parse);
            open_level(block, true);
            return;
        }
        break;
    case KW(HANDLER):
        block->handler = true;
        break;
    case KW(FUNCTION):
    case KW(PROCEDURE):
        block->routine = block->oracle && block->start;
        break;
    case KW(AS):
    case KW(IS):
        if (block->oracle && block->routine) {
            block->routine = false;
            sql_parse_advance(parse);
            open_level(block, true);
            return;
        }
        break;
    default:
        break;
    }
    sql_parse_advance(parse);
    if (kind == ';') {
        block->handler = false;
        block->routine = false;
    }
    if (starts_statement(kind)) {
        block->start = true;
    } else if (block->depth > 0 || ends_header(kind)) {
        /* a label may stand before the statement: name: BEGIN */
        block->start = in_declares(block);
    }
}

static void
run(struct sql_parse *parse, struct block *block)
{
    while (parse->token.kind > T_BAD) {
        if (sql_parse_is(parse, ';') && block->depth == 0) {
            return;
        }
        step(parse, block);
    }
    if (sql_parse_is(parse, T_BAD)) {
        parse->bad = true;
    }
}

void
sql_routine_skip(struct sql_parse *parse)
{
    bool oracle = (parse->lexer.mode & MX_SQL_MODE_ORACLE) != 0;
    struct block block = {.start = true, .routine = oracle, .oracle = oracle};
    run(parse, &block);
}

void
sql_block_skip(struct sql_parse *parse)
{
    bool oracle = (parse->lexer.mode & MX_SQL_MODE_ORACLE) != 0;
    struct block block = {.start = true, .oracle = oracle};
    if (sql_parse_is(parse, KW(BEGIN))) {
        struct sql_lexer saved = parse->lexer;
        struct sql_token begin = parse->token;
        sql_parse_advance(parse);
        if (!oracle && (sql_parse_at_end(parse) || sql_parse_is(parse, KW(WORK)))) {
            sql_verdict(parse, MX_SQL_BEGIN_TRX, MX_SQL_OP_UNDEFINED);
            parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
            sql_parse_skip(parse);
            return;
        }
        parse->lexer = saved;
        parse->token = begin;
    }
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    parse->out->result = oracle ? MX_SQL_TOKENIZED : MX_SQL_PARTIALLY_PARSED;
    parse->out->facts |= MX_SQL_FACT_BLOCK;
    run(parse, &block);
}
