/*
 * The body of SELECT and of the statements that contain expressions and tables: which tables,
 * variables and functions are used, and what that does. A stack of parentheses, no recursion.
 */
#include "sql/parse.h"
#include "sql/scan.h"
#include "sql/word.h"

static struct sql_frame *
frame_at(struct sql_parse *parse)
{
    uint32_t depth = parse->depth < SQL_DEPTH_MAX ? parse->depth : SQL_DEPTH_MAX;
    return &parse->frames[depth];
}

static void
operand_end(struct sql_parse *parse)
{
    parse->operand = false;
    if (parse->collector != NULL && parse->collector->operand_end != NULL) {
        parse->collector->operand_end(parse->collector->data);
    }
}

static void
enter_clause(struct sql_parse *parse, enum sql_clause clause, bool from)
{
    struct sql_frame *frame = frame_at(parse);
    frame->clause = (uint8_t)clause;
    frame->from = from;
    frame->with = false;
    parse->into_list = false;
    operand_end(parse);
}

static void
push_frame(struct sql_parse *parse, enum sql_frame_kind kind, enum sql_clause clause, bool from)
{
    parse->depth++;
    if (parse->depth > SQL_DEPTH_MAX) {
        return; /* the deepest frame stands for all below it */
    }
    parse->frames[parse->depth] = (struct sql_frame){
        .kind = (uint8_t)kind,
        .clause = (uint8_t)clause,
        .from = from,
    };
}

/* A parenthesis that is neither a call nor a list of names. */
static void
open_group(struct sql_parse *parse)
{
    const struct sql_frame *frame = frame_at(parse);
    enum sql_clause clause = (enum sql_clause)frame->clause;
    sql_parse_advance(parse);
    if (clause == CLAUSE_TABLE) {
        push_frame(parse, FRAME_TABLES, CLAUSE_TABLE, true);
    } else if (clause == CLAUSE_JOINED || clause == CLAUSE_NAMES) {
        push_frame(parse, FRAME_GROUP, CLAUSE_NAMES, false);
    } else {
        push_frame(parse, FRAME_GROUP, CLAUSE_EXPR, false);
    }
    operand_end(parse);
}

static void
close_frame(struct sql_parse *parse)
{
    operand_end(parse);
    if (parse->depth > 0) {
        if (parse->depth <= SQL_DEPTH_MAX && parse->frames[parse->depth].collected) {
            parse->collector->close_function(parse->collector->data);
        }
        parse->depth--;
    }
    struct sql_frame *frame = frame_at(parse);
    if (frame->clause == CLAUSE_TABLE) {
        frame->clause = CLAUSE_JOINED;
    }
    parse->operand = true;
    sql_parse_advance(parse);
}

static void
report_column(struct sql_parse *parse, const struct mx_sql_span parts[3], uint32_t count)
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

static uint32_t
function_class(const struct sql_parse *parse, struct sql_token name)
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
static void
open_call(struct sql_parse *parse, struct sql_token name, uint32_t class)
{
    apply_function(parse, class);
    sql_parse_advance(parse);
    push_frame(parse, FRAME_FUNCTION, CLAUSE_EXPR, false);
    parse->operand = false;
    if (parse->collector != NULL && parse->collector->open_function != NULL) {
        parse->collector->open_function(parse->collector->data, name, true);
        if (parse->depth <= SQL_DEPTH_MAX) {
            parse->frames[parse->depth].collected = true;
        } else {
            parse->collector->close_function(parse->collector->data);
        }
    }
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
        open_call(parse, last, builtin ? function_class(parse, last) : (uint32_t)FN_NONE);
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
        report_column(parse, parts, count);
    }
    parse->operand = true;
}

static void
name_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = frame_at(parse);
    switch ((enum sql_clause)frame->clause) {
    case CLAUSE_TABLE:
        if (parse->token.kind == KW(JSON_TABLE)) {
            struct sql_token name = parse->token;
            sql_parse_advance(parse);
            frame->clause = CLAUSE_JOINED;
            if (sql_parse_is(parse, '(')) {
                open_call(parse, name, FN_READ);
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
    case CLAUSE_NAMES:
        sql_parse_advance(parse);
        return;
    case CLAUSE_COLUMNS:
    case CLAUSE_EXPR:
        break;
    }
    if (parse->operand) { /* an alias */
        sql_parse_advance(parse);
        return;
    }
    expression_name(parse);
}

static void
user_variable(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->into_list) {
        parse->effects.uservar_write = true;
        parse->effects.into_variable = true;
    } else if (sql_parse_is(parse, T_ASSIGN)) {
        parse->effects.uservar_write = true;
        operand_end(parse);
        sql_parse_advance(parse);
        return;
    } else {
        parse->effects.uservar_read = true;
    }
    parse->operand = true;
}

