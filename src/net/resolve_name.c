/*
 * From an address to its host name. Whoever owns an address decides what name it claims, so the
 * name is looked up too and counts only when it leads back to the address.
 */
#include "net/resolve.h"
#include "net/resolver.h"
#include "net/worker.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name_query {
    struct net_resolver *resolver;
    net_name_fn fn; /* NULL: told, because it took too long */
    void *arg;
    bool is_calling; /* inside net_resolve_name: the answer waits for the end of the turn */
    enum net_name_result result;
    int64_t limit_ms;
    struct mx_timer limit;
    struct net_address address;
    char name[256];
    char text[512];
};

/* The IP inside a socket address; NULL: of a family that has none. */
static const void *
ip_of(const struct sockaddr_storage *address, size_t *size)
{
    switch (address->ss_family) {
    case AF_INET:
        *size = sizeof(struct in_addr);
        return (const uint8_t *)address + offsetof(struct sockaddr_in, sin_addr);
    case AF_INET6:
        *size = sizeof(struct in6_addr);
        return (const uint8_t *)address + offsetof(struct sockaddr_in6, sin6_addr);
    default:
        return NULL;
    }
}

static bool
is_same_host(const struct net_address *a, const struct sockaddr *b, socklen_t len)
{
    struct sockaddr_storage other = {.ss_family = AF_UNSPEC};
    size_t size = 0;
    size_t other_size = 0;
    if (len > sizeof(other)) {
        return false;
    }
    memcpy(&other, b, len);
    const void *ip = ip_of(&a->storage, &size);
    const void *other_ip = ip_of(&other, &other_size);
    return ip != NULL && other_ip != NULL && size == other_size && memcmp(ip, other_ip, size) == 0;
}

/* ------------------------------------------------------------ ends */

void
net_name_tell(void *arg)
{
    struct name_query *query = arg;
    if (query->fn != NULL) {
        query->fn(query->arg, query->result,
                  query->result == NET_NAME_FOUND ? query->name : query->text);
    }
    free(query);
}

static void
finish(struct name_query *query, enum net_name_result result)
{
    query->result = result;
    query->resolver->open_queries--;
    mx_timer_stop(&query->limit);
    if (query->is_calling) {
        mx_worker_defer(net_name_tell, query);
    } else {
        net_name_tell(query);
    }
}

/* c-ares gave no result. True: the query is gone or told. */
static bool
finish_failed(struct name_query *query, int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return false;
    case ARES_EDESTRUCTION: /* the worker ends */
        mx_timer_stop(&query->limit);
        free(query);
        return true;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
        if (query->name[0] == '\0') {
            (void)snprintf(query->text, sizeof(query->text), "the address has no name");
            finish(query, NET_NAME_NONE);
        } else {
            (void)snprintf(query->text, sizeof(query->text), "its name '%s' has no address",
                           query->name);
            finish(query, NET_NAME_UNCONFIRMED);
        }
        return true;
    default:
        (void)snprintf(query->text, sizeof(query->text), "the name service failed: %s",
                       ares_strerror(status));
        finish(query, NET_NAME_FAILED);
        return true;
    }
}

/* The client waits; c-ares goes on until its own limits and frees the query then. */
static void
took_too_long(struct mx_timer *timer)
{
    struct name_query *query = mx_container_of(timer, struct name_query, limit);
    net_name_fn fn = query->fn;
    char text[96];
    (void)snprintf(text, sizeof(text), "the name service did not answer within %lld ms",
                   (long long)query->limit_ms);
    query->fn = NULL;
    fn(query->arg, NET_NAME_FAILED, text);
}

/* ------------------------------------------------------------ the two questions */

static void
found_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
    struct name_query *query = arg;
    bool leads_back = false;
    (void)timeouts;
    if (result != NULL) {
        for (struct ares_addrinfo_node *n = result->nodes; n != NULL; n = n->ai_next) {
            leads_back = leads_back || is_same_host(&query->address, n->ai_addr, n->ai_addrlen);
        }
        ares_freeaddrinfo(result);
    }
    if (finish_failed(query, status)) {
        return;
    }
    if (!leads_back) {
        (void)snprintf(query->text, sizeof(query->text),
                       "its name '%s' does not lead back to the address", query->name);
    }
    finish(query, leads_back ? NET_NAME_FOUND : NET_NAME_UNCONFIRMED);
}

static void
found_name(void *arg, int status, int timeouts, struct hostent *host)
{
    struct name_query *query = arg;
    (void)timeouts;
    if (status == ARES_SUCCESS &&
        (host == NULL || host->h_name == NULL || host->h_name[0] == '\0' ||
         strlen(host->h_name) >= sizeof(query->name))) {
        status = ARES_ENODATA;
    }
    if (finish_failed(query, status)) {
        return;
    }
    (void)snprintf(query->name, sizeof(query->name), "%s", host->h_name);
    struct ares_addrinfo_hints hints = {.ai_family = query->address.storage.ss_family,
                                        .ai_socktype = SOCK_STREAM,
                                        .ai_flags = ARES_AI_NOSORT};
    ares_getaddrinfo(query->resolver->channel, query->name, NULL, &hints, found_addresses, query);
}

void
net_resolve_name(const char *address, int64_t limit_ms, net_name_fn fn, void *arg)
{
    struct net_resolver *resolver = net_resolver_mine();
    struct name_query *query = mx_calloc(1, sizeof(*query));
    query->resolver = resolver;
    query->fn = fn;
    query->arg = arg;
    query->limit_ms = limit_ms;
    query->is_calling = true;
    resolver->open_queries++;
    if (!net_address_parse(address, 0, &query->address)) {
        (void)finish_failed(query, ARES_ENOTFOUND);
        return;
    }
    if (resolver->channel_error != ARES_SUCCESS) {
        (void)finish_failed(query, resolver->channel_error);
        return;
    }
    size_t size = 0;
    const void *ip = ip_of(&query->address.storage, &size);
    mx_timer_start(&query->limit, took_too_long, limit_ms);
    ares_gethostbyaddr(resolver->channel, ip, (int)size, query->address.storage.ss_family,
                       found_name, query);
    query->is_calling = false;
    net_resolver_set_timer(resolver);
}
