/* Places of max_routing_connections; see slots.h. */
#include "core/slots.h"

void
core_slots_init(struct core_slots *slots)
{
    (void)pthread_mutex_init(&slots->lock, NULL);
    mx_list_init(&slots->queue);
}

void
core_slots_fini(struct core_slots *slots)
{
    (void)pthread_mutex_destroy(&slots->lock);
}

/* ------------------------------------------------------------ under the lock */

static struct core_slot_wait *
first(const struct core_slots *slots)
{
    return mx_list_is_empty(&slots->queue)
               ? NULL
               : mx_container_of(slots->queue.next, struct core_slot_wait, node);
}

static void
unlink_wait(struct core_slots *slots, struct core_slot_wait *wait)
{
    mx_list_remove(&wait->node);
    (void)mx_atomic_add(&slots->waiting, -1);
}

static bool
take(struct core_slots *slots, int64_t limit)
{
    if (limit > 0 && (slots->taken >= limit || !mx_list_is_empty(&slots->queue))) {
        return false;
    }
    slots->taken++;
    return true;
}

/* ------------------------------------------------------------ calls */

bool
core_slots_take(struct core_slots *slots, int64_t limit)
{
    (void)pthread_mutex_lock(&slots->lock);
    bool taken = take(slots, limit);
    (void)pthread_mutex_unlock(&slots->lock);
    return taken;
}

bool
core_slots_take_or_wait(struct core_slots *slots, int64_t limit, struct core_slot_wait *wait)
{
    (void)pthread_mutex_lock(&slots->lock);
    bool taken = take(slots, limit);
    if (!taken) {
        wait->limit = limit;
        mx_list_append(&slots->queue, &wait->node);
        (void)mx_atomic_add(&slots->waiting, 1);
    }
    (void)pthread_mutex_unlock(&slots->lock);
    return taken;
}

struct core_slot_wait *
core_slots_give(struct core_slots *slots)
{
    (void)pthread_mutex_lock(&slots->lock);
    struct core_slot_wait *wait = first(slots);
    /* Above the limit when that was lowered meanwhile: then nobody gets it. */
    if (wait != NULL && slots->taken <= wait->limit) {
        unlink_wait(slots, wait);
    } else {
        slots->taken--;
        wait = NULL;
    }
    (void)pthread_mutex_unlock(&slots->lock);
    return wait;
}

struct core_slot_wait *
core_slots_raised(struct core_slots *slots, int64_t limit)
{
    (void)pthread_mutex_lock(&slots->lock);
    struct core_slot_wait *wait = first(slots);
    if (wait != NULL && (limit == 0 || slots->taken < limit)) {
        unlink_wait(slots, wait);
        slots->taken++;
    } else {
        wait = NULL;
    }
    (void)pthread_mutex_unlock(&slots->lock);
    return wait;
}

bool
core_slots_call(struct core_slots *slots, struct core_slot_wait *wait)
{
    MX_ASSERT(wait != NULL);
    (void)pthread_mutex_lock(&slots->lock);
    bool is_first = first(slots) == wait;
    if (is_first) {
        unlink_wait(slots, wait);
    }
    (void)pthread_mutex_unlock(&slots->lock);
    return is_first;
}

bool
core_slots_leave(struct core_slots *slots, struct core_slot_wait *wait)
{
    (void)pthread_mutex_lock(&slots->lock);
    bool is_there = mx_list_is_linked(&wait->node);
    if (is_there) {
        unlink_wait(slots, wait);
    }
    (void)pthread_mutex_unlock(&slots->lock);
    return is_there;
}
