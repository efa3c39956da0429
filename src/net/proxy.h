/*
 * The PROXY protocol, versions 1 and 2: what a proxy in front says about the client, before the
 * client's own first byte. Pure functions over bytes. Source: haproxy.org, "The PROXY protocol",
 * revision 2020/03/05.
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "mx/err.h"
#include "net/address.h"

#define NET_PROXY_MARK_LEN 4u   /* as many bytes tell a header from anything else */
#define NET_PROXY_TEXT_MAX 107u /* version 1, line end included */
#define NET_PROXY_BODY_MAX 10000u

enum net_proxy_result {
    NET_PROXY_NONE = 0, /* no header begins here */
    NET_PROXY_MORE,     /* its end is not there yet */
    NET_PROXY_LOCAL,    /* a header that names no client: the other side speaks for itself */
    NET_PROXY_CLIENT,   /* a header that names the client */
    NET_PROXY_BAD,
};

struct net_proxy {
    size_t size;            /* bytes of the header: LOCAL, CLIENT */
    struct net_peer client; /* CLIENT; IPv4 inside IPv6 is IPv4 */
};

/* err is filled for BAD: what is wrong with it, for the log. */
enum net_proxy_result net_proxy_decode(const uint8_t *data, size_t len, struct net_proxy *out,
                                       struct mx_err *err);

/*
 * Version 1 for a connection on behalf of `client` to `server`, NUL-terminated; its length.
 * Families that differ cannot be written: the client then stands in both places. 0: the client is
 * none of IPv4 and IPv6.
 */
size_t net_proxy_encode(const struct net_peer *client, const struct net_peer *server,
                        char out[NET_PROXY_TEXT_MAX + 1]);

#endif
