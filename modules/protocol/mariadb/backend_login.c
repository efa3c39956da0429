/*
 * Login to a server in the name of a client: greeting, response with what the client negotiated,
 * the authenticator's answers. Nothing here waits: one packet in, at most one packet out.
 */
#include "mariadb.h"

#include <stdlib.h>
#include <string.h>

#define RESPONSE_FIXED_MAX 512u
#define MAX_PACKET         16777216u

/* What a client relies on: replies have another shape, or statements fail, without it. */
#define NEEDED_CAPS                                                                \
    (WIRE_CAP_PROTOCOL_41 | WIRE_CAP_MULTI_STATEMENTS | WIRE_CAP_MULTI_RESULTS |   \
     WIRE_CAP_PS_MULTI_RESULTS | WIRE_CAP_SESSION_TRACK | WIRE_CAP_DEPRECATE_EOF | \
     WIRE_CAP_OPTIONAL_METADATA)
/* Of the connection itself, whatever the client has. */
#define OWN_CAPS                                                                \
    (WIRE_CAP_PROTOCOL_41 | WIRE_CAP_SECURE_CONNECTION | WIRE_CAP_PLUGIN_AUTH | \
     WIRE_CAP_AUTH_LENENC_DATA)
/* Decided for each connection anew. */
#define NEVER_CAPS                                                                         \
    (WIRE_CAP_SSL | WIRE_CAP_COMPRESS | WIRE_CAP_CONNECT_WITH_DB | WIRE_CAP_CLIENT_MYSQL | \
     WIRE_CAP_SSL_VERIFY_SERVER_CERT)

/* ------------------------------------------------------------ authenticators */

static const struct mx_authenticator *
answerer(const struct mariadb_identity *identity, const char *plugin)
{
    return mx_authenticators_for_server(identity->authenticators, identity->authenticator,
                                        identity->token_is_password, plugin);
}

static int
needs_password(const char *plugin, struct mx_err *err)
{
    return mx_err_set(err, WIRE_ER_PLUGIN_NOT_LOADED, "HY000",
                      "the server wants the authentication plugin '%s', which needs the password "
                      "itself, and the client has not shown it; name credentials in "
                      "user_mapping_file, or use an authenticator that asks for the password",
                      plugin);
}

static int
nobody_answers(const struct mariadb_identity *identity, const char *plugin, struct mx_err *err)
{
    if (!identity->token_is_password &&
        mx_authenticators_for_server(identity->authenticators, NULL, true, plugin) != NULL) {
        return needs_password(plugin, err);
    }
    return mx_err_set(err, WIRE_ER_PLUGIN_NOT_LOADED, "HY000",
                      "the server wants the authentication plugin '%s', which no authenticator "
                      "of the listener can answer",
                      plugin);
}

/* The authenticator's answer to the server's data. 1: nothing is to be sent. */
static int
run_step(const struct login_facts *facts, struct login_exchange *exchange, struct wire_slice in,
         struct mx_buf *out, struct mx_err *err)
{
    const struct mariadb_identity *identity = facts->identity;
    if (exchange->by == NULL) {
        return nobody_answers(identity, exchange->plugin, err);
    }
    struct mx_auth_server x = {.config = exchange->by->config,
                               .instance = exchange->by->instance,
                               .plugin = exchange->plugin,
                               .user = identity->server_user,
                               .in = in.data,
                               .in_len = in.len,
                               .round = exchange->round,
                               .is_private = mx_conn_is_private(facts->conn),
                               .token = identity->bytes,
                               .token_len = identity->token_len,
                               .token_is_password = identity->token_is_password,
                               .state = &exchange->state,
                               .out = out,
                               .err = err};
    mx_err_clear(err);
    exchange->round++;
    switch (exchange->by->ops->server_step(&x)) {
    case MX_AUTH_DONE:
        return out->len > 0 ? 0 : 1;
    case MX_AUTH_SEND:
        return 0;
    case MX_AUTH_SWITCH:
    case MX_AUTH_WAIT:
    case MX_AUTH_DENIED:
        return needs_password(exchange->plugin, err);
    case MX_AUTH_ERROR:
        break;
    }
    return -1;
}

static void
exchange_begin(struct login_exchange *exchange, const struct mariadb_identity *identity,
               struct wire_slice plugin)
{
    *exchange = (struct login_exchange){0};
    size_t len = mx_min_size(plugin.len, sizeof(exchange->plugin) - 1);
    memcpy(exchange->plugin, plugin.data, len);
    exchange->by = answerer(identity, exchange->plugin);
}

