/*
 * The REST API: HTTP(S) on admin_host:admin_port with threads of its own. Reads are answered from
 * the registry that is in force when a request comes, changes are run on the main thread.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "mx/err.h"

struct admin;

/*
 * Main thread, when the first registry is published and admin_enabled is on. Makes the user file
 * <datadir>/passwd when there is none. NULL and err: the file, the address or the certificate
 * cannot be used.
 */
struct admin *admin_start(struct mx_err *err);

/*
 * Main thread; waits for the requests that are being served. Before: core_main_close(). After: the
 * monitors and the workers may be stopped. Accepts NULL.
 */
void admin_stop(struct admin *admin);

#endif
