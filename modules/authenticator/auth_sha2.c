/* See auth_sha2.h. */
#include "auth_sha2.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define SAY_MORE   1u
#define ASK_KEY    2u
#define FAST_DONE  3u
#define FULL_LOGIN 4u

/* The password and its NUL with the scramble over it, and back again. */
static void
cover(uint8_t *bytes, size_t len, const uint8_t *scramble)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= scramble[i % MX_AUTH_SCRAMBLE_SIZE];
    }
}

static int
append(struct mx_buf *out, const void *bytes, size_t len, struct mx_err *err)
{
    return mx_buf_append(out, bytes, len) == 0 ? 0 : mx_err_text(err, "too long for a packet");
}

/* ------------------------------------------------------------ asking a client */

static enum mx_auth_verdict
say(struct mx_auth_client *x, const void *bytes, size_t len, enum mx_auth_verdict verdict)
{
    return append(x->out, bytes, len, x->err) == 0 ? verdict : MX_AUTH_ERROR;
}

enum mx_auth_verdict
sha2_ask_switch(struct mx_auth_client *x)
{
    uint8_t data[MX_AUTH_SCRAMBLE_SIZE + 1] = {0};
    memcpy(data, x->scramble, MX_AUTH_SCRAMBLE_SIZE);
    x->plugin = PLUGIN_SHA2;
    return say(x, data, sizeof(data), MX_AUTH_SWITCH);
}

enum mx_auth_verdict
sha2_ask_password(struct mx_auth_client *x)
{
    static const uint8_t full[] = {SAY_MORE, FULL_LOGIN};
    return say(x, full, sizeof(full), MX_AUTH_SEND);
}

enum mx_auth_verdict
sha2_tell_known(struct mx_auth_client *x)
{
    static const uint8_t fast[] = {SAY_MORE, FAST_DONE};
    return say(x, fast, sizeof(fast), MX_AUTH_DONE);
}

enum mx_auth_verdict
sha2_show_key(struct mx_auth_client *x, const struct rsa_keys *keys)
{
    static const uint8_t mark = SAY_MORE;
    const char *pem = rsa_keys_public(keys);
    return append(x->out, &mark, 1, x->err) == 0 ? say(x, pem, strlen(pem), MX_AUTH_SEND)
                                                 : MX_AUTH_ERROR;
}

bool
sha2_asks_key(const uint8_t *in, size_t len)
{
    return len == 1 && in[0] == ASK_KEY;
}

bool
sha2_is_empty(const uint8_t *in, size_t len)
{
    return len == 0 || (len == 1 && in[0] == 0);
}

/* `said` is the password with a NUL. */
static int
take_password(const uint8_t *said, size_t len, struct mx_buf *out, struct mx_err *err)
{
    if (len == 0 || said[len - 1] != 0 || memchr(said, 0, len - 1) != NULL) {
        return mx_err_text(err, "the client has answered " PLUGIN_SHA2 " with no password");
    }
    return append(out, said, len - 1, err);
}

int
sha2_open(const struct sha2_word *word, const struct rsa_keys *keys, struct mx_buf *out,
          struct mx_err *err)
{
    struct mx_buf plain = {0};
    int rc = -1;
    bool is_clear = word->in_len > 0 && word->in[word->in_len - 1] == 0;
    if (keys != NULL && rsa_decrypt(keys, word->in, word->in_len, &plain) == 0) {
        cover(plain.bytes, plain.len, word->scramble);
        rc = take_password(plain.bytes, plain.len, out, err);
    } else if (word->is_private) {
        rc = take_password(word->in, word->in_len, out, err);
    } else {
        /* Builds of MariaDB's client library without OpenSSL do that; a server refuses them too. */
        (void)mx_err_text(err, is_clear ? "the client has sent its password in clear over a "
                                          "connection without TLS; it does not know RSA"
                                        : "what the client has sent as its password is not "
                                          "encrypted with the RSA key");
    }
    mx_buf_wipe(&plain);
    return rc;
}

static enum mx_auth_verdict
take_answer(struct mx_auth_client *x, const struct rsa_keys *keys)
{
    if (sha2_is_empty(x->in, x->in_len)) {
        x->token_is_password = true;
        return MX_AUTH_DONE; /* no password */
    }
    if (!x->is_private && keys == NULL) {
        (void)mx_err_text(x->err,
                          "its connection is in clear, and there are no RSA keys to encrypt "
                          "the password with; use TLS, or set the paths of the keys");
        return MX_AUTH_DENIED;
    }
    return sha2_ask_password(x);
}

