/* TLS on a connection, as mx/conn.h has it. */
#include "net/conn.h"
#include "net/tls.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

void
mx_conn_set_tls(struct mx_conn *conn, struct mx_tls *tls, const char *host)
{
    MX_ASSERT(conn->tls == NULL);
    conn->tls = net_tls_prepare(tls, host);
    net_tls_cleanse(conn->tls, conn->secret_input);
}

void
net_tls_drop_prepared(struct mx_conn *conn)
{
    if (conn->tls != NULL && !net_tls_is_begun(conn->tls)) {
        net_tls_free(conn->tls);
        conn->tls = NULL;
    }
}

bool
mx_conn_has_tls(const struct mx_conn *conn)
{
    return conn->tls != NULL;
}

void
mx_conn_start_tls(struct mx_conn *conn)
{
    MX_ASSERT(conn->tls != NULL && !net_tls_is_begun(conn->tls));
    if (conn->state != NET_CONN_OPEN) {
        return;
    }
    struct mx_err err;
    char address[MX_CONN_ADDRESS_MAX];
    net_tls_set_host(conn->tls, mx_conn_peer_address(conn, address, sizeof(address)));
    struct net_layer *layer = net_tls_begin(conn->tls, conn->io.is_readable, &err);
    if (layer == NULL) {
        mx_conn_fail(conn, &err);
        return;
    }
    net_conn_add_layer(conn, layer);
    if (conn->state == NET_CONN_OPEN && net_tls_speaks_first(conn->tls)) {
        conn->io.is_readable = true;
        net_io_again(&conn->io);
    }
}

bool
mx_conn_is_switching(const struct mx_conn *conn)
{
    return conn->is_switching;
}

bool
mx_conn_is_tls(const struct mx_conn *conn)
{
    return conn->tls != NULL && net_tls_is_begun(conn->tls);
}

static const SSL *
ssl_of(const struct mx_conn *conn)
{
    return conn->tls != NULL ? net_tls_ssl(conn->tls) : NULL;
}

bool
mx_conn_is_private(const struct mx_conn *conn)
{
    return mx_conn_is_unix(conn) || ssl_of(conn) != NULL;
}

const char *
mx_conn_tls_version(const struct mx_conn *conn)
{
    const SSL *ssl = ssl_of(conn);
    return ssl != NULL ? SSL_get_version(ssl) : "";
}

const char *
mx_conn_tls_cipher(const struct mx_conn *conn)
{
    const SSL *ssl = ssl_of(conn);
    return ssl != NULL ? SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)) : "";
}

static char *
one_line(const X509_NAME *name)
{
    char *text = X509_NAME_oneline(name, NULL, 0);
    char *copy = mx_strdup(text != NULL ? text : "");
    OPENSSL_free(text);
    return copy;
}

bool
mx_conn_tls_peer(const struct mx_conn *conn, char **subject, char **issuer)
{
    const SSL *ssl = ssl_of(conn);
    const X509 *cert = ssl != NULL ? SSL_get0_peer_certificate(ssl) : NULL;
    if (cert == NULL || SSL_get_verify_result(ssl) != X509_V_OK) {
        return false;
    }
    *subject = one_line(X509_get_subject_name(cert));
    *issuer = one_line(X509_get_issuer_name(cert));
    return true;
}
