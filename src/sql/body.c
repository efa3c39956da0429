/*
 * The body of SELECT and of the statements that contain expressions and tables: which tables,
 * variables and functions are used, and what that does. A stack of parentheses, no recursion.
 */
#include "sql/body.h"

static void
operator_seen(struct sql_parse *parse)
{
    struct sql_token op = parse->token;
    const struct sql_frame *frame = sql_frame_at(parse);
    if (op.kind == '*' && !parse->operand && frame->clause == CLAUSE_EXPR) {
        if (frame->kind != FRAME_FUNCTION) {
            struct mx_sql_span parts[3] = {sql_token_span(op)};
            sql_column_report(parse, parts, 1);
        }
        parse->operand = true;
    } else {
        if (parse->operand || op.kind == T_COMPARE) { /* a sign is no operator */
            sql_operator_report(parse, op);
        }
        parse->operand = false;
    }
    sql_parse_advance(parse);
}

static void
comma_seen(struct sql_parse *parse)
{
    struct sql_frame *frame = sql_frame_at(parse);
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
    if (parse->in_rows && parse->depth == parse->base + 1 &&
        (sql_parse_is(parse, T_NUMBER) || sql_parse_is(parse, T_STRING))) {
        sql_rows_skip(parse);
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
    *sql_frame_at(parse) = (struct sql_frame){.clause = (uint8_t)clause, .from = from};
    parse->operand = false;
    parse->into_list = false;
    parse->leading = parse->depth;
    while (sql_parse_is(parse, '(')) {
        parse->leading++;
        sql_group_open(parse);
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
            sql_group_open(parse);
            rows_step(parse);
            break;
        case ')':
            sql_frame_close(parse);
            break;
        case ',':
            comma_seen(parse);
            rows_step(parse);
            break;
        case T_IDENT:
        case T_QUOTED:
            sql_name_seen(parse);
            break;
        case T_USERVAR:
            sql_user_variable_seen(parse);
            break;
        case T_SYSVAR:
            sql_system_variable_seen(parse);
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
                sql_word_seen(parse);
            } else {
                operator_seen(parse);
            }
            break;
        }
    }
    if (sql_parse_is(parse, T_BAD)) {
        parse->bad = true;
    }
    sql_operand_end(parse);
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
