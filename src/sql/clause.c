/*
 * The words of the body: clauses, joins, INTO, locking reads, common table expressions, rows of
 * values. They decide what the names after them are.
 */
#include "sql/body.h"
#include "sql/scan.h"
#include "sql/word.h"

/* (SELECT ...): parentheses around the whole statement and nothing else. */
static bool
is_outermost_select(const struct sql_parse *parse)
{
    return parse->depth <= parse->leading;
}

static void
into_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->depth > parse->base && !is_outermost_select(parse)) {
        sql_clause_enter(parse, CLAUSE_NAMES, false); /* no server accepts it in a subquery */
        while (sql_parse_is(parse, T_USERVAR) || sql_parse_is(parse, ',')) {
            sql_parse_advance(parse);
        }
        return;
    }
    if (sql_parse_is(parse, KW(OUTFILE)) || sql_parse_is(parse, KW(DUMPFILE))) {
        parse->effects.into_file = true;
        sql_clause_enter(parse, CLAUSE_NAMES, false);
        return;
    }
    sql_clause_enter(parse, CLAUSE_NAMES, false);
    parse->into_list = true;
}

static void
for_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (sql_parse_is(parse, KW(UPDATE)) || sql_parse_is(parse, KW(SHARE))) {
        parse->effects.type |= MX_SQL_WRITE;
        sql_clause_enter(parse, CLAUSE_NAMES, false);
        sql_parse_advance(parse);
    } else if (sql_parse_is(parse, KW(SYSTEM_TIME)) || sql_parse_is(parse, KW(PORTION))) {
        parse->period = true;
        parse->frame->clause = CLAUSE_EXPR;
        parse->operand = true;
        sql_parse_advance(parse);
    } else {
        parse->operand = false;
    }
}

static void
from_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->period || parse->frame->kind == FRAME_FUNCTION) {
        parse->period = false;
        sql_operand_end(parse);
        return;
    }
    sql_clause_enter(parse, CLAUSE_TABLE, true);
}

/* AS: an alias, a type, or the query of a WITH. */
static void
as_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = parse->frame;
    sql_parse_advance(parse);
    if (sql_parse_is(parse, '(')) {
        parse->operand = false;
        frame->clause = CLAUSE_EXPR;
        return;
    }
    if (frame->kind == FRAME_FUNCTION && frame->clause == CLAUSE_EXPR) {
        frame->clause = CLAUSE_NAMES;
        return;
    }
    if (sql_token_is_word(parse->token.kind) || sql_parse_is(parse, T_QUOTED) ||
        sql_parse_is(parse, T_STRING)) {
        if (frame->clause == CLAUSE_JOINED) {
            sql_alias_seen(parse);
        } else {
            sql_column_alias_seen(parse);
        }
        parse->operand = true;
    }
}

/* USE|FORCE|IGNORE INDEX [FOR ...] (names), PARTITION (names): up to the parenthesis. */
static void
name_list_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->frame->clause == CLAUSE_JOINED) {
        while (!sql_parse_at_end(parse) && !sql_parse_is(parse, '(') && !sql_parse_is(parse, ',') &&
               !sql_parse_is(parse, ')')) {
            sql_parse_advance(parse);
        }
    } else if (sql_parse_is(parse, '(')) {
        sql_parse_advance(parse);
        sql_frame_push(parse, FRAME_GROUP, CLAUSE_NAMES, false);
    }
}

static void
sequence_value_seen(struct sql_parse *parse)
{
    bool operand = parse->operand;
    struct sql_token name = parse->token;
    struct sql_lexer saved = parse->lexer;
    sql_parse_advance(parse);
    if (!operand && sql_parse_accept(parse, KW(VALUE)) && sql_parse_accept(parse, KW(FOR))) {
        parse->effects.type |= MX_SQL_WRITE;
        sql_body_table(parse);
        parse->operand = true;
        return;
    }
    parse->lexer = saved;
    parse->token = name;
    sql_name_seen(parse);
}

