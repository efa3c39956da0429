/* Snapshots of user accounts: building, sorting, comparing, showing. Matching: users_match.c. */
#include "core/users.h"

#include "core/users_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

struct core_users *
core_users_new(void)
{
    struct core_users *users = mx_calloc(1, sizeof(*users));
    mx_ref_init(&users->ref);
    return users;
}

static char *
text_copy(const char *text)
{
    return mx_strdup(text == NULL ? "" : text);
}

static size_t
grown(size_t capacity)
{
    return capacity == 0 ? 16 : capacity * 2;
}

void
core_users_add(struct core_users *users, const struct core_users_account *account)
{
    MX_ASSERT(!users->finished);
    if (users->count == users->capacity) {
        users->capacity = grown(users->capacity);
        users->entries = mx_realloc(users->entries, users->capacity * sizeof(*users->entries));
    }
    struct users_entry *entry = &users->entries[users->count];
    entry->order = users->count++;
    entry->account = *account;
    entry->account.user = text_copy(account->user);
    entry->account.host = text_copy(account->host);
    entry->account.plugin = text_copy(account->plugin);
    entry->account.secret = text_copy(account->secret);
    entry->account.default_role = text_copy(account->default_role);
    entry->account.ssl_type = text_copy(account->ssl_type);
    entry->account.ssl_cipher = text_copy(account->ssl_cipher);
    entry->account.x509_issuer = text_copy(account->x509_issuer);
    entry->account.x509_subject = text_copy(account->x509_subject);
}

static void
grants_add(struct users_grants *grants, const char *user, const char *host, const char *name,
           bool is_pattern)
{
    if (grants->count == grants->capacity) {
        grants->capacity = grown(grants->capacity);
        grants->rows = mx_realloc(grants->rows, grants->capacity * sizeof(*grants->rows));
    }
    grants->rows[grants->count] = (struct users_grant){.user = text_copy(user),
                                                       .host = text_copy(host),
                                                       .name = text_copy(name),
                                                       .is_pattern = is_pattern,
                                                       .order = grants->count};
    grants->count++;
}

void
core_users_add_proxy(struct core_users *users, const char *user, const char *host)
{
    MX_ASSERT(!users->finished);
    grants_add(&users->proxies, user, host, "", false);
}

void
core_users_add_db(struct core_users *users, const char *user, const char *host, const char *db,
                  bool is_pattern)
{
    MX_ASSERT(!users->finished);
    grants_add(&users->dbs, user, host, db, is_pattern);
}

void
core_users_add_role(struct core_users *users, const char *user, const char *host, const char *role)
{
    MX_ASSERT(!users->finished);
    grants_add(&users->roles, user, host, role, false);
}

void
core_users_add_database(struct core_users *users, const char *name)
{
    MX_ASSERT(!users->finished);
    users->databases_known = true;
    if (name != NULL) {
        grants_add(&users->databases, "", "", name, false);
    }
}

/* ---- freeing ---- */

/* The texts of a snapshot are ours; the public struct shows them as const. */
static void
text_free(const char *text)
{
    union {
        const char *shown;
        char *owned;
    } both = {.shown = text};
    free(both.owned);
}

static void
entry_fini(struct users_entry *entry)
{
    text_free(entry->account.user);
    text_free(entry->account.host);
    text_free(entry->account.plugin);
    text_free(entry->account.secret);
    text_free(entry->account.default_role);
    text_free(entry->account.ssl_type);
    text_free(entry->account.ssl_cipher);
    text_free(entry->account.x509_issuer);
    text_free(entry->account.x509_subject);
}

static void
grant_fini(struct users_grant *grant)
{
    free(grant->user);
    free(grant->host);
    free(grant->name);
}

static void
grants_fini(struct users_grants *grants)
{
    for (size_t i = 0; i < grants->count; i++) {
        grant_fini(&grants->rows[i]);
    }
    free(grants->rows);
    *grants = (struct users_grants){0};
}

struct core_users *
core_users_ref(struct core_users *users)
{
    mx_ref_get(&users->ref);
    return users;
}

void
core_users_unref(struct core_users *users)
{
    if (users == NULL || !mx_ref_put(&users->ref)) {
        return;
    }
    for (size_t i = 0; i < users->count; i++) {
        entry_fini(&users->entries[i]);
    }
    free(users->entries);
    grants_fini(&users->dbs);
    grants_fini(&users->roles);
    grants_fini(&users->proxies);
    grants_fini(&users->databases);
    free(users);
}

/* ---- finishing ---- */

static int
entry_compare(const void *a, const void *b)
{
    const struct users_entry *x = a;
    const struct users_entry *y = b;
    int rc = strcmp(x->account.user, y->account.user);
    if (rc == 0) {
        rc = users_host_compare(x->account.host, y->account.host);
    }
    return rc != 0 ? rc : (x->order > y->order) - (x->order < y->order);
}

static int
grant_compare(const void *a, const void *b)
{
    const struct users_grant *x = a;
    const struct users_grant *y = b;
    int rc = strcmp(x->user, y->user);
    rc = rc != 0 ? rc : strcmp(x->host, y->host);
    rc = rc != 0 ? rc : strcmp(x->name, y->name);
    rc = rc != 0 ? rc : (int)y->is_pattern - (int)x->is_pattern;
    return rc != 0 ? rc : (x->order > y->order) - (x->order < y->order);
}

