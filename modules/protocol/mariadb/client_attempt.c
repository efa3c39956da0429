/* See client_attempt.h. */
#include "client_attempt.h"

#include "charset.h"

#include <stdlib.h>
#include <string.h>

#define USER_CHARS_MAX   128   /* servers cut what is longer */
#define NAME_CONVERT_MAX 1024u /* bytes; no name is longer, and nobody has said yet who he is */

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

static const char *
put_text(uint8_t **at, const void *text, size_t len)
{
    char *out = (char *)*at;
    if (len > 0) {
        memcpy(out, text, len);
    }
    out[len] = '\0';
    *at += len + 1;
    return out;
}

static size_t
convertible(struct wire_slice name)
{
    return mx_min_size(name.len, NAME_CONVERT_MAX);
}

/* Puts the client's bytes; returns them in UTF-8, cut to a number of characters. */
static const char *
put_name(uint8_t **at, const char *charset, struct wire_slice name, size_t chars_max,
         const char **out_as_sent)
{
    *out_as_sent = put_text(at, name.data, name.len);
    char *utf8 = charset_to_utf8(charset, name.data, convertible(name));
    const char *whole = utf8 != NULL ? utf8 : *out_as_sent;
    size_t len = charset_utf8_cut(whole, chars_max);
    bool is_same = utf8 == NULL && whole[len] == '\0';
    const char *out = is_same ? whole : put_text(at, whole, len);
    free(utf8);
    return out;
}

struct mariadb_attempt *
client_attempt_new(const struct wire_login *login, uint8_t sequence, bool is_change)
{
    struct wire_slice plugin =
        login->plugin.len > 0 ? login->plugin : wire_slice_of(WIRE_PLUGIN_NATIVE);
    const char *charset = charset_of(login->collation);
    size_t names = login->user.len + login->db.len;
    size_t converted = (convertible(login->user) + convertible(login->db)) * CHARSET_GROWTH_MAX;
    size_t size = names + converted + plugin.len + 5 + login->attrs.len;
    struct mariadb_attempt *attempt = mx_calloc(1, sizeof(*attempt) + size);
    uint8_t *at = attempt->texts;
    attempt->is_change = is_change;
    attempt->sequence = sequence;
    attempt->collation = login->collation;
    attempt->user = put_name(&at, charset, login->user, USER_CHARS_MAX, &attempt->client_user);
    attempt->database = put_name(&at, charset, login->db, SIZE_MAX, &attempt->client_database);
    attempt->plugin = put_text(&at, plugin.data, plugin.len);
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
    identity->user = put_text(&at, attempt->user, user_len);
    identity->database = put_text(&at, attempt->client_database, database_len);
    identity->server_user = identity->user;
    if (server_user.len > 0) {
        identity->server_user = put_text(&at, server_user.data, server_user.len);
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
