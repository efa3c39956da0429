/*
 * What the client has given, and which of it answers a question: of PAM on this machine, or of the
 * PAM of a server. Only libc is used here: test_pam_login is made of this file, too.
 */
#ifndef PAMAUTH_ANSWERS_H
#define PAMAUTH_ANSWERS_H

#include <stdbool.h>

#define ANSWERS_TEXT_MAX 511u /* PAM_MAX_RESP_SIZE without its NUL */

struct answers {
    const char *password;
    const char *code; /* second factor, NULL: none was asked for */
    bool gave_password;
    bool gave_code;
};

/* The last line of the question begins with "Password", in any case. */
bool answers_is_password(const char *question);

/*
 * The password to the first question for a password, the code to the next question of any kind,
 * whichever comes first. When there is no code, or it was given, a question for the password gets
 * the password again: several modules of a PAM service may ask for it. NULL: nothing fits.
 */
const char *answers_next(struct answers *answers, const char *question);

#endif
