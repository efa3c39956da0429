/* /maxscale/threads and /maxscale/memory */
#include "admin/res.h"
#include "core/main_call.h"
#include "core/placement.h"
#include "mx/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *
number(const struct mx_atomic *value)
{
    return json_integer((json_int_t)mx_atomic_get(value));
}

static json_t *
load_json(const struct mx_worker_stats *stats)
{
    return json_pack("{s:o, s:o, s:o}", "last_second", number(&stats->load_second), "last_minute",
                     number(&stats->load_minute), "last_hour", number(&stats->load_hour));
}

/* Statements are classified anew each time, which is cheaper than a cache: it stays empty. */
static json_t *
classifier_cache_json(void)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:i}", "size", 0, "inserts", 0, "hits", 0, "misses", 0,
                     "evictions", 0);
}

static json_t *
memory_json(int64_t sessions)
{
    return json_pack("{s:i, s:I, s:i, s:I}", "query_classifier", 0, "sessions",
                     (json_int_t)sessions, "zombies", 0, "total", (json_int_t)sessions);
}

static json_t *
stats_json(int index)
{
    const struct mx_worker_stats *stats = mx_worker_stats(mx_worker_get(index));

    int64_t turns = mx_atomic_get(&stats->turns);
    int64_t average = turns > 0 ? mx_atomic_get(&stats->events) / turns : 0;

    return json_pack(
        "{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:i, s:o}",
        "state", "Active", "listening", 1, "reads", number(&stats->reads), "writes",
        number(&stats->writes), "errors", number(&stats->errors), "hangups",
        number(&stats->hangups), "accepts", number(&stats->accepts), "avg_event_queue_length",
        (json_int_t)average, "max_event_queue_length", number(&stats->queue_max), "max_exec_time",
        number(&stats->exec_max_ms), "max_queue_time", number(&stats->queue_max_ms),
        "current_descriptors", number(&stats->descriptors), "total_descriptors",
        number(&stats->descriptors_total), "load", load_json(stats), "query_classifier_cache",
        classifier_cache_json(), "sessions", number(&stats->sessions), "zombies", 0, "memory",
        memory_json(core_sessions_memory(index)));
}

static json_t *
thread_resource(const struct admin_request *request, int index)
{
    char id[16];
    json_t *resource;

    (void)snprintf(id, sizeof(id), "%d", index);
    resource = admin_resource("threads", id, json_pack("{s:o}", "stats", stats_json(index)));
    admin_resource_link(request, resource, "/threads/%d/", index);
    return resource;
}

void
admin_get_threads(struct admin_request *request, struct admin_response *response)
{
    json_t *data = json_array();

    for (int i = 0; i < mx_worker_count(); i++) {
        (void)json_array_append_new(data, thread_resource(request, i));
    }
    admin_response_body(response, admin_document(request, data, "/maxscale/threads/"));
}

/* The route has checked that it is a number of a thread. */
static int
thread_of(const struct admin_request *request)
{
    int index = 0;
    for (const char *c = request->uri.parts[2]; *c != '\0'; c++) {
        index = index * 10 + (*c - '0');
    }
    return index;
}

void
admin_get_thread(struct admin_request *request, struct admin_response *response)
{
    int index = thread_of(request);

    admin_response_body(response, admin_document(request, thread_resource(request, index),
                                                 "/maxscale/threads/%d/", index));
}

/* --------------------------------------------------------------- rebalance */

/* A whole number in the query string; false: it is something else, and the error is told. */
static bool
take_number(const struct admin_request *request, const char *name, long min, long max, long *out,
            struct admin_response *response)
{
    const char *text = admin_uri_param(&request->uri, name);
    char *end = NULL;
    if (text == NULL) {
        return true;
    }
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        admin_response_error(response, 400, "'%s' must be a number from %ld to %ld, not '%s'.",
                             name, min, max, text);
        return false;
    }
    *out = value;
    return true;
}

void
admin_post_thread_rebalance(struct admin_request *request, struct admin_response *response)
{
    long recipient = -1;
    long sessions = INT32_MAX;
    if (admin_uri_param(&request->uri, "recipient") == NULL) {
        admin_response_error(response, 400,
                             "The number of the thread that takes the sessions is missing: "
                             "add ?recipient=N.");
        return;
    }
    if (!take_number(request, "recipient", 0, mx_worker_count() - 1, &recipient, response) ||
        !take_number(request, "sessions", 0, INT32_MAX, &sessions, response)) {
        return;
    }
    struct core_move_order order = {.from = thread_of(request), .to = (int)recipient};
    order.count = sessions;
    if (sessions > 0 && order.from != order.to) {
        core_sessions_move(&order);
    }
    admin_response_done(response);
}

void
admin_post_rebalance(struct admin_request *request, struct admin_response *response)
{
    long threshold = (long)request->registry->globals->rebalance_threshold;
    if (!take_number(request, "threshold", 5, 100, &threshold, response)) {
        return;
    }
    if (core_placement_level_now((uint32_t)threshold) == CORE_MAIN_CLOSED) {
        admin_response_error(response, 503, "MaxScale is stopping.");
        return;
    }
    admin_response_done(response);
}

/* ------------------------------------------------------------------ memory */

void
admin_get_memory(struct admin_request *request, struct admin_response *response)
{
    json_t *threads = json_array();
    int64_t whole = 0;

    for (int i = 0; i < mx_worker_count(); i++) {
        int64_t bytes = core_sessions_memory(i);
        (void)json_array_append_new(threads, memory_json(bytes));
        whole += bytes;
    }
    admin_response_body(
        response, admin_document(request,
                                 admin_resource("memory", "memory",
                                                json_pack("{s:o, s:o}", "process",
                                                          memory_json(whole), "threads", threads)),
                                 "/maxscale/memory/"));
}
