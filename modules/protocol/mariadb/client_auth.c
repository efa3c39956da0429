/*
 * Who is the client? Login and COM_CHANGE_USER are the same exchange: find the account, let its
 * authenticator ask until it is satisfied, look at the database, become that user. The exchange
 * lives in an attempt that exists only as long as it goes on.
 */
#include "charset.h"
#include "client_attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGIN_PACKET_MAX  (1024u * 1024u) /* attributes make it long; nothing honest is longer */
#define ANSWER_PACKET_MAX (64u * 1024u)

static char *
text_of(struct wire_slice s)
{
    return mx_strndup(s.len == 0 ? "" : (const char *)s.data, s.len);
}

/* ------------------------------------------------------------ ends of an attempt */

/* No passwords come from here on. */
static void
attempt_end(struct mx_session *session)
{
    client_attempt_free(client_of(session));
    mx_conn_set_secret_input(mx_session_conn(session), false);
}

/* The log is in UTF-8, the client has it in its character set. */
static void
tell_client(struct mx_session *session, const struct mx_err *err, uint16_t collation)
{
    char *text = charset_from_utf8(charset_of(collation), err->text);
    if (text == NULL) {
        client_write_answer(session, err);
        return;
    }
    struct mx_err told;
    (void)mx_err_set(&told, err->code, err->sqlstate, "%s", text);
    client_write_answer(session, &told);
    free(text);
}

/* A session that was never started ends; one that wanted to change its user goes on as it was. */
static void
attempt_failed(struct mx_session *session, const struct mx_err *err, const char *reason,
               bool counts)
{
    struct mariadb_client *client = client_of(session);
    struct mariadb_attempt *attempt = client->attempt;
    mx_session_login_failed(session, attempt->user, err, reason, counts);
    client->walk.sequence = attempt->sequence;
    bool is_change = attempt->is_change;
    uint16_t collation = attempt->collation;
    attempt_end(session);
    tell_client(session, err, collation);
    if (!is_change) {
        client->state = CLIENT_DEAD;
        mx_session_end(session);
        return;
    }
    client->state = CLIENT_COMMAND;
    client_exclusive_done(session, false);
}

static void
access_denied(struct mx_session *session, const char *reason)
{
    const struct mariadb_attempt *attempt = client_of(session)->attempt;
    struct mx_err err;
    (void)mx_err_set(&err, WIRE_ER_ACCESS_DENIED, "28000",
                     "Access denied for user '%s'@'%s' (using password: %s)", attempt->user,
                     mx_session_remote(session), attempt->used_password ? "YES" : "NO");
    attempt_failed(session, &err, reason, true);
}

static void
note_charset(struct mx_session *session, uint16_t collation)
{
    const char *charset = charset_of(collation);
    uint32_t value = MX_SQL_CHARSET_ASCII_SAFE;
    if (charset != NULL && strcmp(charset, "gbk") == 0) {
        value = MX_SQL_CHARSET_GBK;
    } else if (charset != NULL && (strcmp(charset, "sjis") == 0 || strcmp(charset, "cp932") == 0)) {
        value = MX_SQL_CHARSET_SJIS;
    } else if (charset != NULL && strcmp(charset, "big5") == 0) {
        value = MX_SQL_CHARSET_BIG5;
    }
    mx_session_sql_options_edit(session)->charset = value;
}

void
client_become(struct mx_session *session, struct mariadb_identity *identity)
{
    struct mariadb_client *client = client_of(session);
    mariadb_identity_free(client->identity);
    client->identity = identity;
    mx_session_set_user(session, identity->user);
    mx_session_set_database(session, identity->database, strlen(identity->database));
    note_charset(session, identity->collation);
}

static void
login_succeeded(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    uint8_t sequence = client->attempt->sequence;
    bool servers_decide = mx_session_passthrough(session) != NULL;
    struct mariadb_identity *identity = client_identity_new(session);
    attempt_end(session);
    client_become(session, identity);
    client->walk.sequence = sequence;
    if (servers_decide) {
        client_ask_servers(session);
    } else {
        mx_session_login_done(session, identity->is_super);
    }
    struct mx_err err;
    if (mx_session_start(session, &err) != 0) {
        mx_log_error(mx_session_log(session), "No session for '%s'@'%s': %s", identity->user,
                     mx_session_remote(session), err.text);
        client_write_answer(session, &err);
        client->state = CLIENT_DEAD;
        mx_session_end(session);
        return;
    }
    if (servers_decide) {
        return;
    }
    client->state = CLIENT_COMMAND;
    client->walk.sequence = 0;
    greet_login_ok(session, (uint8_t)(sequence + 1), identity->collation);
}

