/* See parsec.h. */
#include "parsec.h"

#include "exchange.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SCRAMBLE_SIZE  32u
#define KEY_SIZE       32u
#define SIGNATURE_SIZE 64u
#define SALT_MAX       64u
#define ITERATIONS_MIN 1024
#define FACTOR_MAX     3u /* 8192 iterations, a few milliseconds of a worker */

/* ------------------------------------------------------------ answering a server */

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

/* ------------------------------------------------------------ asking a client */

struct asked {
    struct exchange head;
    uint8_t scramble[SCRAMBLE_SIZE];
};

/* What an account has stored. */
struct stored {
    uint8_t factor;
    uint8_t salt[SALT_MAX];
    size_t salt_len;
    uint8_t key[KEY_SIZE];
};

/* From `text` to the first of `ends`; padding may be there or not. The end, NULL: malformed. */
static const char *
parse_base64(const char *text, const char *ends, uint8_t *out, size_t cap, size_t *out_len)
{
    size_t len = strcspn(text, ends);
    const char *end = text + len;
    while (len > 0 && text[len - 1] == '=') {
        len--;
    }
    return sodium_base642bin(out, cap, text, len, NULL, out_len, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0
               ? end
               : NULL;
}

static int
parse_stored(const char *text, struct stored *out)
{
    size_t key_len = 0;
    if (text[0] != 'P' || text[1] < '0' || text[1] > '9' || text[2] != ':') {
        return -1;
    }
    out->factor = (uint8_t)(text[1] - '0');
    const char *at = parse_base64(text + 3, ":", out->salt, sizeof(out->salt), &out->salt_len);
    if (at == NULL || *at != ':' || out->salt_len == 0) {
        return -1;
    }
    at = parse_base64(at + 1, "", out->key, sizeof(out->key), &key_len);
    return at != NULL && key_len == sizeof(out->key) ? 0 : -1;
}

static enum mx_auth_verdict
client_denied(struct mx_auth_client *x, const char *why)
{
    (void)mx_err_text(x->err, "%s", why);
    return MX_AUTH_DENIED;
}

static enum mx_auth_verdict
client_say(struct mx_auth_client *x, const void *bytes, size_t len, enum mx_auth_verdict verdict)
{
    if (mx_buf_append(x->out, bytes, len) != 0) {
        (void)mx_err_text(x->err, "a packet of " PLUGIN_PARSEC " does not fit");
        return MX_AUTH_ERROR;
    }
    return verdict;
}

/* Some clients read the scramble as text: no NUL in it. */
static enum mx_auth_verdict
show_scramble(struct mx_auth_client *x)
{
    struct asked *asked = mx_calloc(1, sizeof(*asked));
    *x->state = asked;
    asked->head.end = free;
    for (size_t i = 0; i < SCRAMBLE_SIZE; i++) {
        asked->scramble[i] = (uint8_t)(1 + randombytes_uniform(UINT8_MAX));
    }
    x->plugin = PLUGIN_PARSEC;
    return client_say(x, asked->scramble, SCRAMBLE_SIZE, MX_AUTH_SWITCH);
}

static enum mx_auth_verdict
show_salt(struct mx_auth_client *x, const struct stored *stored)
{
    uint8_t said[2 + SALT_MAX] = {'P', stored->factor};
    memcpy(said + 2, stored->salt, stored->salt_len);
    return client_say(x, said, 2 + stored->salt_len, MX_AUTH_SEND);
}

static enum mx_auth_verdict
take_signature(struct mx_auth_client *x, const struct stored *stored)
{
    static const char nothing[] = "?"; /* not a password, and no hash that a server takes */
    const struct asked *asked = *x->state;
    uint8_t both[2 * SCRAMBLE_SIZE];
    if (x->in_len != SCRAMBLE_SIZE + SIGNATURE_SIZE) {
        return client_denied(x, "the client has not answered " PLUGIN_PARSEC " with a scramble and "
                                "a signature");
    }
    memcpy(both, asked->scramble, SCRAMBLE_SIZE);
    memcpy(both + SCRAMBLE_SIZE, x->in, SCRAMBLE_SIZE);
    if (!x->skip_check &&
        crypto_sign_verify_detached(x->in + SCRAMBLE_SIZE, both, sizeof(both), stored->key) != 0) {
        return MX_AUTH_DENIED;
    }
    return mx_buf_append(x->token, nothing, 1) == 0 ? MX_AUTH_DONE : MX_AUTH_ERROR;
}

enum mx_auth_verdict
parsec_client_step(struct mx_auth_client *x)
{
    struct stored stored;
    if (parse_stored(x->account_secret, &stored) != 0) {
        return client_denied(x, "the account's authentication string is none of " PLUGIN_PARSEC
                                " (\"P\", a digit, \":\", salt, \":\", public key)");
    }
    if (x->round == 0) {
        return show_scramble(x);
    }
    /* Who remembers the salt need not ask for it. */
    return x->round == 1 && x->in_len == 0 ? show_salt(x, &stored) : take_signature(x, &stored);
}
