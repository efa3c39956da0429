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
        parse->effects.writes = true;
        sql_clause_enter(parse, CLAUSE_NAMES, false);
        sql_parse_advance(parse);
    } else if (sql_parse_is(parse, KW(SYSTEM_TIME)) || sql_parse_is(parse, KW(PORTION))) {
        parse->period = true;
        sql_frame_at(parse)->clause = CLAUSE_EXPR;
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
    if (parse->period || sql_frame_at(parse)->kind == FRAME_FUNCTION) {
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
    struct sql_frame *frame = sql_frame_at(parse);
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
    if (sql_frame_at(parse)->clause == CLAUSE_JOINED) {
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
        parse->effects.writes = true;
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
    if (parse->operand ||
        sql_frame_at(parse)->kind == FRAME_FUNCTION) { /* WITH ROLLUP, QUERY ... */
        sql_parse_advance(parse);
        return;
    }
    sql_parse_accept(parse, KW(RECURSIVE));
    sql_frame_at(parse)->with = true;
    sql_with_name(parse);
}

static void
select_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = sql_frame_at(parse);
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

/* Behind ) of a row: the first byte inside the next row, or NULL when none follows. */
static const char *
next_row(const char *pos, const char *end)
{
    while (pos < end && scan_is_space(*pos)) {
        pos++;
    }
    if (pos == end || *pos != ',') {
        return NULL;
    }
    pos++;
    while (pos < end && scan_is_space(*pos)) {
        pos++;
    }
    return pos < end && *pos == '(' ? pos + 1 : NULL;
}

/* The number that ends right before pos: its first digit. A letter may belong to it: 1e5, 0x1f. */
static const char *
number_start(const char *begin, const char *pos)
{
    while (pos > begin && ((pos[-1] >= '0' && pos[-1] <= '9') || pos[-1] == '.')) {
        pos--;
    }
    return pos;
}

/* The first byte that is no part of literals, commas and row ends. */
static const char *
literals_end(const struct sql_lexer *lexer, const char *pos)
{
    const char *end = lexer->end;
    bool ansi = (lexer->mode & MX_SQL_MODE_ANSI_QUOTES) != 0;
    for (;;) {
        const char *begin = pos;
        pos = scan_plain(pos, end);
        if (pos == end) {
            return end;
        }
        char c = *pos;
        if (c == '\'' || (c == '"' && !ansi)) {
            const char *close = scan_quoted(pos + 1, end, c, lexer->escapes, lexer->charset);
            if (close == end) {
                return pos; /* the lexer meets the same bytes and says so */
            }
            pos = close + 1;
        } else if (c == ')') {
            const char *row = next_row(pos + 1, end);
            if (row == NULL) {
                return pos;
            }
            pos = row;
        } else if (c == '-' && end - pos > 1 && pos[1] != '-') {
            pos++;
        } else {
            return scan_is_name_byte(c) ? number_start(begin, pos) : pos;
        }
    }
}

void
sql_rows_skip(struct sql_parse *parse)
{
    struct sql_lexer *lexer = &parse->lexer;
    if (parse->collector != NULL || lexer->in_exec) {
        return;
    }
    lexer->pos = literals_end(lexer, lexer->pos);
    lexer->after_name = false;
    parse->token = sql_lexer_next(lexer);
    parse->operand = false;
}

static void
values_seen(struct sql_parse *parse)
{
    struct sql_token name = parse->token;
    sql_parse_advance(parse);
    if (parse->in_insert && parse->depth == parse->base) {
        parse->in_insert = false;
        sql_clause_enter(parse, CLAUSE_EXPR, false);
        parse->in_rows = true;
        return;
    }
    if (sql_parse_is(parse, '(') && sql_frame_at(parse)->clause == CLAUSE_EXPR && !parse->operand &&
        parse->depth > parse->base && sql_frame_at(parse)->kind == FRAME_TABLES) {
        sql_clause_enter(parse, CLAUSE_EXPR, false);
        return;
    }
    if (sql_parse_is(parse, '(')) {
        struct sql_frame *frame = sql_frame_at(parse);
        if (frame->clause == CLAUSE_TABLE) { /* a table of rows */
            parse->effects.derived_table = true;
            sql_clause_enter(parse, CLAUSE_EXPR, false);
        } else if (name.kind == KW(VALUES) || name.kind == KW(VALUE)) {
            sql_call_open(parse, name, FN_READ);
        }
    }
}

static bool
clause_word(struct sql_parse *parse, uint32_t kind)
{
    switch (kind) {
    case KW(WHERE):
    case KW(GROUP):
    case KW(HAVING):
    case KW(ORDER):
    case KW(LIMIT):
    case KW(OFFSET):
    case KW(RETURNING):
    case KW(UNION):
    case KW(EXCEPT):
    case KW(INTERSECT):
    case KW(SET):
        if (sql_frame_at(parse)->kind == FRAME_TABLES) { /* after ) UNION ( in a derived table */
            sql_frame_at(parse)->kind = FRAME_SELECT;
        }
        sql_clause_enter(parse, CLAUSE_EXPR, false);
        break;
    case KW(ON):
        sql_frame_at(parse)->clause = CLAUSE_EXPR;
        sql_operand_end(parse);
        break;
    case KW(JOIN):
    case KW(STRAIGHT_JOIN):
        if (sql_frame_at(parse)->from) {
            sql_frame_at(parse)->clause = CLAUSE_TABLE;
        }
        sql_operand_end(parse);
        break;
    default:
        return false;
    }
    sql_parse_advance(parse);
    return true;
}

static void
using_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (sql_frame_at(parse)->kind == FRAME_FUNCTION) {
        sql_parse_advance(parse); /* CONVERT(x USING charset) */
    } else if (sql_parse_is(parse, '(')) {
        sql_parse_advance(parse);
        sql_frame_push(parse, FRAME_GROUP, CLAUSE_EXPR, false);
        sql_operand_end(parse);
    } else if (parse->in_delete) {
        sql_clause_enter(parse, CLAUSE_TABLE, true);
    }
}

/* Words that stand for a value. */
static bool
is_value_word(uint32_t kind)
{
    return kind == KW(NULL) || kind == KW(TRUE) || kind == KW(FALSE) || kind == KW(DEFAULT) ||
           (kind >= KW(CURRENT_DATE) && kind <= KW(CURRENT_USER)) || kind == KW(LOCALTIME) ||
           kind == KW(LOCALTIMESTAMP) || (kind >= KW(UTC_DATE) && kind <= KW(UTC_TIMESTAMP));
}

/* A reserved word without a case of its own: a function, a value or an operator. */
static void
reserved_seen(struct sql_parse *parse)
{
    struct sql_token name = parse->token;
    struct sql_frame *frame = sql_frame_at(parse);
    if (is_value_word(name.kind)) {
        if (name.kind == KW(NULL)) {
            sql_operator_report(parse, name);
        }
        sql_parse_advance(parse);
        if (sql_parse_is(parse, '(') && frame->clause == CLAUSE_EXPR) {
            sql_call_open(parse, name, FN_READ);
            return;
        }
        parse->operand = true;
        return;
    }
    sql_parse_advance(parse);
    if (sql_parse_is(parse, '(') && frame->clause == CLAUSE_EXPR &&
        sql_call_class(parse, name) != FN_NONE) {
        sql_call_open(parse, name, sql_call_class(parse, name));
        return;
    }
    sql_operator_report(parse, name);
    parse->operand = false;
}

/* ANY (SELECT ...): the parenthesis is no call. */
static bool
quantifier_seen(struct sql_parse *parse)
{
    struct sql_lexer ahead = parse->lexer;
    if (sql_lexer_next(&ahead).kind != '(') {
        return false;
    }
    sql_parse_advance(parse);
    return true;
}

/* Words with a meaning of their own wherever they stand. */
static bool
fixed_word(struct sql_parse *parse, uint32_t kind)
{
    switch (kind) {
    case KW(SELECT):
        select_seen(parse);
        break;
    case KW(WITH):
        with_seen(parse);
        break;
    case KW(FROM):
        from_seen(parse);
        break;
    case KW(INTO):
        into_seen(parse);
        break;
    case KW(FOR):
        for_seen(parse);
        break;
    case KW(LOCK):
        sql_parse_advance(parse);
        if (sql_parse_is(parse, KW(IN))) {
            parse->effects.writes = true;
        }
        break;
    case KW(AS):
        as_seen(parse);
        break;
    case KW(USING):
        using_seen(parse);
        break;
    case KW(VALUES):
        values_seen(parse);
        break;
    case KW(PARTITION):
    case KW(INDEX):
    case KW(KEY):
        name_list_seen(parse);
        break;
    case KW(PROCEDURE): /* PROCEDURE ANALYSE(...) */
        sql_parse_advance(parse);
        sql_clause_enter(parse, CLAUSE_NAMES, false);
        break;
    case KW(COLLATE):
        sql_parse_advance(parse);
        sql_parse_advance(parse);
        parse->operand = true;
        break;
    case KW(NEXT):
    case KW(PREVIOUS):
        sequence_value_seen(parse);
        break;
    default:
        return clause_word(parse, kind);
    }
    return true;
}

/* Words that are names unless their surroundings say otherwise. */
static bool
soft_word(struct sql_parse *parse, uint32_t kind)
{
    const struct sql_frame *frame = sql_frame_at(parse);
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

void
sql_word_seen(struct sql_parse *parse)
{
    uint32_t kind = parse->token.kind;
    if (fixed_word(parse, kind)) {
        return;
    }
    if (sql_token_is_reserved(kind)) {
        reserved_seen(parse);
    } else if (!soft_word(parse, kind)) {
        sql_name_seen(parse);
    }
}
