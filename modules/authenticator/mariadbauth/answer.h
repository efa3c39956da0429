/* Answers to servers for one whose password is known, or SHA1 of it. */
#ifndef ANSWER_H
#define ANSWER_H

#include "mx/authenticator.h"

/* Plugins of servers; ends with NULL. */
extern const char *const answer_plugins[];

/* The state is one allocation, for free(). */
enum mx_auth_verdict answer_step(struct mx_auth_server *x);

#endif
