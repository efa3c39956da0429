/* Login packets: recorded from a server, round trips, every prefix, odd peers. */
#include "recorded.inc"
#include "unit.h"
#include "wire/caps.h"
#include "wire/greeting.h"

#define PAYLOAD(array) (array) + WIRE_HEADER_SIZE, sizeof(array) - WIRE_HEADER_SIZE

static const uint32_t full = WIRE_CAPS_BASE & ~WIRE_CAP_CLIENT_MYSQL;

static void
test_greeting_of_a_server(void **state)
{
    (void)state;
    struct wire_greeting g;
    assert_int_equal(wire_greeting_decode(PAYLOAD(greeting_mariadb), &g), WIRE_GREETING_OK);
    bool mariadb = false;
    assert_int_equal(wire_version_parse(g.version, &mariadb) / 100, 1011);
    assert_true(mariadb);
    assert_slice(g.plugin, WIRE_PLUGIN_NATIVE);
    assert_int_equal(g.caps & WIRE_CAP_CLIENT_MYSQL, 0);
    assert_true((g.ext_caps & WIRE_EXT_CAP_CACHE_METADATA) != 0);
    assert_true((g.caps & WIRE_CAP_PLUGIN_AUTH) != 0);
    assert_true(g.thread_id > 0);
    for (size_t i = 0; i < WIRE_SCRAMBLE_SIZE; i++) {
        assert_int_not_equal(g.scramble[i], 0);
    }
    /* What we understood is all there is: encoding gives the same bytes. */
    uint8_t out[sizeof(greeting_mariadb)];
    struct wire_writer w;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_greeting_encode(&w, 0, &g), 0);
    assert_int_equal(w.len, sizeof(greeting_mariadb));
    assert_memory_equal(out, greeting_mariadb, sizeof(out));
}

static void
test_greeting_prefixes_are_malformed(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(greeting_mariadb) - 4; len++) {
        uint8_t *copy = exact_copy(greeting_mariadb + 4, len);
        struct wire_greeting g;
        enum wire_greeting_result result = wire_greeting_decode(copy, len, &g);
        /* Only the plugin's name may be cut: its NUL may be missing. */
        if (result == WIRE_GREETING_OK) {
            assert_true(g.plugin.len < strlen(WIRE_PLUGIN_NATIVE) + 1);
            assert_true(len >= sizeof(greeting_mariadb) - 4 - strlen(WIRE_PLUGIN_NATIVE) - 1);
        }
        free(copy);
    }
}

static void
test_greeting_of_odd_servers(void **state)
{
    (void)state;
    struct wire_greeting g;
    assert_int_equal(wire_greeting_decode((const uint8_t *)"\xff\x10\x04Too many", 11, &g),
                     WIRE_GREETING_ERR);
    assert_int_equal(wire_greeting_decode((const uint8_t *)"\x09"
                                                           "3.23\0abc",
                                          9, &g),
                     WIRE_GREETING_OLD);
    /* MySQL: bit 0 set, so the four bytes mean nothing */
    struct wire_greeting mysql = {.version = BYTES("8.0.36"),
                                  .plugin = BYTES("caching_sha2_password"),
                                  .caps = full | WIRE_CAP_CLIENT_MYSQL,
                                  .ext_caps = 0xff,
                                  .thread_id = 77,
                                  .collation = 255,
                                  .status = 2};
    memset(mysql.scramble, 'x', sizeof(mysql.scramble));
    uint8_t out[256];
    struct wire_writer w;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_greeting_encode(&w, 0, &mysql), 0);
    out[4 + 1 + 7 + 4 + 9 + 8 + 6] = 0x11; /* upper capabilities, if they were any */
    assert_int_equal(wire_greeting_decode(out + 4, w.len - 4, &g), WIRE_GREETING_OK);
    assert_int_equal(g.ext_caps, 0);
    assert_int_equal(g.thread_id, 77);
    assert_slice(g.plugin, "caching_sha2_password");
    assert_memory_equal(g.scramble, mysql.scramble, WIRE_SCRAMBLE_SIZE);
}

