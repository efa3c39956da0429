/*
 * The TLS layer of a connection. Ciphertext is received into a buffer of the worker, many records
 * with one system call, and decrypted from there into the place of the owner; what that place
 * cannot hold waits in the connection. On the way out the parts of one send become one record.
 * The handshake goes on inside receive and send; bytes of the owner leave only when it is done and
 * the other side is the one it should be.
 */
#include "net/tls.h"

#include "net/conn.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_LEN ((size_t)SSL3_RT_MAX_PLAIN_LENGTH)
#define IN_LEN     ((size_t)64 * 1024)

struct net_tls {
    struct net_layer layer; /* first */
    struct mx_tls *tls;
    SSL *ssl;   /* NULL: only prepared */
    char *host; /* what the certificate has to be made out to */
    bool is_done;
    bool cleanses;     /* what was decrypted is cleared when it has been read */
    bool has_ended;    /* the other side sent its last byte */
    bool may_receive;  /* the descriptor may have more; within one call */
    bool is_kick;      /* the next receive only starts the handshake: nothing can be there yet */
    bool wants_room;   /* the call could not go on without sending */
    int error;         /* errno of the layer below */
    struct net_io *io; /* of the running call */
    const uint8_t
        *in; /* ciphertext not yet taken by OpenSSL: in `held` or in the worker's buffer */
    size_t in_len;
    uint8_t *held; /* ciphertext kept between calls */
    char *problem; /* set: it has failed for good */
};

static struct net_tls *
of_layer(struct net_layer *layer)
{
    return mx_container_of(layer, struct net_tls, layer);
}

/* One of the worker for what comes in, and behind it one record's worth for what goes out. */
static uint8_t *
worker_buffer(struct mx_worker *worker)
{
    if (worker->tls_buffer == NULL) {
        worker->tls_buffer = mx_alloc(IN_LEN + RECORD_LEN);
    }
    return worker->tls_buffer;
}

/* ------------------------------------------------------------ between OpenSSL and the layer below
 */

static bool
fill(struct net_tls *t)
{
    struct net_layer *below = t->layer.below;
    uint8_t *buffer = worker_buffer(t->io->worker);
    bool more = false;
    ssize_t got = -EAGAIN;
    free(t->held);
    t->held = NULL;
    if (!t->may_receive) {
        return false;
    }
    do {
        got = below->ops->receive(t->io, below, buffer, IN_LEN, &more);
    } while (got == -EINTR);
    if (got > 0) {
        t->in = buffer;
        t->in_len = (size_t)got;
        /* An end that was signalled is told only once. */
        t->may_receive = more || t->io->has_ended;
        return true;
    }
    t->may_receive = false;
    t->has_ended = t->has_ended || got == 0;
    t->error = got < 0 && got != -EAGAIN ? (int)-got : t->error;
    return false;
}

static int
bio_read(BIO *bio, char *out, size_t len, size_t *taken)
{
    struct net_tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *taken = 0;
    if (t->in_len == 0 && !fill(t)) {
        if (!t->has_ended && t->error == 0) {
            BIO_set_retry_read(bio);
        }
        return 0;
    }
    size_t part = mx_min_size(len, t->in_len);
    memcpy(out, t->in, part);
    t->in += part;
    t->in_len -= part;
    *taken = part;
    return 1;
}

static int
bio_write(BIO *bio, const char *bytes, size_t len, size_t *taken)
{
    struct net_tls *t = BIO_get_data(bio);
    struct net_layer *below = t->layer.below;
    struct iovec iov = {.iov_len = len};
    ssize_t put = -EAGAIN;
    BIO_clear_retry_flags(bio);
    *taken = 0;
    memcpy(&iov.iov_base, &bytes, sizeof(bytes)); /* only ever read; iovec knows no const */
    while (!t->io->is_clearing) { /* else: what was written in clear has not left yet */
        put = below->ops->send(t->io, below, &iov, 1);
        if (put != -EINTR) {
            break;
        }
    }
    if (put == -EAGAIN) {
        BIO_set_retry_write(bio);
        return 0;
    }
    if (put < 0) {
        t->error = (int)-put;
        return 0;
    }
    *taken = (size_t)put;
    return 1;
}

