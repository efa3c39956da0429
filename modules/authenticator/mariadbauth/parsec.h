/*
 * PARSEC from both ends: an Ed25519 key is derived from the password and the account's salt.
 *
 *   server: switch request with a scramble of 32 bytes
 *   client: an empty packet: what is my salt?
 *   server: 'P', n (2^(10+n) iterations), the salt
 *   client: a scramble of 32 bytes, and the signature of both scrambles with the key
 *           PBKDF2(SHA512, password, salt, iterations)
 *
 *   stored: "P", the digit n, ":", the salt, ":", the public key, both in base64
 *
 * Source: mariadb.com/kb, "Authentication Plugin - PARSEC".
 */
#ifndef PARSEC_H
#define PARSEC_H

#include "mx/authenticator.h"

#define PLUGIN_PARSEC "parsec"

/* The token is the password. The state is one allocation, for free(). */
enum mx_auth_verdict parsec_answer(struct mx_auth_server *x);

/*
 * A client's exchange. His signature is good for one login only: the token that it leaves answers
 * no server. The state is a struct exchange.
 */
enum mx_auth_verdict parsec_client_step(struct mx_auth_client *x);

#endif
