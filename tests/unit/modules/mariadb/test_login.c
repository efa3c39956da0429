/* Login to a server: packets in, packets out, without a socket. */
#include "mariadb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ------------------------------------------------------------ a fake connection and authenticator
 */

static uint8_t sent[4096];
static size_t sent_len;
static bool has_tls;
static size_t clear_len; /* what was sent before TLS began; 0: it did not */
static uint8_t clear[64];

bool
mx_conn_has_tls(const struct mx_conn *conn MX_UNUSED)
{
    return has_tls;
}

void
mx_conn_start_tls(struct mx_conn *conn MX_UNUSED)
{
    assert_true(sent_len <= sizeof(clear));
    memcpy(clear, sent, sent_len);
    clear_len = sent_len;
    sent_len = 0;
}

void
compress_mark(struct compress *compress, const struct mx_conn *conn, uint8_t sequence)
{
    (void)conn;
    (void)sequence;
    assert_null(compress);
}

void
compress_mark_answer(struct compress *compress, const struct mx_conn *conn)
{
    (void)conn;
    assert_null(compress);
}

void
mx_conn_write(struct mx_conn *conn MX_UNUSED, const void *bytes, size_t len)
{
    assert_true(len <= sizeof(sent));
    memcpy(sent, bytes, len);
    sent_len = len;
}

void
mx_conn_write_secret(struct mx_conn *conn, const void *bytes, size_t len)
{
    mx_conn_write(conn, bytes, len);
}

static int rounds_states;

/* The number of the round and what came; an empty packet is the end. */
static enum mx_auth_verdict
rounds_step(struct mx_auth_server *x)
{
    if (*x->state == NULL) {
        *x->state = calloc(1, 1);
        rounds_states++;
    }
    if (x->in_len == 0) {
        return MX_AUTH_DONE;
    }
    char number = (char)('0' + x->round);
    assert_int_equal(mx_buf_append(x->out, &number, 1), 0);
    assert_int_equal(mx_buf_append(x->out, x->in, x->in_len), 0);
    return MX_AUTH_SEND;
}

static void
rounds_free(void *ptr)
{
    rounds_states--;
    free(ptr);
}

static enum mx_auth_verdict
fake_step(struct mx_auth_server *x)
{
    if (strcmp(x->plugin, "rounds") == 0) {
        return rounds_step(x);
    }
    assert_int_equal(mx_buf_append(x->out, "token-of-20-bytes...", 20), 0);
    return MX_AUTH_SEND;
}

static const char *const plugins[] = {"mysql_native_password", "rounds", NULL};
static const struct mx_authenticator_ops fake_ops = {
    .server_plugins = plugins, .server_step = fake_step, .server_free = rounds_free};

static const struct mx_authenticator fake = {.ops = &fake_ops, .name = "fake"};

/* Plugins are served by the one that made the token, as long as it knows them. */
const struct mx_authenticator *
mx_authenticators_for_server(const struct mx_authenticators *set MX_UNUSED,
                             const struct mx_authenticator *own, bool token_is_password MX_UNUSED,
                             const char *plugin)
{
    for (size_t i = 0; own != NULL && own->ops->server_plugins[i] != NULL; i++) {
        if (strcmp(own->ops->server_plugins[i], plugin) == 0) {
            return own;
        }
    }
    return NULL;
}

bool
mx_conn_is_private(const struct mx_conn *conn MX_UNUSED)
{
    return false;
}

#define SERVER_CAPS (WIRE_CAPS_BASE & ~WIRE_CAP_CLIENT_MYSQL)
#define CLIENT_CAPS                                                             \
    (WIRE_CAP_PROTOCOL_41 | WIRE_CAP_SECURE_CONNECTION | WIRE_CAP_PLUGIN_AUTH | \
     WIRE_CAP_CONNECT_ATTRS | WIRE_CAP_DEPRECATE_EOF | WIRE_CAP_SESSION_TRACK)

