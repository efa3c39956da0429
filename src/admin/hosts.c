/* Host patterns of the REST API. */
#include "admin/hosts.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* 16 bytes; IPv4 as ::ffff:a.b.c.d, so that both families compare alike. */
struct address {
    uint8_t bytes[16];
};

#define V4_PREFIX_BITS 96u

static void
map_v4(const void *four, struct address *out)
{
    *out = (struct address){.bytes = {[10] = 0xff, [11] = 0xff}};
    memcpy(out->bytes + 12, four, 4);
}

static bool
address_of_peer(const struct sockaddr *peer, struct address *out)
{
    if (peer->sa_family == AF_INET) {
        struct sockaddr_in in4;
        memcpy(&in4, peer, sizeof(in4));
        map_v4(&in4.sin_addr, out);
        return true;
    }
    if (peer->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, peer, sizeof(in6));
        memcpy(out->bytes, &in6.sin6_addr, sizeof(out->bytes));
        return true;
    }
    return false;
}

/* "10.0.0.0/8" to address and bits; false: not an address. */
static bool
parse_network(const char *text, struct address *out, unsigned *out_bits)
{
    char copy[INET6_ADDRSTRLEN + 4];
    size_t len = strcspn(text, "/");
    uint8_t four[4];
    unsigned max = 128;
    unsigned extra = 0;

    if (len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET, copy, four) == 1) {
        map_v4(four, out);
        max = 32;
        extra = V4_PREFIX_BITS;
    } else if (inet_pton(AF_INET6, copy, out->bytes) != 1) {
        return false;
    }
    *out_bits = max + extra;
    if (text[len] == '/') {
        char *end = NULL;
        unsigned long bits = strtoul(text + len + 1, &end, 10);
        if (end == text + len + 1 || *end != '\0' || bits > max) {
            return false;
        }
        *out_bits = (unsigned)bits + extra;
    }
    return true;
}

static bool
in_network(const struct address *address, const struct address *network, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    return memcmp(address->bytes, network->bytes, whole) == 0 &&
           (rest == 0 || (address->bytes[whole] & mask) == (network->bytes[whole] & mask));
}

enum admin_host_verdict
admin_host_check(char *const *patterns, const struct sockaddr *peer)
{
    enum admin_host_verdict verdict = ADMIN_HOST_REFUSED;
    struct address address;
    bool has_address = peer != NULL && address_of_peer(peer, &address);

    if (peer == NULL) {
        return ADMIN_HOST_ALLOWED;
    }
    for (size_t i = 0; patterns != NULL && patterns[i] != NULL; i++) {
        struct address network;
        unsigned bits = 0;
        if (strcmp(patterns[i], "%") == 0) {
            return ADMIN_HOST_ALLOWED;
        }
        if (!parse_network(patterns[i], &network, &bits)) {
            verdict = ADMIN_HOST_ASK_NAME;
        } else if (has_address && in_network(&address, &network, bits)) {
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
        struct address network;
        unsigned bits = 0;
        if (!parse_network(patterns[i], &network, &bits) &&
            admin_host_name_matches(patterns[i], name)) {
            return true;
        }
    }
    return false;
}
