/* Socket addresses of net/address.h. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static void
copy_into(struct net_address *out, const void *address, size_t len)
{
    memset(&out->storage, 0, sizeof(out->storage));
    memcpy(&out->storage, address, len);
    out->len = (socklen_t)len;
}

bool
net_address_parse(const char *text, uint16_t port, struct net_address *out)
{
    char plain[INET6_ADDRSTRLEN + 2];
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof(plain)) {
        return false;
    }
    memcpy(plain, text, len);
    plain[len] = '\0';
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, plain, &v4.sin_addr) == 1) {
        copy_into(out, &v4, sizeof(v4));
        return true;
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET6, plain, &v6.sin6_addr) == 1) {
        copy_into(out, &v6, sizeof(v6));
        return true;
    }
    return false;
}

bool
net_address_unix(const char *path, struct net_address *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof(address.sun_path)) {
        return false;
    }
    memcpy(address.sun_path, path, len + 1);
    copy_into(out, &address, sizeof(address));
    return true;
}

void
net_peer_set(struct net_peer *peer, const struct sockaddr *address)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    *peer = (struct net_peer){.family = AF_UNIX};
    if (address == NULL) {
        return;
    }
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        peer->family = AF_INET;
        peer->port = ntohs(v4.sin_port);
        memcpy(peer->ip, &v4.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        peer->family = AF_INET6;
        peer->port = ntohs(v6.sin6_port);
        memcpy(peer->ip, &v6.sin6_addr, 16);
        if (memcmp(peer->ip, mapped, sizeof(mapped)) == 0) {
            peer->family = AF_INET;
            memmove(peer->ip, peer->ip + 12, 4);
            memset(peer->ip + 4, 0, sizeof(peer->ip) - 4);
        }
    }
}

/* Each session has its client's address as text; inet_ntop works ten times as long on it. */
static void
write_ipv4(const uint8_t ip[4], char out[INET_ADDRSTRLEN])
{
    for (int i = 0; i < 4; i++) {
        uint8_t value = ip[i];
        if (value >= 100) {
            *out++ = (char)('0' + value / 100);
        }
        if (value >= 10) {
            *out++ = (char)('0' + value / 10 % 10);
        }
        *out++ = (char)('0' + value % 10);
        *out++ = i < 3 ? '.' : '\0';
    }
}

const char *
net_peer_text(const struct net_peer *peer, char *out, size_t size)
{
    if (peer->family == AF_INET && size >= INET_ADDRSTRLEN) {
        write_ipv4(peer->ip, out);
        return out;
    }
    if (peer->family == AF_INET || peer->family == AF_INET6) {
        if (inet_ntop(peer->family, peer->ip, out, (socklen_t)size) != NULL) {
            return out;
        }
    }
    (void)snprintf(out, size, "%s", peer->family == AF_UNIX ? "localhost" : "");
    return out;
}
