/* Networks such as 10.0.0.0/8 and lists of them, for questions like "may this host do that?". Pure.
 */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include "mx/err.h"

#include <sys/socket.h>

/* 16 bytes; IPv4 as ::ffff:a.b.c.d, so that both families compare alike. */
struct net_network {
    uint8_t address[16];
    uint8_t bits;
};

/* "10.0.0.0/8", "::1", "192.168.0.1"; false: it is none. */
bool net_network_parse(const char *text, struct net_network *out);
/* False for anything that is not IPv4 or IPv6. */
bool net_network_has(const struct net_network *network, const struct sockaddr *address);

struct net_network_list {
    struct net_network *items;
    size_t count;
    bool any;   /* "*": everybody */
    bool local; /* "localhost": unix sockets */
};

/*
 * Networks separated by commas or blanks, the word localhost, or * alone; NULL and "" are an empty
 * list. -1: err says which word is wrong, the list is empty.
 */
MX_MUST_USE int net_network_list_parse(const char *text, struct net_network_list *out,
                                       struct mx_err *err);
void net_network_list_free(struct net_network_list *list);
/* address NULL or of family AF_UNIX: a unix socket. */
bool net_network_list_has(const struct net_network_list *list, const struct sockaddr *address);

#endif
