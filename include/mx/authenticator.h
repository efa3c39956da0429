/*
 * What an authenticator module implements: one or more authentication plugins, on the client's side
 * (is this the one he says he is?) and on the server's side (prove it to a server on his behalf).
 *
 * Both sides are an exchange of packets. The protocol module carries them; an authenticator sees
 * payloads only. What a client has proved with is turned into a *token*: whatever the authenticator
 * needs to log in to a server as this client without asking again (for native passwords:
 * SHA1(password), for plugins that show the password: the password). Tokens never leave memory and
 * are cleared before they are freed.
 */
#ifndef MX_AUTHENTICATOR_H
#define MX_AUTHENTICATOR_H

#include "mx/base.h"
#include "mx/buf.h"
#include "mx/err.h"

#define MX_AUTH_SCRAMBLE_SIZE 20u
#define MX_AUTH_TOKEN_MAX     255u

enum mx_auth_verdict {
    MX_AUTH_DONE = 0, /* client side: it is him, the token is filled; server side: nothing more */
    MX_AUTH_SEND,     /* send `out`, come back with the other side's next packet */
    MX_AUTH_SWITCH,   /* client side: send a switch request to `plugin` with `out` as its data */
    MX_AUTH_DENIED,   /* wrong password, or not answered as it should be */
    MX_AUTH_ERROR,    /* cannot be done here; err says why */
};

struct mx_auth_token {
    uint8_t len; /* 0: no password */
    uint8_t bytes[MX_AUTH_TOKEN_MAX];
};

/* One client's exchange. Filled by the protocol before each step. */
struct mx_auth_client {
    const uint8_t *scramble;    /* MX_AUTH_SCRAMBLE_SIZE bytes, shown to the client */
    const char *account_plugin; /* of the account, "" when it names none */
    const char *account_secret; /* its authentication string, "" when empty */
    const char *client_plugin;  /* that made `in` */
    const uint8_t *in;          /* payload: the token of the login or the answer to `out` */
    size_t in_len;
    uint32_t round;              /* 0: `in` comes from the login packet */
    struct mx_buf *out;          /* for SEND and SWITCH */
    const char *plugin;          /* for SWITCH */
    struct mx_auth_token *token; /* for DONE */
    struct mx_err *err;          /* for ERROR */
};

/* One login to a server. */
struct mx_auth_server {
    const char *plugin; /* that the server wants */
    const uint8_t *in;  /* its data: the scramble, or the payload of its next packet */
    size_t in_len;
    uint32_t round;       /* 0: `in` came with the name of the plugin */
    const uint8_t *token; /* what client_step gave */
    size_t token_len;
    struct mx_buf *out;
    struct mx_err *err;
};

struct mx_authenticator_ops {
    /* Plugins of accounts that are served; ends with NULL. "" is an account that names none. */
    const char *const *account_plugins;
    /* Plugins it can answer a server with; ends with NULL. */
    const char *const *server_plugins;
    enum mx_auth_verdict (*client_step)(struct mx_auth_client *exchange);
    enum mx_auth_verdict (*server_step)(struct mx_auth_server *exchange);
};

#endif
