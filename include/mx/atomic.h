/*
 * The only place where _Atomic appears: counters, references, single values that one thread
 * writes and others read. Everything else that crosses threads is a message (mx/worker.h).
 */
#ifndef MX_ATOMIC_H
#define MX_ATOMIC_H

#include "mx/base.h"

#include <stdatomic.h>

/* Value that others may read at any time; no ordering with other memory is implied. */
struct mx_atomic {
    _Atomic int64_t value;
};

static inline int64_t
mx_atomic_get(const struct mx_atomic *a)
{
    return atomic_load_explicit(&a->value, memory_order_relaxed);
}

static inline void
mx_atomic_set(struct mx_atomic *a, int64_t value)
{
    atomic_store_explicit(&a->value, value, memory_order_relaxed);
}

/* From any thread; returns the new value. A locked instruction: not for the data path. */
static inline int64_t
mx_atomic_add(struct mx_atomic *a, int64_t delta)
{
    return atomic_fetch_add_explicit(&a->value, delta, memory_order_relaxed) + delta;
}

/* Only the one owning thread may call this; a plain add, no locked instruction. */
static inline void
mx_atomic_bump(struct mx_atomic *a, int64_t delta)
{
    mx_atomic_set(a, mx_atomic_get(a) + delta);
}

/*
 * A sleeper and those who wake it, in one total order with the counter that says whether there is
 * work: the sleeper sets the flag and then looks at the counter, the others raise the counter and
 * then clear the flag. One of them always sees the other.
 */
struct mx_wake {
    _Atomic bool sleeping;
    _Atomic int64_t work;
};

/* Work was added; true: the sleeper sleeps and the caller must wake it. */
MX_MUST_USE static inline bool
mx_wake_add(struct mx_wake *w)
{
    (void)atomic_fetch_add(&w->work, 1);
    return atomic_exchange(&w->sleeping, false);
}

/* True: there is no work, the caller may sleep. */
MX_MUST_USE static inline bool
mx_wake_may_sleep(struct mx_wake *w)
{
    atomic_store(&w->sleeping, true);
    if (atomic_load(&w->work) == 0) {
        return true;
    }
    atomic_store(&w->sleeping, false);
    return false;
}

/* After sleeping. */
static inline void
mx_wake_awake(struct mx_wake *w)
{
    atomic_store_explicit(&w->sleeping, false, memory_order_relaxed);
}

static inline bool
mx_wake_has_work(struct mx_wake *w)
{
    return atomic_load_explicit(&w->work, memory_order_relaxed) != 0;
}

/* Called where work is taken, under the lock under which it is added. */
static inline void
mx_wake_clear(struct mx_wake *w)
{
    atomic_store_explicit(&w->work, 0, memory_order_relaxed);
}

/* Reference counts. unref returns true when the last one is gone: the caller then frees. */
struct mx_ref {
    _Atomic int32_t count;
};

static inline void
mx_ref_init(struct mx_ref *r)
{
    atomic_init(&r->count, 1);
}

static inline void
mx_ref_get(struct mx_ref *r)
{
    (void)atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
}

MX_MUST_USE static inline bool
mx_ref_put(struct mx_ref *r)
{
    return atomic_fetch_sub_explicit(&r->count, 1, memory_order_acq_rel) == 1;
}

#endif
