/* See auth_ed25519.h. */
#include "auth_ed25519.h"

#include <sodium.h>
#include <string.h>

#define HASH_SIZE   64u
#define SCALAR_SIZE 32u

__attribute__((constructor)) static void
prepare(void)
{
    if (sodium_init() < 0) {
        MX_BUG("libsodium cannot be initialised");
    }
}

int
ed25519_parse(const char *text, uint8_t key[ED25519_KEY_SIZE])
{
    size_t len = 0;
    const char *end = NULL;
    if (strlen(text) != 43 || sodium_base642bin(key, ED25519_KEY_SIZE, text, 43, NULL, &len, &end,
                                                sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0) {
        return -1;
    }
    return len == ED25519_KEY_SIZE && *end == '\0' ? 0 : -1;
}

/* The scalar and, behind it, what nonces are made with. */
static void
secret_of(const uint8_t *password, size_t len, uint8_t secret[HASH_SIZE])
{
    (void)crypto_hash_sha512(secret, password, len);
    secret[0] &= 248;
    secret[31] &= 63;
    secret[31] |= 64;
}

void
ed25519_public(const uint8_t *password, size_t len, uint8_t key[ED25519_KEY_SIZE])
{
    uint8_t secret[HASH_SIZE];
    secret_of(password, len, secret);
    (void)crypto_scalarmult_ed25519_base_noclamp(key, secret);
    explicit_bzero(secret, sizeof(secret));
}

/* SHA512(a, b, message) as a scalar; b may be NULL. */
static void
hash_scalar(const uint8_t a[SCALAR_SIZE], const uint8_t *b, const uint8_t *message,
            size_t message_len, uint8_t scalar[SCALAR_SIZE])
{
    crypto_hash_sha512_state hash;
    uint8_t wide[HASH_SIZE];
    (void)crypto_hash_sha512_init(&hash);
    (void)crypto_hash_sha512_update(&hash, a, SCALAR_SIZE);
    if (b != NULL) {
        (void)crypto_hash_sha512_update(&hash, b, SCALAR_SIZE);
    }
    (void)crypto_hash_sha512_update(&hash, message, message_len);
    (void)crypto_hash_sha512_final(&hash, wide);
    crypto_core_ed25519_scalar_reduce(scalar, wide);
    explicit_bzero(wide, sizeof(wide));
    explicit_bzero(&hash, sizeof(hash));
}

void
ed25519_sign(const uint8_t *password, size_t len, const uint8_t *message, size_t message_len,
             uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    uint8_t secret[HASH_SIZE];
    uint8_t wide[HASH_SIZE] = {0};
    uint8_t key[ED25519_KEY_SIZE];
    uint8_t nonce[SCALAR_SIZE];
    uint8_t a[SCALAR_SIZE];
    uint8_t h[SCALAR_SIZE];
    secret_of(password, len, secret);
    (void)crypto_scalarmult_ed25519_base_noclamp(key, secret);
    hash_scalar(secret + SCALAR_SIZE, NULL, message, message_len, nonce);
    (void)crypto_scalarmult_ed25519_base_noclamp(signature, nonce);
    hash_scalar(signature, key, message, message_len, h);
    memcpy(wide, secret, SCALAR_SIZE);
    crypto_core_ed25519_scalar_reduce(a, wide);
    crypto_core_ed25519_scalar_mul(a, h, a);
    crypto_core_ed25519_scalar_add(signature + SCALAR_SIZE, a, nonce);
    explicit_bzero(secret, sizeof(secret));
    explicit_bzero(wide, sizeof(wide));
    explicit_bzero(nonce, sizeof(nonce));
    explicit_bzero(a, sizeof(a));
}

bool
ed25519_check(const uint8_t key[ED25519_KEY_SIZE], const uint8_t *message, size_t message_len,
              const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, message, message_len, key) == 0;
}