static void
test_versions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t number;
        bool mariadb;
    } cases[] = {
        {"5.5.5-10.11.6-MariaDB-log", 101106, true},
        {"11.4.2-MariaDB", 110402, true},
        {"8.0.36", 80036, false},
        {"10.6", 100600, false},
        {"", 0, false},
        {"Maria", 0, false},
        {"5.5.5-", 50505, false},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        bool mariadb = !cases[i].mariadb;
        assert_int_equal(wire_version_parse(wire_slice_of(cases[i].text), &mariadb),
                         cases[i].number);
        assert_int_equal(mariadb, cases[i].mariadb);
    }
}

static struct wire_login
sample_login(void)
{
    return (struct wire_login){.user = BYTES("maria"),
                               .token = BYTES("12345678901234567890"),
                               .db = BYTES("shop"),
                               .plugin = BYTES(WIRE_PLUGIN_NATIVE),
                               .attrs = BYTES("\x03"
                                              "key\x05"
                                              "value\x01k\0"),
                               .caps = full,
                               .ext_caps = WIRE_EXT_CAPS_BASE,
                               .max_packet = 1 << 24,
                               .collation = 45,
                               .has_db = true};
}

static void
assert_login_equal(const struct wire_login *a, const struct wire_login *b)
{
    assert_int_equal(a->caps, b->caps);
    assert_int_equal(a->collation, b->collation);
    assert_int_equal(a->user.len, b->user.len);
    assert_memory_equal(a->user.data, b->user.data, b->user.len);
    assert_int_equal(a->token.len, b->token.len);
    assert_memory_equal(a->token.data, b->token.data, b->token.len);
    assert_int_equal(a->db.len, b->db.len);
    assert_memory_equal(a->db.data, b->db.data, b->db.len);
    assert_int_equal(a->plugin.len, b->plugin.len);
    assert_int_equal(a->attrs.len, b->attrs.len);
}

static void
test_login_recorded(void **state)
{
    (void)state;
    struct wire_login login;
    assert_int_equal(
        wire_login_decode(PAYLOAD(response_mariadb), UINT32_MAX & ~1u, UINT32_MAX, &login),
        WIRE_LOGIN_OK);
    assert_slice(login.user, "root");
    assert_slice(login.plugin, WIRE_PLUGIN_NATIVE);
    assert_int_equal(login.token.len, 0);
    assert_int_equal(login.ext_caps, WIRE_EXT_CAP_STMT_BULK);
    assert_int_equal(login.collation, 45);
    assert_false(login.has_db);
}

static void
test_login_round_trip_in_every_shape(void **state)
{
    (void)state;
    static const uint32_t take[] = {0,
                                    WIRE_CAP_AUTH_LENENC_DATA,
                                    WIRE_CAP_CONNECT_WITH_DB,
                                    WIRE_CAP_PLUGIN_AUTH,
                                    WIRE_CAP_CONNECT_ATTRS,
                                    WIRE_CAP_AUTH_LENENC_DATA | WIRE_CAP_SECURE_CONNECTION};
    for (size_t i = 0; i < MX_COUNT(take); i++) {
        struct wire_login in = sample_login();
        in.caps &= ~take[i];
        in.db = (in.caps & WIRE_CAP_CONNECT_WITH_DB) != 0 ? in.db : BYTES("");
        in.plugin = (in.caps & WIRE_CAP_PLUGIN_AUTH) != 0 ? in.plugin : BYTES("");
        in.attrs = (in.caps & WIRE_CAP_CONNECT_ATTRS) != 0 ? in.attrs : BYTES("");
        uint8_t out[256];
        struct wire_writer w;
        wire_writer_init(&w, out, sizeof(out));
        assert_int_equal(wire_login_encode(&w, 1, &in), 0);
        struct wire_login got;
        for (size_t len = 0; len < w.len - 4; len++) {
            uint8_t *copy = exact_copy(out + 4, len);
            enum wire_login_result cut = wire_login_decode(copy, len, full, UINT32_MAX, &got);
            assert_true(cut != WIRE_LOGIN_OK || len > WIRE_SSL_REQUEST_SIZE + strlen("maria"));
            free(copy);
        }
        uint8_t *copy = exact_copy(out + 4, w.len - 4);
        assert_int_equal(wire_login_decode(copy, w.len - 4, full, UINT32_MAX, &got), WIRE_LOGIN_OK);
        assert_login_equal(&got, &in);
        assert_int_equal(got.ext_caps, WIRE_EXT_CAPS_BASE);
        free(copy);
    }
}