/* The name of a common table expression and its columns; AS and the query follow. */
void
sql_with_name(struct sql_parse *parse)
{
    if (sql_token_is_word(parse->token.kind) || sql_parse_is(parse, T_QUOTED)) {
        sql_parse_advance(parse);
    }
    if (sql_parse_is(parse, '(')) {
        sql_parse_advance(parse);
        sql_frame_push(parse, FRAME_GROUP, CLAUSE_NAMES, false);
    }
}

static void
with_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->operand || parse->frame->kind == FRAME_FUNCTION) { /* WITH ROLLUP, QUERY ... */
        sql_parse_advance(parse);
        return;
    }
    sql_parse_accept(parse, KW(RECURSIVE));
    parse->frame->with = true;
    sql_with_name(parse);
}

static void
select_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = parse->frame;
    if (frame->kind == FRAME_TABLES) {
        parse->effects.derived_table = true;
    }
    if (parse->depth > 0 && parse->depth <= SQL_DEPTH_MAX && frame->kind != FRAME_FUNCTION) {
        frame->kind = FRAME_SELECT;
    }
    if (frame->kind == FRAME_FUNCTION) { /* f(SELECT ...) is no call of SELECT; keep the frame */
        frame->kind = FRAME_SELECT;
    }
    parse->effects.is_select = true;
    if (parse->collector != NULL && parse->collector->select != NULL) {
        parse->collector->select(parse->collector->data);
    }
    sql_clause_enter(parse, CLAUSE_EXPR, false);
    sql_parse_advance(parse);
}

static void
values_seen(struct sql_parse *parse)
{
    sql_parse_take(parse);
    if (parse->in_insert && parse->depth == parse->base) {
        parse->in_insert = false;
        sql_clause_enter(parse, CLAUSE_EXPR, false);
        parse->in_rows = true;
        return;
    }
    if (sql_parse_is(parse, '(') && parse->frame->clause == CLAUSE_EXPR && !parse->operand &&
        parse->depth > parse->base && parse->frame->kind == FRAME_TABLES) {
        sql_clause_enter(parse, CLAUSE_EXPR, false);
        return;
    }
    if (sql_parse_is(parse, '(')) {
        struct sql_frame *frame = parse->frame;
        if (frame->clause == CLAUSE_TABLE) { /* a table of rows */
            parse->effects.derived_table = true;
            sql_clause_enter(parse, CLAUSE_EXPR, false);
        } else {
            sql_call_open(parse, FN_READ);
        }
    }
}

/* WHERE, GROUP, UNION and the like: expressions follow. */
static void
clause_seen(struct sql_parse *parse)
{
    if (parse->frame->kind == FRAME_TABLES) { /* after ) UNION ( in a derived table */
        parse->frame->kind = FRAME_SELECT;
    }
    sql_clause_enter(parse, CLAUSE_EXPR, false);
    sql_parse_advance(parse);
}

static void
on_seen(struct sql_parse *parse)
{
    parse->frame->clause = CLAUSE_EXPR;
    sql_operand_end(parse);
    sql_parse_advance(parse);
}

static void
join_seen(struct sql_parse *parse)
{
    if (parse->frame->from) {
        parse->frame->clause = CLAUSE_TABLE;
    }
    sql_operand_end(parse);
    sql_parse_advance(parse);
}

static void
using_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->frame->kind == FRAME_FUNCTION) {
        sql_parse_advance(parse); /* CONVERT(x USING charset) */
    } else if (sql_parse_is(parse, '(')) {
        sql_parse_advance(parse);
        sql_frame_push(parse, FRAME_GROUP, CLAUSE_EXPR, false);
        sql_operand_end(parse);
    } else if (parse->in_delete) {
        sql_clause_enter(parse, CLAUSE_TABLE, true);
    }
}

