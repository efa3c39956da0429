/* What an HTTP server needs before it starts: a listening socket and the texts of its certificate.
 */
#ifndef ADMIN_HTTP_LISTEN_H
#define ADMIN_HTTP_LISTEN_H

#include "mx/err.h"

struct core_global_config;

/* A listening socket on admin_host:admin_port, or -1. */
int admin_listen_open(const struct core_global_config *globals, struct mx_err *err);

/* PEM texts and the GnuTLS priority string; all NULL: plain HTTP. */
struct admin_tls {
    char *key;
    char *cert;
    char *ca;
    char *priorities;
};

int admin_tls_load(struct admin_tls *tls, const struct core_global_config *globals,
                   struct mx_err *err);
void admin_tls_fini(struct admin_tls *tls);

#endif