static void
exchange_end(struct login_exchange *exchange)
{
    if (exchange->state != NULL) {
        exchange->by->ops->server_free(exchange->state);
        exchange->state = NULL;
    }
}

void
login_fini(struct backend_login *login)
{
    free(login->refusal);
    login->refusal = NULL;
    if (login->exchange != NULL) {
        exchange_end(login->exchange);
        free(login->exchange);
        login->exchange = NULL;
    }
}

static int
exchange_answer(struct backend_login *login, const struct login_facts *facts, struct wire_slice in,
                uint8_t sequence, struct mx_err *err)
{
    struct mx_buf out = {0};
    int rc = run_step(facts, login->exchange, in, &out, err);
    if (rc == 0) {
        size_t cap = out.len + WIRE_HEADER_SIZE;
        uint8_t *bytes = mx_alloc(cap);
        struct wire_writer w;
        wire_writer_init(&w, bytes, cap);
        rc = wire_auth_data_encode(&w, sequence, (struct wire_slice){out.bytes, out.len});
        MX_ASSERT(rc == 0);
        mx_conn_write_secret(facts->conn, bytes, w.len);
        explicit_bzero(bytes, cap);
        free(bytes);
    }
    mx_buf_wipe(&out);
    return rc < 0 ? -1 : 0;
}

/* ------------------------------------------------------------ the response */

uint32_t
login_wanted(uint32_t caps)
{
    return (caps & ~NEVER_CAPS) | OWN_CAPS;
}

bool
login_would_agree(const struct backend_login *login, const struct login_facts *facts)
{
    return login_wanted(facts->caps) == login->wanted && facts->ext_caps == login->ext_caps &&
           (facts->needed & NEEDED_CAPS & ~login->caps) == 0;
}

static int
agree(struct backend_login *login, const struct login_facts *facts,
      const struct wire_greeting *greeting, struct mx_err *err)
{
    uint32_t missing = facts->needed & NEEDED_CAPS & ~greeting->caps;
    uint32_t missing_ext = facts->ext_caps & ~greeting->ext_caps;
    if (missing != 0 || missing_ext != 0) {
        return mx_err_set(err, WIRE_ER_HANDSHAKE, "08S01",
                          "server '%s' lacks protocol capabilities that the client was offered "
                          "before the server was known (0x%08x, 0x%08x); new clients will not be "
                          "offered them",
                          facts->server_name, (unsigned)missing, (unsigned)missing_ext);
    }
    login->wanted = login_wanted(facts->caps);
    login->caps = login->wanted & greeting->caps;
    login->ext_caps = facts->ext_caps;
    if (facts->database[0] != '\0') {
        login->caps |= WIRE_CAP_CONNECT_WITH_DB;
    }
    if (login->ext_caps == 0) {
        login->caps |= WIRE_CAP_CLIENT_MYSQL;
    }
    if (facts->compress) {
        login->caps |= greeting->caps & WIRE_CAP_COMPRESS;
    }
    return 0;
}

static struct wire_login
describe(const struct backend_login *login, const struct login_facts *facts,
         const struct mx_buf *token)
{
    const struct mariadb_identity *identity = facts->identity;
    return (struct wire_login){.user = wire_slice_of(identity->server_user),
                               .token = {token->bytes, token->len},
                               .db = wire_slice_of(facts->database),
                               .plugin = wire_slice_of(WIRE_PLUGIN_NATIVE),
                               .attrs = {identity->attrs, identity->attrs_len},
                               .caps = login->caps,
                               .ext_caps = login->ext_caps,
                               .max_packet = MAX_PACKET,
                               .collation = identity->collation,
                               .has_db = facts->database[0] != '\0'};
}

