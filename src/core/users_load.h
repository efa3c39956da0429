/*
 * Reads the user accounts of servers over SQL. Blocks: runs on the thread of a users manager.
 * Knows nothing of configured objects: everything it needs is in the structs below.
 */
#ifndef CORE_USERS_LOAD_H
#define CORE_USERS_LOAD_H

#include "core/users.h"
#include "mx/atomic.h"

/* Texts may be NULL. Owned by the source. */
struct core_users_server {
    char *name; /* for messages */
    char *address;
    char *socket; /* instead of the address */
    int port;
    int extra_port; /* 0: none; tried first */
    bool proxy_protocol;
    bool ssl;
    char *ssl_cert;
    char *ssl_key;
    char *ssl_ca;
    char *ssl_cipher;
    char *tls_version; /* "TLSv1.2,TLSv1.3"; NULL: the library's choice */
    bool ssl_verify_peer;
    bool ssl_verify_host;
};

/* Everything a load depends on; asked for anew before each, since all of it may change. */
struct core_users_source {
    char *service; /* for messages */
    char *user;
    char *password; /* in clear */
    char *local_address;
    int timeout_ms;
    struct core_users_server *servers; /* usable ones: primary first, then replicas, then others */
    size_t server_count;
    bool all_servers;    /* merge the accounts of all; else the first that answers is enough */
    bool strip_db_esc;   /* "a\_b" in table grants means a_b */
    char *file;          /* user_accounts_file; NULL or "": none */
    bool file_only;      /* servers are not asked */
    int64_t refresh_ms;  /* shortest time between reloads on demand; 0 none, < 0 never reload */
    int64_t interval_ms; /* periodic reload; 0: none */
    const struct mx_atomic *cancelled; /* NULL, or: not 0 when no further server is to be asked */
};

void core_users_source_fini(struct core_users_source *source);

struct core_users_loaded {
    struct core_users *users; /* finished, one reference */
    char *servers;            /* "s1" or "s1, s2": where from; the file's path when file_only */
    char *warnings;           /* lines about missing grants; NULL: none */
};

/*
 * 0: *out is filled, to be freed with core_users_loaded_fini. -1: no server could be read; err says
 * why for each of them, and which GRANT would mend it.
 */
MX_MUST_USE int core_users_load(const struct core_users_source *source,
                                struct core_users_loaded *out, struct mx_err *err);
void core_users_loaded_fini(struct core_users_loaded *loaded);

#endif
