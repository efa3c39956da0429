/* Networks and lists of them; see net/network.h. */
#include "net/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define V4_PREFIX_BITS 96u
#define SEPARATORS     ", \t"

static void
map_v4(const void *four, uint8_t *out)
{
    memset(out, 0, 10);
    out[10] = 0xff;
    out[11] = 0xff;
    memcpy(out + 12, four, 4);
}

static bool
bytes_of(const struct sockaddr *address, uint8_t *out)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in4;
        memcpy(&in4, address, sizeof(in4));
        map_v4(&in4.sin_addr, out);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        memcpy(out, &in6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool
net_network_parse(const char *text, struct net_network *out)
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
        map_v4(four, out->address);
        max = 32;
        extra = V4_PREFIX_BITS;
    } else if (inet_pton(AF_INET6, copy, out->address) != 1) {
        return false;
    }
    out->bits = (uint8_t)(max + extra);
    if (text[len] == '/') {
        char *end = NULL;
        unsigned long bits = strtoul(text + len + 1, &end, 10);
        if (end == text + len + 1 || *end != '\0' || bits > max || text[len + 1] == '-') {
            return false;
        }
        out->bits = (uint8_t)(bits + extra);
    }
    return true;
}

bool
net_network_has(const struct net_network *network, const struct sockaddr *address)
{
    uint8_t bytes[16];
    unsigned whole = network->bits / 8u;
    unsigned rest = network->bits % 8u;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    return bytes_of(address, bytes) && memcmp(bytes, network->address, whole) == 0 &&
           (rest == 0 || (bytes[whole] & mask) == (network->address[whole] & mask));
}

/* ------------------------------------------------------------ lists */

static int
add_word(struct net_network_list *list, const char *word, struct mx_err *err)
{
    if (strcmp(word, "*") == 0) {
        list->any = true;
        return 0;
    }
    if (strcmp(word, "localhost") == 0) {
        list->local = true;
        return 0;
    }
    list->items = mx_realloc(list->items, (list->count + 1) * sizeof(*list->items));
    if (!net_network_parse(word, &list->items[list->count])) {
        return mx_err_text(err, "'%s' is no address and no network", word);
    }
    list->count++;
    return 0;
}

int
net_network_list_parse(const char *text, struct net_network_list *out, struct mx_err *err)
{
    char *copy = mx_strdup(text == NULL ? "" : text);
    char *rest = NULL;
    size_t words = 0;
    int rc = 0;

    *out = (struct net_network_list){0};
    for (const char *word = strtok_r(copy, SEPARATORS, &rest); word != NULL && rc == 0;
         word = strtok_r(NULL, SEPARATORS, &rest)) {
        rc = add_word(out, word, err);
        words++;
    }
    if (rc == 0 && out->any && words > 1) {
        rc = mx_err_text(err, "* stands for every host and has to stand alone");
    }
    if (rc != 0) {
        net_network_list_free(out);
    }
    free(copy);
    return rc;
}

void
net_network_list_free(struct net_network_list *list)
{
    free(list->items);
    *list = (struct net_network_list){0};
}

bool
net_network_list_has(const struct net_network_list *list, const struct sockaddr *address)
{
    if (list->any) {
        return true;
    }
    if (address == NULL || address->sa_family == AF_UNIX) {
        return list->local;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (net_network_has(&list->items[i], address)) {
            return true;
        }
    }
    return false;
}