/* From now on it is the mapped user who logs in to servers, with his own password. */
static int
become_mapped(struct mariadb_attempt *attempt, const struct mx_mapped_user *mapped)
{
    mx_buf_clear(&attempt->server_user);
    mx_buf_wipe(&attempt->token);
    attempt->by = mapped->authenticator;
    attempt->token_is_password = true;
    int rc = mx_buf_append(&attempt->server_user, mapped->user, strlen(mapped->user));
    return rc != 0 ? rc
                   : mx_buf_append(&attempt->token, mapped->password, strlen(mapped->password));
}

/* He has proved who he is: as whom does he go on? */
static void
attempt_map(struct mx_session *session, bool again)
{
    struct mariadb_client *client = client_of(session);
    struct mariadb_attempt *attempt = client->attempt;
    struct mx_mapped_user mapped;
    if (mx_session_map_user(session, attempt->user, again, &mapped) == MX_LOGIN_WAIT) {
        client->state = CLIENT_MAPPING;
        client_pause(session, PAUSE_LOGIN);
        return;
    }
    if (mapped.user != NULL && become_mapped(attempt, &mapped) != 0) {
        access_denied(session, "the name or password in user_mapping_file is too long");
        return;
    }
    if (attempt->is_change) {
        mariadb_identity_free(client->next_identity);
        client->next_identity = client_identity_new(session);
        client->walk.sequence = attempt->sequence;
        client->state = CLIENT_COMMAND;
        mx_conn_set_secret_input(mx_session_conn(session), false);
        client_route_change_user(session);
    } else {
        login_succeeded(session);
    }
}

void
client_mapped(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    if (client->attempt == NULL || client->state != CLIENT_MAPPING) {
        return;
    }
    client->state = CLIENT_EXCHANGE;
    client_unpause(session, PAUSE_LOGIN);
    attempt_map(session, true);
}

static void
attempt_succeeded(struct mx_session *session)
{
    const struct mariadb_attempt *attempt = client_of(session)->attempt;
    if (attempt->account.tls_problem != NULL) {
        access_denied(session, attempt->account.tls_problem);
        return;
    }
    if (attempt->account.database_error != NULL) {
        struct mx_err err = *attempt->account.database_error;
        attempt_failed(session, &err,
                       err.code == WIRE_ER_BAD_DB ? "the database does not exist"
                                                  : "the database is not open to the user",
                       false);
        return;
    }
    attempt_map(session, false);
}

/* ------------------------------------------------------------ the exchange */

static void
send_to_client(struct mx_session *session, const char *plugin, const struct mx_buf *out)
{
    struct mariadb_client *client = client_of(session);
    struct mariadb_attempt *attempt = client->attempt;
    struct wire_slice body = {out->bytes, out->len};
    size_t cap = out->len + 300;
    uint8_t *bytes = mx_alloc(cap);
    struct wire_writer w;
    wire_writer_init(&w, bytes, cap);
    uint8_t sequence = (uint8_t)(attempt->sequence + 1);
    int rc = 0;
    if (plugin != NULL) {
        struct wire_auth_switch request = {.plugin = wire_slice_of(plugin), .data = body};
        rc = wire_auth_switch_encode(&w, sequence, &request);
        free(attempt->switched);
        attempt->switched = mx_strdup(plugin);
        attempt->plugin = attempt->switched;
    } else {
        rc = wire_auth_data_encode(&w, sequence, body);
    }
    MX_ASSERT(rc == 0);
    compress_mark_answer(client->compress, mx_session_conn(session));
    mx_conn_write(mx_session_conn(session), bytes, w.len);
    free(bytes);
    client->state = CLIENT_EXCHANGE;
}

