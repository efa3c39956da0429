/* HTTP and HTTPS for the REST API: libmicrohttpd, one thread a connection, for commands may block.
 */
#ifndef ADMIN_HTTP_H
#define ADMIN_HTTP_H

#include "mx/err.h"

struct admin;
struct admin_http;
struct core_global_config;

struct admin_http *admin_http_open(struct admin *admin, const struct core_global_config *globals,
                                   struct mx_err *err);
/* Waits for the requests under way. Accepts NULL. */
void admin_http_close(struct admin_http *http);

#endif
