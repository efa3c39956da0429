/* What clients are offered: of what the proxy can do, that which every server can do. */
#include "mariadb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mx_greeting_facts known;
static struct mariadb_client client;
static bool compresses;
static bool has_tls;
static struct wire_greeting said;
static uint8_t sent[512];

/* ------------------------------------------------------------ a session that says what it is told
 */

void *
mx_session_client(const struct mx_session *session MX_UNUSED)
{
    return &client;
}

void
mx_session_greeting_facts(const struct mx_session *session MX_UNUSED, struct mx_greeting_facts *out)
{
    *out = known;
}

bool
mx_session_compression(const struct mx_session *session MX_UNUSED)
{
    return compresses;
}

struct mx_conn *
mx_session_conn(const struct mx_session *session MX_UNUSED)
{
    return NULL;
}

bool
mx_conn_has_tls(const struct mx_conn *conn MX_UNUSED)
{
    return has_tls;
}

uint64_t
mx_session_id(const struct mx_session *session MX_UNUSED)
{
    return 1;
}

void
mx_conn_write(struct mx_conn *conn MX_UNUSED, const void *bytes, size_t len)
{
    assert_true(len <= sizeof(sent));
    memcpy(sent, bytes, len);
    assert_int_equal(wire_greeting_decode(sent + WIRE_HEADER_SIZE, len - WIRE_HEADER_SIZE, &said),
                     WIRE_GREETING_OK);
}

/* Of the OK of a login, which is not said here. */
const char *
mx_program_version(void)
{
    return "0";
}

char *const *
mx_session_metadata(const struct mx_session *session MX_UNUSED)
{
    return NULL;
}

bool
mx_session_server_variable(const struct mx_session *session MX_UNUSED, const char **name MX_UNUSED,
                           char *out MX_UNUSED, size_t size MX_UNUSED)
{
    return false;
}

const struct mx_service *
mx_session_service(const struct mx_session *session MX_UNUSED)
{
    return NULL;
}

int64_t
mx_service_clients(const struct mx_service *service MX_UNUSED)
{
    return 0;
}

struct compress *
compress_begin(struct mx_conn *conn MX_UNUSED, enum compress_role role MX_UNUSED)
{
    return NULL;
}

/* ------------------------------------------------------------ tests */

/* Without CLIENT_MYSQL there is an upper half, so this one says something else. */
#define LOWER (WIRE_CAPS_BASE & ~WIRE_CAP_CLIENT_MYSQL)
#define UPPER WIRE_EXT_CAPS_BASE

static void
servers(uint32_t caps, uint32_t ext_caps)
{
    known = (struct mx_greeting_facts){.caps = caps,
                                       .ext_caps = ext_caps,
                                       .version = 101106,
                                       .all_mariadb = true,
                                       .version_text = "10.11.6-MariaDB"};
    client_greet(NULL);
    assert_int_equal(said.caps & ~WIRE_CAP_CLIENT_MYSQL, client.caps & ~WIRE_CAP_CLIENT_MYSQL);
    assert_int_equal(said.ext_caps, client.ext_caps);
}

static void
test_all_of_it(void **state MX_UNUSED)
{
    servers(UINT32_MAX, UINT32_MAX);
    assert_int_equal(said.caps, LOWER);
    assert_int_equal(said.ext_caps, UPPER);
}

static void
test_a_bit_that_servers_lack_is_not_offered_and_no_other_is_missing(void **state MX_UNUSED)
{
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        if (bit == WIRE_CAP_PROTOCOL_41 || bit == WIRE_CAP_PLUGIN_AUTH) {
            continue; /* there is no greeting without them */
        }
        servers(~bit, UINT32_MAX);
        assert_int_equal(said.caps, LOWER & ~bit);
        assert_int_equal(said.ext_caps, UPPER);
        servers(UINT32_MAX, ~bit);
        assert_int_equal(said.caps, LOWER);
        assert_int_equal(said.ext_caps, UPPER & ~bit);
    }
}

static void
test_a_bit_that_servers_have_alone(void **state MX_UNUSED)
{
    uint32_t always = WIRE_CAP_PROTOCOL_41 | WIRE_CAP_PLUGIN_AUTH;
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        servers(bit | always, WIRE_EXT_CAP_PROGRESS);
        assert_int_equal(said.caps, LOWER & (bit | always));
        servers(always, bit);
        bool upper = (UPPER & bit) != 0;
        assert_int_equal(said.caps, always | (upper ? 0 : WIRE_CAP_CLIENT_MYSQL));
        assert_int_equal(said.ext_caps, UPPER & bit);
    }
}

static void
test_mysql_has_no_upper_half(void **state MX_UNUSED)
{
    known = (struct mx_greeting_facts){
        .caps = UINT32_MAX, .ext_caps = UINT32_MAX, .version = 80036, .version_text = "8.0.36"};
    client_greet(NULL);
    assert_int_equal(said.ext_caps, 0);
    assert_int_equal(said.caps, WIRE_CAPS_BASE);
}

/* What changes the shape of answers is promised only for servers that are known. */
static void
test_unknown_and_old_servers(void **state MX_UNUSED)
{
    static const struct mx_greeting_facts cases[] = {
        {.caps = UINT32_MAX, .ext_caps = UINT32_MAX, .all_mariadb = true},
        {.caps = UINT32_MAX, .version = 101106, .all_mariadb = true, .unknown = true},
        {.caps = UINT32_MAX, .version = 100207, .all_mariadb = true},
        {.caps = UINT32_MAX, .version = 50744},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        known = cases[i];
        client_greet(NULL);
        assert_int_equal(said.caps & (WIRE_CAP_SESSION_TRACK | WIRE_CAP_DEPRECATE_EOF |
                                      WIRE_CAP_OPTIONAL_METADATA),
                         0);
    }
}

static void
test_the_listener_adds_compression_and_tls(void **state MX_UNUSED)
{
    compresses = true;
    servers(0x80200, 0);
    assert_int_equal(said.caps & (WIRE_CAP_COMPRESS | WIRE_CAP_SSL), WIRE_CAP_COMPRESS);
    compresses = false;
    has_tls = true;
    servers(0x80200, 0);
    assert_int_equal(said.caps & (WIRE_CAP_COMPRESS | WIRE_CAP_SSL), WIRE_CAP_SSL);
    has_tls = false;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_a_bit_that_servers_lack_is_not_offered_and_no_other_is_missing),
        cmocka_unit_test(test_a_bit_that_servers_have_alone),
        cmocka_unit_test(test_mysql_has_no_upper_half),
        cmocka_unit_test(test_unknown_and_old_servers),
        cmocka_unit_test(test_the_listener_adds_compression_and_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
