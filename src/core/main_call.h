/*
 * Configuration changes one at a time: other threads (REST) have a function run on the main thread
 * and wait for it. At shutdown the main thread closes this door first, so that it can then wait for
 * those threads without waiting for itself.
 */
#ifndef CORE_MAIN_CALL_H
#define CORE_MAIN_CALL_H

#include "mx/base.h"

#define CORE_MAIN_CLOSED (-2)

/*
 * Runs fn(arg) on the main thread and returns what it returned. CORE_MAIN_CLOSED: the program is
 * stopping, fn did not run and will not. On the main thread itself fn runs directly.
 */
int core_main_call(int (*fn)(void *arg), void *arg);

/* Main thread, at shutdown: calls that wait return CORE_MAIN_CLOSED, and so do all later ones. */
void core_main_close(void);

#endif