/* A server that is told such attributes refuses the login: the client must hear of it at once. */
static void
test_attributes_are_as_long_as_servers_take(void **state)
{
    (void)state;
    static uint8_t attrs[WIRE_ATTRS_MAX + 1];
    static uint8_t out[WIRE_ATTRS_MAX + 300];
    for (size_t len = WIRE_ATTRS_MAX; len <= WIRE_ATTRS_MAX + 1; len++) {
        struct wire_login in = sample_login();
        struct wire_login got;
        struct wire_writer w;
        bool fits = len <= WIRE_ATTRS_MAX;
        in.attrs = (struct wire_slice){attrs, len};
        wire_writer_init(&w, out, sizeof(out));
        assert_int_equal(wire_login_encode(&w, 1, &in), 0);
        assert_int_equal(wire_login_decode(out + 4, w.len - 4, full, UINT32_MAX, &got),
                         fits ? WIRE_LOGIN_OK : WIRE_LOGIN_MALFORMED);
        wire_writer_init(&w, out, sizeof(out));
        assert_int_equal(wire_change_user_encode(&w, 0, &in), 0);
        assert_int_equal(wire_change_user_decode(out + 4, w.len - 4, full, &got), fits ? 0 : -1);
    }
}

/* A capability that was not offered does not change the shape. */
static void
test_login_with_unoffered_capabilities(void **state)
{
    (void)state;
    struct wire_login in = sample_login();
    uint32_t offered = full & ~WIRE_CAP_CONNECT_ATTRS;
    in.caps |= WIRE_CAP_COMPRESS | WIRE_CAP_ZSTD;
    uint8_t out[256];
    struct wire_writer w;
    struct wire_login got;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_login_encode(&w, 1, &in), 0);
    assert_int_equal(wire_login_decode(out + 4, w.len - 4, offered, WIRE_EXT_CAP_STMT_BULK, &got),
                     WIRE_LOGIN_OK);
    assert_int_equal(got.attrs.len, 0);
    assert_int_equal(got.caps, offered);
    assert_int_equal(got.ext_caps, WIRE_EXT_CAP_STMT_BULK);
}

static void
test_ssl_request(void **state)
{
    (void)state;
    struct wire_login in = sample_login();
    uint8_t out[64];
    struct wire_writer w;
    struct wire_login got;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_ssl_request_encode(&w, 1, &in), 0);
    assert_int_equal(w.len, WIRE_HEADER_SIZE + WIRE_SSL_REQUEST_SIZE);
    assert_int_equal(wire_login_decode(out + 4, w.len - 4, full | WIRE_CAP_SSL, UINT32_MAX, &got),
                     WIRE_LOGIN_SSL_REQUEST);
    assert_int_equal(got.caps, full | WIRE_CAP_SSL);
    assert_int_equal(got.max_packet, 1 << 24);
}

static void
test_login_of_old_client(void **state)
{
    (void)state;
    struct wire_login got;
    assert_int_equal(wire_login_decode((const uint8_t *)"\x05\x20\0\0\x40u\0", 7, full, 0, &got),
                     WIRE_LOGIN_OLD);
    assert_int_equal(got.caps, 0x2005);
}

