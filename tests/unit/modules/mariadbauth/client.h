/* A client's exchange with the module, packet by packet. */
#ifndef TESTS_MARIADBAUTH_CLIENT_H
#define TESTS_MARIADBAUTH_CLIENT_H

#include "jobs.h"
#include "mx/module.h"

#include <stdlib.h>
#include <string.h>

extern const struct mx_module mx_module;

static const uint8_t client_scramble[MX_AUTH_SCRAMBLE_SIZE] = "ABCDEFGHIJKLMNOPQRS";

/* As in module.c. */
struct client_config {
    bool clear_pw_passthrough;
    bool log_password_mismatch;
    char *sha2_private_path;
    char *sha2_public_path;
};

struct client {
    struct client_config config;
    struct mx_buf out;
    struct mx_buf token;
    struct mx_err err;
    void *state;
    struct mx_auth_client x;
};

static inline void
client_init(struct client *c, const char *plugin, const char *secret)
{
    *c = (struct client){0};
    mx_err_clear(&c->err);
    c->x = (struct mx_auth_client){.config = &c->config,
                                   .instance =
                                       mx_module.authenticator->instance_new(&c->config, &c->err),
                                   .scramble = client_scramble,
                                   .account_plugin = plugin,
                                   .account_secret = secret,
                                   .client_plugin = "mysql_native_password",
                                   .state = &c->state,
                                   .out = &c->out,
                                   .token = &c->token,
                                   .err = &c->err};
}

static inline enum mx_auth_verdict
client_step(struct client *c, void *job, const void *in, size_t len)
{
    mx_buf_clear(&c->out);
    mx_buf_clear(&c->token);
    mx_err_clear(&c->err);
    uint8_t *exact = malloc(len == 0 ? 1 : len); /* so that a sanitizer sees each step over */
    if (len > 0) {
        memcpy(exact, in, len);
    }
    c->x.in = exact;
    c->x.in_len = len;
    c->x.job = job;
    enum mx_auth_verdict verdict = mx_module.authenticator->client_step(&c->x);
    free(exact);
    if (verdict == MX_AUTH_SWITCH) {
        c->x.client_plugin = c->x.plugin;
    }
    if (verdict == MX_AUTH_SWITCH || verdict == MX_AUTH_SEND) {
        c->x.round++;
    }
    return verdict;
}

/* A packet of the client, and the job that it may start. */
static inline enum mx_auth_verdict
client_say(struct client *c, const void *in, size_t len)
{
    enum mx_auth_verdict verdict = client_step(c, NULL, in, len);
    return verdict == MX_AUTH_WAIT ? client_step(c, jobs_run(), in, len) : verdict;
}

static inline void
client_end(struct client *c)
{
    jobs_drop();
    if (c->state != NULL) {
        mx_module.authenticator->client_free(c->state);
    }
    mx_module.authenticator->instance_free(c->x.instance);
    mx_buf_wipe(&c->out);
    mx_buf_wipe(&c->token);
}

#endif
