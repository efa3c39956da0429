/* See parsec.h. */
#include "parsec.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define SCRAMBLE_SIZE  32u
#define KEY_SIZE       32u
#define SIGNATURE_SIZE 64u
#define SALT_MAX       64u
#define ITERATIONS_MIN 1024
#define FACTOR_MAX     3u /* 8192 iterations, a few milliseconds of a worker */

struct answer {
    uint8_t scrambles[2 * SCRAMBLE_SIZE]; /* the server's and ours */
};

static enum mx_auth_verdict
take_scramble(struct mx_auth_server *x)
{
    if (x->in_len != SCRAMBLE_SIZE) {
        (void)mx_err_text(x->err, "the server's scramble for " PLUGIN_PARSEC " has %zu bytes",
                          x->in_len);
        return MX_AUTH_ERROR;
    }
    struct answer *state = mx_calloc(1, sizeof(*state));
    *x->state = state;
    memcpy(state->scrambles, x->in, SCRAMBLE_SIZE);
    return MX_AUTH_SEND; /* an empty packet */
}

static int
sign(const uint8_t key[KEY_SIZE], const uint8_t *message, size_t len, uint8_t out[SIGNATURE_SIZE])
{
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, KEY_SIZE);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t size = SIGNATURE_SIZE;
    bool good = pair != NULL && ctx != NULL &&
                EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair) == 1 &&
                EVP_DigestSign(ctx, out, &size, message, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pair);
    return good && size == SIGNATURE_SIZE ? 0 : -1;
}

static enum mx_auth_verdict
sign_both(struct mx_auth_server *x, struct answer *state)
{
    uint8_t key[KEY_SIZE];
    uint8_t said[SCRAMBLE_SIZE + SIGNATURE_SIZE];
    int iterations = ITERATIONS_MIN << x->in[1];
    bool good = RAND_bytes(said, (int)SCRAMBLE_SIZE) == 1 &&
                PKCS5_PBKDF2_HMAC((const char *)x->token, (int)x->token_len, x->in + 2,
                                  (int)(x->in_len - 2), iterations, EVP_sha512(), (int)sizeof(key),
                                  key) == 1;
    memcpy(state->scrambles + SCRAMBLE_SIZE, said, SCRAMBLE_SIZE);
    good = good && sign(key, state->scrambles, sizeof(state->scrambles), said + SCRAMBLE_SIZE) == 0;
    explicit_bzero(key, sizeof(key));
    if (!good || mx_buf_append(x->out, said, sizeof(said)) != 0) {
        (void)mx_err_text(x->err, "the answer of " PLUGIN_PARSEC " cannot be made");
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_SEND;
}

enum mx_auth_verdict
parsec_answer(struct mx_auth_server *x)
{
    if (x->round == 0) {
        return take_scramble(x);
    }
    if (x->round > 1 || x->in_len < 3 || x->in_len > 2 + SALT_MAX || x->in[0] != 'P' ||
        x->in[1] > FACTOR_MAX) {
        (void)mx_err_text(x->err, "the server asks " PLUGIN_PARSEC
                                  " for a kind of key that is not known here");
        return MX_AUTH_ERROR;
    }
    return sign_both(x, *x->state);
}