/* The buffers are the attempt's own; job: one that has ended. */
static enum mx_auth_verdict
run_step(struct mx_session *session, void *job, struct mx_auth_client *x)
{
    struct mariadb_client *client = client_of(session);
    struct mariadb_attempt *attempt = client->attempt;
    const struct mx_authenticator *by = attempt->account.authenticator;
    mx_buf_clear(&attempt->token);
    mx_buf_clear(&attempt->server_user);
    x->config = by->config;
    x->instance = by->instance;
    x->scramble = client->scramble;
    x->user = attempt->user;
    x->remote = mx_session_remote(session);
    x->account_user = attempt->account.user;
    x->account_plugin = attempt->account.plugin;
    x->account_secret = attempt->account.secret;
    x->client_plugin = attempt->plugin;
    x->in = attempt->in.bytes;
    x->in_len = attempt->in.len;
    x->round = attempt->round;
    x->is_private = mx_conn_is_private(mx_session_conn(session));
    x->skip_check = mx_session_skips_check(session);
    x->log_details = mx_session_logs_auth(session);
    x->job = job;
    x->state = &attempt->state;
    x->token = &attempt->token;
    x->server_user = &attempt->server_user;
    enum mx_auth_verdict verdict = by->ops->client_step(x);
    attempt->by = by;
    attempt->token_is_password = x->token_is_password;
    return verdict;
}

static void
attempt_step(struct mx_session *session, void *job)
{
    struct mariadb_client *client = client_of(session);
    struct mx_buf out = {0};
    struct mx_err err;
    struct mx_auth_wait wait = {.session = session};
    struct mx_auth_client x = {.out = &out, .err = &err, .wait = &wait};
    mx_err_clear(&err);
    enum mx_auth_verdict verdict = run_step(session, job, &x);
    switch (verdict) {
    case MX_AUTH_DONE:
        if (out.len > 0) {
            send_to_client(session, NULL, &out);
            client->attempt->sequence++;
        }
        attempt_succeeded(session);
        break;
    case MX_AUTH_SEND:
        client->attempt->round++;
        send_to_client(session, NULL, &out);
        break;
    case MX_AUTH_SWITCH:
        client->attempt->round++;
        send_to_client(session, x.plugin, &out);
        break;
    case MX_AUTH_WAIT:
        client->state = CLIENT_JOB;
        client_pause(session, PAUSE_LOGIN);
        break;
    case MX_AUTH_DENIED:
        access_denied(session, err.code != 0 ? err.text : "the password is wrong");
        break;
    case MX_AUTH_ERROR:
        attempt_failed(session, &err, "", false);
        break;
    }
    mx_buf_wipe(&out);
}

bool
client_job(struct mx_session *session, void *job)
{
    struct mariadb_client *client = client_of(session);
    if (client->attempt == NULL || client->state != CLIENT_JOB) {
        return false;
    }
    client->state = CLIENT_EXCHANGE;
    client_unpause(session, PAUSE_LOGIN);
    attempt_step(session, job);
    return true;
}

void
client_job_late(struct mx_session *session, const struct mx_err *err, const char *reason)
{
    struct mariadb_client *client = client_of(session);
    if (client->attempt == NULL ||
        (client->state != CLIENT_JOB && client->state != CLIENT_MAPPING)) {
        return;
    }
    client->state = CLIENT_EXCHANGE;
    client_unpause(session, PAUSE_LOGIN);
    attempt_failed(session, err, reason, false);
}

/* True: nobody looks for an account, the servers will. */
static bool
pass_through(struct mx_session *session)
{
    struct mariadb_attempt *attempt = client_of(session)->attempt;
    const struct mx_authenticator *by = mx_session_passthrough(session);
    if (by == NULL) {
        return false;
    }
    attempt->account = (struct mx_login_account){
        .user = attempt->user, .plugin = "", .secret = "", .authenticator = by};
    attempt_step(session, NULL);
    return true;
}

static void
find_account(struct mx_session *session, bool again)
{
    struct mariadb_client *client = client_of(session);
    struct mariadb_attempt *attempt = client->attempt;
    struct mx_err err;
    if (pass_through(session)) {
        return;
    }
    switch (mx_session_find_account(session, attempt->user, attempt->database, again,
                                    &attempt->account, &err)) {
    case MX_LOGIN_FOUND:
        break;
    case MX_LOGIN_DENIED:
        access_denied(session, err.text);
        return;
    case MX_LOGIN_WAIT:
        client->state = CLIENT_ACCOUNTS;
        client_pause(session, PAUSE_LOGIN);
        return;
    }
    if (attempt->account.authenticator == NULL &&
        strcmp(attempt->account.plugin, "unix_socket") == 0) {
        /* As a server answers over TCP. */
        (void)mx_err_set(&err, WIRE_ER_ACCESS_DENIED_NO_PASSWORD, "28000",
                         "Access denied for user '%s'@'%s'", attempt->user,
                         mx_session_remote(session));
        attempt_failed(session, &err,
                       "the account's plugin is unix_socket: it trusts what the operating system "
                       "says about a client on the server's own machine, which a proxy cannot "
                       "repeat; give the account a password as well",
                       true);
        return;
    }
    if (attempt->account.authenticator == NULL) {
        (void)mx_err_set(&err, WIRE_ER_PLUGIN_NOT_LOADED, "HY000", "Plugin '%s' is not loaded",
                         attempt->account.plugin);
        attempt_failed(session, &err,
                       "no authenticator of the listener serves the account's plugin; name one "
                       "that does in its authenticator parameter",
                       false);
        return;
    }
    attempt_step(session, NULL);
}

