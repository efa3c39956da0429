/*
 * One token of a client looked at with the service's key. Blocks: files are read, and one is
 * written that remembers tokens against their being sent twice.
 */
#ifndef GSSAPIAUTH_ACCEPT_H
#define GSSAPIAUTH_ACCEPT_H

#include "mx/base.h"

#define ACCEPT_TEXT_MAX 400
#define ACCEPT_NAME_MAX 512

enum accept_end {
    ACCEPT_GOOD = 0,
    ACCEPT_DENIED, /* text says what is wrong with the token */
    ACCEPT_BROKEN, /* text says why the proxy cannot look at any token */
};

struct accept_result {
    char text[ACCEPT_TEXT_MAX];
    char name[ACCEPT_NAME_MAX]; /* of the client, with its realm */
};

/* keytab NULL: the one of the system. */
enum accept_end accept_token(const char *principal, const char *keytab, const uint8_t *token,
                             size_t len, struct accept_result *out);

/* Is there a key for the principal? False: text says what is missing. */
bool accept_has_key(const char *principal, const char *keytab, char text[ACCEPT_TEXT_MAX]);

#endif
