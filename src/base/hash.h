/*
 * Map from byte strings to pointers. Keys are copied, values belong to the caller. The hash is
 * SipHash with a key of its own per map, because keys may come from users. All-zero is a valid
 * empty map. Not thread-safe.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "mx/base.h"

struct base_hash_entry {
    char *key; /* NULL: free place; ends with a NUL that key_len does not count */
    size_t key_len;
    void *value;
    uint64_t hash;
};

struct base_hash {
    struct base_hash_entry *entries;
    size_t capacity; /* power of two, or 0 */
    size_t count;
    uint64_t seed[2];
};

/* NULL when the key is not there. */
void *base_hash_get(const struct base_hash *map, const char *key, size_t key_len);
bool base_hash_has(const struct base_hash *map, const char *key, size_t key_len);
/* Adds or replaces; returns the value that was there before, or NULL. */
void *base_hash_set(struct base_hash *map, const char *key, size_t key_len, void *value);
/* Returns the value that was there, or NULL. */
void *base_hash_remove(struct base_hash *map, const char *key, size_t key_len);

/*
 * The next entry at or after *position, which is moved behind it; NULL at the end. Start with 0.
 * No order; the map must not change in between.
 */
const struct base_hash_entry *base_hash_next(const struct base_hash *map, size_t *position);

/* Frees keys and table, and every value with free_value unless that is NULL; empty again. */
void base_hash_fini(struct base_hash *map, void (*free_value)(void *value));

/* SipHash-1-3 of the bytes. */
uint64_t base_hash_bytes(const uint64_t seed[2], const void *bytes, size_t len);

#endif
