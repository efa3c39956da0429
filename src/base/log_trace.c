/* See log_trace.h. */
#include "base/log_trace.h"

#include <stdlib.h>
#include <string.h>

struct mx_log_trace *
base_log_trace_new(size_t max)
{
    struct mx_log_trace *trace = mx_calloc(1, sizeof(*trace));
    mx_list_init(&trace->lines);
    trace->max = max;
    return trace;
}

static void
drop_oldest(struct mx_log_trace *trace)
{
    struct base_log_kept *oldest = base_log_kept_of(trace->lines.next);
    mx_list_remove(&oldest->node);
    trace->count--;
    trace->bytes -= sizeof(*oldest) + oldest->len + 1;
    free(oldest);
}

void
base_log_trace_free(struct mx_log_trace *trace)
{
    if (trace == NULL) {
        return;
    }
    mx_list_each_safe (node, &trace->lines) {
        free(base_log_kept_of(node));
    }
    free(trace);
}

void
base_log_trace_add(struct mx_log_trace *trace, const char *text, size_t len)
{
    struct base_log_kept *line = mx_calloc(1, sizeof(*line) + len + 1);
    line->len = len;
    memcpy(line->text, text, len);
    if (trace->count == trace->max) {
        drop_oldest(trace);
    }
    mx_list_append(&trace->lines, &line->node);
    trace->count++;
    trace->bytes += sizeof(*line) + len + 1;
    trace->fresh = mx_min_size(trace->fresh + 1, trace->count);
}

size_t
base_log_trace_bytes(const struct mx_log_trace *trace)
{
    return trace == NULL ? 0 : sizeof(*trace) + trace->bytes;
}