static long
bio_control(BIO *bio, int what, long number MX_UNUSED, void *arg MX_UNUSED)
{
    const struct net_tls *t = BIO_get_data(bio);
    switch (what) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return t->has_ended ? 1 : 0;
    default:
        return 0;
    }
}

static BIO_METHOD *bio_method;

/* Made before main(): afterwards threads only read it. */
__attribute__((constructor)) static void
make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "mx layer");
    if (bio_method == NULL || BIO_meth_set_read_ex(bio_method, bio_read) != 1 ||
        BIO_meth_set_write_ex(bio_method, bio_write) != 1 ||
        BIO_meth_set_ctrl(bio_method, bio_control) != 1) {
        MX_BUG("no memory for a BIO");
    }
}

__attribute__((destructor)) static void
free_bio_method(void)
{
    BIO_meth_free(bio_method);
}

/* ------------------------------------------------------------ results of OpenSSL */

static void
enter(struct net_tls *t, struct net_io *io, bool may_receive)
{
    t->io = io;
    t->error = 0;
    t->may_receive = may_receive;
    t->wants_room = false;
    ERR_clear_error();
}

/* Ciphertext in the worker's buffer is not there any more when it comes back. */
static void
leave(struct net_tls *t)
{
    if (t->in_len > 0 && t->held == NULL) {
        t->held = mx_alloc(t->in_len);
        memcpy(t->held, t->in, t->in_len);
        t->in = t->held;
    } else if (t->in_len == 0) {
        free(t->held);
        t->held = NULL;
        t->in = NULL;
    }
    t->io = NULL;
}

static ssize_t
fail(struct net_tls *t, const char *text)
{
    if (t->problem == NULL) {
        t->problem = mx_strdup(text);
    }
    return -EPROTO;
}

/* What a call that returned `rc` means: 0 the end, or -errno. */
static ssize_t
result_of(struct net_tls *t, int rc)
{
    char text[MX_ERR_TEXT_MAX];
    switch (SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        t->wants_room = true;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        t->has_ended = true;
        return 0;
    default:
        break;
    }
    if (t->error != 0) {
        return -t->error;
    }
    if (t->is_done && t->has_ended && ERR_peek_error() == 0) {
        return 0;
    }
    net_tls_explain(t->ssl, t->tls->is_server, t->has_ended, text, sizeof(text));
    return fail(t, text);
}

/* ------------------------------------------------------------ handshake */

static bool
is_made_out_to(X509 *cert, const char *host)
{
    return X509_check_ip_asc(cert, host, 0) == 1 || X509_check_host(cert, host, 0, 0, NULL) == 1;
}

/* A peer that shows no certificate is the business of verify_peer. */
static ssize_t
check_host(struct net_tls *t)
{
    X509 *cert = t->tls->verify_host ? SSL_get1_peer_certificate(t->ssl) : NULL;
    bool is_good = cert == NULL || is_made_out_to(cert, t->host);
    X509_free(cert);
    if (is_good) {
        return 1;
    }
    char text[MX_ERR_TEXT_MAX];
    (void)snprintf(text, sizeof(text),
                   "the certificate of the other side is not made out to '%s'; use one that names "
                   "it (subjectAltName), or set ssl_verify_peer_host=false",
                   t->host);
    return fail(t, text);
}

/* 1: done; else -errno. */
static ssize_t
handshake(struct net_tls *t)
{
    if (t->is_done) {
        return 1;
    }
    int rc = SSL_do_handshake(t->ssl);
    if (rc != 1) {
        ssize_t result = result_of(t, rc);
        return result == 0 ? fail(t, "the other side closed the connection during the TLS "
                                     "handshake; its log may say why")
                           : result;
    }
    ssize_t verdict = check_host(t);
    if (verdict == 1) {
        t->is_done = true;
        t->io->send_has_turn = true;
        net_io_again(t->io);
    }
    return verdict;
}

/* ------------------------------------------------------------ the layer */

/* Another SSL_read would only learn that nothing is there, and get a buffer for that. */
static bool
is_exhausted(const struct net_tls *t)
{
    return t->in_len == 0 && !t->may_receive && SSL_has_pending(t->ssl) == 0;
}