void
client_accounts(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    if (client->attempt == NULL || client->state != CLIENT_ACCOUNTS) {
        return;
    }
    client->state = CLIENT_EXCHANGE;
    client_unpause(session, PAUSE_LOGIN);
    find_account(session, true);
}

/* ------------------------------------------------------------ packets */

static void
refuse(struct mx_session *session, uint8_t sequence, const struct mx_err *err)
{
    struct mariadb_client *client = client_of(session);
    mx_log_warning(mx_session_log(session), "The client at '%s' is refused: %s",
                   mx_session_remote(session), err->text);
    client->walk.sequence = sequence;
    client_write_answer(session, err);
    client->state = CLIENT_DEAD;
    mx_session_end(session);
}

static void
refuse_packet(struct mx_session *session, uint8_t sequence, uint16_t code, const char *text)
{
    struct mx_err err;
    (void)mx_err_set(&err, code, "08S01", "%s", text);
    refuse(session, sequence, &err);
}

/* What comes behind the request is TLS, whatever it looks like. */
static void
take_ssl_request(struct mx_session *session, uint8_t sequence)
{
    struct mariadb_client *client = client_of(session);
    struct mx_conn *conn = mx_session_conn(session);
    if (client->state == CLIENT_TLS_LOGIN || !mx_conn_has_tls(conn)) {
        refuse_packet(session, sequence, WIRE_ER_HANDSHAKE,
                      "Bad handshake: TLS was asked for where it was not offered");
        return;
    }
    client->state = CLIENT_TLS_LOGIN;
    mx_conn_start_tls(conn);
}

static void
refuse_clear(struct mx_session *session)
{
    struct mx_err err;
    (void)mx_err_set(&err, WIRE_ER_ACCESS_DENIED, "28000", "Access without SSL denied");
    attempt_failed(session, &err,
                   "the listener has ssl=true and the client has not asked for TLS; connect with "
                   "--ssl or what the connector calls it",
                   false);
}

/* What servers refuse before they look at anything else. */
static bool
refuses_charset(const struct wire_login *login, struct mx_err *err)
{
    const char *charset = charset_of(login->collation);
    if (!charset_is_wide(charset)) {
        return false;
    }
    (void)mx_err_set(err, 1231, "42000",
                     "Variable 'character_set_client' can't be set to the value of '%s'", charset);
    return true;
}

static void
take_response(struct mx_session *session, const struct wire_packet *packet)
{
    struct mariadb_client *client = client_of(session);
    struct wire_login login;
    enum wire_login_result result = wire_login_decode(packet->payload.data, packet->payload.len,
                                                      client->caps, client->ext_caps, &login);
    if (result == WIRE_LOGIN_SSL_REQUEST) {
        take_ssl_request(session, packet->sequence);
        return;
    }
    if (result != WIRE_LOGIN_OK) {
        refuse_packet(session, packet->sequence, WIRE_ER_HANDSHAKE,
                      result == WIRE_LOGIN_OLD
                          ? "Bad handshake: clients of before MySQL 4.1 are not served"
                          : "Bad handshake");
        return;
    }
    struct mx_err err;
    if (refuses_charset(&login, &err)) {
        refuse(session, packet->sequence, &err);
        return;
    }
    client->caps = login.caps;
    client->ext_caps = login.ext_caps;
    client->attempt = client_attempt_new(&login, packet->sequence, false);
    if (client->state == CLIENT_LOGIN && mx_conn_has_tls(mx_session_conn(session))) {
        refuse_clear(session);
    } else {
        find_account(session, false);
    }
}

