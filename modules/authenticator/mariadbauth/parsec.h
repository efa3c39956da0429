/*
 * PARSEC towards servers: an Ed25519 key is derived from the password and the account's salt.
 *
 *   server: switch request with a scramble of 32 bytes
 *   client: an empty packet: what is my salt?
 *   server: 'P', n (2^(10+n) iterations), the salt
 *   client: a scramble of 32 bytes, and the signature of both scrambles with the key
 *           PBKDF2(SHA512, password, salt, iterations)
 *
 * Source: mariadb.com/kb, "Authentication Plugin - PARSEC".
 */
#ifndef PARSEC_H
#define PARSEC_H

#include "mx/authenticator.h"

#define PLUGIN_PARSEC "parsec"

/* The token is the password. The state is one allocation, for free(). */
enum mx_auth_verdict parsec_answer(struct mx_auth_server *x);

#endif
