/*
 * mysql_native_password from both ends, without ever knowing the password.
 *
 *   stored = SHA1(SHA1(password))                  "*" and 40 hex digits in the account
 *   answer = SHA1(password) XOR SHA1(scramble, stored)
 *
 * A good answer gives SHA1(password) away, and with it an answer to any other scramble can be made.
 * Source: mariadb.com/kb, "Authentication Plugin - mysql_native_password".
 */
#ifndef NATIVE_H
#define NATIVE_H

#include "mx/authenticator.h"

#define NATIVE_SIZE      20u
#define NATIVE_TEXT_SIZE 42u /* star, 40 digits, NUL */

/* out = SHA1(bytes) */
void native_sum(const uint8_t *bytes, size_t len, uint8_t out[NATIVE_SIZE]);
/* -1: not "*" and 40 hex digits (the star may be missing). */
MX_MUST_USE int native_parse(const char *text, uint8_t stored[NATIVE_SIZE]);
/* The other way, in capital letters. */
void native_format(const uint8_t stored[NATIVE_SIZE], char text[NATIVE_TEXT_SIZE]);
/* True: the answer is right, and *proof is SHA1(password). */
MX_MUST_USE bool native_check(const uint8_t answer[NATIVE_SIZE],
                              const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE],
                              const uint8_t stored[NATIVE_SIZE], uint8_t proof[NATIVE_SIZE]);
void native_answer(const uint8_t proof[NATIVE_SIZE], const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE],
                   uint8_t answer[NATIVE_SIZE]);

#endif