static void
system_variable(struct sql_parse *parse)
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
        enter_clause(parse, CLAUSE_NAMES, false); /* no server accepts it in a subquery */
        while (sql_parse_is(parse, T_USERVAR) || sql_parse_is(parse, ',')) {
            sql_parse_advance(parse);
        }
        return;
    }
    if (sql_parse_is(parse, KW(OUTFILE)) || sql_parse_is(parse, KW(DUMPFILE))) {
        parse->effects.into_file = true;
        enter_clause(parse, CLAUSE_NAMES, false);
        return;
    }
    enter_clause(parse, CLAUSE_NAMES, false);
    parse->into_list = true;
}

static void
for_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (sql_parse_is(parse, KW(UPDATE)) || sql_parse_is(parse, KW(SHARE))) {
        parse->effects.writes = true;
        enter_clause(parse, CLAUSE_NAMES, false);
        sql_parse_advance(parse);
    } else if (sql_parse_is(parse, KW(SYSTEM_TIME)) || sql_parse_is(parse, KW(PORTION))) {
        parse->period = true;
        frame_at(parse)->clause = CLAUSE_EXPR;
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
    if (parse->period || frame_at(parse)->kind == FRAME_FUNCTION) {
        parse->period = false;
        operand_end(parse);
        return;
    }
    enter_clause(parse, CLAUSE_TABLE, true);
}

/* AS: an alias, a type, or the query of a WITH. */
static void
as_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = frame_at(parse);
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
        sql_parse_advance(parse);
        parse->operand = true;
    }
}

/* USE|FORCE|IGNORE INDEX [FOR ...] (names), PARTITION (names): up to the parenthesis. */
static void
name_list_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (frame_at(parse)->clause == CLAUSE_JOINED) {
        while (!sql_parse_at_end(parse) && !sql_parse_is(parse, '(') && !sql_parse_is(parse, ',') &&
               !sql_parse_is(parse, ')')) {
            sql_parse_advance(parse);
        }
    } else if (sql_parse_is(parse, '(')) {
        sql_parse_advance(parse);
        push_frame(parse, FRAME_GROUP, CLAUSE_NAMES, false);
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
    name_seen(parse);
}

/* The name of a common table expression and its columns; AS and the query follow. */
static void
with_name(struct sql_parse *parse)
{
    if (sql_token_is_word(parse->token.kind) || sql_parse_is(parse, T_QUOTED)) {
        sql_parse_advance(parse);
    }
    if (sql_parse_is(parse, '(')) {
        sql_parse_advance(parse);
        push_frame(parse, FRAME_GROUP, CLAUSE_NAMES, false);
    }
}

static void
with_seen(struct sql_parse *parse)
{
    sql_parse_advance(parse);
    if (parse->operand || frame_at(parse)->kind == FRAME_FUNCTION) { /* WITH ROLLUP, QUERY ... */
        sql_parse_advance(parse);
        return;
    }
    sql_parse_accept(parse, KW(RECURSIVE));
    frame_at(parse)->with = true;
    with_name(parse);
}

static void
select_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = frame_at(parse);
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
    enter_clause(parse, CLAUSE_EXPR, false);
    sql_parse_advance(parse);
}

/* Rows of literals: jumps over everything that cannot matter, up to the next odd byte. */
static void
skip_literal_rows(struct sql_parse *parse)
{
    struct sql_lexer *lexer = &parse->lexer;
    const char *pos = lexer->pos;
    const char *end = lexer->end;
    if (lexer->in_exec) {
        return;
    }
    for (;;) {
        const char *stop = scan_plain(pos, end);
        if (stop == end) {
            break;
        }
        char c = *stop;
        if (c == '\'' || (c == '"' && (lexer->mode & MX_SQL_MODE_ANSI_QUOTES) == 0)) {
            const char *close = scan_quoted(stop + 1, end, c, lexer->escapes, lexer->charset);
            if (close == end) {
                break; /* the lexer meets the same bytes and says so */
            }
            pos = close + 1;
            lexer->pos = pos;
            continue;
        }
        if (c == '-' && end - stop > 1 && stop[1] != '-') {
            pos = stop + 1;
            continue;
        }
        if (c == ')') {
            const char *comma = stop + 1;
            while (comma < end && scan_is_space(*comma)) {
                comma++;
            }
            if (end - comma < 2 || *comma != ',') {
                break;
            }
            const char *open = comma + 1;
            while (open < end && scan_is_space(*open)) {
                open++;
            }
            if (open == end || *open != '(') {
                break;
            }
            pos = open + 1;
            lexer->pos = pos;
            continue;
        }
        if (scan_is_name_byte(c)) { /* the digits before a letter belong to it: 1e5, 0x1f */
            const char *begin = stop;
            while (begin > pos && ((begin[-1] >= '0' && begin[-1] <= '9') || begin[-1] == '.')) {
                begin--;
            }
            lexer->pos = begin;
        } else {
            lexer->pos = stop;
        }
        return;
    }
}

