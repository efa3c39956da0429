/* Socket addresses: from numbers as text, to text, and in the compact form a connection keeps. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "mx/base.h"

#include <sys/socket.h>

struct net_address {
    struct sockaddr_storage storage;
    socklen_t len; /* 0: none */
};

/* What a connection remembers of its peer. */
struct net_peer {
    uint16_t family; /* AF_INET, AF_INET6, AF_UNIX; 0: none */
    uint16_t port;
    uint8_t ip[16];
};

/* "::1", "127.0.0.1", "[::1]"; false when the text is no IP address. */
bool net_address_parse(const char *text, uint16_t port, struct net_address *out);
/* Path of a unix socket; false when it is too long for the kernel (107 bytes). */
bool net_address_unix(const char *path, struct net_address *out);
/* An IPv4 address inside an IPv6 one (::ffff:1.2.3.4) is remembered as the IPv4 one. */
void net_peer_set(struct net_peer *peer, const struct sockaddr *address);
const char *net_peer_text(const struct net_peer *peer, char *out, size_t size);

#endif
