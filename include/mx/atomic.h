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
