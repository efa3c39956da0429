/* Which account a client gets, and whether it may use a database. Pure: snapshot and texts only. */
#include "core/users.h"

#include "core/users_private.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOCALHOST   "localhost"
#define MAPPED      "::ffff:"
#define PUBLIC_ROLE "PUBLIC" /* MariaDB 10.11: what everybody may */
#define ADDRESS_MAX 64

/* ---- LIKE ---- */

/* Bytes of the UTF-8 character at `text`, 1 for anything else; 0 at the end. */
static size_t
character_size(const char *text)
{
    size_t size = *text == '\0' ? 0 : 1;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
        size++;
    }
    return size;
}

static bool
byte_equal(char a, char b, bool ignore_case)
{
    return a == b || (ignore_case && tolower((unsigned char)a) == tolower((unsigned char)b));
}

bool
core_users_like(const char *pattern, const char *text, bool ignore_case)
{
    /* Where to go on when what follows the last % does not fit here. */
    const char *again_pattern = NULL;
    const char *again_text = NULL;
    while (*text != '\0') {
        if (*pattern == '%') {
            again_pattern = ++pattern;
            again_text = text;
            continue;
        }
        const char *literal = *pattern == '\\' && pattern[1] != '\0' ? pattern + 1 : pattern;
        if (*pattern == '_') {
            pattern++;
            text += character_size(text);
        } else if (*pattern != '\0' && byte_equal(*literal, *text, ignore_case)) {
            pattern = literal + 1;
            text++;
        } else if (again_pattern != NULL) {
            pattern = again_pattern;
            again_text += character_size(again_text);
            text = again_text;
        } else {
            return false;
        }
    }
    while (*pattern == '%') {
        pattern++;
    }
    return *pattern == '\0';
}

/* ---- hosts ---- */

/* Place of the first wildcard that is not escaped; SIZE_MAX: none. */
static size_t
first_wildcard(const char *pattern)
{
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == '\\' && pattern[i + 1] != '\0') {
            i++;
        } else if (pattern[i] == '%' || pattern[i] == '_') {
            return i;
        }
    }
    return SIZE_MAX;
}

/* How specific: an exact host, then a range by netmask, then the later the first wildcard is. */
static size_t
specificity(const char *pattern)
{
    if (*pattern == '\0') {
        return 0; /* an empty pattern is a lone % */
    }
    size_t wildcard = first_wildcard(pattern);
    return wildcard == SIZE_MAX && strchr(pattern, '/') != NULL ? SIZE_MAX - 1 : wildcard;
}

int
users_host_compare(const char *a, const char *b)
{
    size_t x = specificity(a);
    size_t y = specificity(b);
    if (x != y) {
        return x > y ? -1 : 1;
    }
    return strcmp(a, b);
}

/* "10.1.2.3" of "::ffff:10.1.2.3", else the address as it is. */
static const char *
unmapped(const char *address)
{
    size_t len = strlen(MAPPED);
    bool mapped = strncasecmp(address, MAPPED, len) == 0 && strchr(address + len, '.') != NULL;
    return mapped ? address + len : address;
}

/* "base/mask" of IPv4: client and mask is base. */
static bool
netmask_matches(const char *pattern, const char *address)
{
    char base_text[ADDRESS_MAX];
    const char *slash = strchr(pattern, '/');
    size_t len = (size_t)(slash - pattern);
    struct in_addr base;
    struct in_addr mask;
    struct in_addr client;
    if (len >= sizeof(base_text)) {
        return false;
    }
    memcpy(base_text, pattern, len);
    base_text[len] = '\0';
    return inet_pton(AF_INET, base_text, &base) == 1 && inet_pton(AF_INET, slash + 1, &mask) == 1 &&
           inet_pton(AF_INET, address, &client) == 1 &&
           (client.s_addr & mask.s_addr) == base.s_addr;
}

/* The same IPv6 address, however each is written. */
static bool
ipv6_equal(const char *a, const char *b)
{
    struct in6_addr x;
    struct in6_addr y;
    return inet_pton(AF_INET6, a, &x) == 1 && inet_pton(AF_INET6, b, &y) == 1 &&
           memcmp(&x, &y, sizeof(x)) == 0;
}

