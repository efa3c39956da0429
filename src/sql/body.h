/*
 * What the three files of the body share: the stack of parentheses (operand.c), the clauses
 * (clause.c) and the loop over the tokens (body.c).
 */
#ifndef SQL_BODY_H
#define SQL_BODY_H

#include "sql/parse.h"

/* The innermost parenthesis that has a context of its own. */
static inline struct sql_frame *
sql_frame_at(struct sql_parse *parse)
{
    uint32_t depth = parse->depth < SQL_DEPTH_MAX ? parse->depth : SQL_DEPTH_MAX;
    return &parse->frames[depth];
}

void sql_operand_end(struct sql_parse *parse);
void sql_clause_enter(struct sql_parse *parse, enum sql_clause clause, bool from);
void sql_frame_push(struct sql_parse *parse, enum sql_frame_kind kind, enum sql_clause clause,
                    bool from);
void sql_group_open(struct sql_parse *parse);
void sql_frame_close(struct sql_parse *parse);
void sql_column_report(struct sql_parse *parse, const struct mx_sql_span parts[3], uint32_t count);
uint32_t sql_call_class(const struct sql_parse *parse, struct sql_token name);
void sql_call_open(struct sql_parse *parse, struct sql_token name, uint32_t class);
void sql_alias_seen(struct sql_parse *parse);
void sql_column_alias_seen(struct sql_parse *parse);
void sql_name_seen(struct sql_parse *parse);
void sql_user_variable_seen(struct sql_parse *parse);
void sql_system_variable_seen(struct sql_parse *parse);
void sql_operator_report(struct sql_parse *parse, struct sql_token op);
/* The name of a common table expression and its columns. */
void sql_with_name(struct sql_parse *parse);
/*
 * In the rows of an INSERT, behind a literal, a comma or an opening parenthesis: jumps over all
 * that cannot matter, a fast search for the next odd byte instead of token after token.
 */
void sql_rows_skip(struct sql_parse *parse);
void sql_word_seen(struct sql_parse *parse);

#endif
