/*
 * What the three files of the body share: the stack of parentheses (operand.c), the clauses
 * (clause.c) and the loop over the tokens (body.c).
 */
#ifndef SQL_BODY_H
#define SQL_BODY_H

#include "sql/parse.h"
#include "sql/word.h"

static inline void
sql_operand_end(struct sql_parse *parse)
{
    parse->operand = false;
    if (parse->collector != NULL && parse->collector->operand_end != NULL) {
        parse->collector->operand_end(parse->collector->data);
    }
}

static inline void
sql_clause_enter(struct sql_parse *parse, enum sql_clause clause, bool from)
{
    struct sql_frame *frame = parse->frame;
    frame->clause = (uint8_t)clause;
    frame->from = from;
    frame->with = false;
    parse->into_list = false;
    sql_operand_end(parse);
}

void sql_frame_push(struct sql_parse *parse, enum sql_frame_kind kind, enum sql_clause clause,
                    bool from);
void sql_group_open(struct sql_parse *parse);
void sql_frame_close(struct sql_parse *parse);
/* A column without table; also a star. */
void sql_name_collect(struct sql_parse *parse, struct sql_token name);

static inline void
sql_name_report(struct sql_parse *parse, struct sql_token name)
{
    if (parse->collector != NULL) {
        sql_name_collect(parse, name);
    }
}

static inline void
sql_operator_report(struct sql_parse *parse, struct sql_token op)
{
    if (parse->collector != NULL && parse->collector->operator_seen != NULL &&
        parse->frame->clause == CLAUSE_EXPR) {
        parse->collector->operator_seen(parse->collector->data, op);
    }
}

enum sql_function_class sql_call_class(const struct sql_parse *parse);
/* The current token is the parenthesis behind parse->name. */
void sql_call_open(struct sql_parse *parse, enum sql_function_class class);
void sql_alias_seen(struct sql_parse *parse);
void sql_column_alias_seen(struct sql_parse *parse);
void sql_name_seen(struct sql_parse *parse);
void sql_user_variable_seen(struct sql_parse *parse);
void sql_system_variable_seen(struct sql_parse *parse);
/* The name of a common table expression and its columns. */
void sql_with_name(struct sql_parse *parse);
/*
 * rows.c: in the rows of an INSERT, with the first token of an element at hand: jumps over all that
 * cannot matter. The current token is then the first of an element again, or the end of a row.
 */
enum {
    SQL_ROWS_WORTH_IT = 256 /* with fewer bytes left, token by token is as quick */
};
void sql_rows_skip(struct sql_parse *parse);
/* A keyword; kind is that of the current token. */
void sql_word_seen(struct sql_parse *parse, uint32_t kind);

#endif