static bool
address_matches(const char *pattern, const char *address)
{
    const char *plain = unmapped(address);
    if (*pattern == '\0') {
        return true;
    }
    if (strchr(pattern, '/') != NULL) {
        return netmask_matches(pattern, plain);
    }
    if (core_users_like(pattern, plain, true)) {
        return true;
    }
    if (strchr(pattern, ':') == NULL) {
        return false;
    }
    /* A pattern for IPv6 may mean an IPv4 client in its mapped form. */
    char mapped[ADDRESS_MAX];
    bool is_ipv4 = strchr(plain, ':') == NULL;
    (void)snprintf(mapped, sizeof(mapped), "%s%s", is_ipv4 ? MAPPED : "", plain);
    return core_users_like(pattern, mapped, true) || ipv6_equal(pattern, mapped);
}

bool
core_users_name_is_address(const char *host_name)
{
    size_t digits = strspn(host_name, "0123456789");
    return digits > 0 && host_name[digits] == '.';
}

/* Neither an address, nor a part of one, nor only wildcards. */
static bool
may_be_name(const char *pattern)
{
    return strspn(pattern, "0123456789.%_/") != strlen(pattern) && strchr(pattern, ':') == NULL &&
           strchr(pattern, '/') == NULL && !core_users_name_is_address(pattern);
}

bool
core_users_host_matches(const char *pattern, const char *address, const char *host_name)
{
    return address_matches(pattern, address) ||
           (host_name != NULL && may_be_name(pattern) && core_users_like(pattern, host_name, true));
}

/* ---- accounts ---- */

static size_t
entries_first(const struct core_users *users, const char *user)
{
    size_t low = 0;
    size_t high = users->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(users->entries[middle].account.user, user) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A host name that may be used: none for a socket, none that could pass for an address. */
static const char *
usable_name(const struct core_users_query *query)
{
    bool usable = query->host_name != NULL && strcmp(query->address, LOCALHOST) != 0 &&
                  !core_users_name_is_address(query->host_name);
    return usable ? query->host_name : NULL;
}

/* The first account of `user` that fits the client. */
static enum core_users_verdict
account_find(const struct core_users *users, const struct core_users_query *query, const char *user,
             const struct core_users_account **out)
{
    enum core_users_verdict verdict = CORE_USERS_UNKNOWN;
    bool look_up =
        query->host_name == NULL && !query->name_known && strcmp(query->address, LOCALHOST) != 0;
    for (size_t i = entries_first(users, user); i < users->count; i++) {
        const struct core_users_account *account = &users->entries[i].account;
        if (strcmp(account->user, user) != 0) {
            break;
        }
        if (account->is_role) {
            continue;
        }
        if (query->any_host ||
            core_users_host_matches(account->host, query->address, usable_name(query))) {
            *out = account;
            return CORE_USERS_OK;
        }
        if (look_up && may_be_name(account->host)) {
            return CORE_USERS_NEEDS_NAME;
        }
        verdict = CORE_USERS_WRONG_HOST;
    }
    return verdict;
}

/* ---- databases ---- */

struct access {
    const struct core_users *users;
    const struct core_users_query *query;
    bool ignore_case;
};

static bool
name_equal(const struct access *access, const char *a, const char *b)
{
    return access->ignore_case ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

static bool
database_exists(const struct access *access)
{
    const struct users_grants *databases = &access->users->databases;
    for (size_t i = 0; i < databases->count; i++) {
        if (name_equal(access, databases->rows[i].name, access->query->database)) {
            return true;
        }
    }
    return !access->users->databases_known;
}

/* Rows of an account hold for its own host pattern and, as in a server, for any that fits. */
static bool
row_applies(const struct access *access, const struct users_grant *row,
            const struct core_users_account *account)
{
    return strcmp(row->host, account->host) == 0 ||
           core_users_host_matches(row->host, access->query->address, usable_name(access->query));
}

/* account NULL: `name` is a role, whose rows have no host. */
static bool
grant_found(const struct access *access, const char *name, const struct core_users_account *account)
{
    const struct users_grants *dbs = &access->users->dbs;
    for (size_t i = users_grants_first(dbs, name); i < dbs->count; i++) {
        const struct users_grant *row = &dbs->rows[i];
        if (strcmp(row->user, name) != 0) {
            break;
        }
        bool names_it = row->is_pattern ? core_users_like(row->name, access->query->database,
                                                          access->ignore_case)
                                        : name_equal(access, row->name, access->query->database);
        if (names_it && (account == NULL || row_applies(access, row, account))) {
            return true;
        }
    }
    return false;
}

static bool
role_is_global(const struct core_users *users, const char *role)
{
    for (size_t i = entries_first(users, role); i < users->count; i++) {
        const struct core_users_account *account = &users->entries[i].account;
        if (strcmp(account->user, role) != 0) {
            break;
        }
        if (account->is_role && account->global_priv) {
            return true;
        }
    }
    return false;
}

static void
role_add(const char **roles, size_t *count, const char *role)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(roles[i], role) == 0) {
            return;
        }
    }
    roles[(*count)++] = role;
}

