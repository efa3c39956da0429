/* Connections for reading accounts: see users_connect.h. */
#include "core/users_connect.h"

#include <mysqld_error.h>
#include <string.h>

static unsigned
seconds(int timeout_ms)
{
    return timeout_ms < 1000 ? 1u : ((unsigned)timeout_ms + 999u) / 1000u;
}

static bool
is_set(const char *value)
{
    return value != NULL && *value != '\0';
}

/* The library wants NULL for what is not set. */
static const char *
or_null(const char *value)
{
    return is_set(value) ? value : NULL;
}

/* The library checks the chain when it is given the authorities, the name only together with it. */
static void
set_tls(MYSQL *conn, const struct core_users_server *server)
{
    my_bool on = 1;
    my_bool both =
        server->ssl_verify_host || (server->ssl_verify_peer && !is_set(server->ssl_ca)) ? 1 : 0;
    (void)mysql_ssl_set(conn, or_null(server->ssl_key), or_null(server->ssl_cert),
                        or_null(server->ssl_ca), NULL, or_null(server->ssl_cipher));
    (void)mysql_options(conn, MYSQL_OPT_SSL_ENFORCE, &on);
    (void)mysql_options(conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &both);
    if (is_set(server->tls_version)) {
        (void)mysql_options(conn, MARIADB_OPT_TLS_VERSION, server->tls_version);
    }
}

static MYSQL *
handle_new(const struct core_users_source *source, const struct core_users_server *server)
{
    static const char proxy_header[] = "PROXY UNKNOWN\r\n";
    unsigned timeout_s = seconds(source->timeout_ms);
    MYSQL *conn = mysql_init(NULL);
    if (conn == NULL) {
        MX_BUG("no memory for a connection");
    }
    (void)mysql_options(conn, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
    (void)mysql_options(conn, MYSQL_OPT_READ_TIMEOUT, &timeout_s);
    (void)mysql_options(conn, MYSQL_OPT_WRITE_TIMEOUT, &timeout_s);
    (void)mysql_options(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    (void)mysql_options(conn, MYSQL_INIT_COMMAND, "SET SESSION sql_mode = ''");
    (void)mysql_options4(conn, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "maxscale-accounts");
    if (is_set(source->local_address)) {
        (void)mysql_options(conn, MYSQL_OPT_BIND, source->local_address);
    }
    if (!is_set(server->socket)) {
        /* The library takes the name localhost for its own unix socket. */
        unsigned protocol = MYSQL_PROTOCOL_TCP;
        (void)mysql_options(conn, MYSQL_OPT_PROTOCOL, &protocol);
    }
    if (server->proxy_protocol) {
        (void)mysql_optionsv(conn, MARIADB_OPT_PROXY_HEADER, proxy_header,
                             sizeof(proxy_header) - 1);
    }
    if (server->ssl) {
        set_tls(conn, server);
    }
    return conn;
}

static bool
try_port(MYSQL *conn, const struct core_users_source *source,
         const struct core_users_server *server, int port)
{
    return mysql_real_connect(conn, or_null(server->address), source->user, source->password, NULL,
                              (unsigned)port, or_null(server->socket),
                              CLIENT_MULTI_STATEMENTS) != NULL;
}

static void
explain(MYSQL *conn, const struct core_users_source *source, const struct core_users_server *server,
        struct mx_err *err)
{
    unsigned code = mysql_errno(conn);
    if (code == ER_ACCESS_DENIED_ERROR) {
        (void)mx_err_text(err,
                          "'%s' refuses the user '%s' of service '%s': %s. Check 'user' and "
                          "'password' of the service, and that the account may connect from here.",
                          server->name, source->user, source->service, mysql_error(conn));
    } else {
        (void)mx_err_text(err, "'%s': %s (error %u)", server->name, mysql_error(conn), code);
    }
}

MYSQL *
users_connect(const struct core_users_source *source, const struct core_users_server *server,
              struct mx_err *err)
{
    /* A handle serves one attempt only. */
    bool by_socket = is_set(server->socket);
    int ports[2] = {server->extra_port, server->port};
    for (size_t i = server->extra_port > 0 && !by_socket ? 0 : 1; i < MX_COUNT(ports); i++) {
        MYSQL *conn = handle_new(source, server);
        bool there = try_port(conn, source, server, ports[i]);
        if (there && (!server->ssl || mysql_get_ssl_cipher(conn) != NULL)) {
            return conn;
        }
        if (there) { /* the library goes on in clear, unless it has to verify the server */
            (void)mx_err_text(err,
                              "'%s': the server has no TLS; set ssl_cert and ssl_key there, or "
                              "ssl=false here",
                              server->name);
        } else {
            explain(conn, source, server, err);
        }
        mysql_close(conn);
    }
    return NULL;
}
