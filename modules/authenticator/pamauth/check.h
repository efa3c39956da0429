/*
 * One login checked by PAM: authentication, then the state of the account. Blocks as long as the
 * modules of the PAM service like. Nothing but libc and libpam is used here: the helper program
 * that runs with the rights of root is made of this file, too.
 */
#ifndef PAMAUTH_CHECK_H
#define PAMAUTH_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define CHECK_TEXT_MAX 512
#define CHECK_USER_MAX 256

struct check_request {
    const char *service; /* file in /etc/pam.d */
    const char *user;
    const char *remote; /* address of the client, "" when not known */
};

/* Who answers what PAM asks. */
struct check_asker {
    void *context;
    /* NULL: there is no answer, the login fails. PAM copies what is returned. */
    const char *(*answer)(void *context, bool shown, const char *question);
    void (*tell)(void *context, bool is_error, const char *text);
};

struct check_result {
    int code;                  /* of PAM, 0: it is him */
    char text[CHECK_TEXT_MAX]; /* why not, and what helps */
    char user[CHECK_USER_MAX]; /* as PAM calls him in the end; modules may change it */
};

/* True: the failure is the client's (wrong password, locked account), not one of this machine. */
bool check_is_denied(int code);

/* Letters, digits and _ . - only, no dot in front: never a path. */
bool check_is_service(const char *name);

/* Returns result->code == 0. */
bool check_run(const struct check_request *request, const struct check_asker *asker,
               struct check_result *result);

#endif
