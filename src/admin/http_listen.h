/* What an HTTP server needs before it starts: a listening socket. */
#ifndef ADMIN_HTTP_LISTEN_H
#define ADMIN_HTTP_LISTEN_H

#include "mx/err.h"

struct core_global_config;

/* A listening socket on admin_host:admin_port, or -1. */
int admin_listen_open(const struct core_global_config *globals, struct mx_err *err);

#endif