static struct mariadb_identity identity = {.user = "app",
                                           .database = "",
                                           .server_user = "app",
                                           .authenticator = &fake,
                                           .attrs = (const uint8_t *)"\003key\005value",
                                           .attrs_len = 10,
                                           .collation = 45,
                                           .token_len = 0};

static struct login_facts
facts(const char *database)
{
    return (struct login_facts){.identity = &identity,
                                .database = database,
                                .server_name = "server1",
                                .caps = CLIENT_CAPS,
                                .needed = CLIENT_CAPS};
}

static uint8_t bytes[512];

static struct wire_packet
greeting_packet(uint32_t caps)
{
    struct wire_greeting g = {.version = wire_slice_of("5.5.5-10.11.6-MariaDB"),
                              .plugin = wire_slice_of(WIRE_PLUGIN_NATIVE),
                              .thread_id = 77,
                              .caps = caps,
                              .status = 2,
                              .collation = 45};
    memset(g.scramble, 'x', sizeof(g.scramble));
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof(bytes));
    assert_int_equal(wire_greeting_encode(&w, 0, &g), 0);
    struct wire_packet packet;
    assert_int_equal(wire_packet_next(bytes, w.len, &packet), 0);
    return packet;
}

static struct wire_packet
error_packet(uint16_t code)
{
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof(bytes));
    assert_int_equal(wire_err_encode(&w, 2, code, NULL, wire_slice_of("no")), 0);
    struct wire_packet packet;
    assert_int_equal(wire_packet_next(bytes, w.len, &packet), 0);
    return packet;
}

static enum login_result
feed(struct backend_login *login, const struct login_facts *f, struct wire_packet packet,
     bool *permanent, struct mx_err *err)
{
    sent_len = 0;
    *permanent = false;
    return login_packet(login, f, &packet, permanent, err);
}

/* ------------------------------------------------------------ tests */

static void
test_response_carries_what_the_client_said(void **state MX_UNUSED)
{
    struct backend_login login = {0};
    struct login_facts f = facts("shop");
    struct mx_err err;
    bool permanent = false;
    assert_int_equal(feed(&login, &f, greeting_packet(SERVER_CAPS), &permanent, &err), LOGIN_MORE);
    assert_int_equal(login.thread_id, 77);
    struct wire_packet packet;
    struct wire_login said;
    assert_int_equal(wire_packet_next(sent, sent_len, &packet), 0);
    assert_int_equal(packet.sequence, 1);
    assert_int_equal(
        wire_login_decode(packet.payload.data, packet.payload.len, UINT32_MAX, 0, &said),
        WIRE_LOGIN_OK);
    assert_true(wire_slice_equals(said.user, "app"));
    assert_true(wire_slice_equals(said.db, "shop"));
    assert_true(wire_slice_equals(said.token, "token-of-20-bytes..."));
    assert_int_equal(said.attrs.len, 10);
    assert_int_equal(said.collation, 45);
    assert_true((said.caps & WIRE_CAP_DEPRECATE_EOF) != 0);
    /* Never more than the client has: it would open what the server refuses it. */
    assert_int_equal(said.caps & WIRE_CAP_MULTI_STATEMENTS, 0);
    static const uint8_t ok[] = {7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0};
    assert_int_equal(wire_packet_next(ok, sizeof(ok), &packet), 0);
    assert_int_equal(feed(&login, &f, packet, &permanent, &err), LOGIN_OK);
}

static void
test_server_without_a_promised_capability_is_refused_for_good(void **state MX_UNUSED)
{
    struct backend_login login = {0};
    struct login_facts f = facts("");
    struct mx_err err;
    bool permanent = false;
    struct wire_packet packet = greeting_packet(SERVER_CAPS & ~WIRE_CAP_DEPRECATE_EOF);
    assert_int_equal(feed(&login, &f, packet, &permanent, &err), LOGIN_FAILED);
    assert_true(permanent);
    assert_non_null(strstr(err.text, "server1"));
    assert_int_equal(sent_len, 0);
}

