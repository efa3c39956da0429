/* See answer.h. */
#include "answer.h"

#include "auth_ed25519.h"
#include "auth_sha2.h"
#include "native.h"
#include "parsec.h"

#include <stdlib.h>
#include <string.h>

#define PLUGIN_NATIVE  "mysql_native_password"
#define PLUGIN_CLEAR   "mysql_clear_password"
#define PLUGIN_ED25519 "client_ed25519"

typedef enum mx_auth_verdict (*answer_fn)(struct mx_auth_server *x);

static enum mx_auth_verdict
said(struct mx_auth_server *x, const void *bytes, size_t len)
{
    if (mx_buf_append(x->out, bytes, len) != 0) {
        (void)mx_err_text(x->err, "the answer of %s does not fit", x->plugin);
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_SEND;
}

static enum mx_auth_verdict
asked_again(struct mx_auth_server *x)
{
    (void)mx_err_text(x->err, "the server asks %s for more than one answer", x->plugin);
    return MX_AUTH_ERROR;
}

static enum mx_auth_verdict
native(struct mx_auth_server *x)
{
    if (x->round > 0) {
        return asked_again(x);
    }
    if (x->token_len == 0) {
        return MX_AUTH_SEND; /* an empty packet: no password */
    }
    /* The scramble may have a NUL behind it. */
    if (x->in_len < MX_AUTH_SCRAMBLE_SIZE) {
        (void)mx_err_text(x->err, "the server's scramble for " PLUGIN_NATIVE " is too short");
        return MX_AUTH_ERROR;
    }
    uint8_t proof[NATIVE_SIZE];
    uint8_t answer[NATIVE_SIZE];
    if (x->token_is_password) {
        native_sum(x->token, x->token_len, proof);
    } else if (x->token_len == NATIVE_SIZE) {
        memcpy(proof, x->token, NATIVE_SIZE);
    } else {
        return MX_AUTH_DENIED;
    }
    native_answer(proof, x->in, answer);
    explicit_bzero(proof, sizeof(proof));
    return said(x, answer, sizeof(answer));
}

static enum mx_auth_verdict
clear(struct mx_auth_server *x)
{
    if (x->round > 0) {
        return asked_again(x);
    }
    uint8_t *text = mx_calloc(1, x->token_len + 1);
    if (x->token_len > 0) {
        memcpy(text, x->token, x->token_len);
    }
    enum mx_auth_verdict verdict = said(x, text, x->token_len + 1);
    explicit_bzero(text, x->token_len + 1);
    free(text);
    return verdict;
}

static enum mx_auth_verdict
ed25519(struct mx_auth_server *x)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    if (x->round > 0) {
        return asked_again(x);
    }
    ed25519_sign(x->token, x->token_len, x->in, x->in_len, signature);
    return said(x, signature, sizeof(signature));
}

static const struct {
    const char *plugin;
    answer_fn answer;
    bool needs_password;
} answers[] = {
    {PLUGIN_NATIVE, native, false},       {PLUGIN_CLEAR, clear, true},
    {PLUGIN_SHA2, sha2_answer, true},     {PLUGIN_ED25519, ed25519, true},
    {PLUGIN_PARSEC, parsec_answer, true},
};

const char *const answer_plugins[] = {PLUGIN_NATIVE,  PLUGIN_CLEAR,  PLUGIN_SHA2,
                                      PLUGIN_ED25519, PLUGIN_PARSEC, NULL};

enum mx_auth_verdict
answer_step(struct mx_auth_server *x)
{
    for (size_t i = 0; i < MX_COUNT(answers); i++) {
        if (strcmp(answers[i].plugin, x->plugin) != 0) {
            continue;
        }
        /* No password at all is a known one. */
        bool known = x->token_is_password || x->token_len == 0;
        return answers[i].needs_password && !known ? MX_AUTH_DENIED : answers[i].answer(x);
    }
    (void)mx_err_text(x->err, "plugin '%s' is not one of MariaDBAuth's", x->plugin);
    return MX_AUTH_ERROR;
}
