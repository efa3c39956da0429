/* What the parts of PAMAuth share: its options, and the passwords of mapped users. */
#ifndef PAMAUTH_H
#define PAMAUTH_H

#include "mx/authenticator.h"

#define PAMAUTH_SERVICE_DEFAULT "mysql"

enum pamauth_mode {
    PAMAUTH_MODE_PASSWORD = 0,
    PAMAUTH_MODE_2FA,
    PAMAUTH_MODE_SUID,
};

enum pamauth_mapping {
    PAMAUTH_MAPPING_NONE = 0,
    PAMAUTH_MAPPING_MARIADB,
};

struct pamauth_config {
    bool use_cleartext;
    int64_t mode;    /* pamauth_mode */
    int64_t mapping; /* pamauth_mapping */
    char *mapped_pw_file;
};

/* Of the helper program; to be freed. */
char *pamauth_tool_path(void);

/* client.c, server.c: the exchanges. */
enum mx_auth_verdict pamauth_client_step(struct mx_auth_client *x);
void pamauth_client_free(void *state);
enum mx_auth_verdict pamauth_server_step(struct mx_auth_server *x);
void pamauth_server_free(void *state);

/*
 * pwfile.c: {"users_and_passwords": [{"user": "...", "password": "..."}]}, read once; immutable,
 * shared by all workers.
 */
struct pwfile;

/* NULL and err when it cannot be used; path NULL: one without users. */
struct pwfile *pwfile_load(const char *path, struct mx_err *err);
/* The same from text; `name` is for messages. */
struct pwfile *pwfile_parse(const char *name, const char *text, size_t len, struct mx_err *err);
void pwfile_free(struct pwfile *file);
/* "" for a user that is not in it. */
const char *pwfile_password(const struct pwfile *file, const char *user);

#endif