static void
test_nothing_but_the_request_goes_in_clear(void **state MX_UNUSED)
{
    struct backend_login login = {0};
    struct login_facts f = facts("");
    struct mx_err err;
    bool permanent = false;
    struct wire_packet packet;
    struct wire_login said;
    has_tls = true;
    assert_int_equal(feed(&login, &f, greeting_packet(SERVER_CAPS), &permanent, &err),
                     LOGIN_FAILED);
    assert_true(permanent);
    assert_non_null(strstr(err.text, "server1"));
    assert_non_null(strstr(err.text, "has no TLS"));
    assert_int_equal(sent_len, 0);
    assert_int_equal(clear_len, 0);

    login = (struct backend_login){0};
    packet = greeting_packet(SERVER_CAPS | WIRE_CAP_SSL);
    assert_int_equal(feed(&login, &f, packet, &permanent, &err), LOGIN_MORE);
    has_tls = false;
    assert_int_equal(clear_len, WIRE_HEADER_SIZE + WIRE_SSL_REQUEST_SIZE);
    assert_int_equal(wire_packet_next(clear, clear_len, &packet), 0);
    assert_int_equal(packet.sequence, 1);
    assert_int_equal(
        wire_login_decode(packet.payload.data, packet.payload.len, UINT32_MAX, 0, &said),
        WIRE_LOGIN_SSL_REQUEST);
    assert_int_equal(wire_packet_next(sent, sent_len, &packet), 0);
    assert_int_equal(packet.sequence, 2);
    assert_int_equal(
        wire_login_decode(packet.payload.data, packet.payload.len, UINT32_MAX, 0, &said),
        WIRE_LOGIN_OK);
    assert_true((said.caps & WIRE_CAP_SSL) != 0);
    assert_true(wire_slice_equals(said.user, "app"));
}

static void
test_errors_are_permanent_unless_time_can_mend_them(void **state MX_UNUSED)
{
    static const struct {
        uint16_t code;
        bool permanent;
    } cases[] = {{1045, true},  {1044, true},  {1049, true},
                 {1040, false}, {1129, false}, {1053, false}};
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct backend_login login = {.phase = LOGIN_ANSWER};
        struct login_facts f = facts("");
        struct mx_err err;
        bool permanent = false;
        assert_int_equal(feed(&login, &f, error_packet(cases[i].code), &permanent, &err),
                         LOGIN_FAILED);
        assert_int_equal(permanent, cases[i].permanent);
        assert_int_equal(err.code, cases[i].code);
        /* For the client, in the server's words. */
        assert_int_equal(login.refusal->code, cases[i].code);
        assert_string_equal(login.refusal->text, "no");
        login_fini(&login);
    }
}

static void
test_switch_request_is_answered_and_unknown_plugins_are_named(void **state MX_UNUSED)
{
    struct backend_login login = {.phase = LOGIN_ANSWER};
    struct login_facts f = facts("");
    struct mx_err err;
    bool permanent = false;
    struct wire_writer w;
    struct wire_packet packet;
    struct wire_auth_switch request = {.plugin = wire_slice_of(WIRE_PLUGIN_NATIVE),
                                       .data = {(const uint8_t *)"yyyyyyyyyyyyyyyyyyyy", 21}};
    wire_writer_init(&w, bytes, sizeof(bytes));
    assert_int_equal(wire_auth_switch_encode(&w, 2, &request), 0);
    assert_int_equal(wire_packet_next(bytes, w.len, &packet), 0);
    assert_int_equal(feed(&login, &f, packet, &permanent, &err), LOGIN_MORE);
    assert_int_equal(sent_len, 24);
    assert_int_equal(sent[3], 3);
    assert_int_equal(login.scramble[0], 'y');
    request.plugin = wire_slice_of("ed25519");
    wire_writer_init(&w, bytes, sizeof(bytes));
    assert_int_equal(wire_auth_switch_encode(&w, 2, &request), 0);
    assert_int_equal(wire_packet_next(bytes, w.len, &packet), 0);
    assert_int_equal(feed(&login, &f, packet, &permanent, &err), LOGIN_FAILED);
    assert_non_null(strstr(err.text, "ed25519"));
    login_fini(&login);
}

