/*
 * A login or a change of user that goes on, and who the client is when it has come to a good end.
 * Only client_auth.c leads an attempt; it is gone when the exchange is.
 */
#ifndef MARIADB_CLIENT_ATTEMPT_H
#define MARIADB_CLIENT_ATTEMPT_H

#include "mariadb.h"

struct mariadb_attempt {
    bool is_change;   /* COM_CHANGE_USER */
    uint8_t sequence; /* of the client's last packet */
    bool used_password;
    uint32_t round;
    uint16_t collation;
    uint32_t attrs_len;
    const char *user; /* in UTF-8, as accounts have it; this and the next lie in `texts` */
    const char *database;
    const char *client_user; /* as the client has sent it, and so do servers get it */
    const char *client_database;
    const char *plugin; /* that made `in`; may be `switched` */
    const uint8_t *attrs;
    char *switched; /* the plugin that the client was asked for, or NULL */
    struct mx_login_account account;
    const struct mx_authenticator *by; /* that made the token */
    struct mx_buf in;                  /* the client's last word */
    void *state;                       /* of the authenticator */
    struct mx_buf token;
    struct mx_buf server_user; /* empty: user */
    bool token_is_password;
    uint8_t texts[];
};

struct mariadb_attempt *client_attempt_new(const struct wire_login *login, uint8_t sequence,
                                           bool is_change);

/* Whom the session's attempt has proved the client to be. */
struct mariadb_identity *client_identity_new(struct mx_session *session);

#endif