/* The native token goes with the first packet: most servers ask for nothing else. */
static int
send_login(struct backend_login *login, const struct login_facts *facts, uint8_t sequence,
           int (*encode)(struct wire_writer *w, uint8_t sequence, const struct wire_login *login),
           struct mx_err *err)
{
    struct mx_buf token = {0};
    struct wire_slice scramble = {login->scramble, WIRE_SCRAMBLE_SIZE};
    struct login_exchange native;
    struct mx_err ignored;
    exchange_begin(&native, facts->identity, wire_slice_of(WIRE_PLUGIN_NATIVE));
    if (run_step(facts, &native, scramble, &token, &ignored) != 0) {
        mx_buf_clear(&token); /* the server will ask for another plugin */
    }
    exchange_end(&native);
    struct wire_login packet = describe(login, facts, &token);
    size_t cap = RESPONSE_FIXED_MAX + packet.user.len + packet.db.len + packet.attrs.len;
    uint8_t *bytes = mx_alloc(cap);
    struct wire_writer w;
    wire_writer_init(&w, bytes, cap);
    int rc = encode(&w, sequence, &packet);
    if (rc != 0) {
        (void)mx_err_set(err, WIRE_ER_HANDSHAKE, "08S01", "the login packet does not fit");
    } else {
        mx_conn_write_secret(facts->conn, bytes, w.len);
    }
    explicit_bzero(bytes, cap);
    free(bytes);
    mx_buf_wipe(&token);
    return rc;
}

int
login_change_user(struct backend_login *login, const struct login_facts *facts, struct mx_err *err)
{
    compress_mark(login->compress, facts->conn, 0);
    return send_login(login, facts, 0, wire_change_user_encode, err);
}

/* ------------------------------------------------------------ the exchange */

/* Another moment, or another number of connections, may do. */
static bool
is_passing(uint16_t code)
{
    return code == WIRE_ER_CON_COUNT || code == WIRE_ER_HOST_BLOCKED || code == 1203 ||
           code == 1226 || code == WIRE_ER_SERVER_SHUTDOWN;
}

static enum login_result
refused(struct backend_login *login, const struct login_facts *facts,
        const struct wire_packet *packet, bool *out_permanent, struct mx_err *err)
{
    struct wire_err from;
    if (wire_err_decode(packet->payload.data, packet->payload.len, &from) != 0) {
        (void)mx_err_set(err, WIRE_ER_HANDSHAKE, "08S01", "server '%s' sent a malformed error",
                         facts->server_name);
        return LOGIN_FAILED;
    }
    *out_permanent = !is_passing(from.code);
    int text_len = (int)mx_min_size(from.text.len, 300);
    const char *text = from.text.len == 0 ? "" : (const char *)from.text.data;
    if (login->refusal == NULL) {
        login->refusal = mx_alloc(sizeof(*login->refusal));
    }
    (void)mx_err_set(login->refusal, from.code, from.sqlstate, "%.*s", text_len, text);
    const char *remedy = "";
    if (from.code == WIRE_ER_HOST_BLOCKED) {
        remedy = "; run `mariadb-admin flush-hosts` there and raise max_connect_errors";
    }
    (void)mx_err_set(err, from.code, from.sqlstate, "server '%s' refused the login: %.*s%s",
                     facts->server_name, text_len, text, remedy);
    return LOGIN_FAILED;
}

/*
 * The request goes out in clear, everything after it encrypted; the login itself leaves when the
 * server has shown who it is. Returns the sequence number of the login, -1 when there is no TLS.
 */
static int
begin_tls(struct backend_login *login, const struct login_facts *facts, uint8_t sequence,
          const struct wire_greeting *greeting, struct mx_err *err)
{
    uint8_t bytes[WIRE_HEADER_SIZE + WIRE_SSL_REQUEST_SIZE];
    struct wire_writer w;
    if (!mx_conn_has_tls(facts->conn)) {
        return sequence;
    }
    if ((greeting->caps & WIRE_CAP_SSL) == 0) {
        return mx_err_set(err, MX_CONN_TLS_FAILED, "HY000",
                          "ssl=true is set for server '%s', but the server has no TLS; give it "
                          "ssl_cert and ssl_key, or set ssl=false if the connection may be in "
                          "clear",
                          facts->server_name);
    }
    struct wire_login packet = {.caps = login->caps | WIRE_CAP_SSL,
                                .ext_caps = login->ext_caps,
                                .max_packet = MAX_PACKET,
                                .collation = facts->identity->collation};
    login->caps = packet.caps;
    wire_writer_init(&w, bytes, sizeof(bytes));
    int rc = wire_ssl_request_encode(&w, sequence, &packet);
    MX_ASSERT(rc == 0);
    mx_conn_write(facts->conn, bytes, w.len);
    mx_conn_start_tls(facts->conn);
    return (uint8_t)(sequence + 1);
}

