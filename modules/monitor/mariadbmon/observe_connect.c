/* Connection handles with all options of a server, and the test whether anything listens there. */
#include "observe_connect.h"

#include "observe.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned
seconds(int64_t ms)
{
    return ms < 1000 ? 1u : (unsigned)((ms + 999) / 1000);
}

bool
mon_connection_checks_name(const struct mx_monitor_target *target)
{
    return target->ssl_verify_peer_host ||
           (target->ssl_verify_peer_certificate && target->ssl_ca == NULL);
}

/* The library checks the chain when it is given the authorities, the name only together with it. */
static void
set_tls(MYSQL *conn, const struct mx_monitor_target *target)
{
    my_bool on = 1;
    my_bool both = mon_connection_checks_name(target) ? 1 : 0;
    (void)mysql_ssl_set(conn, target->ssl_key, target->ssl_cert, target->ssl_ca, NULL,
                        target->ssl_cipher);
    (void)mysql_options(conn, MYSQL_OPT_SSL_ENFORCE, &on);
    (void)mysql_options(conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &both);
    if (target->ssl_versions != NULL) {
        (void)mysql_options(conn, MARIADB_OPT_TLS_VERSION, target->ssl_versions);
    }
}

MYSQL *
mon_connection_new(const struct mx_monitor_target *target,
                   const struct mx_monitor_settings *settings, bool nonblocking)
{
    static const char proxy_header[] = "PROXY UNKNOWN\r\n";
    unsigned connect_s = seconds(settings->connect_timeout_ms);
    unsigned read_s = seconds(settings->read_timeout_ms);
    unsigned write_s = seconds(settings->write_timeout_ms);
    MYSQL *conn = mysql_init(NULL);
    if (conn == NULL) {
        MX_BUG("no memory for a connection");
    }
    if (nonblocking) {
        (void)mysql_options(conn, MYSQL_OPT_NONBLOCK, NULL);
    }
    (void)mysql_options(conn, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    (void)mysql_options(conn, MYSQL_OPT_READ_TIMEOUT, &read_s);
    (void)mysql_options(conn, MYSQL_OPT_WRITE_TIMEOUT, &write_s);
    (void)mysql_options4(conn, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "maxscale-monitor");
    if (settings->local_address != NULL) {
        (void)mysql_options(conn, MYSQL_OPT_BIND, settings->local_address);
    }
    if (target->proxy_protocol) {
        (void)mysql_optionsv(conn, MARIADB_OPT_PROXY_HEADER, proxy_header,
                             sizeof(proxy_header) - 1);
    }
    if (target->ssl) {
        set_tls(conn, target);
    }
    return conn;
}

const char *
mon_connection_flaw(MYSQL *conn, const struct mx_monitor_target *target)
{
    /* The library goes on in clear when a server has no TLS, unless it has to verify it. */
    return target->ssl && mysql_get_ssl_cipher(conn) == NULL
               ? "the server has no TLS; set ssl_cert and ssl_key there, or ssl=false here"
               : NULL;
}

static enum mon_server_type
type_of(const char *version)
{
    if (strcasestr(version, "maxscale") != NULL || strcasestr(version, "-blr") != NULL) {
        return MON_TYPE_BLR;
    }
    return strcasestr(version, "mariadb") != NULL ? MON_TYPE_MARIADB : MON_TYPE_MYSQL;
}

void
mon_connection_note(MYSQL *conn, const struct mx_monitor_target *target, struct mon_server_obs *s)
{
    static const char *const names[] = {"unknown", "MariaDB", "MySQL", "binlogrouter"};
    const char *version = mysql_get_server_info(conn);
    unsigned long lower = 0;
    unsigned long upper = 0;
    unsigned number = (unsigned)mysql_get_server_version(conn);
    (void)mariadb_get_infov(conn, MARIADB_CONNECTION_SERVER_CAPABILITIES, &lower);
    (void)mariadb_get_infov(conn, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &upper);
    s->capabilities = (uint64_t)(lower & UINT32_MAX) | ((uint64_t)(upper & UINT32_MAX) << 32);
    s->charset = (int)conn->server_language;
    s->known = true;
    s->type = type_of(version);
    s->version = number;
    if (strcmp(s->version_string, version) != 0) {
        (void)snprintf(s->version_string, sizeof(s->version_string), "%s", version);
        mx_log_notice(&(struct mx_log_ctx){.object = target->name},
                      "%s sent version string '%s'. Detected type: %s, version: %u.%u.%u.",
                      target->name, version, names[s->type], number / 10000, number / 100 % 100,
                      number % 100);
    }
    if (number < MON_VERSION_BASIC) {
        struct mx_log_ctx ctx = {.module = "mariadbmon", .object = target->name};
        mx_log_error(&ctx,
                     "Server '%s' has version %s. Servers older than 5.5 are not supported and "
                     "ignored.",
                     target->name, version);
    }
}

static int
begin_unix(const char *path, int *out_error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        *out_error =
            connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    }
    return fd;
}

int
mon_knock_begin(const char *address, int port, const char *socket_path, int *out_error)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    *out_error = EHOSTUNREACH;
    if (address == NULL) {
        return begin_unix(socket_path, out_error);
    }
    (void)snprintf(service, sizeof(service), "%d", port);
    if (getaddrinfo(address, service, &hints, &found) != 0) {
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        *out_error = connect(fd, found->ai_addr, found->ai_addrlen) == 0 ? 0 : errno;
    }
    freeaddrinfo(found);
    return fd;
}

int
mon_knock_result(int fd)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        return errno;
    }
    return error;
}

bool
mon_knock_is_refusal(int error)
{
    return error == ECONNREFUSED || error == ECONNRESET || error == ENOENT;
}
