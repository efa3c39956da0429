/* Per-server counters of routers: mx/router_stats.h. */
#include "mx/router_stats.h"

#include "core/objects.h"
#include "mx/timer.h"
#include "mx/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define SERVERS_MAX \
    64 /* servers of one service that are told apart; the rest share the last slot */

struct slot {
    struct mx_atomic reads;
    struct mx_atomic writes;
    struct mx_atomic sessions;
    struct mx_atomic duration_us;
    struct mx_atomic active_us;
    struct mx_atomic selects;
};

struct mx_router_stats {
    size_t worker_count;
    struct slot *slots; /* [worker_count][SERVERS_MAX] */
};

struct mx_router_stats *
mx_router_stats_new(void)
{
    struct mx_router_stats *stats = mx_calloc(1, sizeof(*stats));
    int count = mx_worker_count();
    stats->worker_count = count > 0 ? (size_t)count : 1;
    stats->slots = mx_calloc_lines(stats->worker_count * SERVERS_MAX, sizeof(struct slot));
    return stats;
}

void
mx_router_stats_free(struct mx_router_stats *stats)
{
    if (stats != NULL) {
        free(stats->slots);
        free(stats);
    }
}

static struct slot *
slot_of(const struct mx_router_stats *stats, size_t worker, size_t server)
{
    size_t column = server < SERVERS_MAX ? server : SERVERS_MAX - 1;
    return &stats->slots[worker * SERVERS_MAX + column];
}

static struct slot *
my_slot(const struct mx_router_stats *stats, size_t server)
{
    int index = mx_worker_index(mx_worker_self());
    size_t worker = index >= 0 && (size_t)index < stats->worker_count ? (size_t)index : 0;
    return slot_of(stats, worker, server);
}

void
mx_router_stats_count(struct mx_router_stats *stats, size_t server_index, bool write)
{
    struct slot *slot = my_slot(stats, server_index);
    mx_atomic_bump(write ? &slot->writes : &slot->reads, 1);
}

void
mx_router_stats_end(struct mx_router_stats *stats, size_t server_index,
                    const struct mx_router_use *use)
{
    if (use->opened_us == 0) {
        return;
    }
    struct slot *slot = my_slot(stats, server_index);
    mx_atomic_bump(&slot->sessions, 1);
    mx_atomic_bump(&slot->duration_us, mx_now_us() - use->opened_us);
    mx_atomic_bump(&slot->active_us, use->active_us);
    mx_atomic_bump(&slot->selects, (int64_t)use->selects);
}

void
mx_router_use_start(struct mx_router_use *use)
{
    if (use->started_us == 0) {
        use->started_us = mx_now_us();
    }
}

void
mx_router_use_stop(struct mx_router_use *use)
{
    if (use->started_us != 0) {
        use->active_us += mx_now_us() - use->started_us;
        use->started_us = 0;
    }
}

struct sum {
    int64_t reads, writes, sessions, duration_us, active_us, selects;
};

static struct sum
sum_of(const struct mx_router_stats *stats, size_t server)
{
    struct sum sum = {0};
    for (size_t w = 0; w < stats->worker_count; w++) {
        const struct slot *slot = slot_of(stats, w, server);
        sum.reads += mx_atomic_get(&slot->reads);
        sum.writes += mx_atomic_get(&slot->writes);
        sum.sessions += mx_atomic_get(&slot->sessions);
        sum.duration_us += mx_atomic_get(&slot->duration_us);
        sum.active_us += mx_atomic_get(&slot->active_us);
        sum.selects += mx_atomic_get(&slot->selects);
    }
    return sum;
}

static void
duration_text(double us, char *out, size_t size)
{
    if (us < 1000.0) {
        (void)snprintf(out, size, "%.6gus", us);
    } else if (us < 1e6) {
        (void)snprintf(out, size, "%.6gms", us / 1e3);
    } else {
        (void)snprintf(out, size, "%.6gs", us / 1e6);
    }
}

json_t *
mx_router_stats_json(const struct mx_router_stats *stats, const struct mx_service *service,
                     const char *per_session)
{
    json_t *array = json_array();
    for (size_t i = 0; i < mx_service_server_count(service); i++) {
        struct sum sum = sum_of(stats, i);
        double sessions = sum.sessions > 0 ? (double)sum.sessions : 1.0;
        double active =
            sum.duration_us > 0 ? 100.0 * (double)sum.active_us / (double)sum.duration_us : 0.0;
        char duration[32];
        duration_text((double)sum.duration_us / sessions, duration, sizeof(duration));
        json_t *row = json_object();
        json_object_set_new(row, "id", json_string(mx_server_name(mx_service_server(service, i))));
        json_object_set_new(row, "total", json_integer(sum.reads + sum.writes));
        json_object_set_new(row, "read", json_integer(sum.reads));
        json_object_set_new(row, "write", json_integer(sum.writes));
        json_object_set_new(row, "avg_sess_duration", json_string(duration));
        json_object_set_new(row, "avg_sess_active_pct", json_real(active < 100.0 ? active : 100.0));
        json_object_set_new(row, per_session,
                            json_integer((json_int_t)((double)sum.selects / sessions)));
        json_array_append_new(array, row);
    }
    return array;
}

int64_t
mx_server_response_us(const struct mx_server *server)
{
    int64_t measured = mx_atomic_get(&server->rt->response_us);
    return measured > 0 ? measured : mx_atomic_get(&server->rt->ping_us);
}

void
mx_server_note_response_us(const struct mx_server *server, int64_t average_us)
{
    mx_atomic_set(&server->rt->response_us, average_us);
}
