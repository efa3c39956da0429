/* Owns the free lists of pool.h and the pointer to the calling thread's pool. */
#include "base/pool.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(ptr, size)   ASAN_POISON_MEMORY_REGION(ptr, size)
#define UNPOISON(ptr, size) ASAN_UNPOISON_MEMORY_REGION(ptr, size)
#else
#define POISON(ptr, size)   ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

struct base_pool_block {
    struct base_pool_block *next;
};

static const struct {
    uint32_t size;
    uint32_t keep; /* blocks in the free list at most; of the smallest: copies of the statements of
                      thousands of clients */
} classes[BASE_POOL_CLASSES] = {
    {256, 8192}, {1024, 512}, {4096, 256}, {16384, 128}, {BASE_POOL_LARGEST, 32},
};

static _Thread_local struct base_pool *own;

void
base_pool_init(struct base_pool *pool)
{
    *pool = (struct base_pool){.misses = 0};
}

void
base_pool_fini(struct base_pool *pool)
{
    for (size_t i = 0; i < BASE_POOL_CLASSES; i++) {
        struct base_pool_block *block = pool->free[i];
        while (block != NULL) {
            UNPOISON(block, classes[i].size);
            struct base_pool_block *next = block->next;
            free(block);
            block = next;
        }
        pool->free[i] = NULL;
        pool->count[i] = 0;
    }
}

struct base_pool *
base_pool_use(struct base_pool *pool)
{
    struct base_pool *before = own;
    own = pool;
    return before;
}

static size_t
class_for(size_t need)
{
    size_t i = 0;
    while (i < BASE_POOL_CLASSES && classes[i].size < need) {
        i++;
    }
    return i;
}

void *
base_pool_get(size_t need, size_t *out_capacity)
{
    size_t i = class_for(need);
    size_t size = i < BASE_POOL_CLASSES ? classes[i].size : need;
    *out_capacity = size;
    if (own == NULL) {
        return mx_alloc(size);
    }
    own->bytes_out += size;
    if (i == BASE_POOL_CLASSES || own->free[i] == NULL) {
        own->misses++;
        return mx_alloc(size);
    }
    struct base_pool_block *block = own->free[i];
    UNPOISON(block, size);
    own->free[i] = block->next;
    own->count[i]--;
    return block;
}

void
base_pool_put(void *chunk, size_t capacity)
{
    if (chunk == NULL) {
        return;
    }
    if (own == NULL) {
        free(chunk);
        return;
    }
    own->bytes_out -= capacity;
    size_t i = class_for(capacity);
    if (i == BASE_POOL_CLASSES || classes[i].size != capacity || own->count[i] >= classes[i].keep) {
        free(chunk);
        return;
    }
    struct base_pool_block *block = chunk;
    block->next = own->free[i];
    own->free[i] = block;
    own->count[i]++;
    POISON(block, capacity);
}