/* NULL, TRUE, CURRENT_DATE ...: words that stand for a value. */
static void
value_seen(struct sql_parse *parse)
{
    if (sql_parse_is(parse, KW(NULL))) {
        sql_operator_report(parse, parse->token);
    }
    sql_parse_take(parse);
    if (sql_parse_is(parse, '(') && parse->frame->clause == CLAUSE_EXPR) {
        sql_call_open(parse, FN_READ);
        return;
    }
    parse->operand = true;
}

/* A reserved word without a role of its own: a function or an operator. */
static void
reserved_seen(struct sql_parse *parse)
{
    sql_parse_take(parse);
    if (sql_parse_is(parse, '(') && parse->frame->clause == CLAUSE_EXPR) {
        enum sql_function_class class = sql_call_class(parse);
        if (class != FN_NONE) {
            sql_call_open(parse, class);
            return;
        }
    }
    sql_operator_report(parse, parse->name);
    parse->operand = false;
}

/* ANY (SELECT ...): the parenthesis is no call. */
static bool
quantifier_seen(struct sql_parse *parse)
{
    if (sql_lexer_peek(&parse->lexer) != '(') {
        return false;
    }
    sql_parse_advance(parse);
    return true;
}

static void
lock_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (sql_parse_is(parse, KW(IN))) {
        parse->effects.type |= MX_SQL_WRITE;
    }
}

/* PROCEDURE ANALYSE(...) */
static void
procedure_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    sql_clause_enter(parse, CLAUSE_NAMES, false);
}

static void
collate_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    sql_parse_advance(parse);
    parse->operand = true;
}

/* Words that are names unless their surroundings say otherwise. */
static bool
soft_word(struct sql_parse *parse, uint32_t kind)
{
    const struct sql_frame *frame = parse->frame;
    bool operand_wanted = !parse->operand && frame->clause == CLAUSE_EXPR;
    switch (kind) {
    case KW(END):
        sql_parse_advance(parse);
        parse->operand = true;
        return true;
    case KW(SQL_CACHE):
    case KW(SQL_NO_CACHE):
    case KW(SQL_BUFFER_RESULT):
        if (operand_wanted) {
            sql_parse_advance(parse);
        }
        return operand_wanted;
    case KW(ANY):
    case KW(SOME):
        return operand_wanted && quantifier_seen(parse);
    case KW(VALUE):
        if (parse->in_insert && parse->depth == parse->base && frame->clause != CLAUSE_TABLE) {
            values_seen(parse);
            return true;
        }
        return false;
    default:
        return false;
    }
}

/* What a word means in a body; those that are not listed are operators when reserved, else names.
 */
enum word_role {
    ROLE_OTHER = 0,
    ROLE_AS,
    ROLE_CLAUSE,
    ROLE_COLLATE,
    ROLE_FOR,
    ROLE_FROM,
    ROLE_INTO,
    ROLE_JOIN,
    ROLE_LOCK,
    ROLE_NAMES,
    ROLE_ON,
    ROLE_PROCEDURE,
    ROLE_SELECT,
    ROLE_SEQUENCE,
    ROLE_SOFT,
    ROLE_USING,
    ROLE_VALUE,
    ROLE_VALUES,
    ROLE_WITH,
};

