/* PROXY headers: both versions, every cut, what is wrong with them; and lists of networks. */
#include "net/network.h"
#include "net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Decodes from memory of that very size, so that a read behind it is caught. */
static enum net_proxy_result
decode(const void *bytes, size_t len, struct net_proxy *out, struct mx_err *err)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    enum net_proxy_result result = net_proxy_decode(copy, len, out, err);
    free(copy);
    return result;
}

/* Whole, with something behind it, and cut at every byte. */
static void
check(const void *bytes, size_t len, enum net_proxy_result wanted, const char *address,
      uint16_t port)
{
    char text[64];
    struct net_proxy proxy;
    struct mx_err err;
    uint8_t longer[512] = {0};
    assert_true(len + 20 < sizeof(longer));
    memcpy(longer, bytes, len);
    memset(longer + len, '\n', 20);
    assert_int_equal(decode(longer, len + 20, &proxy, &err), wanted);
    assert_int_equal(decode(bytes, len, &proxy, &err), wanted);
    assert_int_equal(proxy.size, len);
    if (wanted == NET_PROXY_CLIENT) {
        assert_string_equal(net_peer_text(&proxy.client, text, sizeof(text)), address);
        assert_int_equal(proxy.client.port, port);
    }
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(decode(bytes, cut, &proxy, &err), NET_PROXY_MORE);
    }
}

static void
check_text(const char *text, enum net_proxy_result wanted, const char *address, uint16_t port)
{
    check(text, strlen(text), wanted, address, port);
}

static void
test_version_1(void **state)
{
    (void)state;
    check_text("PROXY TCP4 192.0.2.7 198.51.100.1 4711 3306\r\n", NET_PROXY_CLIENT, "192.0.2.7",
               4711);
    check_text("PROXY TCP4 192.0.2.7 198.51.100.1 0 65535\n", NET_PROXY_CLIENT, "192.0.2.7", 0);
    check_text("PROXY TCP6 2001:db8::7 ::1 1 2\r\n", NET_PROXY_CLIENT, "2001:db8::7", 1);
    check_text("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", NET_PROXY_CLIENT, "192.0.2.7", 1);
    check_text("PROXY UNKNOWN\r\n", NET_PROXY_LOCAL, NULL, 0);
    check_text("PROXY UNKNOWN ffff::1 whatever it says\r\n", NET_PROXY_LOCAL, NULL, 0);
}

static void
test_version_1_is_wrong(void **state)
{
    static const char *const lines[] = {
        "PROXX TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY\r\n",
        "PROXY \r\n",
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 99999999999 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
        "PROXY TCP4 1.2.3.400 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP4 host.example 1.2.3.4 1 2\r\n",
        "PROXY TCP4\t1.2.3.4 1.2.3.4 1 2\r\n",
    };
    struct net_proxy proxy;
    struct mx_err err;
    (void)state;
    for (size_t i = 0; i < MX_COUNT(lines); i++) {
        assert_int_equal(decode(lines[i], strlen(lines[i]), &proxy, &err), NET_PROXY_BAD);
    }
    assert_int_equal(decode("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n", 33, &proxy, &err),
                     NET_PROXY_BAD);
    char line[200];
    memset(line, 'x', sizeof(line));
    memcpy(line, "PROXY UNKNOWN ", 14);
    assert_int_equal(decode(line, 106, &proxy, &err), NET_PROXY_MORE);
    assert_int_equal(decode(line, 107, &proxy, &err), NET_PROXY_BAD);
    line[106] = '\n';
    assert_int_equal(decode(line, 107, &proxy, &err), NET_PROXY_LOCAL);
}

/* ------------------------------------------------------------ version 2 */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static size_t
binary(uint8_t *out, uint8_t command, uint8_t family, const void *body, size_t body_len,
       size_t more)
{
    memcpy(out, SIGNATURE, 12);
    out[12] = command;
    out[13] = family;
    out[14] = (uint8_t)((body_len + more) >> 8);
    out[15] = (uint8_t)(body_len + more);
    memcpy(out + 16, body, body_len);
    memset(out + 16 + body_len, 0xee, more);
    return 16 + body_len + more;
}

static void
test_version_2(void **state)
{
    static const uint8_t v4[12] = {192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x67, 0x0c, 0xea};
    static const uint8_t v6[36] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7, [31] = 1, [33] = 5};
    static const uint8_t unix_names[216] = {0};
    uint8_t bytes[400];
    (void)state;
    check(bytes, binary(bytes, 0x21, 0x11, v4, 12, 0), NET_PROXY_CLIENT, "192.0.2.7", 0x1267);
    check(bytes, binary(bytes, 0x21, 0x11, v4, 12, 40), NET_PROXY_CLIENT, "192.0.2.7", 0x1267);
    check(bytes, binary(bytes, 0x21, 0x21, v6, 36, 0), NET_PROXY_CLIENT, "2001:db8::7", 5);
    check(bytes, binary(bytes, 0x21, 0x31, unix_names, 216, 3), NET_PROXY_CLIENT, "localhost", 0);
    check(bytes, binary(bytes, 0x20, 0x11, v4, 12, 0), NET_PROXY_LOCAL, NULL, 0);
    check(bytes, binary(bytes, 0x20, 0, v4, 0, 0), NET_PROXY_LOCAL, NULL, 0);
    check(bytes, binary(bytes, 0x21, 0, v4, 0, 0), NET_PROXY_LOCAL, NULL, 0);
}