static bool
has_role(const struct access *access, const struct core_users_account *account, const char *role)
{
    const struct users_grants *roles = &access->users->roles;
    for (size_t i = users_grants_first(roles, account->user);
         i < roles->count && strcmp(roles->rows[i].user, account->user) == 0; i++) {
        if (strcmp(roles->rows[i].name, role) == 0 &&
            row_applies(access, &roles->rows[i], account)) {
            return true;
        }
    }
    return false;
}

bool
core_users_has_roles(const struct core_users *users, const char *user)
{
    if (users == NULL) {
        return false;
    }
    const struct users_grants *roles = &users->roles;
    size_t mine = users_grants_first(roles, user);
    size_t all = users_grants_first(roles, PUBLIC_ROLE);
    return (mine < roles->count && strcmp(roles->rows[mine].user, user) == 0) ||
           (all < roles->count && strcmp(roles->rows[all].user, PUBLIC_ROLE) == 0);
}

/* Through the default role, the roles it has in turn, and what is granted to everybody. */
static bool
role_allows(const struct access *access, const struct core_users_account *account)
{
    const struct users_grants *all = &access->users->roles;
    /* Every name comes from a row, but the two at the start. */
    const char **roles = mx_calloc(all->count + 2, sizeof(*roles));
    size_t count = 0;
    bool allowed = false;
    role_add(roles, &count, PUBLIC_ROLE);
    if (account->default_role[0] != '\0' && has_role(access, account, account->default_role)) {
        role_add(roles, &count, account->default_role);
    }
    for (size_t i = 0; i < count && !allowed; i++) {
        allowed = role_is_global(access->users, roles[i]) || grant_found(access, roles[i], NULL);
        for (size_t r = users_grants_first(all, roles[i]);
             r < all->count && strcmp(all->rows[r].user, roles[i]) == 0; r++) {
            role_add(roles, &count, all->rows[r].name);
        }
    }
    free(roles);
    return allowed;
}

static enum core_users_database
database_check(const struct access *access, const struct core_users_account *account)
{
    const char *database = access->query->database;
    if (database == NULL || *database == '\0' || strcasecmp(database, "information_schema") == 0) {
        return CORE_USERS_DB_OK;
    }
    if (!database_exists(access)) {
        return CORE_USERS_DB_UNKNOWN;
    }
    bool allowed = account->global_priv || grant_found(access, account->user, account) ||
                   role_allows(access, account);
    return allowed ? CORE_USERS_DB_OK : CORE_USERS_DB_DENIED;
}

/* Existence only: what an anonymous account may is decided by whom it becomes. */
static enum core_users_database
database_check_anonymous(const struct access *access)
{
    const char *database = access->query->database;
    bool fine = database == NULL || *database == '\0' ||
                strcasecmp(database, "information_schema") == 0 || database_exists(access);
    return fine ? CORE_USERS_DB_OK : CORE_USERS_DB_UNKNOWN;
}

