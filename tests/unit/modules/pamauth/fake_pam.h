/* A libpam that does what the test says, and the program's part of mx/. */
#ifndef FAKE_PAM_H
#define FAKE_PAM_H

#include <security/pam_appl.h>
#include <stdbool.h>

/* One message of the conversation, and the answer that it gets. */
struct fake_line {
    int style;
    const char *text;
    const char *expected; /* NULL: no answer is needed */
};

struct fake_pam {
    const struct fake_line *lines; /* ends with a NULL text */
    int start_code;
    int auth_code; /* when all answers were right */
    int account_code;
    const char *renamed; /* PAM_USER in the end; NULL: as it was */
    bool tells_without_place;
    /* What was seen. */
    char service[64];
    char user[64];
    char remote[64];
    int handles; /* open */
    int conv_code;
};
extern struct fake_pam fake_pam;

/* Jobs that mx_auth_run was given; they wait for fake_run_job. */
extern void *fake_job;
void fake_run_job(void);

#endif
