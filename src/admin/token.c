/* JSON web tokens with a key of this process. */
#include "admin/token.h"

#include "base/rand.h"

#include <jwt.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX 4096u

struct admin_tokens {
    jwt_alg_t algorithm;
    char *issuer;
    unsigned char key[64];
};

static const struct {
    const char *name;
    jwt_alg_t algorithm;
} algorithms[] = {
    {"HS256", JWT_ALG_HS256},
    {"HS384", JWT_ALG_HS384},
    {"HS512", JWT_ALG_HS512},
};

struct admin_tokens *
admin_tokens_new(const char *algorithm, const char *issuer)
{
    for (size_t i = 0; i < MX_COUNT(algorithms); i++) {
        if (strcmp(algorithms[i].name, algorithm) == 0) {
            struct admin_tokens *tokens = mx_calloc(1, sizeof(*tokens));
            tokens->algorithm = algorithms[i].algorithm;
            tokens->issuer = mx_strdup(issuer);
            base_rand_bytes(tokens->key, sizeof(tokens->key));
            return tokens;
        }
    }
    return NULL;
}

void
admin_tokens_free(struct admin_tokens *tokens)
{
    if (tokens != NULL) {
        explicit_bzero(tokens->key, sizeof(tokens->key));
        free(tokens->issuer);
        free(tokens);
    }
}

static int
add_claims(jwt_t *jwt, const struct admin_tokens *tokens, const char *user,
           enum admin_account account, long now, long expires)
{
    return jwt_add_grant(jwt, "iss", tokens->issuer) | jwt_add_grant(jwt, "sub", user) |
           jwt_add_grant(jwt, "aud", user) | jwt_add_grant_int(jwt, "iat", now) |
           jwt_add_grant_int(jwt, "exp", expires) |
           jwt_add_grant(jwt, "account", admin_account_name(account));
}

char *
admin_token_issue(const struct admin_tokens *tokens, const char *user, enum admin_account account,
                  time_t now, int64_t life_s)
{
    jwt_t *jwt = NULL;
    char *encoded = NULL;

    if (jwt_new(&jwt) != 0) {
        return NULL;
    }
    if (jwt_set_alg(jwt, tokens->algorithm, tokens->key, (int)sizeof(tokens->key)) == 0 &&
        add_claims(jwt, tokens, user, account, (long)now, (long)(now + life_s)) == 0) {
        encoded = jwt_encode_str(jwt);
    }
    jwt_free(jwt);
    return encoded;
}

static bool
claims_hold(const struct admin_tokens *tokens, jwt_t *jwt, time_t now)
{
    const char *issuer = jwt_get_grant(jwt, "iss");
    const char *subject = jwt_get_grant(jwt, "sub");
    const char *audience = jwt_get_grant(jwt, "aud");

    return jwt_get_alg(jwt) == tokens->algorithm && issuer != NULL &&
           strcmp(issuer, tokens->issuer) == 0 && subject != NULL && audience != NULL &&
           strcmp(subject, audience) == 0 && jwt_get_grant_int(jwt, "exp") > (long)now;
}

bool
admin_token_check(const struct admin_tokens *tokens, const char *token, time_t now, char **user_out)
{
    jwt_t *jwt = NULL;
    bool is_valid;

    if (strlen(token) > TOKEN_MAX ||
        jwt_decode(&jwt, token, tokens->key, (int)sizeof(tokens->key)) != 0) {
        return false;
    }
    is_valid = claims_hold(tokens, jwt, now);
    if (is_valid) {
        *user_out = mx_strdup(jwt_get_grant(jwt, "sub"));
    }
    jwt_free(jwt);
    return is_valid;
}
