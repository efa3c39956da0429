/* Inside of a snapshot; for users.c, users_match.c and their tests only. */
#ifndef CORE_USERS_PRIVATE_H
#define CORE_USERS_PRIVATE_H

#include "core/users.h"
#include "mx/atomic.h"

/* A right on a database, or (name = role) membership in a role. Texts are owned. */
struct users_grant {
    char *user;
    char *host;
    char *name;
    bool is_pattern; /* databases: LIKE instead of the exact name */
    size_t order;    /* of adding: doubles keep the first */
};

struct users_grants {
    struct users_grant *rows; /* finished: sorted by user, host, name */
    size_t count;
    size_t capacity;
};

struct users_entry {
    struct core_users_account account; /* its texts are owned */
    size_t order;
};

struct core_users {
    struct mx_ref ref;
    uint64_t version;
    bool finished;
    bool databases_known;
    struct users_entry *entries; /* finished: sorted by user, then most specific host first */
    size_t count;
    size_t capacity;
    struct users_grants dbs;
    struct users_grants roles;
    struct users_grants proxies;   /* name is empty; used up by finish */
    struct users_grants databases; /* user and host are empty */
};

/* Sorts before 0, after 0: order in which two host patterns are tried. */
int users_host_compare(const char *a, const char *b);

/* The first row of the user, or the place where it would be. */
size_t users_grants_first(const struct users_grants *grants, const char *user);

#endif