static bool
grant_equal(const struct users_grant *a, const struct users_grant *b)
{
    return strcmp(a->user, b->user) == 0 && strcmp(a->host, b->host) == 0 &&
           strcmp(a->name, b->name) == 0 && a->is_pattern == b->is_pattern;
}

static void
grants_finish(struct users_grants *grants)
{
    if (grants->count == 0) {
        return;
    }
    qsort(grants->rows, grants->count, sizeof(*grants->rows), grant_compare);
    size_t kept = 1;
    for (size_t i = 1; i < grants->count; i++) {
        if (grant_equal(&grants->rows[kept - 1], &grants->rows[i])) {
            grant_fini(&grants->rows[i]);
        } else {
            grants->rows[kept++] = grants->rows[i];
        }
    }
    grants->count = kept;
}

static bool
same_account(const struct core_users_account *a, const struct core_users_account *b)
{
    return strcmp(a->user, b->user) == 0 && strcmp(a->host, b->host) == 0;
}

static void
entries_finish(struct core_users *users)
{
    if (users->count == 0) {
        return;
    }
    qsort(users->entries, users->count, sizeof(*users->entries), entry_compare);
    size_t kept = 1;
    for (size_t i = 1; i < users->count; i++) {
        if (same_account(&users->entries[kept - 1].account, &users->entries[i].account)) {
            entry_fini(&users->entries[i]);
        } else {
            users->entries[kept++] = users->entries[i];
        }
    }
    users->count = kept;
}

size_t
users_grants_first(const struct users_grants *grants, const char *user)
{
    size_t low = 0;
    size_t high = grants->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(grants->rows[middle].user, user) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void
proxies_apply(struct core_users *users)
{
    for (size_t i = 0; i < users->count; i++) {
        struct core_users_account *account = &users->entries[i].account;
        size_t at = users_grants_first(&users->proxies, account->user);
        while (at < users->proxies.count &&
               strcmp(users->proxies.rows[at].user, account->user) == 0) {
            if (strcmp(users->proxies.rows[at].host, account->host) == 0) {
                account->proxy_priv = true;
            }
            at++;
        }
    }
    grants_fini(&users->proxies);
}

void
core_users_finish(struct core_users *users)
{
    MX_ASSERT(!users->finished);
    entries_finish(users);
    grants_finish(&users->dbs);
    grants_finish(&users->roles);
    grants_finish(&users->databases);
    grants_finish(&users->proxies);
    proxies_apply(users);
    users->finished = true;
}

/* ---- looking ---- */

uint64_t
core_users_version(const struct core_users *users)
{
    return users == NULL ? 0 : users->version;
}

void
core_users_set_version(struct core_users *users, uint64_t version)
{
    users->version = version;
}

size_t
core_users_count(const struct core_users *users)
{
    return users == NULL ? 0 : users->count;
}

const struct core_users_account *
core_users_at(const struct core_users *users, size_t index)
{
    MX_ASSERT(users->finished && index < users->count);
    return &users->entries[index].account;
}

static bool
same_demands(const struct core_users_account *a, const struct core_users_account *b)
{
    return strcmp(a->ssl_type, b->ssl_type) == 0 && strcmp(a->ssl_cipher, b->ssl_cipher) == 0 &&
           strcmp(a->x509_issuer, b->x509_issuer) == 0 &&
           strcmp(a->x509_subject, b->x509_subject) == 0;
}

static bool
account_equal(const struct core_users_account *a, const struct core_users_account *b)
{
    return same_account(a, b) && strcmp(a->plugin, b->plugin) == 0 &&
           strcmp(a->secret, b->secret) == 0 && strcmp(a->default_role, b->default_role) == 0 &&
           same_demands(a, b) && a->super_priv == b->super_priv &&
           a->global_priv == b->global_priv && a->proxy_priv == b->proxy_priv &&
           a->is_role == b->is_role;
}

static bool
grants_equal(const struct users_grants *a, const struct users_grants *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!grant_equal(&a->rows[i], &b->rows[i])) {
            return false;
        }
    }
    return true;
}

bool
core_users_equal(const struct core_users *a, const struct core_users *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (a->count != b->count || a->databases_known != b->databases_known) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!account_equal(&a->entries[i].account, &b->entries[i].account)) {
            return false;
        }
    }
    return grants_equal(&a->dbs, &b->dbs) && grants_equal(&a->roles, &b->roles) &&
           grants_equal(&a->databases, &b->databases);
}

json_t *
core_users_json(const struct core_users *users)
{
    json_t *array = json_array();
    for (size_t i = 0; i < core_users_count(users); i++) {
        const struct core_users_account *a = core_users_at(users, i);
        json_t *item = json_object();
        /* NULL for text that is not UTF-8: such a name is left out of the object. */
        (void)json_object_set_new(item, "user", json_string(a->user));
        (void)json_object_set_new(item, "host", json_string(a->host));
        (void)json_object_set_new(item, "plugin", json_string(a->plugin));
        (void)json_object_set_new(item, "ssl", json_boolean(a->ssl_type[0] != '\0'));
        (void)json_object_set_new(item, "super_priv", json_boolean(a->super_priv));
        (void)json_object_set_new(item, "global_priv", json_boolean(a->global_priv));
        (void)json_object_set_new(item, "proxy_priv", json_boolean(a->proxy_priv));
        (void)json_object_set_new(item, "default_role", json_string(a->default_role));
        (void)json_array_append_new(array, item);
    }
    return array;
}