static void
take_answer(struct mx_session *session, const struct wire_packet *packet)
{
    struct mariadb_attempt *attempt = client_of(session)->attempt;
    attempt->sequence = packet->sequence;
    mx_buf_clear(&attempt->in);
    attempt->used_password = packet->payload.len > 0;
    if (packet->payload.len > 0 &&
        mx_buf_append(&attempt->in, packet->payload.data, packet->payload.len) != 0) {
        access_denied(session, "the answer is too long");
        return;
    }
    attempt_step(session, NULL);
}

/* True: a header is (or may be) what comes; *out_size bytes of it are done with. */
static bool
take_proxy_header(struct mx_session *session, const uint8_t *data, size_t len, size_t *out_size)
{
    struct mx_err err;
    switch (mx_session_proxy_header(session, data, len, out_size, &err)) {
    case MX_PROXY_NONE:
        return false;
    case MX_PROXY_MORE:
        *out_size = 0;
        break;
    case MX_PROXY_TAKEN:
        break;
    case MX_PROXY_REFUSED:
        /* Its answer is awaited where that of the login would be. */
        refuse(session, 1, &err);
        *out_size = len;
        break;
    }
    return true;
}

size_t
client_login_data(struct mx_session *session, uint8_t *data, size_t len)
{
    struct mariadb_client *client = client_of(session);
    bool is_clear_login = client->state == CLIENT_LOGIN;
    bool is_login = is_clear_login || client->state == CLIENT_TLS_LOGIN;
    size_t limit = is_login ? LOGIN_PACKET_MAX : ANSWER_PACKET_MAX;
    if (len < WIRE_HEADER_SIZE) {
        return 0;
    }
    size_t header = 0;
    if (is_clear_login && take_proxy_header(session, data, len, &header)) {
        return header;
    }
    uint8_t first = is_clear_login ? 1 : 2; /* the request for TLS was one packet more */
    uint8_t wanted = is_login ? first : (uint8_t)(client->attempt->sequence + 2);
    if (data[3] != wanted) {
        refuse_packet(session, wanted, WIRE_ER_PACKETS_OUT_OF_ORDER, "Got packets out of order");
        return len;
    }
    if (wire_load_u24(data) > limit) {
        refuse_packet(session, wanted, WIRE_ER_HANDSHAKE, "Bad handshake: the packet is too long");
        return len;
    }
    struct wire_packet packet;
    if (wire_packet_next(data, len, &packet) != 0) {
        mx_conn_want(mx_session_conn(session), WIRE_HEADER_SIZE + wire_load_u24(data));
        return 0;
    }
    if (is_login) {
        take_response(session, &packet);
    } else {
        take_answer(session, &packet);
    }
    return packet.size;
}

void
client_change_user(struct mx_session *session, const uint8_t *payload, size_t len)
{
    struct mariadb_client *client = client_of(session);
    struct wire_login login;
    if (wire_change_user_decode(payload, len, client->caps, &login) != 0) {
        struct mx_err err;
        (void)mx_err_set(&err, WIRE_ER_HANDSHAKE, "08S01", "COM_CHANGE_USER is malformed");
        client_write_answer(session, &err);
        return;
    }
    struct mx_err err;
    if (refuses_charset(&login, &err)) {
        client_write_answer(session, &err);
        return;
    }
    client->exclusive = true;
    client->change = CHANGE_USER;
    mx_conn_set_secret_input(mx_session_conn(session), true);
    if (login.attrs.len == 0 && client->identity != NULL) {
        login.attrs = (struct wire_slice){client->identity->attrs, client->identity->attrs_len};
    }
    if (login.collation == 0 && client->identity != NULL) {
        login.collation = client->identity->collation;
    }
    client->attempt = client_attempt_new(&login, client->walk.sequence, true);
    find_account(session, false);
}

json_t *
client_attributes(struct mx_session *session)
{
    const struct mariadb_identity *identity = client_of(session)->identity;
    json_t *out = json_object();
    if (identity == NULL) {
        return out;
    }
    struct wire_reader attrs;
    struct wire_slice key;
    struct wire_slice value;
    wire_reader_init(&attrs, identity->attrs, identity->attrs_len);
    while (wire_attr_next(&attrs, &key, &value)) {
        char *name = text_of(key);
        json_t *text = json_stringn(value.len == 0 ? "" : (const char *)value.data, value.len);
        if (text != NULL) {
            (void)json_object_set_new(out, name, text);
        }
        free(name);
    }
    return out;
}
