/* PROXY headers; see net/proxy.h. */
#include "net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define BINARY_HEAD 16u /* signature, version and command, family, length */

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

static enum net_proxy_result
bad(struct mx_err *err, const char *text)
{
    (void)mx_err_text(err, "%s", text);
    return NET_PROXY_BAD;
}

/* ------------------------------------------------------------ version 1 */

/* The next word behind exactly one blank; NULL: there is none. */
static char *
next_word(char **at)
{
    char *word = *at;
    if (word == NULL || *word == '\0' || *word == ' ') {
        return NULL;
    }
    char *end = strchr(word, ' ');
    *at = end == NULL ? NULL : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    return word;
}

/* 0 to 65535 in decimal, no sign, no leading zero. */
static bool
port_of(const char *word, uint16_t *out)
{
    uint32_t value = 0;
    size_t len = word == NULL ? 0 : strlen(word);
    if (len == 0 || len > 5 || (len > 1 && word[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (word[i] < '0' || word[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(word[i] - '0');
    }
    *out = (uint16_t)value;
    return value <= UINT16_MAX;
}

static bool
address_of(int family, const char *word, uint16_t port, struct net_peer *out)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_v4 = family == AF_INET;
    if (word == NULL ||
        inet_pton(family, word, is_v4 ? (void *)&in4.sin_addr : (void *)&in6.sin6_addr) != 1) {
        return false;
    }
    net_peer_set(out, is_v4 ? (const struct sockaddr *)&in4 : (const struct sockaddr *)&in6);
    return true;
}

static enum net_proxy_result
decode_line(char *line, struct net_proxy *out, struct mx_err *err)
{
    char *at = line;
    const char *name = next_word(&at);
    const char *family_word = next_word(&at);
    if (name == NULL || strcmp(name, "PROXY") != 0 || family_word == NULL) {
        return bad(err, "the line does not begin with PROXY and a family");
    }
    if (strcmp(family_word, "UNKNOWN") == 0) {
        return NET_PROXY_LOCAL; /* whatever follows is to be ignored */
    }
    int family = strcmp(family_word, "TCP4") == 0   ? AF_INET
                 : strcmp(family_word, "TCP6") == 0 ? AF_INET6
                                                    : 0;
    if (family == 0) {
        return bad(err, "the family is none of TCP4, TCP6 and UNKNOWN");
    }
    const char *client = next_word(&at);
    const char *server = next_word(&at);
    uint16_t client_port = 0;
    uint16_t server_port = 0;
    if (!port_of(next_word(&at), &client_port) || !port_of(next_word(&at), &server_port) ||
        at != NULL) {
        return bad(err, "it does not end with two ports");
    }
    struct net_peer unused;
    if (!address_of(family, server, server_port, &unused) ||
        !address_of(family, client, client_port, &out->client)) {
        return bad(err, "an address is not one of its family");
    }
    return NET_PROXY_CLIENT;
}

static enum net_proxy_result
decode_text(const uint8_t *data, size_t len, struct net_proxy *out, struct mx_err *err)
{
    char line[NET_PROXY_TEXT_MAX + 1];
    size_t part = mx_min_size(len, NET_PROXY_TEXT_MAX);
    const uint8_t *end = memchr(data, '\n', part);
    if (end == NULL) {
        return len < NET_PROXY_TEXT_MAX ? NET_PROXY_MORE
                                        : bad(err, "the line has no end within 107 bytes");
    }
    out->size = (size_t)(end - data) + 1;
    size_t size = out->size - 1;
    if (memchr(data, '\0', size) != NULL) {
        return bad(err, "there is a NUL in the line");
    }
    size -= data[size - 1] == '\r' ? 1 : 0;
    memcpy(line, data, size);
    line[size] = '\0';
    return decode_line(line, out, err);
}

/* ------------------------------------------------------------ version 2 */

static enum net_proxy_result
decode_addresses(uint8_t family, const uint8_t *body, size_t len, struct net_proxy *out,
                 struct mx_err *err)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (family == 0x11 && len >= 12) {
        memcpy(&in4.sin_addr, body, 4);
        memcpy(&in4.sin_port, body + 8, 2);
        net_peer_set(&out->client, (const struct sockaddr *)&in4);
        return NET_PROXY_CLIENT;
    }
    if (family == 0x21 && len >= 36) {
        memcpy(&in6.sin6_addr, body, 16);
        memcpy(&in6.sin6_port, body + 32, 2);
        net_peer_set(&out->client, (const struct sockaddr *)&in6);
        return NET_PROXY_CLIENT;
    }
    if (family == 0x31 && len >= 216) {
        net_peer_set(&out->client, NULL);
        return NET_PROXY_CLIENT;
    }
    if (family == 0) {
        return NET_PROXY_LOCAL;
    }
    return bad(err, family == 0x11 || family == 0x21 || family == 0x31
                        ? "it is too short for the addresses of its family"
                        : "the family is none of TCP over IPv4, over IPv6, and unix streams");
}

static enum net_proxy_result
decode_binary(const uint8_t *data, size_t len, struct net_proxy *out, struct mx_err *err)
{
    if (memcmp(data, signature, mx_min_size(len, sizeof(signature))) != 0) {
        return bad(err, "the signature of version 2 is wrong");
    }
    if (len < BINARY_HEAD) {
        return NET_PROXY_MORE;
    }
    size_t body = (size_t)data[14] << 8 | data[15];
    uint8_t command = data[12] & 0x0f;
    if (data[12] >> 4 != 2 || command > 1) {
        return bad(err, "version or command is not known");
    }
    if (body > NET_PROXY_BODY_MAX) {
        return bad(err, "it is longer than 10000 bytes");
    }
    if (len < BINARY_HEAD + body) {
        return NET_PROXY_MORE;
    }
    out->size = BINARY_HEAD + body;
    if (command == 0) {
        return NET_PROXY_LOCAL;
    }
    return decode_addresses(data[13], data + BINARY_HEAD, body, out, err);
}

/* ------------------------------------------------------------ both */

enum net_proxy_result
net_proxy_decode(const uint8_t *data, size_t len, struct net_proxy *out, struct mx_err *err)
{
    *out = (struct net_proxy){0};
    size_t mark = mx_min_size(len, NET_PROXY_MARK_LEN);
    bool is_text = memcmp(data, "PROX", mark) == 0;
    if (!is_text && memcmp(data, signature, mark) != 0) {
        return NET_PROXY_NONE;
    }
    if (len < NET_PROXY_MARK_LEN) {
        return NET_PROXY_MORE;
    }
    return is_text ? decode_text(data, len, out, err) : decode_binary(data, len, out, err);
}

size_t
net_proxy_encode(const struct net_peer *client, const struct net_peer *server,
                 char out[NET_PROXY_TEXT_MAX + 1])
{
    char from[INET6_ADDRSTRLEN];
    char to[INET6_ADDRSTRLEN];
    if (client->family != AF_INET && client->family != AF_INET6) {
        return 0;
    }
    const struct net_peer *other = server->family == client->family ? server : client;
    int len = snprintf(
        out, NET_PROXY_TEXT_MAX + 1, "PROXY %s %s %s %u %u\r\n",
        client->family == AF_INET ? "TCP4" : "TCP6", net_peer_text(client, from, sizeof(from)),
        net_peer_text(other, to, sizeof(to)), (unsigned)client->port, (unsigned)other->port);
    return (size_t)len;
}
