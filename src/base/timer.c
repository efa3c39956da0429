/* The timer wheel; owns the pointer to the calling thread's wheel. */
#include "base/timer.h"

#define BITS 6
#define MASK (BASE_TIMER_SLOTS - 1)

static _Thread_local struct base_wheel *own;

void
base_wheel_init(struct base_wheel *wheel, int64_t now_ms)
{
    wheel->now_ms = now_ms;
    wheel->next_ms = -1;
    for (size_t level = 0; level < BASE_TIMER_LEVELS; level++) {
        wheel->used[level] = 0;
        for (size_t slot = 0; slot < BASE_TIMER_SLOTS; slot++) {
            mx_list_init(&wheel->slots[level][slot]);
        }
    }
    mx_list_init(&wheel->due);
}

void
base_wheel_use(struct base_wheel *wheel)
{
    own = wheel;
}

/* Puts a timer that is due after wheel->now_ms into its slot; far ones wait in the last level. */
static void
place(struct base_wheel *wheel, struct mx_timer *timer)
{
    int64_t due = timer->due_ms;
    size_t level = 0;
    while (level < BASE_TIMER_LEVELS - 1 &&
           (due >> (BITS * level)) - (wheel->now_ms >> (BITS * level)) >= BASE_TIMER_SLOTS) {
        level++;
    }
    int64_t tick = due >> (BITS * level);
    int64_t last = (wheel->now_ms >> (BITS * level)) + MASK;
    if (tick > last) {
        tick = last;
    }
    size_t slot = (size_t)tick & MASK;
    timer->placed_ms = tick << (BITS * level);
    mx_list_append(&wheel->slots[level][slot], &timer->node);
    wheel->used[level] |= UINT64_C(1) << slot;
    if (wheel->next_ms < 0 || timer->placed_ms < wheel->next_ms) {
        wheel->next_ms = timer->placed_ms;
    }
}

/* Takes a timer out of its slot; an empty slot must not wake the loop. */
static void
take_out(struct mx_timer *timer)
{
    const struct mx_list *head = timer->node.next;
    bool is_last = head != NULL && head == timer->node.prev;
    mx_list_remove(&timer->node);
    if (is_last && own != NULL && head != &own->due) {
        size_t slot = (size_t)(head - &own->slots[0][0]);
        own->used[slot / BASE_TIMER_SLOTS] &= ~(UINT64_C(1) << (slot & MASK));
        own->next_ms = 0;
    }
}

void
mx_timer_start(struct mx_timer *timer, mx_timer_fn fn, int64_t delay_ms)
{
    MX_ASSERT(own != NULL);
    int64_t due = mx_now_ms() + (delay_ms < 1 ? 1 : delay_ms);
    if (due <= own->now_ms) {
        due = own->now_ms + 1;
    }
    timer->fn = fn;
    if (timer->due_ms != 0 && due >= timer->placed_ms) {
        timer->due_ms = due; /* looked at again when its slot comes up */
        return;
    }
    take_out(timer);
    timer->due_ms = due;
    place(own, timer);
}

void
mx_timer_restart(struct mx_timer *timer, int64_t delay_ms)
{
    MX_ASSERT(timer->fn != NULL);
    mx_timer_start(timer, timer->fn, delay_ms);
}

void
mx_timer_stop(struct mx_timer *timer)
{
    take_out(timer);
    timer->due_ms = 0;
}

static uint64_t
rotate_right(uint64_t bits, unsigned count)
{
    count &= MASK;
    return count == 0 ? bits : (bits >> count) | (bits << (BASE_TIMER_SLOTS - count));
}

static int64_t
first_slot_ms(const struct base_wheel *wheel)
{
    int64_t best = -1;
    for (unsigned level = 0; level < BASE_TIMER_LEVELS; level++) {
        if (wheel->used[level] == 0) {
            continue;
        }
        int64_t tick = wheel->now_ms >> (BITS * level);
        /* A slot is 1 to 63 ticks ahead of the current one. */
        uint64_t ahead = rotate_right(wheel->used[level], (unsigned)((tick + 1) & MASK));
        int64_t at = (tick + 1 + __builtin_ctzll(ahead)) << (BITS * level);
        if (best < 0 || at < best) {
            best = at;
        }
    }
    return best;
}

int64_t
base_wheel_wait_ms(struct base_wheel *wheel, int64_t now_ms)
{
    if (wheel->next_ms == 0) {
        wheel->next_ms = first_slot_ms(wheel);
    }
    if (wheel->next_ms < 0) {
        return -1;
    }
    return wheel->next_ms > now_ms ? wheel->next_ms - now_ms : 0;
}

static void
take_slot(struct base_wheel *wheel, size_t level, size_t slot)
{
    struct mx_list *head = &wheel->slots[level][slot];
    while (!mx_list_is_empty(head)) {
        struct mx_list *node = head->next;
        mx_list_remove(node);
        mx_list_append(&wheel->due, node);
    }
    wheel->used[level] &= ~(UINT64_C(1) << slot);
    wheel->next_ms = 0;
}

/* Empties every slot that time has reached into `due`. */
static void
collect(struct base_wheel *wheel, int64_t now_ms)
{
    for (size_t level = 0; level < BASE_TIMER_LEVELS; level++) {
        int64_t from = wheel->now_ms >> (BITS * level);
        int64_t to = now_ms >> (BITS * level);
        if (to == from) {
            break; /* the higher levels have not moved either */
        }
        if (to - from > BASE_TIMER_SLOTS) {
            from = to - BASE_TIMER_SLOTS;
        }
        for (int64_t tick = from + 1; tick <= to && wheel->used[level] != 0; tick++) {
            size_t slot = (size_t)tick & MASK;
            if ((wheel->used[level] >> slot & 1) != 0) {
                take_slot(wheel, level, slot);
            }
        }
    }
    wheel->now_ms = now_ms;
}

int
base_wheel_advance(struct base_wheel *wheel, int64_t now_ms, void (*after)(void *arg), void *arg)
{
    int fired = 0;
    if (now_ms <= wheel->now_ms) {
        return 0;
    }
    collect(wheel, now_ms);
    while (!mx_list_is_empty(&wheel->due)) {
        struct mx_timer *timer = mx_container_of(wheel->due.next, struct mx_timer, node);
        mx_list_remove(&timer->node);
        if (timer->due_ms > now_ms) {
            place(wheel, timer);
            continue;
        }
        timer->due_ms = 0;
        fired++;
        timer->fn(timer);
        if (after != NULL) {
            after(arg);
        }
    }
    return fired;
}