static struct wire_packet
data_packet(uint8_t sequence, const char *data, size_t len)
{
    struct wire_writer w;
    struct wire_packet packet;
    wire_writer_init(&w, bytes, sizeof(bytes));
    struct wire_slice slice = {(const uint8_t *)data, len};
    assert_int_equal(wire_auth_data_encode(&w, sequence, slice), 0);
    assert_int_equal(wire_packet_next(bytes, w.len, &packet), 0);
    return packet;
}

/* Each round goes to the same authenticator with its state, without the mark; then OK. */
static void
test_an_exchange_may_have_several_rounds(void **state MX_UNUSED)
{
    struct backend_login login = {.phase = LOGIN_ANSWER};
    struct login_facts f = facts("");
    struct mx_err err;
    bool permanent = false;
    assert_int_equal(feed(&login, &f, data_packet(2, "\x01what", 5), &permanent, &err),
                     LOGIN_FAILED);
    assert_int_equal(feed(&login, &f,
                          data_packet(2,
                                      "\xfe"
                                      "rounds\0one",
                                      11),
                          &permanent, &err),
                     LOGIN_MORE);
    assert_memory_equal(sent,
                        "\4\0\0\3"
                        "0one",
                        8);
    assert_int_equal(feed(&login, &f, data_packet(4, "\x01two", 4), &permanent, &err), LOGIN_MORE);
    assert_memory_equal(sent,
                        "\4\0\0\5"
                        "1two",
                        8);
    assert_int_equal(feed(&login, &f, data_packet(6, "\4tri", 4), &permanent, &err), LOGIN_MORE);
    assert_memory_equal(sent,
                        "\5\0\0\7"
                        "2\4tri",
                        9);
    /* Nothing more to say. */
    assert_int_equal(feed(&login, &f, data_packet(8, "\x01", 1), &permanent, &err), LOGIN_MORE);
    assert_int_equal(sent_len, 0);
    assert_int_equal(rounds_states, 1);
    assert_int_equal(feed(&login, &f, data_packet(9, "\0\0\0\2\0\0\0", 7), &permanent, &err),
                     LOGIN_OK);
    assert_int_equal(rounds_states, 0);
    assert_null(login.exchange);
}

static void
test_any_bytes_end_without_harm(void **state MX_UNUSED)
{
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        uint8_t garbage[80];
        size_t len = 0;
        for (size_t i = 0; i < sizeof(garbage); i++) {
            seed = seed * 1664525u + 1013904223u;
            garbage[i] = (uint8_t)(seed >> 24);
            len = seed % sizeof(garbage);
        }
        uint8_t *exact = malloc(len == 0 ? 1 : len); /* so that a sanitizer sees each step over */
        memcpy(exact, garbage, len);
        struct backend_login login = {.phase = (uint8_t)(round % 2)};
        struct login_facts f = facts("");
        struct mx_err err;
        bool permanent = false;
        struct wire_packet packet = {.payload = {exact, len}, .size = len + 4};
        (void)feed(&login, &f, packet, &permanent, &err);
        login_fini(&login);
        free(exact);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response_carries_what_the_client_said),
        cmocka_unit_test(test_server_without_a_promised_capability_is_refused_for_good),
        cmocka_unit_test(test_nothing_but_the_request_goes_in_clear),
        cmocka_unit_test(test_errors_are_permanent_unless_time_can_mend_them),
        cmocka_unit_test(test_switch_request_is_answered_and_unknown_plugins_are_named),
        cmocka_unit_test(test_an_exchange_may_have_several_rounds),
        cmocka_unit_test(test_any_bytes_end_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