static const uint8_t word_roles[K_OTHER_RESERVED + 1] = {
    [K_ANY] = ROLE_SOFT,
    [K_AS] = ROLE_AS,
    [K_COLLATE] = ROLE_COLLATE,
    [K_CURRENT_DATE] = ROLE_VALUE,
    [K_CURRENT_ROLE] = ROLE_VALUE,
    [K_CURRENT_TIME] = ROLE_VALUE,
    [K_CURRENT_TIMESTAMP] = ROLE_VALUE,
    [K_CURRENT_USER] = ROLE_VALUE,
    [K_DEFAULT] = ROLE_VALUE,
    [K_END] = ROLE_SOFT,
    [K_EXCEPT] = ROLE_CLAUSE,
    [K_FALSE] = ROLE_VALUE,
    [K_FOR] = ROLE_FOR,
    [K_FROM] = ROLE_FROM,
    [K_GROUP] = ROLE_CLAUSE,
    [K_HAVING] = ROLE_CLAUSE,
    [K_INDEX] = ROLE_NAMES,
    [K_INTERSECT] = ROLE_CLAUSE,
    [K_INTO] = ROLE_INTO,
    [K_JOIN] = ROLE_JOIN,
    [K_KEY] = ROLE_NAMES,
    [K_LIMIT] = ROLE_CLAUSE,
    [K_LOCALTIME] = ROLE_VALUE,
    [K_LOCALTIMESTAMP] = ROLE_VALUE,
    [K_LOCK] = ROLE_LOCK,
    [K_NEXT] = ROLE_SEQUENCE,
    [K_NULL] = ROLE_VALUE,
    [K_OFFSET] = ROLE_CLAUSE,
    [K_ON] = ROLE_ON,
    [K_ORDER] = ROLE_CLAUSE,
    [K_PARTITION] = ROLE_NAMES,
    [K_PREVIOUS] = ROLE_SEQUENCE,
    [K_PROCEDURE] = ROLE_PROCEDURE,
    [K_RETURNING] = ROLE_CLAUSE,
    [K_SELECT] = ROLE_SELECT,
    [K_SET] = ROLE_CLAUSE,
    [K_SOME] = ROLE_SOFT,
    [K_SQL_BUFFER_RESULT] = ROLE_SOFT,
    [K_SQL_CACHE] = ROLE_SOFT,
    [K_SQL_NO_CACHE] = ROLE_SOFT,
    [K_STRAIGHT_JOIN] = ROLE_JOIN,
    [K_TRUE] = ROLE_VALUE,
    [K_UNION] = ROLE_CLAUSE,
    [K_USING] = ROLE_USING,
    [K_UTC_DATE] = ROLE_VALUE,
    [K_UTC_TIME] = ROLE_VALUE,
    [K_UTC_TIMESTAMP] = ROLE_VALUE,
    [K_VALUE] = ROLE_SOFT,
    [K_VALUES] = ROLE_VALUES,
    [K_WHERE] = ROLE_CLAUSE,
    [K_WITH] = ROLE_WITH,
};

void
sql_word_seen(struct sql_parse *parse, uint32_t kind)
{
    switch ((enum word_role)word_roles[kind - T_WORD]) {
    case ROLE_AS:
        as_seen(parse);
        return;
    case ROLE_CLAUSE:
        clause_seen(parse);
        return;
    case ROLE_COLLATE:
        collate_seen(parse);
        return;
    case ROLE_FOR:
        for_seen(parse);
        return;
    case ROLE_FROM:
        from_seen(parse);
        return;
    case ROLE_INTO:
        into_seen(parse);
        return;
    case ROLE_JOIN:
        join_seen(parse);
        return;
    case ROLE_LOCK:
        lock_seen(parse);
        return;
    case ROLE_NAMES:
        name_list_seen(parse);
        return;
    case ROLE_ON:
        on_seen(parse);
        return;
    case ROLE_PROCEDURE:
        procedure_seen(parse);
        return;
    case ROLE_SELECT:
        select_seen(parse);
        return;
    case ROLE_SEQUENCE:
        sequence_value_seen(parse);
        return;
    case ROLE_USING:
        using_seen(parse);
        return;
    case ROLE_VALUE:
        value_seen(parse);
        return;
    case ROLE_VALUES:
        values_seen(parse);
        return;
    case ROLE_WITH:
        with_seen(parse);
        return;
    case ROLE_SOFT:
        if (!soft_word(parse, kind)) {
            sql_name_seen(parse);
        }
        return;
    case ROLE_OTHER:
        break;
    default:
        __builtin_unreachable();
    }
    if (sql_token_is_reserved(kind)) {
        reserved_seen(parse);
    } else {
        sql_name_seen(parse);
    }
}
