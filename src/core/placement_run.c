/* Measures the workers' load on the main thread and carries out what placement.c decides. */
#include "core/main_call.h"
#include "core/placement.h"
#include "core/scheduling.h"
#include "mx/timer.h"
#include "net/listen.h"
#include "net/worker.h"

#include <stdlib.h>

#define LOOK_BUSY_MS 250  /* while some worker has something to do */
#define LOOK_IDLE_MS 1000 /* else */
#define BUSY_PERCENT 10
#define WINDOW_MAX   60

/* What is known of a worker's load. */
struct meter {
    int64_t cpu_us;              /* used until the last look */
    uint32_t percent;            /* between the last two looks */
    int64_t second_us;           /* used until the last full second */
    uint8_t seconds[WINDOW_MAX]; /* ring */
};

/* The placement's part of the process object: the main thread's, but for `active`. */
static struct {
    struct mx_timer timer;
    struct core_placement placement;
    struct mx_atomic active; /* workers that take new sessions; 0: all */
    struct meter *meters;
    int count;
    int64_t looked_us;
    int64_t second_began_us;
    int64_t levelled_ms;
    uint32_t seconds; /* filled so far */
    int next_listening;
} all;

/* ------------------------------------------------------------ measuring */

static uint32_t
percent_of(int64_t used_us, int64_t passed_us)
{
    int64_t percent = passed_us > 0 ? used_us * 100 / passed_us : 0;
    return percent > 100 ? 100 : (uint32_t)percent;
}

static void
measure(void)
{
    int64_t now_us = mx_clock_us();
    bool second = now_us - all.second_began_us >= 1000000;
    for (int i = 0; i < all.count; i++) {
        struct meter *meter = &all.meters[i];
        int64_t cpu_us = net_worker_cpu_us(mx_worker_get(i));
        meter->percent = percent_of(cpu_us - meter->cpu_us, now_us - all.looked_us);
        meter->cpu_us = cpu_us;
        if (second) {
            meter->seconds[all.seconds % WINDOW_MAX] =
                (uint8_t)percent_of(cpu_us - meter->second_us, now_us - all.second_began_us);
            meter->second_us = cpu_us;
        }
    }
    all.looked_us = now_us;
    if (second) {
        all.second_began_us = now_us;
        all.seconds++;
    }
}

static uint32_t
average(const struct meter *meter, uint32_t window)
{
    uint32_t count = window < all.seconds ? window : all.seconds;
    uint32_t sum = 0;
    for (uint32_t i = 1; i <= count; i++) {
        sum += meter->seconds[(all.seconds - i) % WINDOW_MAX];
    }
    return count > 0 ? sum / count : 0;
}

/* window 0: between the last two looks. */
static struct core_placement_load *
loads_now(uint32_t window)
{
    struct core_placement_load *loads = mx_calloc((size_t)all.count, sizeof(*loads));
    for (int i = 0; i < all.count; i++) {
        loads[i].percent = window > 0 ? average(&all.meters[i], window) : all.meters[i].percent;
        loads[i].sessions = mx_atomic_get(&mx_worker_stats(mx_worker_get(i))->sessions);
    }
    return loads;
}

/* ------------------------------------------------------------ carrying out */

static void
level(uint32_t window, uint32_t threshold)
{
    if (all.count == 1) {
        return;
    }
    struct core_placement_load *loads = loads_now(window);
    struct core_move_order order;
    if (core_placement_level(loads, all.count, threshold, &order)) {
        core_sessions_move(&order);
    }
    free(loads);
}

static void
gather(void)
{
    if (all.count == 1) {
        return;
    }
    struct core_move_order orders[CORE_PLACEMENT_ORDERS];
    struct core_placement_load *loads = loads_now(0);
    size_t count = core_placement_gather(&all.placement, loads, all.count, orders);
    for (size_t i = 0; i < count; i++) {
        core_sessions_move(&orders[i]);
    }
    mx_atomic_set(&all.active, all.placement.active);
    free(loads);
}

static bool
is_busy(void)
{
    for (int i = 0; i < all.count; i++) {
        if (all.meters[i].percent >= BUSY_PERCENT) {
            return true;
        }
    }
    return false;
}

static void
look(struct mx_timer *timer)
{
    const struct core_global_config *globals = core_registry_mine()->globals;
    measure();
    core_scheduling_look();
    int64_t period_ms = globals->rebalance_period_ms;
    if (period_ms <= 0) {
        gather();
    } else if (mx_now_ms() - all.levelled_ms >= period_ms) {
        all.levelled_ms = mx_now_ms();
        mx_atomic_set(&all.active, 0);
        all.placement = (struct core_placement){.active = all.count};
        level((uint32_t)globals->rebalance_window, (uint32_t)globals->rebalance_threshold);
    }
    mx_timer_restart(timer, is_busy() ? LOOK_BUSY_MS : LOOK_IDLE_MS);
}

void
core_placement_start(void)
{
    bool spreads = core_registry_mine()->globals->rebalance_period_ms > 0;
    all.count = mx_worker_count();
    all.meters = mx_calloc((size_t)all.count, sizeof(*all.meters));
    all.placement = (struct core_placement){.active = spreads ? all.count : 1};
    mx_atomic_set(&all.active, spreads ? 0 : 1);
    all.looked_us = mx_clock_us();
    all.second_began_us = all.looked_us;
    mx_timer_start(&all.timer, look, LOOK_IDLE_MS);
}

void
core_placement_stop(void)
{
    mx_timer_stop(&all.timer);
    free(all.meters);
    all.meters = NULL;
    all.count = 0;
}

struct mx_worker *
core_placement_choose(void)
{
    int active = (int)mx_atomic_get(&all.active);
    return net_place_fewest(active > 0 ? active : mx_worker_count());
}

struct mx_worker *
core_placement_listening(void)
{
    if (mx_atomic_get(&all.active) > 0) {
        return mx_worker_get(0); /* where most sessions are: they need not be handed over */
    }
    return mx_worker_get(all.next_listening++ % mx_worker_count());
}

static int
level_here(void *arg)
{
    const uint32_t *threshold = arg;
    measure();
    level(0, *threshold);
    return 0;
}

int
core_placement_level_now(uint32_t threshold)
{
    return core_main_call(level_here, &threshold);
}
