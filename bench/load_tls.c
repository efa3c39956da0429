/* See load_tls.h. */
#include "load_tls.h"
#include "load.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>

static SSL_CTX *context;
static SSL_SESSION *last_session;
static bool resumes;
static long handshakes;
static long resumed;

/* With TLS 1.3 tickets come after the handshake, so the newest is taken whenever one comes. */
static int
keep_session(MX_UNUSED SSL *tls, SSL_SESSION *session)
{
    SSL_SESSION_free(last_session);
    last_session = session;
    return 1;
}

void
load_tls_init(bool resume)
{
    resumes = resume;
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        load_die("no TLS context could be made");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    if (resume) {
        (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
                                                          SSL_SESS_CACHE_NO_INTERNAL_STORE);
        SSL_CTX_sess_set_new_cb(context, keep_session);
    }
}

SSL *
load_tls_new(int fd)
{
    SSL *tls = SSL_new(context);
    if (tls == NULL || SSL_set_fd(tls, fd) != 1) {
        load_die("no TLS connection could be made");
    }
    SSL_set_connect_state(tls);
    if (resumes && last_session != NULL) {
        /* A copy: the first connection to get a new ticket makes the session it had unfit for
         * others. */
        SSL_SESSION *own = SSL_SESSION_dup(last_session);
        (void)SSL_set_session(tls, own);
        SSL_SESSION_free(own);
    }
    return tls;
}

static bool
wants_more(SSL *tls, int result)
{
    int error = SSL_get_error(tls, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

enum load_tls_step
load_tls_handshake(SSL *tls)
{
    int result = SSL_do_handshake(tls);
    if (result != 1) {
        return wants_more(tls, result) ? LOAD_TLS_AGAIN : LOAD_TLS_FAILED;
    }
    handshakes++;
    resumed += SSL_session_reused(tls);
    return LOAD_TLS_DONE;
}

ssize_t
load_tls_read(SSL *tls, void *into, size_t len)
{
    size_t got = 0;
    int result = SSL_read_ex(tls, into, len, &got);
    if (result == 1) {
        return (ssize_t)got;
    }
    if (wants_more(tls, result)) {
        errno = EAGAIN;
        return -1;
    }
    return 0;
}

bool
load_tls_write(SSL *tls, const void *bytes, size_t len)
{
    size_t sent = 0;
    int result = 0;
    while ((result = SSL_write_ex(tls, bytes, len, &sent)) != 1) {
        struct pollfd room = {.fd = SSL_get_fd(tls), .events = POLLOUT};
        if (!wants_more(tls, result)) {
            return false;
        }
        (void)poll(&room, 1, -1);
    }
    return true;
}

void
load_tls_free(SSL *tls)
{
    if (tls != NULL) {
        /* Without a closing alert OpenSSL would call the session unfit to be resumed. */
        SSL_set_quiet_shutdown(tls, 1);
        (void)SSL_shutdown(tls);
        SSL_free(tls);
    }
}

long
load_tls_handshakes(void)
{
    return handshakes;
}

long
load_tls_resumed(void)
{
    return resumed;
}
