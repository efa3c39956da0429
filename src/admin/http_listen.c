/* Socket of the REST API. */
#include "admin/http_listen.h"

#include "core/config.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

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
