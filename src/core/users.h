/*
 * User accounts as the servers have them: who may log in from where, with which plugin and hash,
 * and whether the database he asks for exists and is open to him.
 *
 * A `struct core_users` is an immutable snapshot, reference counted, made by users_load.c and
 * users_file.c through the builder calls and then finished; any thread may look into a finished
 * one while it holds a reference. Matching is a pure function (users_match.c).
 */
#ifndef CORE_USERS_H
#define CORE_USERS_H

#include "mx/base.h"
#include "mx/err.h"

#include <jansson.h>

struct core_users;

/* One row user@host. Texts are never NULL, "" when empty, and belong to the snapshot. */
struct core_users_account {
    const char *user;
    const char *host; /* pattern */
    const char *plugin;
    const char *secret; /* authentication string: "*hex" for native passwords */
    const char *default_role;
    const char *ssl_type; /* "", ANY, X509 or SPECIFIED: what REQUIRE said */
    const char *ssl_cipher;
    const char *x509_issuer;
    const char *x509_subject;
    bool super_priv;
    bool global_priv; /* one of SELECT, INSERT, UPDATE, DELETE on *.* */
    bool proxy_priv;  /* may become someone else */
    bool is_role;     /* no one logs in as a role */
};

/* ------------------------------------------------------------ matching */

enum core_users_case {
    CORE_USERS_CASE_EXACT = 0, /* lower_case_table_names=0 */
    CORE_USERS_CASE_LOWER,     /* 1: the asked name is lower-cased, compared without case */
    CORE_USERS_CASE_IGNORE,    /* 2 */
};

struct core_users_query {
    const char *user;
    const char *address;   /* text of the client's IP address; "localhost" for a unix socket */
    const char *host_name; /* reverse name of the address; NULL: none, or not looked up */
    bool name_known;       /* the look-up was done (or is switched off): do not ask for it */
    bool any_host;         /* authenticator option match_host=false */
    bool enable_root;
    bool anonymous; /* an authenticator of the listener serves accounts without a name */
    enum core_users_case table_case;
    const char *database; /* NULL or "": none asked for */
};

enum core_users_verdict {
    CORE_USERS_OK = 0,
    CORE_USERS_UNKNOWN,    /* no account of this name; 1045 */
    CORE_USERS_WRONG_HOST, /* accounts, but none for this address; 1045 */
    CORE_USERS_ROOT,       /* root, and enable_root_user is off; 1045 */
    CORE_USERS_NO_PROXY,   /* an anonymous account without a PROXY grant; 1045 */
    CORE_USERS_NEEDS_NAME, /* a pattern may be a host name: look the address up, ask again */
};

/* Told to the client only after a right password, so that nobody can probe for databases. */
enum core_users_database {
    CORE_USERS_DB_OK = 0,
    CORE_USERS_DB_UNKNOWN, /* 1049 */
    CORE_USERS_DB_DENIED,  /* 1044 */
};

struct core_users_match {
    enum core_users_verdict verdict;
    enum core_users_database database;
    /* For OK and NO_PROXY, else NULL. Belongs to the snapshot. */
    const struct core_users_account *account;
};

/* users NULL is an empty snapshot. */
void core_users_find(const struct core_users *users, const struct core_users_query *query,
                     struct core_users_match *out);

/* How the client is connected; texts are "" for what it has not. */
struct core_users_tls {
    const char *cipher; /* "": in clear */
    bool has_cert;      /* one that an accepted authority vouches for */
    const char *issuer;
    const char *subject;
};

/* NULL: the connection is as REQUIRE of the account demands; else why not, for the log. */
const char *core_users_check_tls(const struct core_users_account *account,
                                 const struct core_users_tls *tls);

/* One line why a verdict is not OK, for the log. */
const char *core_users_verdict_text(enum core_users_verdict verdict);

/*
 * A name that looks like an IPv4 address could pass for one in a pattern such as 192.168.1.%: such
 * a reverse name must not be used as host_name.
 */
bool core_users_name_is_address(const char *host_name);

/* SQL LIKE with % and _, backslash escapes. */
bool core_users_like(const char *pattern, const char *text, bool ignore_case);
/* One host pattern against a client's address and, if not NULL, its name. */
bool core_users_host_matches(const char *pattern, const char *address, const char *host_name);

/* Some role was granted to this name, at whatever host. users may be NULL. */
bool core_users_has_roles(const struct core_users *users, const char *user);

/* ------------------------------------------------------------ snapshot */

/* Two snapshots with the same number are alike; 0: NULL, or never published. */
uint64_t core_users_version(const struct core_users *users);
void core_users_set_version(struct core_users *users, uint64_t version);

struct core_users *core_users_ref(struct core_users *users); /* returns users */
void core_users_unref(struct core_users *users);             /* NULL is fine */

/* Accounts, roles included; sorted by name, then by the order in which they match. */
size_t core_users_count(const struct core_users *users);
const struct core_users_account *core_users_at(const struct core_users *users, size_t index);
bool core_users_equal(const struct core_users *a, const struct core_users *b);

/*
 * [{user, host, plugin, ssl, super_priv, global_priv, proxy_priv, default_role}], without hashes.
 * Caller owns it. users NULL: an empty array.
 */
json_t *core_users_json(const struct core_users *users);

/* ------------------------------------------------------------ builder, one thread */

struct core_users *core_users_new(void);
/* Copies. Of several with the same user and host the first one stays. */
void core_users_add(struct core_users *users, const struct core_users_account *account);
/* The account may become someone else. */
void core_users_add_proxy(struct core_users *users, const char *user, const char *host);
/* A grant on a database: pattern for LIKE (mysql.db), or the exact name (table grants ...). */
void core_users_add_db(struct core_users *users, const char *user, const char *host, const char *db,
                       bool is_pattern);
void core_users_add_role(struct core_users *users, const char *user, const char *host,
                         const char *role);
/* Once called (even with NULL, for "none"), databases that were not added do not exist. */
void core_users_add_database(struct core_users *users, const char *name);
/* Sorts and removes doubles (the first added stays). Only now may it be looked into and shared. */
void core_users_finish(struct core_users *users);

/*
 * user_accounts_file: adds what it says to a snapshot that is not finished. -1: err names the file,
 * the place and what is wrong, and nothing was added.
 */
MX_MUST_USE int core_users_add_file(struct core_users *users, const char *path, struct mx_err *err);

#endif
