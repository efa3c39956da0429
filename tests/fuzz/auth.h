/* Rounds of an exchange with an authenticator, from the bytes of the fuzzer. */
#ifndef TESTS_FUZZ_AUTH_H
#define TESTS_FUZZ_AUTH_H

#include "fuzz.h"
#include "mx/authenticator.h"
#include "mx/module.h"

#include <stdlib.h>
#include <string.h>

extern const struct mx_module mx_module;

/* One round's input in memory of exactly its size. */
struct fuzz_piece {
    uint8_t *bytes;
    size_t len;
};

/* A length of two bytes and so many bytes, or what is left; false at the end. */
static inline bool
fuzz_next(const uint8_t **data, size_t *size, struct fuzz_piece *out)
{
    if (*size < 2) {
        return false;
    }
    size_t wanted = (size_t)((*data)[0] | (*data)[1] << 8);
    size_t len = wanted < *size - 2 ? wanted : *size - 2;
    out->len = len;
    out->bytes = malloc(len == 0 ? 1 : len);
    FUZZ_REQUIRE(out->bytes != NULL);
    memcpy(out->bytes, *data + 2, len);
    *data += 2 + len;
    *size -= 2 + len;
    return true;
}

/* The job of an exchange; it is run at once. */
static void *fuzz_job;

void
mx_auth_run(struct mx_auth_wait *wait, void (*work)(void *job), void (*drop)(void *job), void *job)
{
    (void)wait;
    (void)drop;
    work(job);
    fuzz_job = job;
}

/* Whatever a client sends, the exchange ends, and nobody gets in without the right answer. */
static inline void
fuzz_client(struct mx_auth_client *x, const uint8_t *data, size_t size, bool may_get_in)
{
    const struct mx_authenticator_ops *ops = mx_module.authenticator;
    static const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE] = "ABCDEFGHIJKLMNOPQRS";
    struct mx_buf out = {0};
    struct mx_buf token = {0};
    struct mx_buf server_user = {0};
    struct mx_err err;
    struct fuzz_piece piece;
    void *state = NULL;
    x->scramble = scramble;
    x->state = &state;
    x->out = &out;
    x->token = &token;
    x->server_user = &server_user;
    x->err = &err;
    enum mx_auth_verdict verdict = MX_AUTH_SEND;
    while ((verdict == MX_AUTH_SEND || verdict == MX_AUTH_SWITCH) &&
           fuzz_next(&data, &size, &piece)) {
        mx_buf_clear(&out);
        mx_buf_clear(&token);
        mx_err_clear(&err);
        x->in = piece.bytes;
        x->in_len = piece.len;
        verdict = ops->client_step(x);
        if (verdict == MX_AUTH_WAIT) {
            mx_buf_clear(&token);
            x->job = fuzz_job;
            verdict = ops->client_step(x);
            x->job = NULL;
        }
        x->client_plugin = verdict == MX_AUTH_SWITCH ? x->plugin : x->client_plugin;
        x->round++;
        FUZZ_REQUIRE(x->round < 8);
        free(piece.bytes);
    }
    FUZZ_REQUIRE(verdict != MX_AUTH_DONE || may_get_in);
    if (state != NULL) {
        ops->client_free(state);
    }
    mx_buf_wipe(&out);
    mx_buf_wipe(&token);
    mx_buf_wipe(&server_user);
}

static inline void
fuzz_server(struct mx_auth_server *x, const uint8_t *data, size_t size)
{
    const struct mx_authenticator_ops *ops = mx_module.authenticator;
    struct mx_buf out = {0};
    struct mx_err err;
    struct fuzz_piece piece;
    void *state = NULL;
    x->state = &state;
    x->out = &out;
    x->err = &err;
    x->token = (const uint8_t *)"secret";
    x->token_len = 6;
    x->token_is_password = true;
    enum mx_auth_verdict verdict = MX_AUTH_SEND;
    while (verdict == MX_AUTH_SEND && x->round < 8 && fuzz_next(&data, &size, &piece)) {
        mx_buf_clear(&out);
        mx_err_clear(&err);
        x->in = piece.bytes;
        x->in_len = piece.len;
        verdict = ops->server_step(x);
        x->round++;
        free(piece.bytes);
    }
    if (state != NULL) {
        ops->server_free(state);
    }
    mx_buf_wipe(&out);
}

#endif
