/* From addresses to names: out of a hosts file, and from a name service that this test plays. */
#include "net/resolve.h"
#include "net/resolver.h"
#include "net/watch.h"
#include "support.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TYPE_A   1
#define TYPE_PTR 12

struct told {
    bool is_told;
    int times;
    enum net_name_result result;
    char text[512];
};

static void
tell(void *arg, enum net_name_result result, const char *text)
{
    struct told *told = arg;
    told->is_told = true;
    told->times++;
    told->result = result;
    (void)snprintf(told->text, sizeof(told->text), "%s", text);
}

static void
expect(const char *address, enum net_name_result result, const char *text)
{
    struct told told = {.times = 0};
    net_resolve_name(address, 5000, tell, &told);
    assert_int_equal(told.times, 0); /* never from inside the call */
    net_test_until(&told.is_told);
    if (strstr(told.text, text) == NULL || told.result != result) {
        fail_msg("%s: %d '%s'", address, (int)told.result, told.text);
    }
    net_test_settle();
    assert_int_equal(told.times, 1);
}

/* ------------------------------------------------------------ the hosts file */

/* Whatever this machine calls it, the system's resolver and ours must agree. */
static void
test_a_name_of_the_hosts_file(void **state)
{
    const struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char name[256] = "";
    (void)state;
    assert_int_equal(getnameinfo((const struct sockaddr *)&at, sizeof(at), name, sizeof(name), NULL,
                                 0, NI_NAMEREQD),
                     0);
    expect("127.0.0.1", NET_NAME_FOUND, name);
}

static void
test_no_address(void **state)
{
    (void)state;
    expect("localhost", NET_NAME_NONE, "no name");
}

/* ------------------------------------------------------------ a name service */

struct service {
    struct net_watch watch;
    int fd;
    const char *name;    /* of every address; NULL: there is none */
    const char *address; /* of every name; NULL: there is none */
    bool is_silent;
    int questions;
};

static size_t
put_name(uint8_t *out, const char *name)
{
    size_t len = 0;
    while (*name != '\0') {
        size_t part = strcspn(name, ".");
        out[len] = (uint8_t)part;
        memcpy(out + len + 1, name, part);
        len += part + 1;
        name += part + (name[part] == '.' ? 1 : 0);
    }
    out[len] = 0;
    return len + 1;
}

static size_t
put_answer(const struct service *service, uint16_t type, uint8_t *out)
{
    /* The name asked for, class IN, 60 seconds. */
    const uint8_t head[10] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60};
    size_t len = 4;
    memcpy(out, head, sizeof(head));
    if (type == TYPE_PTR) {
        len = put_name(out + 12, service->name);
    } else {
        assert_int_equal(inet_pton(AF_INET, service->address, out + 12), 1);
    }
    out[10] = 0;
    out[11] = (uint8_t)len;
    return 12 + len;
}

static void
service_reads(struct net_watch *watch, uint32_t bits)
{
    struct service *service = mx_container_of(watch, struct service, watch);
    uint8_t packet[1024];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    (void)bits;
    ssize_t got = recvfrom(service->fd, packet, 512, 0, (struct sockaddr *)&from, &from_len);
    if (got < 17) {
        return;
    }
    service->questions++;
    if (service->is_silent) {
        return;
    }
    size_t end = 12 + strlen((const char *)packet + 12) + 1 + 4; /* question without the rest */
    uint16_t type = packet[end - 3];
    bool has =
        (type == TYPE_PTR && service->name != NULL) || (type == TYPE_A && service->address != NULL);
    packet[2] |= 0x80;                              /* an answer */
    packet[3] = (uint8_t)(0x80u | (has ? 0u : 3u)); /* 3: no such name */
    memset(packet + 6, 0, 6);
    packet[7] = has ? 1 : 0;
    size_t len = end + (has ? put_answer(service, type, packet + end) : 0);
    (void)sendto(service->fd, packet, len, 0, (struct sockaddr *)&from, from_len);
}

static void
service_open(struct service *service)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    struct mx_err err = {0};
    char server[64];
    service->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(service->fd >= 0);
    assert_int_equal(bind(service->fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(service->fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(net_watch_start(&service->watch, service->fd, EPOLLIN, service_reads, &err),
                     0);
    (void)snprintf(server, sizeof(server), "127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(ares_set_servers_ports_csv(net_resolver_mine()->channel, server),
                     ARES_SUCCESS);
}

static void
service_close(struct service *service)
{
    net_watch_stop(&service->watch);
    (void)close(service->fd);
}

static void
test_a_name_counts_when_it_leads_back(void **state)
{
    static const struct {
        const char *name;
        const char *address;
        enum net_name_result result;
        const char *text;
    } cases[] = {
        {"app1.example.com", "10.1.2.3", NET_NAME_FOUND, "app1.example.com"},
        {"app1.example.com", "10.1.2.4", NET_NAME_UNCONFIRMED, "does not lead back"},
        {"app1.example.com", NULL, NET_NAME_UNCONFIRMED, "has no address"},
        {NULL, "10.1.2.3", NET_NAME_NONE, "no name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct service service = {.name = cases[i].name, .address = cases[i].address};
        service_open(&service);
        expect("10.1.2.3", cases[i].result, cases[i].text);
        assert_int_equal(service.questions > 0, true);
        service_close(&service);
    }
}

static void
test_silence_ends_at_the_limit(void **state)
{
    struct service service = {.is_silent = true};
    struct told told = {.times = 0};
    (void)state;
    service_open(&service);
    net_resolve_name("10.1.2.3", 50, tell, &told);
    net_test_until(&told.is_told);
    assert_int_equal(told.result, NET_NAME_FAILED);
    assert_non_null(strstr(told.text, "50 ms"));
    assert_int_equal(service.questions, 1);
    service_close(&service); /* the open question ends with the worker, and nobody is told again */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_name_of_the_hosts_file, net_test_setup,
                                        net_test_teardown),
        cmocka_unit_test_setup_teardown(test_no_address, net_test_setup, net_test_teardown),
        cmocka_unit_test_setup_teardown(test_a_name_counts_when_it_leads_back, net_test_setup,
                                        net_test_teardown),
        cmocka_unit_test_setup_teardown(test_silence_ends_at_the_limit, net_test_setup,
                                        net_test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
