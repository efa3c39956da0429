/*
 * A thread's pool of memory chunks: size classes with bounded free lists. Every chunk is a malloc
 * block of its own, so one taken from one thread's pool may be put into another's. Threads without
 * a pool take from and give to malloc.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "mx/base.h"

#define BASE_POOL_CLASSES 5
/* Largest class; what is larger is never kept. */
#define BASE_POOL_LARGEST 65536u

struct base_pool_block;

struct base_pool {
    struct base_pool_block *free[BASE_POOL_CLASSES];
    uint32_t count[BASE_POOL_CLASSES]; /* blocks in the free list */
    uint64_t misses;                   /* chunks that malloc had to make */
    size_t bytes_out;                  /* handed out minus given back, through this pool */
};

void base_pool_init(struct base_pool *pool);
/* Frees what lies in the free lists. */
void base_pool_fini(struct base_pool *pool);

/* Makes it the calling thread's pool; NULL: none. Returns the one before. */
struct base_pool *base_pool_use(struct base_pool *pool);

/* At least `need` bytes; the real size goes to *out_capacity and is needed to put it back. */
MX_MUST_USE void *base_pool_get(size_t need, size_t *out_capacity);
/* NULL is fine. */
void base_pool_put(void *chunk, size_t capacity);

#endif
