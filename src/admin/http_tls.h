/*
 * HTTPS of the REST API: certificate, key and authorities from PEM files. There is one set for the
 * process, because GnuTLS asks for the certificate of a connection without saying whose it is; a
 * reload replaces it, and connections that begin later get the new one.
 */
#ifndef ADMIN_HTTP_TLS_H
#define ADMIN_HTTP_TLS_H

#include "mx/err.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

struct core_global_config;

/* Reads and checks the files; what was there before stays when they are wrong. */
int admin_tls_load(const struct core_global_config *globals, struct mx_err *err);
void admin_tls_fini(void);

/* Is HTTPS spoken? Fixed at start. */
bool admin_tls_is_on(void);
/* What the daemon is started with; they do not change with a reload. NULL: not set. */
const char *admin_tls_priorities(void);
const char *admin_tls_first_ca(void);

/* GnuTLS asks what to show. */
int admin_tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                       gnutls_pcert_st **certs, unsigned *count, gnutls_ocsp_data_st **ocsp,
                       unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags);

/* A client certificate is not demanded, but one that is shown must be good. */
bool admin_tls_peer_is_good(gnutls_session_t session);

#endif
