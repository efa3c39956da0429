/*
 * TLS of the load client: sockets that do not block, handshakes in steps, one session kept for
 * those that are to be resumed. Certificates are not checked: what the proxy does is measured, not
 * this side.
 */
#ifndef BENCH_LOAD_TLS_H
#define BENCH_LOAD_TLS_H

#include "mx/base.h"

#include <openssl/types.h>
#include <stdint.h>
#include <sys/types.h>

enum load_tls_step {
    LOAD_TLS_AGAIN = 0,
    LOAD_TLS_DONE,
    LOAD_TLS_FAILED,
};

/* Before the first connection. resume: each handshake offers the session of the one before. */
void load_tls_init(bool resume);

SSL *load_tls_new(int fd);
enum load_tls_step load_tls_handshake(SSL *tls);
/* As recv(): -1 with EAGAIN when nothing is there yet. */
ssize_t load_tls_read(SSL *tls, void *into, size_t len);
bool load_tls_write(SSL *tls, const void *bytes, size_t len);
void load_tls_free(SSL *tls);

/* How many handshakes were made, and how many of them resumed a session. */
long load_tls_handshakes(void);
long load_tls_resumed(void);

#endif
