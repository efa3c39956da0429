/* See sha2_cache.h. */
#include "sha2_cache.h"

#include "sha2_hash.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HASH_SIZE    32u
#define ACCOUNTS_MAX 512u

struct entry {
    uint64_t used;             /* the cache's clock when it was */
    uint8_t stored[HASH_SIZE]; /* digest of the account's text */
    uint8_t twice[HASH_SIZE];
    uint8_t nonce[crypto_secretbox_NONCEBYTES];
    uint16_t len;
    uint8_t locked[crypto_secretbox_MACBYTES + SHA2_PASSWORD_MAX];
};

struct cache {
    uint64_t clock;
    size_t count;
    struct entry *entries[ACCOUNTS_MAX];
};

static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;

static void
cache_free(void *ptr)
{
    struct cache *cache = ptr;
    for (size_t i = 0; i < cache->count; i++) {
        explicit_bzero(cache->entries[i], sizeof(*cache->entries[i]));
        free(cache->entries[i]);
    }
    free(cache);
}

static void
make_key(void)
{
    if (pthread_key_create(&cache_key, cache_free) != 0) {
        MX_BUG("no key for the caches of threads");
    }
}

static struct cache *
my_cache(void)
{
    (void)pthread_once(&cache_once, make_key);
    struct cache *cache = pthread_getspecific(cache_key);
    if (cache == NULL) {
        cache = mx_calloc(1, sizeof(*cache));
        if (pthread_setspecific(cache_key, cache) != 0) {
            MX_BUG("no memory for the cache of a thread");
        }
    }
    return cache;
}

static void
stored_digest(const char *stored, uint8_t out[HASH_SIZE])
{
    (void)crypto_hash_sha256(out, (const uint8_t *)stored, strlen(stored));
}

/* NULL: not there. */
static struct entry *
find(struct cache *cache, const uint8_t stored[HASH_SIZE])
{
    for (size_t i = 0; i < cache->count; i++) {
        if (memcmp(cache->entries[i]->stored, stored, HASH_SIZE) == 0) {
            cache->entries[i]->used = ++cache->clock;
            return cache->entries[i];
        }
    }
    return NULL;
}

/* A new one, or the one that has not been used for longest. */
static struct entry *
make_room(struct cache *cache)
{
    if (cache->count < ACCOUNTS_MAX) {
        struct entry *entry = mx_calloc(1, sizeof(*entry));
        cache->entries[cache->count++] = entry;
        return entry;
    }
    struct entry *oldest = cache->entries[0];
    for (size_t i = 1; i < cache->count; i++) {
        oldest = cache->entries[i]->used < oldest->used ? cache->entries[i] : oldest;
    }
    return oldest;
}

/* The key of the password's lock, from SHA256(password). */
static void
lock_key(const uint8_t once[HASH_SIZE], uint8_t out[crypto_secretbox_KEYBYTES])
{
    _Static_assert(crypto_secretbox_KEYBYTES == HASH_SIZE, "a digest is a key");
    static const uint8_t label[] = "password of caching_sha2_password";
    crypto_hash_sha256_state hash;
    (void)crypto_hash_sha256_init(&hash);
    (void)crypto_hash_sha256_update(&hash, label, sizeof(label));
    (void)crypto_hash_sha256_update(&hash, once, HASH_SIZE);
    (void)crypto_hash_sha256_final(&hash, out);
    explicit_bzero(&hash, sizeof(hash));
}

void
sha2_cache_put(const char *stored, const uint8_t *password, size_t len)
{
    struct cache *cache = my_cache();
    uint8_t digest[HASH_SIZE];
    uint8_t once[HASH_SIZE];
    uint8_t key[crypto_secretbox_KEYBYTES];
    MX_ASSERT(len <= SHA2_PASSWORD_MAX);
    stored_digest(stored, digest);
    struct entry *entry = find(cache, digest);
    entry = entry != NULL ? entry : make_room(cache);
    entry->used = ++cache->clock;
    memcpy(entry->stored, digest, sizeof(digest));
    (void)crypto_hash_sha256(once, password, len);
    (void)crypto_hash_sha256(entry->twice, once, sizeof(once));
    lock_key(once, key);
    randombytes_buf(entry->nonce, sizeof(entry->nonce));
    (void)crypto_secretbox_easy(entry->locked, password, len, entry->nonce, key);
    entry->len = (uint16_t)len;
    explicit_bzero(once, sizeof(once));
    explicit_bzero(key, sizeof(key));
}

/* SHA256(password) of a good answer. */
static bool
check_answer(const struct entry *entry, const uint8_t answer[SHA2_ANSWER_SIZE],
             const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE], uint8_t once[HASH_SIZE])
{
    uint8_t both[HASH_SIZE + MX_AUTH_SCRAMBLE_SIZE];
    uint8_t twice[HASH_SIZE];
    memcpy(both, entry->twice, HASH_SIZE);
    memcpy(both + HASH_SIZE, scramble, MX_AUTH_SCRAMBLE_SIZE);
    (void)crypto_hash_sha256(once, both, sizeof(both));
    for (size_t i = 0; i < HASH_SIZE; i++) {
        once[i] ^= answer[i];
    }
    (void)crypto_hash_sha256(twice, once, HASH_SIZE);
    return sodium_memcmp(twice, entry->twice, HASH_SIZE) == 0;
}

bool
sha2_cache_get(const char *stored, const uint8_t answer[SHA2_ANSWER_SIZE],
               const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE], struct mx_buf *out)
{
    uint8_t digest[HASH_SIZE];
    uint8_t once[HASH_SIZE];
    uint8_t key[crypto_secretbox_KEYBYTES];
    stored_digest(stored, digest);
    const struct entry *entry = find(my_cache(), digest);
    bool good = entry != NULL && check_answer(entry, answer, scramble, once);
    if (good) {
        uint8_t *room = mx_buf_room(out, entry->len);
        lock_key(once, key);
        good = room != NULL && crypto_secretbox_open_easy(room, entry->locked,
                                                          crypto_secretbox_MACBYTES + entry->len,
                                                          entry->nonce, key) == 0;
        if (good) {
            mx_buf_fill(out, entry->len);
        }
        explicit_bzero(key, sizeof(key));
    }
    explicit_bzero(once, sizeof(once));
    return good;
}
