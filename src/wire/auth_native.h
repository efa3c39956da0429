/*
 * mysql_native_password, without ever knowing the password.
 *
 *   stored = SHA1(SHA1(password))                     as in mysql.user, "*" and 40 hex digits
 *   token  = SHA1(password) XOR SHA1(scramble, stored)
 *
 * From a good token the proxy gets SHA1(password) and can make a token for any other scramble.
 * Source: mariadb.com/kb, "Authentication Plugin - mysql_native_password".
 */
#ifndef WIRE_AUTH_NATIVE_H
#define WIRE_AUTH_NATIVE_H

#include "wire/greeting.h"

#define WIRE_SHA1_SIZE 20u

/*
 * Random bytes into a scramble: each byte becomes one of '!' to '~', because some connectors cannot
 * take others (NUL ends the string, '$' or blanks are fine). Two random bytes for each one.
 */
void wire_scramble_make(uint8_t out[WIRE_SCRAMBLE_SIZE],
                        const uint8_t random[2 * WIRE_SCRAMBLE_SIZE]);

/*
 * Is the client's token right? `stored` NULL or empty hash: the account has no password and only an
 * empty token is right. On true *sha1_password is what wire_native_token takes (zeros without a
 * password). Takes the same time whatever byte differs.
 */
MX_MUST_USE bool wire_native_check(struct wire_slice token,
                                   const uint8_t scramble[WIRE_SCRAMBLE_SIZE],
                                   const uint8_t stored[WIRE_SHA1_SIZE],
                                   uint8_t sha1_password[WIRE_SHA1_SIZE]);

/* The token that proves `sha1_password` to the owner of `scramble`. Without a password send none.
 */
void wire_native_token(const uint8_t sha1_password[WIRE_SHA1_SIZE],
                       const uint8_t scramble[WIRE_SCRAMBLE_SIZE], uint8_t token[WIRE_SHA1_SIZE]);

/* SHA1(password), and SHA1(SHA1(password)) from it. */
void wire_native_hash(struct wire_slice password, uint8_t sha1_password[WIRE_SHA1_SIZE]);
void wire_native_double(const uint8_t sha1_password[WIRE_SHA1_SIZE],
                        uint8_t stored[WIRE_SHA1_SIZE]);

/* "*" and 40 hex digits, the star optional, any case. -1: something else (also the empty text). */
MX_MUST_USE int wire_native_parse(struct wire_slice text, uint8_t stored[WIRE_SHA1_SIZE]);

/* The other way: "*", 40 upper-case digits, NUL. */
void wire_native_format(const uint8_t stored[WIRE_SHA1_SIZE], char out[42]);

#endif