static enum mx_auth_verdict
take_request(struct mx_auth_client *x, const struct rsa_keys *keys)
{
    if (keys == NULL) {
        (void)mx_err_text(x->err, "the client asks for an RSA key, and there is none");
        return MX_AUTH_DENIED;
    }
    return sha2_show_key(x, keys);
}

static enum mx_auth_verdict
take_last(struct mx_auth_client *x, const struct rsa_keys *keys)
{
    const struct sha2_word word = {x->in, x->in_len, x->scramble, x->is_private};
    x->token_is_password = true;
    return sha2_open(&word, keys, x->token, x->err) == 0 ? MX_AUTH_DONE : MX_AUTH_DENIED;
}

enum mx_auth_verdict
sha2_ask(struct mx_auth_client *x, const struct rsa_keys *keys)
{
    if (x->round == 0) {
        return sha2_ask_switch(x);
    }
    if (x->round == 1) {
        return take_answer(x, keys);
    }
    if (x->round == 2 && sha2_asks_key(x->in, x->in_len)) {
        return take_request(x, keys);
    }
    return take_last(x, keys);
}

/* ------------------------------------------------------------ answering a server */

struct answer {
    uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE];
    bool asked_key;
};

static enum mx_auth_verdict
answer_scramble(struct mx_auth_server *x)
{
    static const uint8_t none = 0;
    if (x->in_len < MX_AUTH_SCRAMBLE_SIZE) {
        (void)mx_err_text(x->err, "the server's scramble for " PLUGIN_SHA2 " is too short");
        return MX_AUTH_ERROR;
    }
    struct answer *state = mx_calloc(1, sizeof(*state));
    *x->state = state;
    memcpy(state->scramble, x->in, MX_AUTH_SCRAMBLE_SIZE);
    if (x->token_len == 0) {
        return append(x->out, &none, 1, x->err) == 0 ? MX_AUTH_SEND : MX_AUTH_ERROR;
    }
    uint8_t once[SHA256_DIGEST_LENGTH];
    uint8_t both[SHA256_DIGEST_LENGTH + MX_AUTH_SCRAMBLE_SIZE];
    uint8_t mask[SHA256_DIGEST_LENGTH];
    (void)SHA256(x->token, x->token_len, once);
    (void)SHA256(once, sizeof(once), both);
    memcpy(both + SHA256_DIGEST_LENGTH, state->scramble, MX_AUTH_SCRAMBLE_SIZE);
    (void)SHA256(both, sizeof(both), mask);
    for (size_t i = 0; i < sizeof(once); i++) {
        once[i] ^= mask[i];
    }
    int rc = append(x->out, once, sizeof(once), x->err);
    explicit_bzero(once, sizeof(once));
    return rc == 0 ? MX_AUTH_SEND : MX_AUTH_ERROR;
}

/* The password with a NUL; pem: encrypted for its owner. */
static enum mx_auth_verdict
answer_password(struct mx_auth_server *x, const struct answer *state, bool with_key)
{
    uint8_t *said = mx_calloc(1, x->token_len + 1);
    int rc = 0;
    memcpy(said, x->token, x->token_len);
    if (with_key) {
        cover(said, x->token_len + 1, state->scramble);
        rc = rsa_encrypt(x->in, x->in_len, said, x->token_len + 1, x->out, x->err);
    } else {
        rc = append(x->out, said, x->token_len + 1, x->err);
    }
    explicit_bzero(said, x->token_len + 1);
    free(said);
    return rc == 0 ? MX_AUTH_SEND : MX_AUTH_ERROR;
}

enum mx_auth_verdict
sha2_answer(struct mx_auth_server *x)
{
    static const uint8_t ask = ASK_KEY;
    struct answer *state = *x->state;
    if (x->round == 0) {
        return answer_scramble(x);
    }
    if (state->asked_key) {
        return answer_password(x, state, true);
    }
    if (x->in_len == 1 && x->in[0] == FAST_DONE) {
        return MX_AUTH_DONE;
    }
    if (x->in_len != 1 || x->in[0] != FULL_LOGIN) {
        (void)mx_err_text(x->err, "the server goes on with " PLUGIN_SHA2 " in an unknown way");
        return MX_AUTH_ERROR;
    }
    if (x->is_private) {
        return answer_password(x, state, false);
    }
    state->asked_key = true;
    return append(x->out, &ask, 1, x->err) == 0 ? MX_AUTH_SEND : MX_AUTH_ERROR;
}