static enum login_result
take_greeting(struct backend_login *login, const struct login_facts *facts,
              const struct wire_packet *packet, bool *out_permanent, struct mx_err *err)
{
    struct wire_greeting greeting;
    switch (wire_greeting_decode(packet->payload.data, packet->payload.len, &greeting)) {
    case WIRE_GREETING_OK:
        break;
    case WIRE_GREETING_ERR:
        return refused(login, facts, packet, out_permanent, err);
    case WIRE_GREETING_OLD:
    case WIRE_GREETING_MALFORMED:
        *out_permanent = true;
        (void)mx_err_set(err, WIRE_ER_HANDSHAKE, "08S01",
                         "what answers at server '%s' does not speak protocol 10",
                         facts->server_name);
        return LOGIN_FAILED;
    }
    login->thread_id = greeting.thread_id;
    memcpy(login->scramble, greeting.scramble, WIRE_SCRAMBLE_SIZE);
    *out_permanent = true;
    if (agree(login, facts, &greeting, err) != 0) {
        return LOGIN_FAILED;
    }
    int sequence = begin_tls(login, facts, (uint8_t)(packet->sequence + 1), &greeting, err);
    if (sequence < 0 || send_login(login, facts, (uint8_t)sequence, wire_login_encode, err) != 0) {
        return LOGIN_FAILED;
    }
    *out_permanent = false;
    login->phase = LOGIN_ANSWER;
    return LOGIN_MORE;
}

static enum login_result
take_switch(struct backend_login *login, const struct login_facts *facts,
            const struct wire_packet *packet, bool *out_permanent, struct mx_err *err)
{
    struct wire_auth_switch request;
    *out_permanent = true;
    if (wire_auth_switch_decode(packet->payload.data, packet->payload.len, &request) != 0) {
        (void)mx_err_set(err, WIRE_ER_HANDSHAKE, "08S01",
                         "server '%s' sent a malformed authentication request", facts->server_name);
        return LOGIN_FAILED;
    }
    uint8_t scramble[WIRE_SCRAMBLE_SIZE];
    if (wire_auth_switch_scramble(&request, scramble) == 0) {
        memcpy(login->scramble, scramble, sizeof(scramble)); /* also for a later COM_CHANGE_USER */
    }
    login_fini(login);
    login->exchange = mx_calloc(1, sizeof(*login->exchange));
    exchange_begin(login->exchange, facts->identity, request.plugin);
    uint8_t sequence = (uint8_t)(packet->sequence + 1);
    return exchange_answer(login, facts, request.data, sequence, err) == 0 ? LOGIN_MORE
                                                                           : LOGIN_FAILED;
}

/* Further data of an exchange that a switch request has begun. */
static enum login_result
take_more(struct backend_login *login, const struct login_facts *facts,
          const struct wire_packet *packet, bool *out_permanent, struct mx_err *err)
{
    struct wire_slice data = packet->payload;
    *out_permanent = true;
    if (login->exchange == NULL) {
        (void)mx_err_set(err, WIRE_ER_HANDSHAKE, "08S01",
                         "server '%s' asks for an authentication exchange that is not known",
                         facts->server_name);
        return LOGIN_FAILED;
    }
    if (data.len > 0 && data.data[0] == WIRE_MARK_MORE_DATA) {
        data.data++;
        data.len--;
    }
    uint8_t sequence = (uint8_t)(packet->sequence + 1);
    return exchange_answer(login, facts, data, sequence, err) == 0 ? LOGIN_MORE : LOGIN_FAILED;
}

enum login_result
login_packet(struct backend_login *login, const struct login_facts *facts,
             const struct wire_packet *packet, bool *out_permanent, struct mx_err *err)
{
    if (login->phase == LOGIN_GREETING) {
        return take_greeting(login, facts, packet, out_permanent, err);
    }
    uint8_t mark = packet->payload.len == 0 ? WIRE_MARK_MORE_DATA : packet->payload.data[0];
    compress_mark_answer(login->compress, facts->conn); /* if anything is said now */
    if (mark == WIRE_MARK_OK) {
        login->phase = LOGIN_DONE;
        login_fini(login);
        return LOGIN_OK;
    }
    if (mark == WIRE_MARK_ERR) {
        return refused(login, facts, packet, out_permanent, err);
    }
    if (mark == WIRE_MARK_EOF) {
        return take_switch(login, facts, packet, out_permanent, err);
    }
    return take_more(login, facts, packet, out_permanent, err);
}