static ssize_t
receive_records(struct net_tls *t, uint8_t *bytes, size_t len)
{
    size_t got = 0;
    ssize_t rc = handshake(t);
    if (rc != 1) {
        return rc;
    }
    while (got < len && (got == 0 || !is_exhausted(t))) {
        int room = (int)mx_min_size(len - got, INT32_MAX);
        int part = SSL_read(t->ssl, bytes + got, room);
        if (part <= 0) {
            rc = result_of(t, part);
            break;
        }
        got += (size_t)part;
    }
    return got > 0 ? (ssize_t)got : rc;
}

static ssize_t
tls_receive(struct net_io *io, struct net_layer *layer, void *bytes, size_t len, bool *more)
{
    struct net_tls *t = of_layer(layer);
    if (t->problem != NULL) {
        return -EPROTO;
    }
    enter(t, io, !t->is_kick);
    t->is_kick = false;
    ssize_t got = receive_records(t, bytes, len);
    *more = got > 0 && (t->in_len > 0 || t->may_receive || t->has_ended || t->error != 0 ||
                        t->problem != NULL || SSL_has_pending(t->ssl) == 1);
    if (got == -EAGAIN && t->wants_room) {
        io->receive_waits_room = true;
        io->worker->engine->want_room(io);
    }
    leave(t);
    return got;
}

/* The next record's bytes: as they lie there, or put together. */
struct parts {
    const struct iovec *iov;
    int count;
    size_t offset; /* into the first */
};

static size_t
next_record(const struct parts *parts, uint8_t *buffer, const uint8_t **out)
{
    const uint8_t *first = (const uint8_t *)parts->iov[0].iov_base + parts->offset;
    size_t len = mx_min_size(parts->iov[0].iov_len - parts->offset, RECORD_LEN);
    *out = first;
    if (len == RECORD_LEN || parts->count == 1) {
        return len;
    }
    memcpy(buffer, first, len);
    for (int i = 1; i < parts->count && len < RECORD_LEN; i++) {
        size_t part = mx_min_size(parts->iov[i].iov_len, RECORD_LEN - len);
        memcpy(buffer + len, parts->iov[i].iov_base, part);
        len += part;
    }
    *out = buffer;
    return len;
}

static void
skip(struct parts *parts, size_t len)
{
    parts->offset += len;
    while (parts->count > 0 && parts->offset >= parts->iov[0].iov_len) {
        parts->offset -= parts->iov[0].iov_len;
        parts->iov++;
        parts->count--;
    }
}

static ssize_t
tls_send(struct net_io *io, struct net_layer *layer, struct iovec *iov, int count)
{
    struct net_tls *t = of_layer(layer);
    struct parts parts = {.iov = iov, .count = count};
    uint8_t *buffer = worker_buffer(io->worker) + IN_LEN;
    size_t taken = 0;
    if (t->problem != NULL) {
        return -EPROTO;
    }
    enter(t, io, false);
    ssize_t rc = handshake(t);
    skip(&parts, 0);
    while (rc == 1 && parts.count > 0) {
        const uint8_t *bytes = NULL;
        size_t len = next_record(&parts, buffer, &bytes);
        int part = SSL_write(t->ssl, bytes, (int)len);
        if (io->sends_secret && bytes == buffer) {
            explicit_bzero(buffer, len);
        }
        if (part <= 0) {
            rc = result_of(t, part);
            rc = rc == 0 ? -EPIPE : rc;
            break;
        }
        taken += (size_t)part;
        skip(&parts, (size_t)part);
    }
    leave(t);
    if (taken > 0) {
        return (ssize_t)taken;
    }
    return rc == 0 ? -EPIPE : rc;
}

static void
tls_feed(struct net_layer *layer, const uint8_t *bytes, size_t len)
{
    struct net_tls *t = of_layer(layer);
    uint8_t *both = mx_alloc(t->in_len + len);
    if (t->in_len > 0) {
        memcpy(both, t->in, t->in_len);
    }
    memcpy(both + t->in_len, bytes, len);
    free(t->held);
    t->held = both;
    t->in = both;
    t->in_len += len;
}

