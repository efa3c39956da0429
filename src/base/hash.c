/* Open addressing with linear probing and backward shift on removal, at most three quarters full.
 */
#include "base/hash.h"

#include "base/rand.h"

#include <stdlib.h>
#include <string.h>

static uint64_t
rotate(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", with one and three rounds. */
uint64_t
base_hash_bytes(const uint64_t seed[2], const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t v[4] = {seed[0] ^ UINT64_C(0x736f6d6570736575), seed[1] ^ UINT64_C(0x646f72616e646f6d),
                     seed[0] ^ UINT64_C(0x6c7967656e657261),
                     seed[1] ^ UINT64_C(0x7465646279746573)};
    size_t left = len;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word = 0;
        memcpy(&word, at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)len << 56;
    for (size_t i = 0; i < left; i++) {
        last |= (uint64_t)at[i] << (8 * i);
    }
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Place of the key, or of the free place where it would go. The table is never full. */
static size_t
find(const struct base_hash *map, const char *key, size_t key_len, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    size_t at = (size_t)hash & mask;
    for (;;) {
        const struct base_hash_entry *entry = &map->entries[at];
        if (entry->key == NULL) {
            return at;
        }
        if (entry->hash == hash && entry->key_len == key_len &&
            memcmp(entry->key, key, key_len) == 0) {
            return at;
        }
        at = (at + 1) & mask;
    }
}

static const struct base_hash_entry *
lookup(const struct base_hash *map, const char *key, size_t key_len)
{
    if (map->count == 0) {
        return NULL;
    }
    size_t at = find(map, key, key_len, base_hash_bytes(map->seed, key, key_len));
    return map->entries[at].key != NULL ? &map->entries[at] : NULL;
}

void *
base_hash_get(const struct base_hash *map, const char *key, size_t key_len)
{
    const struct base_hash_entry *entry = lookup(map, key, key_len);
    return entry != NULL ? entry->value : NULL;
}

bool
base_hash_has(const struct base_hash *map, const char *key, size_t key_len)
{
    return lookup(map, key, key_len) != NULL;
}

static void
grow(struct base_hash *map)
{
    struct base_hash bigger = {.capacity = map->capacity > 0 ? map->capacity * 2 : 16};
    bigger.entries = mx_calloc(bigger.capacity, sizeof(*bigger.entries));
    for (size_t i = 0; i < map->capacity; i++) {
        const struct base_hash_entry *entry = &map->entries[i];
        if (entry->key != NULL) {
            bigger.entries[find(&bigger, entry->key, entry->key_len, entry->hash)] = *entry;
        }
    }
    free(map->entries);
    map->entries = bigger.entries;
    map->capacity = bigger.capacity;
}

void *
base_hash_set(struct base_hash *map, const char *key, size_t key_len, void *value)
{
    if (map->capacity == 0) {
        base_rand_bytes(map->seed, sizeof(map->seed));
    }
    if ((map->count + 1) * 4 > map->capacity * 3) {
        grow(map);
    }
    uint64_t hash = base_hash_bytes(map->seed, key, key_len);
    struct base_hash_entry *entry = &map->entries[find(map, key, key_len, hash)];
    void *before = entry->value;
    if (entry->key == NULL) {
        entry->key = mx_alloc(key_len + 1);
        memcpy(entry->key, key, key_len);
        entry->key[key_len] = '\0';
        entry->key_len = key_len;
        entry->hash = hash;
        map->count++;
    }
    entry->value = value;
    return before;
}

void *
base_hash_remove(struct base_hash *map, const char *key, size_t key_len)
{
    const struct base_hash_entry *entry = lookup(map, key, key_len);
    if (entry == NULL) {
        return NULL;
    }
    void *value = entry->value;
    size_t mask = map->capacity - 1;
    size_t hole = (size_t)(entry - map->entries);
    free(map->entries[hole].key);
    /* Move back what would no longer be found across the hole. */
    for (size_t at = (hole + 1) & mask; map->entries[at].key != NULL; at = (at + 1) & mask) {
        size_t home = (size_t)map->entries[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->entries[hole] = map->entries[at];
            hole = at;
        }
    }
    map->entries[hole] = (struct base_hash_entry){.key = NULL};
    map->count--;
    return value;
}

const struct base_hash_entry *
base_hash_next(const struct base_hash *map, size_t *position)
{
    while (*position < map->capacity) {
        const struct base_hash_entry *entry = &map->entries[(*position)++];
        if (entry->key != NULL) {
            return entry;
        }
    }
    return NULL;
}

void
base_hash_fini(struct base_hash *map, void (*free_value)(void *value))
{
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].key != NULL) {
            free(map->entries[i].key);
            if (free_value != NULL) {
                free_value(map->entries[i].value);
            }
        }
    }
    free(map->entries);
    *map = (struct base_hash){.count = 0};
}
