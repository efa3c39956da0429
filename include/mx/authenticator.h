/*
 * What an authenticator module implements: one or more authentication plugins, on the client's side
 * (is this the one he says he is?) and on the server's side (prove it to a server on his behalf).
 *
 * Both sides are an exchange of packets. The protocol module carries them; an authenticator sees
 * payloads only. What a client has proved with is turned into a *token*: whatever the authenticator
 * needs to log in to a server as this client without asking again (for native passwords:
 * SHA1(password), for plugins that show the password: the password). A token that is the password
 * itself can answer every server plugin that asks for passwords, also by another authenticator.
 * Tokens never leave memory and are cleared before they are freed; so is what the other side sent
 * and what it is answered.
 *
 * The module's parameter rows (mx/module.h) are its part of the listener's authenticator_options;
 * `config` below is the block they filled for this listener, `instance` what instance_new made of
 * it.
 *
 * Steps run on the session's worker and must not block. What blocks (PAM) is a job: mx_auth_run
 * hands it to a thread, and the step comes again when it has ended.
 */
#ifndef MX_AUTHENTICATOR_H
#define MX_AUTHENTICATOR_H

#include "mx/base.h"
#include "mx/buf.h"
#include "mx/err.h"

#define MX_AUTH_SCRAMBLE_SIZE 20u

enum mx_auth_verdict {
    MX_AUTH_DONE = 0, /* client side: it is him, the token is filled, and `out`, when it is not
                         empty, is a last packet for him; server side: nothing more */
    MX_AUTH_SEND,     /* send `out`, come back with the other side's next packet */
    MX_AUTH_SWITCH,   /* client side: send a switch request to `plugin` with `out` as its data */
    MX_AUTH_WAIT,     /* client side: a job runs (mx_auth_run); come back when it has ended */
    MX_AUTH_DENIED,   /* wrong password, or not answered as it should be; err may say more, for the
                         log only */
    MX_AUTH_ERROR,    /* cannot be done here; err says why */
};

struct mx_auth_wait; /* whom a job's end concerns */

/* One client's exchange. Filled by the protocol before each step. */
struct mx_auth_client {
    const void *config;
    void *instance;          /* shared by all workers */
    const uint8_t *scramble; /* MX_AUTH_SCRAMBLE_SIZE bytes, shown to the client in the greeting */
    const char *user;
    const char *remote;         /* address of the client as text */
    const char *account_user;   /* "" for an anonymous account */
    const char *account_plugin; /* "" when the account names none */
    const char *account_secret; /* its authentication string, "" when empty */
    const char *client_plugin;  /* that made `in` */
    const uint8_t *in;          /* payload: the token of the login or the answer to `out` */
    size_t in_len;
    uint32_t round;   /* counts packets of the client; 0: `in` comes from the login packet */
    bool is_private;  /* TLS or a unix socket: a password may be sent in clear */
    bool skip_check;  /* skip_authentication: take any answer, for the sake of the token */
    bool log_details; /* log_auth_warnings: err of DENIED is shown */
    void *job;        /* after MX_AUTH_WAIT: the job that has ended (the step owns it again) */
    void **state;     /* of this exchange, NULL at its start; ops->client_free frees it */
    struct mx_auth_wait *wait;  /* for mx_auth_run */
    struct mx_buf *out;         /* for SEND, SWITCH and DONE; empty before each step */
    const char *plugin;         /* for SWITCH */
    struct mx_buf *token;       /* for DONE; empty before each step */
    bool token_is_password;     /* for DONE: the token is the password in clear, without a NUL */
    struct mx_buf *server_user; /* for DONE: when not empty, the name that servers are told (no NUL)
                                 */
    struct mx_err *err;         /* cleared before each step */
};

/* One login to a server. */
struct mx_auth_server {
    const void *config;
    void *instance;
    const char *plugin; /* that the server wants */
    const char *user;   /* as the server is told */
    const uint8_t *in;  /* its data: the scramble, or the payload of its next packet without the
                           mark 0x01 that packets of an exchange may have in front */
    size_t in_len;
    uint32_t round;       /* 0: `in` came with the name of the plugin */
    bool is_private;      /* TLS or a unix socket */
    const uint8_t *token; /* what client_step gave, or a password (of a user mapping, or that
                             another authenticator has learnt) */
    size_t token_len;
    bool token_is_password;
    void **state;       /* of this login, NULL at its start; ops->server_free frees it */
    struct mx_buf *out; /* for SEND; empty before each step */
    struct mx_err *err; /* cleared before each step */
};

struct mx_authenticator_ops {
    /* Plugins of accounts that are served; ends with NULL. "" is an account that names none. */
    const char *const *account_plugins;
    /*
     * May be NULL. True: this listener's clients are checked by the servers. No account is looked
     * up, and the first server's answer to what client_step has learnt is the client's answer.
     */
    bool (*trusts_servers)(const void *config);
    /* Plugins it can answer a server with; ends with NULL. */
    const char *const *server_plugins;
    /* Accounts without a name may log anybody in (PAM with a PROXY grant). */
    bool allows_anonymous;
    /*
     * May be NULL: what is made of the configuration of one listener (keys, tables). On the main
     * thread; NULL and err end the reading of the configuration with an error.
     */
    void *(*instance_new)(const void *config, struct mx_err *err);
    void (*instance_free)(void *instance);
    enum mx_auth_verdict (*client_step)(struct mx_auth_client *exchange);
    void (*client_free)(void *state); /* NULL: there is never a state */
    /* DONE or SEND answer; an empty `out` is an empty packet for SEND and none for DONE. */
    enum mx_auth_verdict (*server_step)(struct mx_auth_server *exchange);
    void (*server_free)(void *state);
};

/*
 * Runs work(job) on a helper thread. Then client_step is called again on the session's worker with
 * `job`; when the client has gone in the meantime, drop(job) is called instead (on any thread). The
 * number of threads is bounded; jobs wait for one. A job that does not end within
 * auth_connect_timeout is given up: the login fails, and drop(job) is called when it ends. The step
 * that called this returns MX_AUTH_WAIT.
 */
MX_API void mx_auth_run(struct mx_auth_wait *wait, void (*work)(void *job), void (*drop)(void *job),
                        void *job);

#endif
