/* Host patterns of the REST API. */
#include "admin/hosts.h"

#include "net/network.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum admin_host_verdict
admin_host_check(char *const *patterns, const struct sockaddr *peer)
{
    enum admin_host_verdict verdict = ADMIN_HOST_REFUSED;

    if (peer == NULL) {
        return ADMIN_HOST_ALLOWED;
    }
    for (size_t i = 0; patterns != NULL && patterns[i] != NULL; i++) {
        struct net_network network;
        if (strcmp(patterns[i], "%") == 0) {
            return ADMIN_HOST_ALLOWED;
        }
        if (!net_network_parse(patterns[i], &network)) {
            verdict = ADMIN_HOST_ASK_NAME;
        } else if (net_network_has(&network, peer)) {
            return ADMIN_HOST_ALLOWED;
        }
    }
    return verdict;
}

bool
admin_host_name_matches(const char *pattern, const char *name)
{
    const char *retry_pattern = NULL;
    const char *retry_name = NULL;

    while (*name != '\0') {
        if (*pattern == '%') {
            retry_pattern = ++pattern;
            retry_name = name;
        } else if (*pattern == '_' || strncasecmp(pattern, name, 1) == 0) {
            pattern++;
            name++;
        } else if (retry_pattern != NULL) {
            pattern = retry_pattern;
            name = ++retry_name;
        } else {
            return false;
        }
    }
    while (*pattern == '%') {
        pattern++;
    }
    return *pattern == '\0';
}

bool
admin_host_check_name(char *const *patterns, const struct sockaddr *peer)
{
    char name[NI_MAXHOST];
    socklen_t len =
        peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    if (getnameinfo(peer, len, name, sizeof(name), NULL, 0, NI_NAMEREQD) != 0 ||
        strcasecmp(name, "localhost") == 0) {
        return false;
    }
    for (size_t i = 0; patterns != NULL && patterns[i] != NULL; i++) {
        struct net_network network;
        if (!net_network_parse(patterns[i], &network) &&
            admin_host_name_matches(patterns[i], name)) {
            return true;
        }
    }
    return false;
}