static void
values_seen(struct sql_parse *parse)
{
    struct sql_token name = parse->token;
    sql_parse_advance(parse);
    if (parse->in_insert && parse->depth == parse->base) {
        parse->in_insert = false;
        enter_clause(parse, CLAUSE_EXPR, false);
        if (sql_parse_is(parse, '(') && parse->collector == NULL) {
            parse->depth++;
            parse->frames[parse->depth] = (struct sql_frame){.kind = FRAME_GROUP};
            skip_literal_rows(parse);
            parse->token = sql_lexer_next(&parse->lexer);
        }
        return;
    }
    if (sql_parse_is(parse, '(') && frame_at(parse)->clause == CLAUSE_EXPR && !parse->operand &&
        parse->depth > parse->base && frame_at(parse)->kind == FRAME_TABLES) {
        enter_clause(parse, CLAUSE_EXPR, false);
        return;
    }
    if (sql_parse_is(parse, '(')) {
        struct sql_frame *frame = frame_at(parse);
        if (frame->clause == CLAUSE_TABLE) { /* a table of rows */
            parse->effects.derived_table = true;
            enter_clause(parse, CLAUSE_EXPR, false);
        } else if (name.kind == KW(VALUES) || name.kind == KW(VALUE)) {
            open_call(parse, name, FN_READ);
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
        if (frame_at(parse)->kind == FRAME_TABLES) { /* after ) UNION ( in a derived table */
            frame_at(parse)->kind = FRAME_SELECT;
        }
        enter_clause(parse, CLAUSE_EXPR, false);
        break;
    case KW(ON):
        frame_at(parse)->clause = CLAUSE_EXPR;
        operand_end(parse);
        break;
    case KW(JOIN):
    case KW(STRAIGHT_JOIN):
        if (frame_at(parse)->from) {
            frame_at(parse)->clause = CLAUSE_TABLE;
        }
        operand_end(parse);
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
    if (frame_at(parse)->kind == FRAME_FUNCTION) {
        sql_parse_advance(parse); /* CONVERT(x USING charset) */
    } else if (sql_parse_is(parse, '(')) {
        sql_parse_advance(parse);
        push_frame(parse, FRAME_GROUP, CLAUSE_EXPR, false);
        operand_end(parse);
    } else if (parse->in_delete) {
        enter_clause(parse, CLAUSE_TABLE, true);
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
    struct sql_frame *frame = frame_at(parse);
    if (is_value_word(name.kind)) {
        sql_parse_advance(parse);
        if (sql_parse_is(parse, '(') && frame->clause == CLAUSE_EXPR) {
            open_call(parse, name, FN_READ);
            return;
        }
        parse->operand = true;
        return;
    }
    sql_parse_advance(parse);
    if (sql_parse_is(parse, '(') && frame->clause == CLAUSE_EXPR &&
        function_class(parse, name) != FN_NONE) {
        open_call(parse, name, function_class(parse, name));
        return;
    }
    if (frame->clause == CLAUSE_EXPR && parse->collector != NULL &&
        parse->collector->operator_seen != NULL) {
        parse->collector->operator_seen(parse->collector->data, name, parse->operand);
    }
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

static void
word_seen(struct sql_parse *parse)
{
    uint32_t kind = parse->token.kind;
    if (clause_word(parse, kind)) {
        return;
    }
    switch (kind) {
    case KW(SELECT):
        select_seen(parse);
        return;
    case KW(WITH):
        with_seen(parse);
        return;
    case KW(FROM):
        from_seen(parse);
        return;
    case KW(INTO):
        into_seen(parse);
        return;
    case KW(FOR):
        for_seen(parse);
        return;
    case KW(LOCK):
        sql_parse_advance(parse);
        if (sql_parse_is(parse, KW(IN))) {
            parse->effects.writes = true;
        }
        return;
    case KW(AS):
        as_seen(parse);
        return;
    case KW(USING):
        using_seen(parse);
        return;
    case KW(VALUES):
        values_seen(parse);
        return;
    case KW(PARTITION):
    case KW(INDEX):
    case KW(KEY):
        name_list_seen(parse);
        return;
    case KW(PROCEDURE): /* PROCEDURE ANALYSE(...) */
        sql_parse_advance(parse);
        enter_clause(parse, CLAUSE_NAMES, false);
        return;
    case KW(COLLATE):
        sql_parse_advance(parse);
        sql_parse_advance(parse);
        parse->operand = true;
        return;
    case KW(NEXT):
    case KW(PREVIOUS):
        sequence_value_seen(parse);
        return;
    case KW(END):
        sql_parse_advance(parse);
        parse->operand = true;
        return;
    case KW(ANY):
    case KW(SOME):
        if (!parse->operand && frame_at(parse)->clause == CLAUSE_EXPR && quantifier_seen(parse)) {
            return;
        }
        break;
    case KW(VALUE):
        if (parse->in_insert && parse->depth == parse->base &&
            frame_at(parse)->clause != CLAUSE_TABLE) {
            values_seen(parse);
            return;
        }
        break;
    default:
        break;
    }
    if (sql_token_is_reserved(kind)) {
        reserved_seen(parse);
    } else {
        name_seen(parse);
    }
}

static void
operator_seen(struct sql_parse *parse)
{
    struct sql_token op = parse->token;
    const struct sql_frame *frame = frame_at(parse);
    if (op.kind == '*' && !parse->operand && frame->clause == CLAUSE_EXPR) {
        if (frame->kind != FRAME_FUNCTION) {
            struct mx_sql_span parts[3] = {sql_token_span(op)};
            report_column(parse, parts, 1);
        }
        parse->operand = true;
    } else {
        if (frame->clause == CLAUSE_EXPR && parse->collector != NULL &&
            parse->collector->operator_seen != NULL) {
            parse->collector->operator_seen(parse->collector->data, op, parse->operand);
        }
        parse->operand = false;
    }
    sql_parse_advance(parse);
}

static void
comma_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = frame_at(parse);
    if (frame->from) {
        frame->clause = CLAUSE_TABLE;
    } else if (frame->clause == CLAUSE_NAMES && frame->kind == FRAME_FUNCTION) {
        frame->clause = CLAUSE_EXPR; /* the type in COLUMN_CREATE('a', 1 AS INT, ...) ended */
    }
    bool with = frame->with && frame->clause == CLAUSE_EXPR;
    operand_end(parse);
    sql_parse_advance(parse);
    if (with) {
        with_name(parse);
    }
}

/* In a SET: the comma or FOR behind a value. */
static bool
ends_value(const struct sql_parse *parse)
{
    return parse->depth == parse->base &&
           (sql_parse_is(parse, ',') || (parse->stop_at_for && sql_parse_is(parse, KW(FOR))));
}

void
sql_body_parse(struct sql_parse *parse, enum sql_clause clause, bool from)
{
    parse->base = parse->depth;
    *frame_at(parse) = (struct sql_frame){.clause = (uint8_t)clause, .from = from};
    parse->operand = false;
    parse->into_list = false;
    parse->leading = parse->depth;
    while (sql_parse_is(parse, '(')) {
        parse->leading++;
        open_group(parse);
    }
    while (!sql_parse_at_end(parse)) {
        if (parse->stop_at_comma) {
            if (ends_value(parse)) {
                break;
            }
            parse->last_end = parse->token.start + parse->token.len;
        }
        switch (parse->token.kind) {
        case '(':
            open_group(parse);
            break;
        case ')':
            close_frame(parse);
            break;
        case ',':
            comma_seen(parse);
            break;
        case T_IDENT:
        case T_QUOTED:
            name_seen(parse);
            break;
        case T_USERVAR:
            user_variable(parse);
            break;
        case T_SYSVAR:
            system_variable(parse);
            break;
        case T_STRING:
        case T_NUMBER:
        case T_NULL_ESCAPE:
        case T_HOSTVAR:
        case '?':
        case '}':
            parse->operand = true;
            sql_parse_advance(parse);
            break;
        case '{': /* {d '2001-01-01'}, {fn f()} */
            sql_parse_advance(parse);
            sql_parse_advance(parse);
            break;
        default:
            if (parse->token.kind >= T_WORD) {
                word_seen(parse);
            } else {
                operator_seen(parse);
            }
            break;
        }
    }
    if (sql_parse_is(parse, T_BAD)) {
        parse->bad = true;
    }
    operand_end(parse);
}

void
sql_body_apply(struct sql_parse *parse)
{
    const struct sql_effects *did = &parse->effects;
    parse->out->type |= (did->uservar_read ? MX_SQL_USERVAR_READ : 0u) |
                        (did->uservar_write ? MX_SQL_USERVAR_WRITE : 0u) |
                        (did->sysvar_read ? MX_SQL_SYSVAR_READ : 0u) |
                        (did->master_read ? MX_SQL_MASTER_READ : 0u) |
                        (did->writes || did->kept ? MX_SQL_WRITE : 0u);
}
