/*
 * Names of principals, and the data of a switch request to the plugin auth_gssapi_client:
 *
 *   principal, NUL, mechanism, NUL        an empty mechanism lets the client choose
 *
 * Pure functions. Source: mariadb.com/kb, "Authentication Plugin - GSSAPI", and what MariaDB 10.11
 * sends.
 */
#ifndef GSSAPIAUTH_NAMES_H
#define GSSAPIAUTH_NAMES_H

#include "mx/buf.h"

#define NAMES_PRINCIPAL_MAX 511u

/* -1: the buffer is full. */
MX_MUST_USE int names_put_request(struct mx_buf *out, const char *principal);
/* The principal, NUL behind it. -1: not such data, or the name is too long. */
MX_MUST_USE int names_take_request(const uint8_t *in, size_t len,
                                   char principal[NAMES_PRINCIPAL_MAX + 1]);

/* The same principal; one without a realm is of the realm of the other. */
bool names_same_principal(const char *a, const char *b);

/*
 * Is the client who he says he is? The account's authentication string is the whole principal; when
 * it is empty, the part in front of the realm is the user's name.
 */
bool names_match(const char *principal, const char *account_secret, const char *user);

#endif
