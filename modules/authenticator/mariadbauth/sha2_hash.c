/* See sha2_hash.h. */
#include "sha2_hash.h"

#include <sodium.h>
#include <string.h>

#define HASH_SIZE   32u
#define HEAD        "$A$"
#define HEAD_SIZE   7u /* with the rounds and the last dollar */
#define ROUNDS_UNIT 1000u

/* The password and salt spread over as many bytes as they have (P and S). */
struct crypt {
    uint8_t p[SHA2_PASSWORD_MAX];
    size_t p_len;
    uint8_t s[SHA2_SALT_SIZE];
    uint8_t a[HASH_SIZE];
};

/* ------------------------------------------------------------ text */

bool
sha2_is_stored(const char *text)
{
    return strncmp(text, HEAD, strlen(HEAD)) == 0;
}

static int
hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
    return at == NULL ? -1 : (int)(at - digits);
}

int
sha2_parse(const char *text, struct sha2_stored *out)
{
    if (!sha2_is_stored(text) || strlen(text) != HEAD_SIZE + SHA2_SALT_SIZE + SHA2_DIGEST_SIZE ||
        text[HEAD_SIZE - 1] != '$') {
        return -1;
    }
    uint32_t thousands = 0;
    for (size_t i = strlen(HEAD); i < HEAD_SIZE - 1; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0) {
            return -1;
        }
        thousands = thousands * 16 + (uint32_t)digit;
    }
    out->rounds = thousands * ROUNDS_UNIT;
    memcpy(out->salt, text + HEAD_SIZE, SHA2_SALT_SIZE);
    memcpy(out->digest, text + HEAD_SIZE + SHA2_SALT_SIZE, SHA2_DIGEST_SIZE);
    return thousands == 0 ? -1 : 0;
}

/* ------------------------------------------------------------ crypt */

static void
add(crypto_hash_sha256_state *hash, const uint8_t *bytes, size_t len)
{
    (void)crypto_hash_sha256_update(hash, bytes, len);
}

/* Adds the digest over and over, `len` bytes in all. */
static void
add_repeated(crypto_hash_sha256_state *hash, const uint8_t digest[HASH_SIZE], size_t len)
{
    for (; len > HASH_SIZE; len -= HASH_SIZE) {
        add(hash, digest, HASH_SIZE);
    }
    add(hash, digest, len);
}

/* Steps 1 to 12: digest A. */
static void
first_digest(const uint8_t *password, size_t len, const uint8_t salt[SHA2_SALT_SIZE],
             uint8_t out[HASH_SIZE])
{
    crypto_hash_sha256_state hash;
    uint8_t b[HASH_SIZE];
    (void)crypto_hash_sha256_init(&hash);
    add(&hash, password, len);
    add(&hash, salt, SHA2_SALT_SIZE);
    add(&hash, password, len);
    (void)crypto_hash_sha256_final(&hash, b);

    (void)crypto_hash_sha256_init(&hash);
    add(&hash, password, len);
    add(&hash, salt, SHA2_SALT_SIZE);
    add_repeated(&hash, b, len);
    for (size_t bits = len; bits > 0; bits >>= 1) {
        if ((bits & 1) != 0) {
            add(&hash, b, HASH_SIZE);
        } else {
            add(&hash, password, len);
        }
    }
    (void)crypto_hash_sha256_final(&hash, out);
    explicit_bzero(&hash, sizeof(hash));
    explicit_bzero(b, sizeof(b));
}

/* Steps 13 to 20: what goes `times` times into a digest comes out as `len` bytes of it. */
static void
spread(const uint8_t *bytes, size_t len, size_t times, uint8_t *out)
{
    crypto_hash_sha256_state hash;
    uint8_t digest[HASH_SIZE];
    (void)crypto_hash_sha256_init(&hash);
    for (size_t i = 0; i < times; i++) {
        add(&hash, bytes, len);
    }
    (void)crypto_hash_sha256_final(&hash, digest);
    for (size_t i = 0; i < len; i++) {
        out[i] = digest[i % HASH_SIZE];
    }
    explicit_bzero(&hash, sizeof(hash));
    explicit_bzero(digest, sizeof(digest));
}

/* Step 21. */
static void
one_round(struct crypt *crypt, uint32_t number)
{
    crypto_hash_sha256_state hash;
    bool odd = number % 2 != 0;
    (void)crypto_hash_sha256_init(&hash);
    add(&hash, odd ? crypt->p : crypt->a, odd ? crypt->p_len : HASH_SIZE);
    if (number % 3 != 0) {
        add(&hash, crypt->s, SHA2_SALT_SIZE);
    }
    if (number % 7 != 0) {
        add(&hash, crypt->p, crypt->p_len);
    }
    add(&hash, odd ? crypt->a : crypt->p, odd ? HASH_SIZE : crypt->p_len);
    (void)crypto_hash_sha256_final(&hash, crypt->a);
}

/* Step 22: groups of three bytes, whose places go round, as four characters, low bits first. */
static void
encode(const uint8_t digest[HASH_SIZE], char out[SHA2_DIGEST_SIZE])
{
    static const char alphabet[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t place[3] = {0, 10, 20};
    size_t at = 0;
    for (size_t group = 0; group < 11; group++) {
        uint32_t bits = group < 10 ? (uint32_t)digest[place[0]] << 16 |
                                         (uint32_t)digest[place[1]] << 8 | digest[place[2]]
                                   : (uint32_t)digest[31] << 8 | digest[30];
        for (size_t i = 0; i < (group < 10 ? 4u : 3u); i++) {
            out[at++] = alphabet[bits & 63];
            bits >>= 6;
        }
        size_t last = place[2];
        place[2] = place[1] + 1;
        place[1] = place[0] + 1;
        place[0] = last + 1;
    }
}

bool
sha2_check(const struct sha2_stored *stored, const uint8_t *password, size_t len)
{
    struct crypt crypt = {.p_len = len};
    char digest[SHA2_DIGEST_SIZE];
    MX_ASSERT(len <= SHA2_PASSWORD_MAX);
    first_digest(password, len, stored->salt, crypt.a);
    spread(password, len, len, crypt.p);
    spread(stored->salt, SHA2_SALT_SIZE, 16u + crypt.a[0], crypt.s);
    for (uint32_t i = 0; i < stored->rounds; i++) {
        one_round(&crypt, i);
    }
    encode(crypt.a, digest);
    explicit_bzero(&crypt, sizeof(crypt));
    return sodium_memcmp(digest, stored->digest, sizeof(digest)) == 0;
}
