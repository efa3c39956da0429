/*
 * caching_sha2_password. Both sides keep to the same exchange:
 *
 *   server: switch request with a scramble of 20 bytes and NUL
 *   client: XOR(SHA256(password), SHA256(SHA256(SHA256(password)), scramble)); without a password a
 *           NUL or nothing
 *   server: 1, 3: it was known, OK follows; or 1, 4: the password itself is wanted
 *   client: on a private connection the password and NUL; else 2: what is your RSA key?
 *   server: 1, the public key as PEM
 *   client: the password with its NUL, XOR-ed with the scramble, encrypted
 *
 * Source: mariadb.com/kb, "caching_sha2_password Plugin".
 */
#ifndef AUTH_SHA2_H
#define AUTH_SHA2_H

#include "auth_rsa.h"
#include "mx/authenticator.h"

#define PLUGIN_SHA2 "caching_sha2_password"

/*
 * The client's side of an authenticator: DONE when x->token holds the password that the client
 * says; nothing of it is checked. keys may be NULL: then only private connections can be used.
 */
enum mx_auth_verdict sha2_ask(struct mx_auth_client *x, const struct rsa_keys *keys);

/* The server's side: the token is the password. The state is one allocation, for free(). */
enum mx_auth_verdict sha2_answer(struct mx_auth_server *x);

#endif
