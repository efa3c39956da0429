/* What a listener or server was configured with, and the OpenSSL context each worker makes of it.
 */
#include "net/tls.h"

#include "net/worker.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a session can be resumed; a ticket's key lives for one to two of these. */
#define SESSION_S 3600

static const struct {
    uint32_t bit;
    int number;
    uint64_t off;
} versions[] = {
    {NET_TLS_V10, TLS1_VERSION, SSL_OP_NO_TLSv1},
    {NET_TLS_V11, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
    {NET_TLS_V12, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
    {NET_TLS_V13, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
};

/* ------------------------------------------------------------ one OpenSSL context */

/* Exactly the versions of the set. */
static int
set_versions(const struct mx_tls *tls, SSL_CTX *ctx)
{
    int lowest = 0;
    int highest = 0;
    if (tls->versions == 0) {
        return 1;
    }
    for (size_t i = 0; i < MX_COUNT(versions); i++) {
        if ((tls->versions & versions[i].bit) == 0) {
            (void)SSL_CTX_set_options(ctx, versions[i].off);
            continue;
        }
        lowest = lowest == 0 ? versions[i].number : lowest;
        highest = versions[i].number;
    }
    if (lowest < TLS1_2_VERSION) {
        SSL_CTX_set_security_level(ctx, 0); /* they sign with SHA-1, which was asked for */
    }
    return SSL_CTX_set_min_proto_version(ctx, lowest) == 1 &&
                   SSL_CTX_set_max_proto_version(ctx, highest) == 1
               ? 1
               : 0;
}

/* A list is demanded for the certificate itself; those of authorities above it are used when they
 * are there. */
static int
on_verify(int is_good, X509_STORE_CTX *store)
{
    bool no_list = X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL;
    if (!is_good && no_list && X509_STORE_CTX_get_error_depth(store) > 0) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    return is_good;
}

/* Clients may show a certificate; the accounts say who must, and then look at the verdict. */
static int
on_verify_optional(int is_good, X509_STORE_CTX *store)
{
    (void)on_verify(is_good, store);
    return 1;
}

bool
net_tls_asks_peer(const struct mx_tls *tls)
{
    return tls->verify_peer || tls->files.ca != NULL;
}

static int
set_authorities(const struct mx_tls *tls, SSL_CTX *ctx)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    for (int i = 0; i < sk_X509_num(tls->files.ca); i++) {
        if (X509_STORE_add_cert(store, sk_X509_value(tls->files.ca, i)) != 1 ||
            (tls->is_server && SSL_CTX_add_client_CA(ctx, sk_X509_value(tls->files.ca, i)) != 1)) {
            return 0;
        }
    }
    for (int i = 0; i < sk_X509_CRL_num(tls->files.crl); i++) {
        if (X509_STORE_add_crl(store, sk_X509_CRL_value(tls->files.crl, i)) != 1) {
            return 0;
        }
    }
    if (tls->files.crl != NULL) {
        (void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    return tls->files.ca != NULL || !tls->verify_peer ? 1 : SSL_CTX_set_default_verify_paths(ctx);
}

static void
set_verification(const struct mx_tls *tls, SSL_CTX *ctx)
{
    int mode = SSL_VERIFY_NONE;
    SSL_verify_cb callback = on_verify;
    if (tls->verify_peer) {
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    } else if (tls->is_server && net_tls_asks_peer(tls)) {
        mode = SSL_VERIFY_PEER;
        callback = on_verify_optional;
    }
    SSL_CTX_set_verify(ctx, mode, callback);
    SSL_CTX_set_verify_depth(ctx, tls->verify_depth);
}

/* A new session of a connection to a server: the next connection of this worker resumes it. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
    struct mx_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct net_tls_slot *slot = net_tls_mine(tls);
    SSL_SESSION_free(slot->session);
    slot->session = session;
    return 1; /* the reference is ours */
}

static void
set_sessions(struct mx_tls *tls, SSL_CTX *ctx)
{
    static const unsigned char id[] = "mx";
    (void)SSL_CTX_set_app_data(ctx, tls);
    (void)SSL_CTX_set_timeout(ctx, SESSION_S);
    if (tls->is_server) {
        (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        (void)SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
        (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, net_tickets_use);
        (void)SSL_CTX_set_num_tickets(ctx, 1);
    } else {
        (void)SSL_CTX_set_session_cache_mode(ctx,
                                             SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ctx, on_session);
    }
}

static int
set_own(const struct mx_tls *tls, SSL_CTX *ctx)
{
    const struct net_tls_files *files = &tls->files;
    return files->cert == NULL
               ? 1
               : SSL_CTX_use_cert_and_key(ctx, files->cert, files->key, files->chain, 1);
}

/* The parameter that OpenSSL does not like, or NULL. */
static const char *
fill_context(struct mx_tls *tls, SSL_CTX *ctx)
{
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                       SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    set_sessions(tls, ctx);
    set_verification(tls, ctx);
    if (set_versions(tls, ctx) != 1) {
        return "ssl_version";
    }
    if (tls->cipher != NULL && SSL_CTX_set_cipher_list(ctx, tls->cipher) != 1) {
        return "ssl_cipher";
    }
    if (set_own(tls, ctx) != 1) {
        return "ssl_cert";
    }
    return set_authorities(tls, ctx) != 1 ? "ssl_ca" : NULL;
}

static SSL_CTX *
make_context(struct mx_tls *tls, const char **bad)
{
    *bad = "ssl";
    SSL_CTX *ctx = SSL_CTX_new(tls->is_server ? TLS_server_method() : TLS_client_method());
    if (ctx != NULL) {
        *bad = fill_context(tls, ctx);
    }
    if (*bad != NULL) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

/* ------------------------------------------------------------ for workers */

struct net_tls_slot *
net_tls_mine(struct mx_tls *tls)
{
    int index = mx_worker_index(mx_worker_self());
    size_t slot = index == MX_WORKER_MAIN ? tls->slot_count - 1 : (size_t)index;
    MX_ASSERT(slot < tls->slot_count);
    return &tls->slots[slot];
}

static void
reason(char *out, size_t size)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    (void)snprintf(out, size, "%s", text != NULL ? text : "OpenSSL gives no reason");
    ERR_clear_error();
}

SSL_CTX *
net_tls_ctx(struct mx_tls *tls, struct mx_err *err)
{
    struct net_tls_slot *slot = net_tls_mine(tls);
    const char *bad = NULL;
    if (slot->ctx == NULL) {
        slot->ctx = make_context(tls, &bad);
    }
    if (slot->ctx == NULL) {
        char text[200];
        reason(text, sizeof(text));
        (void)mx_err_set(err, MX_CONN_TLS_FAILED, "HY000",
                         "TLS cannot begin, because of %s: %s; was the system's OpenSSL "
                         "configuration changed since the start?",
                         bad, text);
    }
    return slot->ctx;
}

/* ------------------------------------------------------------ life */

/* What only OpenSSL can tell: a context is made for a trial. */
static bool
try_context(struct mx_tls *tls, const struct net_tls_report *report)
{
    const char *bad = NULL;
    SSL_CTX *ctx = make_context(tls, &bad);
    if (ctx != NULL) {
        SSL_CTX_free(ctx);
        return true;
    }
    char text[200];
    reason(text, sizeof(text));
    const char *hint = NULL;
    if (strcmp(bad, "ssl_cipher") == 0) {
        hint = "'openssl ciphers -v' lists the names; those of TLS 1.3 (TLS_...) cannot be chosen.";
    } else if (strcmp(bad, "ssl_cert") == 0) {
        hint = "Keys that are too short for the system's security level are refused too.";
    }
    net_tls_tell(report, true, bad, hint, "OpenSSL does not take it: %s.", text);
    return false;
}

struct mx_tls *
net_tls_new(const struct net_tls_config *config, const struct net_tls_report *report)
{
    struct mx_tls *tls = mx_calloc(1, sizeof(*tls));
    tls->magic = NET_TLS_MAGIC;
    mx_ref_init(&tls->ref);
    tls->is_server = config->is_server;
    tls->verify_peer = config->verify_peer;
    tls->verify_host = config->verify_host;
    tls->verify_depth = config->verify_depth;
    tls->versions = config->versions;
    tls->cipher = config->cipher != NULL ? mx_strdup(config->cipher) : NULL;
    tls->slot_count = config->worker_count + 1;
    tls->slots = mx_calloc_lines(tls->slot_count, sizeof(*tls->slots));
    net_tickets_begin(tls);
    bool is_good = net_tls_files_read(config, report, &tls->files);
    if (!try_context(tls, report) || !is_good) {
        net_tls_unref(tls);
        return NULL;
    }
    return tls;
}

struct mx_tls *
net_tls_ref(struct mx_tls *tls)
{
    MX_CHECK_MAGIC(tls, NET_TLS_MAGIC);
    mx_ref_get(&tls->ref);
    return tls;
}

void
net_tls_unref(struct mx_tls *tls)
{
    if (tls == NULL || !mx_ref_put(&tls->ref)) {
        return;
    }
    for (size_t i = 0; i < tls->slot_count; i++) {
        SSL_SESSION_free(tls->slots[i].session);
        SSL_CTX_free(tls->slots[i].ctx);
    }
    explicit_bzero(tls->slots, tls->slot_count * sizeof(*tls->slots));
    free(tls->slots);
    net_tls_files_free(&tls->files);
    free(tls->cipher);
    tls->magic = 0;
    free(tls);
}
