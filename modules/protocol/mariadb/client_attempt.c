/* See client_attempt.h. */
#include "client_attempt.h"

#include "charset.h"

#include <stdlib.h>
#include <string.h>

#define USER_CHARS_MAX 128 /* servers cut what is longer */

struct mariadb_identity *
mariadb_identity_ref(struct mariadb_identity *identity)
{
    mx_ref_get(&identity->refs);
    return identity;
}

void
mariadb_identity_free(struct mariadb_identity *identity)
{
    if (identity != NULL && mx_ref_put(&identity->refs)) {
        explicit_bzero(identity->bytes, identity->token_len);
        mx_authenticators_unref(identity->authenticators);
        free(identity);
    }
}

void
client_attempt_free(struct mariadb_client *client)
{
    struct mariadb_attempt *attempt = client->attempt;
    if (attempt == NULL) {
        return;
    }
    client->attempt = NULL;
    if (attempt->state != NULL) {
        attempt->account.authenticator->ops->client_free(attempt->state);
    }
    mx_buf_wipe(&attempt->token);
    mx_buf_wipe(&attempt->in);
    mx_buf_free(&attempt->server_user);
    mx_login_account_free(&attempt->account);
    free(attempt->switched);
    free(attempt);
}

struct mariadb_attempt *
client_attempt_new(const struct wire_login *login, uint8_t sequence, bool is_change)
{
    struct wire_slice plugin =
        login->plugin.len > 0 ? login->plugin : wire_slice_of(WIRE_PLUGIN_NATIVE);
    const char *charset = charset_of(login->collation);
    size_t names = charset_name_room(login->user.len) + charset_name_room(login->db.len);
    size_t size = names + plugin.len + 1 + login->attrs.len;
    struct mariadb_attempt *attempt = mx_calloc(1, sizeof(*attempt) + size);
    uint8_t *at = attempt->texts;
    attempt->is_change = is_change;
    attempt->sequence = sequence;
    attempt->collation = login->collation;
    attempt->user = charset_put_name(&at, charset, login->user.data, login->user.len,
                                     USER_CHARS_MAX, &attempt->client_user);
    attempt->database = charset_put_name(&at, charset, login->db.data, login->db.len, SIZE_MAX,
                                         &attempt->client_database);
    attempt->plugin = charset_put_text(&at, plugin.data, plugin.len);
    attempt->used_password = login->token.len > 0;
    if (login->token.len > 0 &&
        mx_buf_append(&attempt->in, login->token.data, login->token.len) != 0) {
        mx_buf_clear(&attempt->in);
    }
    if (login->attrs.len > 0) {
        memcpy(at, login->attrs.data, login->attrs.len);
        attempt->attrs = at;
        attempt->attrs_len = (uint32_t)login->attrs.len;
    }
    return attempt;
}

/* Whom he is mapped to, in the character set that servers are told; NULL: as it is. */
static char *
mapped_user(const struct mariadb_attempt *attempt)
{
    char *text = mx_strndup((const char *)attempt->server_user.bytes, attempt->server_user.len);
    char *out = charset_from_utf8(charset_of(attempt->collation), text);
    free(text);
    return out;
}

struct mariadb_identity *
client_identity_new(struct mx_session *session)
{
    const struct mariadb_attempt *attempt = client_of(session)->attempt;
    struct wire_slice server_user = {attempt->server_user.bytes, attempt->server_user.len};
    char *mapped = NULL;
    if (server_user.len == 0 && attempt->client_user != attempt->user) {
        server_user = wire_slice_of(attempt->client_user);
    } else if (server_user.len > 0) {
        mapped = mapped_user(attempt);
        server_user = mapped != NULL ? wire_slice_of(mapped) : server_user;
    }
    size_t user_len = strlen(attempt->user);
    size_t database_len = strlen(attempt->client_database);
    size_t size =
        attempt->token.len + user_len + database_len + server_user.len + 3 + attempt->attrs_len;
    struct mariadb_identity *identity = mx_calloc(1, sizeof(*identity) + size);
    mx_ref_init(&identity->refs);
    uint8_t *at = identity->bytes;
    if (attempt->token.len > 0) {
        memcpy(at, attempt->token.bytes, attempt->token.len);
    }
    at += attempt->token.len;
    identity->user = charset_put_text(&at, attempt->user, user_len);
    identity->database = charset_put_text(&at, attempt->client_database, database_len);
    identity->server_user = identity->user;
    if (server_user.len > 0) {
        identity->server_user = charset_put_text(&at, server_user.data, server_user.len);
    }
    free(mapped);
    if (attempt->attrs_len > 0) {
        memcpy(at, attempt->attrs, attempt->attrs_len);
    }
    identity->attrs = at;
    identity->attrs_len = attempt->attrs_len;
    identity->token_len = (uint32_t)attempt->token.len;
    identity->token_is_password = attempt->token_is_password;
    identity->collation = attempt->collation;
    identity->authenticators = mx_authenticators_ref(mx_session_authenticators(session));
    identity->authenticator = attempt->by;
    identity->is_super = attempt->account.is_super;
    identity->has_roles = attempt->account.has_roles;
    identity->has_default = attempt->account.has_default_role;
    identity->accounts = attempt->account.version;
    identity->kind = pool_kind_of_user(session, identity);
    return identity;
}