static void
test_change_user(void **state)
{
    (void)state;
    struct wire_login in = sample_login();
    uint8_t out[256];
    struct wire_writer w;
    struct wire_login got;
    in.collation = 0x1234;
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_change_user_encode(&w, 0, &in), 0);
    for (size_t len = 0; len <= w.len - 4; len++) {
        uint8_t *copy = exact_copy(out + 4, len);
        int rc = wire_change_user_decode(copy, len, full, &got);
        /* up to and with the database */
        assert_true(rc == -1 || len >= 1 + 6 + 21 + 5);
        free(copy);
    }
    assert_int_equal(wire_change_user_decode(out + 4, w.len - 4, full, &got), 0);
    assert_login_equal(&got, &in);
    assert_int_equal(wire_change_user_decode((const uint8_t *)"\x03u\0\0d\0", 6, full, &got), -1);
}

static void
test_attributes(void **state)
{
    (void)state;
    struct wire_slice key;
    struct wire_slice value;
    struct wire_reader r;
    struct wire_login login = sample_login();
    wire_reader_init(&r, login.attrs.data, login.attrs.len);
    assert_true(wire_attr_next(&r, &key, &value));
    assert_slice(key, "key");
    assert_slice(value, "value");
    assert_true(wire_attr_next(&r, &key, &value));
    assert_slice(key, "k");
    assert_slice(value, "");
    assert_false(wire_attr_next(&r, &key, &value));
    assert_false(r.failed);
    wire_reader_init(&r, login.attrs.data, 6);
    assert_false(wire_attr_next(&r, &key, &value));
    assert_true(r.failed);
}

static void
test_auth_switch(void **state)
{
    (void)state;
    struct wire_auth_switch got;
    uint8_t scramble[WIRE_SCRAMBLE_SIZE];
    uint8_t out[128];
    struct wire_writer w;
    assert_int_equal(wire_auth_switch_decode(PAYLOAD(reply_change_user_switch), &got), 0);
    assert_slice(got.plugin, WIRE_PLUGIN_NATIVE);
    got.data.len = WIRE_SCRAMBLE_SIZE + 1;
    assert_int_equal(wire_auth_switch_scramble(&got, scramble), 0);
    wire_writer_init(&w, out, sizeof(out));
    assert_int_equal(wire_auth_switch_encode(&w, 1, &got), 0);
    assert_memory_equal(out, reply_change_user_switch, w.len);
    for (size_t len = 0; len < w.len - 4; len++) {
        uint8_t *copy = exact_copy(out + 4, len);
        assert_int_equal(wire_auth_switch_decode(copy, len, &got), len == 0 ? -1 : 0);
        assert_int_equal(wire_auth_switch_scramble(&got, scramble),
                         got.data.len == WIRE_SCRAMBLE_SIZE ? 0 : -1);
        free(copy);
    }
    assert_int_equal(wire_auth_switch_decode((const uint8_t *)"\xfe", 1, &got), 0);
    assert_slice(got.plugin, "mysql_old_password");
    assert_int_equal(wire_auth_switch_decode((const uint8_t *)"\0", 1, &got), -1);
}

static void
test_scramble_is_printable(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 65536; v += 7) {
        uint8_t random[2 * WIRE_SCRAMBLE_SIZE];
        uint8_t out[WIRE_SCRAMBLE_SIZE];
        for (size_t i = 0; i < WIRE_SCRAMBLE_SIZE; i++) {
            wire_store_u16(random + 2 * i, (uint16_t)(v + i));
        }
        wire_scramble_make(out, random);
        for (size_t i = 0; i < WIRE_SCRAMBLE_SIZE; i++) {
            assert_in_range(out[i], '!', '~');
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greeting_of_a_server),
        cmocka_unit_test(test_greeting_prefixes_are_malformed),
        cmocka_unit_test(test_greeting_of_odd_servers),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_login_recorded),
        cmocka_unit_test(test_login_round_trip_in_every_shape),
        cmocka_unit_test(test_attributes_are_as_long_as_servers_take),
        cmocka_unit_test(test_login_with_unoffered_capabilities),
        cmocka_unit_test(test_ssl_request),
        cmocka_unit_test(test_login_of_old_client),
        cmocka_unit_test(test_change_user),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_auth_switch),
        cmocka_unit_test(test_scramble_is_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
