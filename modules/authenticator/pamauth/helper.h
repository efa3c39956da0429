/*
 * The helper program maxscale_pam_auth_tool from the outside: one process per login, talked to over
 * a socket (talk.h). Everything but helper_close blocks. Only libc is used here: test_pam_login is
 * made of this file, too.
 */
#ifndef PAMAUTH_HELPER_H
#define PAMAUTH_HELPER_H

#include "check.h"
#include "talk.h"

#include <sys/types.h>

#define HELPER_PROGRAM "maxscale_pam_auth_tool"

struct helper {
    int fd; /* -1: not running */
    pid_t pid;
};

/* Starts it and says whose login it is about. False: text says why it does not run. */
bool helper_start(struct helper *helper, const char *path, const struct check_request *request,
                  char text[CHECK_TEXT_MAX]);
/* Its next record. False: it has gone, text says what may be the reason. */
bool helper_next(struct helper *helper, struct talk_record *out, char text[CHECK_TEXT_MAX]);
/* After its last record: waits until the process has ended. */
void helper_wait(struct helper *helper);
/* In the middle of a login. The process sees it and ends by itself; nobody waits for that. */
void helper_close(struct helper *helper);

#endif
