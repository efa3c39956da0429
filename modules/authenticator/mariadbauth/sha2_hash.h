/*
 * What accounts of caching_sha2_password are checked with.
 *
 *   stored = "$A$", the rounds divided by 1000 as three hex digits, "$", salt (20), digest (43)
 *   digest = that of crypt(3) with SHA-256 ("$5$"), except that the salt has 20 characters
 *
 * Sources: dev.mysql.com, "Caching SHA-2 Pluggable Authentication", Storage Format; Ulrich Drepper,
 * "Unix crypt using SHA-256 and SHA-512", whose numbers of steps are in the comments.
 */
#ifndef SHA2_HASH_H
#define SHA2_HASH_H

#include "mx/base.h"

#define SHA2_SALT_SIZE    20u
#define SHA2_DIGEST_SIZE  43u
#define SHA2_PASSWORD_MAX 256u /* as in the servers */

struct sha2_stored {
    uint32_t rounds;
    uint8_t salt[SHA2_SALT_SIZE];
    char digest[SHA2_DIGEST_SIZE];
};

/* It looks like one, good or bad: not the hash of a native password. */
MX_MUST_USE bool sha2_is_stored(const char *text);
/* -1: malformed. */
MX_MUST_USE int sha2_parse(const char *text, struct sha2_stored *out);
/* Thousands of rounds: milliseconds, not for a worker. len: at most SHA2_PASSWORD_MAX. */
MX_MUST_USE bool sha2_check(const struct sha2_stored *stored, const uint8_t *password, size_t len);

#endif
