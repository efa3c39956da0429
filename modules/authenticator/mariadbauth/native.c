/*
 * The arithmetic of mysql_native_password; see native.h.
 *
 * SHA-1 by its plain functions: what OpenSSL offers instead of them looks the algorithm up under
 * locks and takes memory for each sum, a quarter of all the work of a login.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "native.h"

#include <openssl/sha.h>
#include <string.h>

static int
hex_digit(char c)
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
native_parse(const char *text, uint8_t stored[NATIVE_SIZE])
{
    if (text[0] == '*') {
        text++;
    }
    if (strlen(text) != (size_t)2 * NATIVE_SIZE) {
        return -1;
    }
    for (size_t i = 0; i < NATIVE_SIZE; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return -1;
        }
        stored[i] = (uint8_t)(high * 16 + low);
    }
    return 0;
}

void
native_format(const uint8_t stored[NATIVE_SIZE], char text[NATIVE_TEXT_SIZE])
{
    static const char digits[] = "0123456789ABCDEF";
    text[0] = '*';
    for (size_t i = 0; i < NATIVE_SIZE; i++) {
        text[1 + 2 * i] = digits[stored[i] >> 4];
        text[2 + 2 * i] = digits[stored[i] & 15];
    }
    text[NATIVE_TEXT_SIZE - 1] = '\0';
}

void
native_sum(const uint8_t *bytes, size_t len, uint8_t out[NATIVE_SIZE])
{
    SHA_CTX sum MX_UNINITIALIZED;
    (void)SHA1_Init(&sum);
    (void)SHA1_Update(&sum, bytes, len);
    (void)SHA1_Final(out, &sum);
    explicit_bzero(&sum, sizeof(sum)); /* the bytes may stand for a password */
}

/* out = SHA1(scramble, stored) */
static void
mask_of(const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE], const uint8_t stored[NATIVE_SIZE],
        uint8_t out[NATIVE_SIZE])
{
    uint8_t both[MX_AUTH_SCRAMBLE_SIZE + NATIVE_SIZE];
    memcpy(both, scramble, MX_AUTH_SCRAMBLE_SIZE);
    memcpy(both + MX_AUTH_SCRAMBLE_SIZE, stored, NATIVE_SIZE);
    native_sum(both, sizeof(both), out);
}

bool
native_check(const uint8_t answer[NATIVE_SIZE], const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE],
             const uint8_t stored[NATIVE_SIZE], uint8_t proof[NATIVE_SIZE])
{
    uint8_t mask[NATIVE_SIZE];
    uint8_t twice[NATIVE_SIZE];
    mask_of(scramble, stored, mask);
    for (size_t i = 0; i < NATIVE_SIZE; i++) {
        proof[i] = answer[i] ^ mask[i];
    }
    native_sum(proof, NATIVE_SIZE, twice);
    unsigned differ = 0; /* all bytes are looked at, so that time tells nothing */
    for (size_t i = 0; i < NATIVE_SIZE; i++) {
        differ |= (unsigned)(twice[i] ^ stored[i]);
    }
    return differ == 0;
}

void
native_answer(const uint8_t proof[NATIVE_SIZE], const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE],
              uint8_t answer[NATIVE_SIZE])
{
    uint8_t stored[NATIVE_SIZE];
    uint8_t mask[NATIVE_SIZE];
    native_sum(proof, NATIVE_SIZE, stored);
    mask_of(scramble, stored, mask);
    for (size_t i = 0; i < NATIVE_SIZE; i++) {
        answer[i] = proof[i] ^ mask[i];
    }
}
