/* Jobs of logins, run when the test says so. */
#ifndef TESTS_MARIADBAUTH_JOBS_H
#define TESTS_MARIADBAUTH_JOBS_H

#include "mx/authenticator.h"

/* The job that waits; it has been run when this returns. NULL: there is none. */
void *jobs_run(void);
/* As when the client has gone. */
void jobs_drop(void);

#endif
