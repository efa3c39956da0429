/*
 * TLS over OpenSSL. A `struct mx_tls` is what a listener or a server was configured with, read and
 * checked once, immutable and reference counted; each worker makes its own OpenSSL context from it
 * when it needs one, so that workers share no lock. A `struct net_tls` is the layer of one
 * connection (net/io.h).
 *
 *   tls.c          the layer: records in and out, the handshake
 *   tls_context.c  mx_tls and the contexts of the workers
 *   tls_files.c    PEM files, and what is wrong with them
 *   tls_tickets.c  keys of session tickets, the same on all workers
 *   tls_problem.c  why a handshake failed, and what mends it
 *   conn_tls.c     TLS in mx/conn.h
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "mx/atomic.h"
#include "mx/conn.h"
#include "mx/err.h"
#include "net/io.h"

#include <openssl/ssl.h>

/* Versions, as bits of net_tls_config.versions. */
enum net_tls_version {
    NET_TLS_V10 = 1 << 0,
    NET_TLS_V11 = 1 << 1,
    NET_TLS_V12 = 1 << 2,
    NET_TLS_V13 = 1 << 3,
};

/* Texts are copied and may be NULL. */
struct net_tls_config {
    bool is_server; /* clients connect to us; else we connect to a server */
    const char *cert;
    const char *key;
    const char *ca;     /* NULL: the system's authorities, where one is needed at all */
    const char *crl;    /* revoked certificates */
    const char *cipher; /* TLS 1.2 and older; NULL: the library's choice */
    uint32_t versions;  /* 0: the library's choice */
    int verify_depth;
    bool verify_peer;
    bool verify_host;
    size_t worker_count;
};

/* Where findings go: param is the member's name ("ssl_cert" for cert and so on), hint may be NULL.
 */
struct net_tls_report {
    void (*fn)(void *arg, bool is_error, const char *param, const char *hint, const char *text);
    void *arg;
};

/* Reads and checks everything, reporting all that is wrong. NULL when an error was reported. */
struct mx_tls *net_tls_new(const struct net_tls_config *config,
                           const struct net_tls_report *report);
struct mx_tls *net_tls_ref(struct mx_tls *tls); /* returns tls */
void net_tls_unref(struct mx_tls *tls);         /* NULL is fine; any thread */
/* Whether clients are asked for certificates (listeners). */
bool net_tls_asks_peer(const struct mx_tls *tls);

/* ------------------------------------------------------------ inside of src/net */

#define NET_TICKET_SECRET 32

/* Two generations of keys for session tickets; one set per worker, all moving on alike. */
struct net_tickets {
    int64_t epoch; /* of `secret` */
    bool has_previous;
    uint8_t secret[NET_TICKET_SECRET];
    uint8_t previous[NET_TICKET_SECRET];
};

/* What one worker has of a context; only that worker touches it. */
struct net_tls_slot {
    SSL_CTX *ctx;         /* NULL until needed */
    SSL_SESSION *session; /* to resume; connections to servers only */
    struct net_tickets tickets;
} __attribute__((aligned(64)));

struct net_tls_files {
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* behind the certificate */
    STACK_OF(X509) * ca;
    STACK_OF(X509_CRL) * crl;
};

#define NET_TLS_MAGIC 0x544c5343u
struct mx_tls {
    uint32_t magic;
    struct mx_ref ref;
    bool is_server;
    bool verify_peer;
    bool verify_host;
    int verify_depth;
    uint32_t versions;
    char *cipher;
    struct net_tls_files files;
    size_t slot_count;
    struct net_tls_slot *slots; /* the last one is the main worker's */
};

/* The slot of the calling worker. */
struct net_tls_slot *net_tls_mine(struct mx_tls *tls);
/* The context of the calling worker, made when it is not there yet; NULL: err. */
SSL_CTX *net_tls_ctx(struct mx_tls *tls, struct mx_err *err);

/* tls_files.c. False when an error was reported. */
bool net_tls_files_read(const struct net_tls_config *config, const struct net_tls_report *report,
                        struct net_tls_files *out);
void net_tls_files_free(struct net_tls_files *files);
void net_tls_tell(const struct net_tls_report *report, bool is_error, const char *param,
                  const char *hint, const char *format, ...) MX_PRINTF(5, 6);

/* tls_tickets.c: the callback of OpenSSL; the context's app data is its mx_tls. */
void net_tickets_begin(struct mx_tls *tls);
int net_tickets_use(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                    EVP_MAC_CTX *mac, int is_new);
/* So many epochs later. For tests. */
void net_tickets_advance(struct net_tickets *tickets, int64_t epoch);

/* tls_problem.c: the text for what OpenSSL's error queue of this thread says; empties the queue. */
void net_tls_explain(const SSL *ssl, bool is_server, bool has_ended, char *out, size_t size);

/* The layer of a connection. */
struct net_tls;
struct net_tls *net_tls_prepare(struct mx_tls *tls, const char *host);
/* Unless one was given before. */
void net_tls_set_host(struct net_tls *t, const char *host);
void net_tls_free(struct net_tls *t);
/* Whether OpenSSL clears what was decrypted when it has been read. */
void net_tls_cleanse(struct net_tls *t, bool on);
/* The layer, ready for the handshake; NULL: err. may_receive: bytes may wait in the socket. */
struct net_layer *net_tls_begin(struct net_tls *t, bool may_receive, struct mx_err *err);
/* Its first step is to send. */
bool net_tls_speaks_first(const struct net_tls *t);
/* It is a layer of its connection, or was. */
bool net_tls_is_begun(const struct net_tls *t);
/* NULL: the handshake is not done. */
const SSL *net_tls_ssl(const struct net_tls *t);
/* Prepared but never put on. */
void net_tls_drop_prepared(struct mx_conn *conn);

#endif
