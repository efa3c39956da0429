/*
 * Who has shown his password once need not show it again: what caching_sha2_password caches. Each
 * thread has a cache of its own, of a bounded number of accounts.
 *
 *   kept   = SHA256(SHA256(password)), and the password encrypted with a key that SHA256(password)
 *            gives
 *   answer = SHA256(password) XOR SHA256(kept, scramble)
 *
 * A good answer gives SHA256(password) away, and so the password, for servers that ask for it. Of
 * an account whose owner is not just logging in nothing can be read here but what guesses could be
 * checked with, as in a server's cache. Entries are found by the account's stored digest: another
 * password is another entry.
 */
#ifndef SHA2_CACHE_H
#define SHA2_CACHE_H

#include "auth_sha2.h"
#include "mx/authenticator.h"

/* After the password has been checked. */
void sha2_cache_put(const char *stored, const uint8_t *password, size_t len);
/* True: the answer is right, and the password is appended to `out`. */
MX_MUST_USE bool sha2_cache_get(const char *stored, const uint8_t answer[SHA2_ANSWER_SIZE],
                                const uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE], struct mx_buf *out);

#endif
