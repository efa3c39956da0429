/*
 * The body of SELECT and of the statements that contain expressions and tables: which tables,
 * variables and functions are used, and what that does. A stack of parentheses, no recursion.
 */
#include "sql/body.h"

static void
operator_seen(struct sql_parse *parse)
{
    const struct sql_frame *frame = parse->frame;
    bool is_star = sql_parse_is(parse, '*') && !parse->operand && frame->clause == CLAUSE_EXPR;
    if (is_star) {
        if (frame->kind != FRAME_FUNCTION) {
            sql_name_report(parse, parse->token);
        }
    } else if (parse->operand || sql_parse_is(parse, T_COMPARE)) { /* a sign is no operator */
        sql_operator_report(parse, parse->token);
    }
    parse->operand = is_star;
    sql_parse_advance(parse);
}

static void
comma_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = parse->frame;
    if (frame->from) {
        frame->clause = CLAUSE_TABLE;
    } else if (frame->clause == CLAUSE_NAMES && frame->kind == FRAME_FUNCTION) {
        frame->clause = CLAUSE_EXPR; /* the type in COLUMN_CREATE('a', 1 AS INT, ...) ended */
    }
    bool with = frame->with && frame->clause == CLAUSE_EXPR;
    sql_operand_end(parse);
    sql_parse_advance(parse);
    if (with) {
        sql_with_name(parse);
    }
}

/* Behind a comma or parenthesis, with the token after it at hand. */
static void
rows_step(struct sql_parse *parse)
{
    if (!parse->in_rows || parse->lexer.end - parse->lexer.pos < SQL_ROWS_WORTH_IT) {
        return;
    }
    if (parse->depth == parse->base + 1 && parse->depth < SQL_DEPTH_MAX &&
        (sql_parse_is(parse, T_NUMBER) || sql_parse_is(parse, T_STRING) ||
         sql_parse_is(parse, KW(NULL)) || sql_parse_is(parse, KW(DEFAULT)))) {
        sql_rows_skip(parse);
    }
}

/* What a token that is no keyword means in a body; those that are not listed are operators. */
enum token_role {
    ROLE_OPERATOR = 0,
    ROLE_END,
    ROLE_BRACE,
    ROLE_CLOSE,
    ROLE_COMMA,
    ROLE_LITERAL,
    ROLE_NAME,
    ROLE_OPEN,
    ROLE_SYSVAR,
    ROLE_USERVAR,
};

static const uint8_t token_roles[T_WORD] = {
    [T_EOF] = ROLE_END,
    [T_BAD] = ROLE_END,
    [';'] = ROLE_END,
    ['('] = ROLE_OPEN,
    [')'] = ROLE_CLOSE,
    [','] = ROLE_COMMA,
    ['?'] = ROLE_LITERAL,
    ['{'] = ROLE_BRACE,
    ['}'] = ROLE_LITERAL,
    [T_IDENT] = ROLE_NAME,
    [T_QUOTED] = ROLE_NAME,
    [T_STRING] = ROLE_LITERAL,
    [T_NUMBER] = ROLE_LITERAL,
    [T_USERVAR] = ROLE_USERVAR,
    [T_SYSVAR] = ROLE_SYSVAR,
    [T_HOSTVAR] = ROLE_LITERAL,
    [T_NULL_ESCAPE] = ROLE_LITERAL,
};

/* One token and what belongs to it; false at the end of the statement. */
static inline bool
step(struct sql_parse *parse)
{
    uint32_t kind = parse->token.kind;
    if (kind >= T_WORD) {
        sql_word_seen(parse, kind);
        return true;
    }
    switch ((enum token_role)token_roles[kind]) {
    case ROLE_END:
        return false;
    case ROLE_OPEN:
        sql_group_open(parse);
        rows_step(parse);
        break;
    case ROLE_CLOSE:
        sql_frame_close(parse);
        break;
    case ROLE_COMMA:
        comma_seen(parse);
        rows_step(parse);
        break;
    case ROLE_NAME:
        sql_name_seen(parse);
        break;
    case ROLE_USERVAR:
        sql_user_variable_seen(parse);
        break;
    case ROLE_SYSVAR:
        sql_system_variable_seen(parse);
        break;
    case ROLE_LITERAL:
        parse->operand = true;
        sql_parse_advance(parse);
        break;
    case ROLE_BRACE: /* {d '2001-01-01'}, {fn f()} */
        sql_parse_advance(parse);
        sql_parse_advance(parse);
        break;
    case ROLE_OPERATOR:
        operator_seen(parse);
        break;
    default:
        __builtin_unreachable();
    }
    return true;
}

/* Where the body ends besides the end of the statement. */
enum body_stop {
    STOP_NOWHERE = 0,
    STOP_COMMA, /* a value of a SET: at the comma behind it */
    STOP_FOR,   /* a value of a SET STATEMENT: also at FOR */
};

static bool
is_stop(const struct sql_parse *parse, enum body_stop stop)
{
    return parse->depth == parse->base &&
           (sql_parse_is(parse, ',') || (stop == STOP_FOR && sql_parse_is(parse, KW(FOR))));
}

/* Returns where the last token before a stop ends. Once in the program: the steps are large. */
__attribute__((noinline, noclone)) static uint32_t
parse_to(struct sql_parse *parse, enum sql_clause clause, bool from, enum body_stop stop)
{
    uint32_t end = parse->token.start;
    parse->base = parse->depth;
    *parse->frame = (struct sql_frame){.clause = (uint8_t)clause, .from = from};
    parse->operand = false;
    parse->into_list = false;
    parse->leading = parse->depth;
    while (sql_parse_is(parse, '(')) {
        parse->leading++;
        sql_group_open(parse);
    }
    for (;;) {
        if (stop != STOP_NOWHERE) {
            if (is_stop(parse, stop) || sql_parse_at_end(parse)) {
                break;
            }
            end = parse->token.start + parse->token.len;
        }
        if (!step(parse)) {
            break;
        }
    }
    if (sql_parse_is(parse, T_BAD)) {
        parse->bad = true;
    }
    sql_operand_end(parse);
    return end;
}

void
sql_body_parse(struct sql_parse *parse, enum sql_clause clause, bool from)
{
    parse_to(parse, clause, from, STOP_NOWHERE);
}

uint32_t
sql_value_parse(struct sql_parse *parse, bool in_statement)
{
    return parse_to(parse, CLAUSE_EXPR, false, in_statement ? STOP_FOR : STOP_COMMA);
}

void
sql_body_apply(struct sql_parse *parse)
{
    parse->out->type |= parse->effects.type | (parse->effects.kept ? (uint32_t)MX_SQL_WRITE : 0u);
}
