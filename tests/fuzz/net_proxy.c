/*
 * Input: bytes of a connection. A header must end inside of them, be the same whatever follows it,
 * and be undecided at every cut; what names an address can be written and read again.
 */
#include "fuzz.h"
#include "net/proxy.h"

#include <stdlib.h>
#include <string.h>

static void
check_cuts(const uint8_t *data, size_t size)
{
    struct net_proxy proxy;
    struct mx_err err;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        FUZZ_REQUIRE(copy != NULL);
        memcpy(copy, data, cut);
        FUZZ_REQUIRE(net_proxy_decode(copy, cut, &proxy, &err) == NET_PROXY_MORE);
        free(copy);
    }
}

static void
check_again(const struct net_proxy *proxy)
{
    char text[NET_PROXY_TEXT_MAX + 1];
    struct net_proxy again;
    struct mx_err err;
    size_t len = net_proxy_encode(&proxy->client, &proxy->client, text);
    if (len == 0) {
        return;
    }
    FUZZ_REQUIRE(len == strlen(text));
    FUZZ_REQUIRE(net_proxy_decode((const uint8_t *)text, len, &again, &err) == NET_PROXY_CLIENT);
    FUZZ_REQUIRE(again.size == len);
    FUZZ_REQUIRE(memcmp(&again.client, &proxy->client, sizeof(again.client)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct net_proxy proxy;
    struct net_proxy alone;
    struct mx_err err;
    enum net_proxy_result result = net_proxy_decode(data, size, &proxy, &err);
    if (result != NET_PROXY_LOCAL && result != NET_PROXY_CLIENT) {
        return 0;
    }
    FUZZ_REQUIRE(proxy.size > 0 && proxy.size <= size);
    FUZZ_REQUIRE(net_proxy_decode(data, proxy.size, &alone, &err) == result);
    FUZZ_REQUIRE(alone.size == proxy.size);
    FUZZ_REQUIRE(memcmp(&alone.client, &proxy.client, sizeof(alone.client)) == 0);
    check_cuts(data, proxy.size > 300 ? 300 : proxy.size);
    if (result == NET_PROXY_CLIENT) {
        check_again(&proxy);
    }
    return 0;
}