/* ---- all of it ---- */

static void
anonymous_find(const struct access *access, struct core_users_match *out)
{
    const struct core_users_account *account = NULL;
    enum core_users_verdict verdict = account_find(access->users, access->query, "", &account);
    if (verdict == CORE_USERS_NEEDS_NAME) {
        out->verdict = verdict;
    } else if (verdict == CORE_USERS_OK) {
        out->account = account;
        out->verdict = account->proxy_priv ? CORE_USERS_OK : CORE_USERS_NO_PROXY;
        out->database = database_check_anonymous(access);
    }
}

void
core_users_find(const struct core_users *users, const struct core_users_query *query,
                struct core_users_match *out)
{
    *out = (struct core_users_match){.verdict = CORE_USERS_UNKNOWN};
    if (strcmp(query->user, "root") == 0 && !query->enable_root) {
        out->verdict = CORE_USERS_ROOT;
        return;
    }
    if (users == NULL) {
        return;
    }
    MX_ASSERT(users->finished);
    struct access access = {
        .users = users, .query = query, .ignore_case = query->table_case != CORE_USERS_CASE_EXACT};
    out->verdict = account_find(users, query, query->user, &out->account);
    if (out->verdict == CORE_USERS_OK) {
        out->database = database_check(&access, out->account);
    } else if (out->verdict != CORE_USERS_NEEDS_NAME && query->anonymous && *query->user != '\0') {
        anonymous_find(&access, out);
    }
}

/* REQUIRE ISSUER and so on: each that is given must be met. */
static const char *
check_specified(const struct core_users_account *account, const struct core_users_tls *tls)
{
    bool wants_cert = account->x509_issuer[0] != '\0' || account->x509_subject[0] != '\0';
    if (account->ssl_cipher[0] != '\0' && strcmp(account->ssl_cipher, tls->cipher) != 0) {
        return "the account has REQUIRE CIPHER with another cipher than the connection's";
    }
    if (wants_cert && !tls->has_cert) {
        return "the account has REQUIRE ISSUER or SUBJECT, and the client has shown no certificate "
               "that an authority of the listener's ssl_ca vouches for";
    }
    if (account->x509_issuer[0] != '\0' && strcmp(account->x509_issuer, tls->issuer) != 0) {
        return "the account has REQUIRE ISSUER, and the client's certificate has another issuer";
    }
    if (account->x509_subject[0] != '\0' && strcmp(account->x509_subject, tls->subject) != 0) {
        return "the account has REQUIRE SUBJECT, and the client's certificate has another subject";
    }
    return NULL;
}

const char *
core_users_check_tls(const struct core_users_account *account, const struct core_users_tls *tls)
{
    if (account->ssl_type[0] == '\0') {
        return NULL;
    }
    if (tls->cipher[0] == '\0') {
        return "the account has REQUIRE SSL (or more), and the client has not used TLS; a listener "
               "offers it with ssl=true";
    }
    if (strcasecmp(account->ssl_type, "X509") == 0 && !tls->has_cert) {
        return "the account has REQUIRE X509, and the client has shown no certificate that an "
               "authority of the listener's ssl_ca vouches for";
    }
    return strcasecmp(account->ssl_type, "SPECIFIED") == 0 ? check_specified(account, tls) : NULL;
}

const char *
core_users_verdict_text(enum core_users_verdict verdict)
{
    switch (verdict) {
    case CORE_USERS_OK:
        return "the account was found";
    case CORE_USERS_UNKNOWN:
        return "no account of this name exists on the servers";
    case CORE_USERS_WRONG_HOST:
        return "the account exists, but for other addresses than the client's";
    case CORE_USERS_ROOT:
        return "root may not log in; 'enable_root_user=true' in the service would allow it";
    case CORE_USERS_NO_PROXY:
        return "only an anonymous account fits, and it has no PROXY grant";
    case CORE_USERS_NEEDS_NAME:
        return "the host name of the client is not known yet";
    }
    return "unknown";
}
