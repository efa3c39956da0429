/* The statements of a step, pure text. */
#ifndef MARIADBMON_ACT_SQL_H
#define MARIADBMON_ACT_SQL_H

#include "plan.h"

#define MON_STATEMENTS_MAX 3

struct mon_statements {
    char *items[MON_STATEMENTS_MAX];
    size_t count;
    bool is_limited; /* may be wrapped with max_statement_time */
};

/* mask: the password is replaced by stars, for the log. Steps that are no SQL give count 0. */
void mon_step_sql(const struct mon_settings *settings, const struct mon_step *step, bool mask,
                  struct mon_statements *out);
void mon_statements_fini(struct mon_statements *statements);

#endif