static void
tls_shutdown(struct net_io *io, struct net_layer *layer)
{
    struct net_tls *t = of_layer(layer);
    if (t->is_done && t->problem == NULL && t->error == 0 && io->fd >= 0) {
        enter(t, io, false);
        (void)SSL_shutdown(t->ssl);
        ERR_clear_error();
        leave(t);
    }
}

void
net_tls_free(struct net_tls *t)
{
    if (t == NULL) {
        return;
    }
    if (t->ssl != NULL) {
        /* However the connection ended: its session may be resumed. */
        SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(t->ssl);
    }
    net_tls_unref(t->tls);
    free(t->held);
    free(t->host);
    free(t->problem);
    free(t);
}

static void
tls_free(struct net_layer *layer)
{
    net_tls_free(of_layer(layer));
}

static const char *
tls_problem(const struct net_layer *layer)
{
    const struct net_tls *t = (const struct net_tls *)layer; /* its first member */
    return t->problem != NULL ? t->problem : "TLS failed";
}

static const struct net_transport transport = {
    .receive = tls_receive,
    .send = tls_send,
    .feed = tls_feed,
    .shutdown = tls_shutdown,
    .free = tls_free,
    .problem = tls_problem,
};

/* ------------------------------------------------------------ life */

struct net_tls *
net_tls_prepare(struct mx_tls *tls, const char *host)
{
    struct net_tls *t = mx_calloc(1, sizeof(*t));
    t->layer.ops = &transport;
    t->tls = net_tls_ref(tls);
    t->host = host != NULL ? mx_strdup(host) : NULL;
    return t;
}

void
net_tls_set_host(struct net_tls *t, const char *host)
{
    if (t->host == NULL) {
        t->host = mx_strdup(host);
    }
}

static int
no_memory(struct mx_err *err)
{
    ERR_clear_error();
    return mx_err_set(err, NET_CODE_TLS, "HY000", "TLS cannot begin: OpenSSL has no memory");
}

static int
make_ssl(struct net_tls *t, struct mx_err *err)
{
    SSL_CTX *ctx = net_tls_ctx(t->tls, err);
    if (ctx == NULL) {
        return -1;
    }
    BIO *bio = BIO_new(bio_method);
    t->ssl = SSL_new(ctx);
    if (t->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        return no_memory(err);
    }
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    net_tls_cleanse(t, t->cleanses);
    return 0;
}

void
net_tls_cleanse(struct net_tls *t, bool on)
{
    t->cleanses = on;
    if (t->ssl != NULL && on) {
        (void)SSL_set_options(t->ssl, SSL_OP_CLEANSE_PLAINTEXT);
    } else if (t->ssl != NULL) {
        (void)SSL_clear_options(t->ssl, SSL_OP_CLEANSE_PLAINTEXT);
    }
}

/* The name is told to a server that has certificates for several; addresses are not names. */
static void
set_server_name(struct net_tls *t)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(t->host);
    if (address == NULL && t->host[0] != '\0' && t->host[0] != '/') {
        (void)SSL_set_tlsext_host_name(t->ssl, t->host);
    }
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
}

struct net_layer *
net_tls_begin(struct net_tls *t, bool may_receive, struct mx_err *err)
{
    if (make_ssl(t, err) != 0) {
        return NULL;
    }
    if (t->tls->is_server) {
        SSL_set_accept_state(t->ssl);
        return &t->layer;
    }
    SSL_SESSION *session = net_tls_mine(t->tls)->session;
    set_server_name(t);
    if (session != NULL) {
        (void)SSL_set_session(t->ssl, session);
    }
    SSL_set_connect_state(t->ssl);
    t->is_kick = !may_receive;
    return &t->layer;
}

const SSL *
net_tls_ssl(const struct net_tls *t)
{
    return t->is_done ? t->ssl : NULL;
}

bool
net_tls_speaks_first(const struct net_tls *t)
{
    return !t->tls->is_server;
}

bool
net_tls_is_begun(const struct net_tls *t)
{
    return t->ssl != NULL;
}
