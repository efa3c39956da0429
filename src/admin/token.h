/*
 * Tokens of GET /auth: JSON web tokens (RFC 7519) signed with HMAC and a key made at start, so a
 * restart ends them all. Claims: iss, sub, aud (both the user), iat, exp, account. Thread-safe: the
 * struct does not change after it was made.
 */
#ifndef ADMIN_TOKEN_H
#define ADMIN_TOKEN_H

#include "admin/users.h"

#include <time.h>

struct admin_tokens;

/* algorithm: HS256, HS384 or HS512; NULL for another one. */
struct admin_tokens *admin_tokens_new(const char *algorithm, const char *issuer);
void admin_tokens_free(struct admin_tokens *tokens);

/* free() the result; NULL when it could not be made. */
char *admin_token_issue(const struct admin_tokens *tokens, const char *user,
                        enum admin_account account, time_t now, int64_t life_s);

/* True: signed by us, in force at `now`; *user_out is its user, to be freed. */
bool admin_token_check(const struct admin_tokens *tokens, const char *token, time_t now,
                       char **user_out);

#endif
