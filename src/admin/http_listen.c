/* Socket and certificate of the REST API. */
#include "admin/http_listen.h"

#include "base/file.h"
#include "core/config.h"
#include "mx/str.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG   128
#define PEM_LIMIT ((size_t)1024 * 1024)

static int
bind_to(const struct addrinfo *address, const char *host, long long port, struct mx_err *err)
{
    const int on = 1;
    const int off = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return mx_err_text(err, "REST API: no socket for [%s]:%lld: %s.", host, port,
                           strerrordesc_np(errno));
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int code = errno;
        (void)close(fd);
        return mx_err_text(
            err,
            "REST API: cannot listen on [%s]:%lld: %s. Set admin_host and admin_port to "
            "an address of this machine that is free%s.",
            host, port, strerrordesc_np(code),
            code == EADDRINUSE ? " (is another MaxScale running?)" : "");
    }
    return fd;
}

int
admin_listen_open(const struct core_global_config *globals, struct mx_err *err)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    struct addrinfo *found = NULL;
    char port[24];
    int fd;
    int rc;

    (void)snprintf(port, sizeof(port), "%lld", (long long)globals->admin_port);
    rc = getaddrinfo(globals->admin_host, port, &hints, &found);
    if (rc != 0) {
        return mx_err_text(err, "REST API: admin_host=%s is no address: %s.", globals->admin_host,
                           gai_strerror(rc));
    }
    fd = bind_to(found, globals->admin_host, (long long)globals->admin_port, err);
    freeaddrinfo(found);
    return fd;
}

/* ------------------------------------------------------------------- TLS */

static const struct {
    int64_t bit;
    const char *name;
} versions[] = {
    {CORE_TLS_V10, "TLS1.0"},
    {CORE_TLS_V11, "TLS1.1"},
    {CORE_TLS_V12, "TLS1.2"},
    {CORE_TLS_V13, "TLS1.3"},
};

/* The administrator's own string first, then exactly the wanted versions. */
static char *
priority_string(const struct core_global_config *globals)
{
    struct mx_str text = {0};
    int64_t wanted = globals->admin_ssl_version;

    mx_str_add(&text, globals->admin_ssl_cipher != NULL ? globals->admin_ssl_cipher : "NORMAL");
    if (wanted != 0 && (wanted & CORE_TLS_MAX) == 0) {
        mx_str_add(&text, ":-VERS-ALL");
        for (size_t i = 0; i < MX_COUNT(versions); i++) {
            if ((wanted & versions[i].bit) != 0) {
                mx_str_printf(&text, ":+VERS-%s", versions[i].name);
            }
        }
    }
    return mx_str_give(&text);
}

static int
check_priorities(const char *text, struct mx_err *err)
{
    gnutls_priority_t cache = NULL;
    const char *where = text;

    if (gnutls_priority_init(&cache, text, &where) != GNUTLS_E_SUCCESS) {
        return mx_err_text(
            err,
            "REST API: admin_ssl_cipher and admin_ssl_version make the priority string "
            "'%s', which GnuTLS does not understand at '%s'.",
            text, where);
    }
    gnutls_priority_deinit(cache);
    return 0;
}

int
admin_tls_load(struct admin_tls *tls, const struct core_global_config *globals, struct mx_err *err)
{
    bool has_key = globals->admin_ssl_key != NULL;
    bool has_cert = globals->admin_ssl_cert != NULL;

    *tls = (struct admin_tls){0};
    if (!has_key && !has_cert) {
        return 0;
    }
    if (!has_key || !has_cert) {
        return mx_err_text(err, "REST API: %s is set but %s is not. HTTPS needs both, HTTP none.",
                           has_key ? "admin_ssl_key" : "admin_ssl_cert",
                           has_key ? "admin_ssl_cert" : "admin_ssl_key");
    }
    tls->priorities = priority_string(globals);
    if (check_priorities(tls->priorities, err) != 0 ||
        base_file_read(globals->admin_ssl_key, PEM_LIMIT, &tls->key, NULL, err) != 0 ||
        base_file_read(globals->admin_ssl_cert, PEM_LIMIT, &tls->cert, NULL, err) != 0 ||
        (globals->admin_ssl_ca != NULL &&
         base_file_read(globals->admin_ssl_ca, PEM_LIMIT, &tls->ca, NULL, err) != 0)) {
        admin_tls_fini(tls);
        return -1;
    }
    return 0;
}

void
admin_tls_fini(struct admin_tls *tls)
{
    if (tls->key != NULL) {
        explicit_bzero(tls->key, strlen(tls->key));
    }
    free(tls->key);
    free(tls->cert);
    free(tls->ca);
    free(tls->priorities);
    *tls = (struct admin_tls){0};
}
