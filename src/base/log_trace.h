/*
 * The last log lines of one context, kept in memory whether or not they are written anywhere. Used
 * on one thread at a time: it goes where its context goes.
 */
#ifndef BASE_LOG_TRACE_H
#define BASE_LOG_TRACE_H

#include "mx/list.h"
#include "mx/log.h"

struct base_log_kept {
    struct mx_list node;
    size_t len;
    char text[]; /* the line without its newline, NUL-terminated */
};

struct mx_log_trace {
    struct mx_list lines; /* base_log_kept, oldest first */
    size_t count;
    size_t max;
    size_t bytes;
    size_t fresh; /* lines added since the owner set it to 0, as far as they are still there */
};

/* max: more than 0. */
struct mx_log_trace *base_log_trace_new(size_t max);
void base_log_trace_free(struct mx_log_trace *trace); /* NULL is fine */
/* The oldest line gives way when all are taken. */
void base_log_trace_add(struct mx_log_trace *trace, const char *text, size_t len);
size_t base_log_trace_bytes(const struct mx_log_trace *trace); /* NULL: 0 */

static inline struct base_log_kept *
base_log_kept_of(struct mx_list *node)
{
    return mx_container_of(node, struct base_log_kept, node);
}

#endif
