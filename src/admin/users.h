/*
 * The accounts of the REST API and the file they live in: <datadir>/passwd, a JSON array of
 *   {"name": text, "account": "admin" or "basic", "password": crypt string}
 * with the optional members "created" and "last_update" (seconds since 1970). Passwords are
 * SHA-512 crypt strings with the setting $6$MXS, so that files move between versions; any other
 * setting that crypt(3) knows is accepted when checking. Thread-safe.
 */
#ifndef ADMIN_USERS_H
#define ADMIN_USERS_H

#include "mx/base.h"
#include "mx/err.h"

#include <jansson.h>

#define ADMIN_USER_NAME_MAX 127u

enum admin_account {
    ADMIN_ACCOUNT_BASIC = 0, /* may look */
    ADMIN_ACCOUNT_ADMIN,     /* may change things */
};

struct admin_users;

const char *admin_account_name(enum admin_account account);
/* False: neither admin nor basic. */
bool admin_account_parse(const char *name, enum admin_account *out);

/*
 * Reads the file. When it is missing, empty, or holds no account, the account admin with the
 * password mariadb is made and written. NULL and err: unreadable, not ours, or not writable.
 */
struct admin_users *admin_users_open(const char *path, struct mx_err *err);
void admin_users_close(struct admin_users *users);

/* Takes as long for a name that does not exist. Remembers the time when it matches. */
bool admin_users_verify(struct admin_users *users, const char *name, const char *password,
                        enum admin_account *out);
bool admin_users_find(struct admin_users *users, const char *name, enum admin_account *out);

/* These write the file first; nothing has changed when they return -1. */
int admin_users_add(struct admin_users *users, const char *name, const char *password,
                    enum admin_account account, struct mx_err *err);
int admin_users_set_password(struct admin_users *users, const char *name, const char *password,
                             struct mx_err *err);
/* The last account with admin rights stays. */
int admin_users_remove(struct admin_users *users, const char *name, struct mx_err *err);

/*
 * Array of {name, account, created, last_update, last_login} in order of name; times are text or
 * null. With a name: that one as an object, NULL when there is none.
 */
json_t *admin_users_json(struct admin_users *users, const char *name);

#endif
