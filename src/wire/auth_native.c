/* mysql_native_password over SHA1 states; the password itself is never here. */
#include "wire/auth_native.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define SCRAMBLE_FIRST_CHAR '!'
#define SCRAMBLE_CHARS      ((unsigned)('~' - '!' + 1))

static void
sha1(const void *data, size_t len, uint8_t out[WIRE_SHA1_SIZE])
{
    /* Fails only without memory or without the algorithm: no login could ever be checked. */
    MX_ASSERT(EVP_Digest(data, len, out, NULL, EVP_sha1(), NULL) == 1);
}

/* SHA1(scramble, stored): what hides SHA1(password) in a token. */
static void
mask_make(const uint8_t scramble[WIRE_SCRAMBLE_SIZE], const uint8_t stored[WIRE_SHA1_SIZE],
          uint8_t mask[WIRE_SHA1_SIZE])
{
    uint8_t both[WIRE_SCRAMBLE_SIZE + WIRE_SHA1_SIZE];
    memcpy(both, scramble, WIRE_SCRAMBLE_SIZE);
    memcpy(both + WIRE_SCRAMBLE_SIZE, stored, WIRE_SHA1_SIZE);
    sha1(both, sizeof(both), mask);
}

void
wire_scramble_make(uint8_t out[WIRE_SCRAMBLE_SIZE], const uint8_t random[2 * WIRE_SCRAMBLE_SIZE])
{
    for (size_t i = 0; i < WIRE_SCRAMBLE_SIZE; i++) {
        unsigned value = wire_load_u16(random + 2 * i);
        out[i] = (uint8_t)(SCRAMBLE_FIRST_CHAR + value % SCRAMBLE_CHARS);
    }
}

bool
wire_native_check(struct wire_slice token, const uint8_t scramble[WIRE_SCRAMBLE_SIZE],
                  const uint8_t stored[WIRE_SHA1_SIZE], uint8_t sha1_password[WIRE_SHA1_SIZE])
{
    memset(sha1_password, 0, WIRE_SHA1_SIZE);
    if (stored == NULL) {
        return token.len == 0;
    }
    if (token.len != WIRE_SHA1_SIZE) {
        return false;
    }
    uint8_t mask[WIRE_SHA1_SIZE];
    uint8_t candidate[WIRE_SHA1_SIZE];
    uint8_t again[WIRE_SHA1_SIZE];
    mask_make(scramble, stored, mask);
    for (size_t i = 0; i < WIRE_SHA1_SIZE; i++) {
        candidate[i] = token.data[i] ^ mask[i];
    }
    sha1(candidate, sizeof(candidate), again);
    bool right = CRYPTO_memcmp(again, stored, WIRE_SHA1_SIZE) == 0;
    if (right) {
        memcpy(sha1_password, candidate, WIRE_SHA1_SIZE);
    }
    OPENSSL_cleanse(candidate, sizeof(candidate));
    return right;
}

void
wire_native_token(const uint8_t sha1_password[WIRE_SHA1_SIZE],
                  const uint8_t scramble[WIRE_SCRAMBLE_SIZE], uint8_t token[WIRE_SHA1_SIZE])
{
    uint8_t stored[WIRE_SHA1_SIZE];
    uint8_t mask[WIRE_SHA1_SIZE];
    wire_native_double(sha1_password, stored);
    mask_make(scramble, stored, mask);
    for (size_t i = 0; i < WIRE_SHA1_SIZE; i++) {
        token[i] = sha1_password[i] ^ mask[i];
    }
}

void
wire_native_hash(struct wire_slice password, uint8_t sha1_password[WIRE_SHA1_SIZE])
{
    sha1(password.data == NULL ? (const uint8_t *)"" : password.data, password.len, sha1_password);
}

void
wire_native_double(const uint8_t sha1_password[WIRE_SHA1_SIZE], uint8_t stored[WIRE_SHA1_SIZE])
{
    sha1(sha1_password, WIRE_SHA1_SIZE, stored);
}

/* -1 for anything but a hex digit. */
static int
hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
wire_native_parse(struct wire_slice text, uint8_t stored[WIRE_SHA1_SIZE])
{
    const uint8_t *p = text.data;
    size_t len = text.len;
    if (len > 0 && p[0] == '*') {
        p++;
        len--;
    }
    if (len != (size_t)2 * WIRE_SHA1_SIZE) {
        return -1;
    }
    for (size_t i = 0; i < WIRE_SHA1_SIZE; i++) {
        int high = hex_value(p[2 * i]);
        int low = hex_value(p[2 * i + 1]);
        if (high < 0 || low < 0) {
            return -1;
        }
        stored[i] = (uint8_t)(high * 16 + low);
    }
    return 0;
}

void
wire_native_format(const uint8_t stored[WIRE_SHA1_SIZE], char out[42])
{
    static const char digits[] = "0123456789ABCDEF";
    out[0] = '*';
    for (size_t i = 0; i < WIRE_SHA1_SIZE; i++) {
        out[1 + 2 * i] = digits[stored[i] >> 4];
        out[2 + 2 * i] = digits[stored[i] & 0xf];
    }
    out[41] = '\0';
}