static void
test_version_2_is_wrong(void **state)
{
    static const struct {
        uint8_t command;
        uint8_t family;
        size_t len;
    } rows[] = {
        {0x11, 0x11, 12},  {0x31, 0x11, 12}, {0x22, 0x11, 12}, {0x21, 0x11, 11},  {0x21, 0x21, 35},
        {0x21, 0x31, 215}, {0x21, 0x12, 12}, {0x21, 0x22, 36}, {0x21, 0x41, 100},
    };
    uint8_t zeros[256] = {0};
    uint8_t bytes[400];
    struct net_proxy proxy;
    struct mx_err err;
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        size_t len = binary(bytes, rows[i].command, rows[i].family, zeros, rows[i].len, 0);
        assert_int_equal(decode(bytes, len, &proxy, &err), NET_PROXY_BAD);
    }
    size_t len = binary(bytes, 0x21, 0x11, zeros, 12, 0);
    bytes[5] = 'x';
    assert_int_equal(decode(bytes, len, &proxy, &err), NET_PROXY_BAD);
    assert_int_equal(decode(bytes, 6, &proxy, &err), NET_PROXY_BAD);
    (void)binary(bytes, 0x21, 0x11, zeros, 12, 0);
    bytes[14] = 0x27; /* 10000 */
    bytes[15] = 0x10;
    assert_int_equal(decode(bytes, 28, &proxy, &err), NET_PROXY_MORE);
    bytes[15] = 0x11;
    assert_int_equal(decode(bytes, 28, &proxy, &err), NET_PROXY_BAD);
}

static void
test_no_header(void **state)
{
    struct net_proxy proxy;
    struct mx_err err;
    (void)state;
    assert_int_equal(decode("\x50\x00\x00\x01", 4, &proxy, &err), NET_PROXY_NONE);
    assert_int_equal(decode("\x20", 1, &proxy, &err), NET_PROXY_NONE);
    assert_int_equal(decode("PRO\x01", 4, &proxy, &err), NET_PROXY_NONE);
    assert_int_equal(decode("", 0, &proxy, &err), NET_PROXY_MORE);
}

static struct net_peer
peer(const char *address, uint16_t port)
{
    struct net_address parsed = {.len = 0};
    struct net_peer out;
    assert_true(net_address_parse(address, port, &parsed));
    net_peer_set(&out, (const struct sockaddr *)&parsed.storage);
    return out;
}

static void
test_encode(void **state)
{
    char out[NET_PROXY_TEXT_MAX + 1];
    struct net_peer v4 = peer("192.0.2.7", 4711);
    struct net_peer v6 = peer("2001:db8::7", 4712);
    struct net_peer none = {.family = AF_UNIX};
    struct net_peer longest = peer("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 65535);
    struct net_peer server = peer("10.0.0.1", 3306);
    (void)state;
    size_t len = net_proxy_encode(&v4, &server, out);
    assert_int_equal(len, strlen(out));
    assert_string_equal(out, "PROXY TCP4 192.0.2.7 10.0.0.1 4711 3306\r\n");
    len = net_proxy_encode(&v6, &server, out);
    assert_int_equal(len, strlen(out));
    assert_string_equal(out, "PROXY TCP6 2001:db8::7 2001:db8::7 4712 4712\r\n");
    assert_true(net_proxy_encode(&longest, &longest, out) <= NET_PROXY_TEXT_MAX);
    assert_int_equal(net_proxy_encode(&none, &server, out), 0);
}

/* ------------------------------------------------------------ networks */

static bool
has(const struct net_network_list *list, const char *address)
{
    struct net_address parsed = {.len = 0};
    assert_true(net_address_parse(address, 1, &parsed));
    return net_network_list_has(list, (const struct sockaddr *)&parsed.storage);
}

static void
test_networks(void **state)
{
    struct net_network_list list;
    struct mx_err err;
    (void)state;
    assert_int_equal(net_network_list_parse("10.0.0.0/9, ::1  fe80::/10,192.0.2.7", &list, &err),
                     0);
    assert_true(has(&list, "10.127.255.255"));
    assert_false(has(&list, "10.128.0.0"));
    assert_true(has(&list, "::1"));
    assert_false(has(&list, "::2"));
    assert_true(has(&list, "febf::1"));
    assert_false(has(&list, "fec0::1"));
    assert_true(has(&list, "192.0.2.7"));
    assert_true(has(&list, "::ffff:192.0.2.7"));
    assert_false(has(&list, "192.0.2.8"));
    assert_false(net_network_list_has(&list, NULL));
    net_network_list_free(&list);
    assert_int_equal(net_network_list_parse("localhost", &list, &err), 0);
    assert_true(net_network_list_has(&list, NULL));
    assert_false(has(&list, "127.0.0.1"));
    net_network_list_free(&list);
    assert_int_equal(net_network_list_parse("*", &list, &err), 0);
    assert_true(net_network_list_has(&list, NULL) && has(&list, "1.2.3.4"));
    net_network_list_free(&list);
    assert_int_equal(net_network_list_parse(NULL, &list, &err), 0);
    assert_false(has(&list, "127.0.0.1"));
}

static void
test_wrong_networks(void **state)
{
    static const char *const texts[] = {
        "* 10.0.0.0/8", "*,*",      "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x",  "::1/129",
        "10.0.0.0/-1",  "10.0.0/8", "host",        "/8",        "localhost/8",
    };
    struct net_network_list list;
    struct mx_err err;
    (void)state;
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        assert_int_equal(net_network_list_parse(texts[i], &list, &err), -1);
        assert_true(list.items == NULL && list.count == 0 && !list.any);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_1), cmocka_unit_test(test_version_1_is_wrong),
        cmocka_unit_test(test_version_2), cmocka_unit_test(test_version_2_is_wrong),
        cmocka_unit_test(test_no_header), cmocka_unit_test(test_encode),
        cmocka_unit_test(test_networks),  cmocka_unit_test(test_wrong_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
