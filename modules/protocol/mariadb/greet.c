/*
 * What the proxy says about itself: the greeting, and the session state in the OK packet of a
 * login. Capabilities are promises: only what every server of the service can do is offered.
 */
#include "charset.h"
#include "mariadb.h"

#include <stdio.h>
#include <string.h>

#define VERSION_SESSION_TRACK 100208u
#define VERSION_MYSQL_8       80000u
#define VERSION_UPPER_CAPS    100200u
#define GREETING_MAX          512u
#define COLLATION_LATIN1      8u

static uint32_t
offered_ext(const struct mx_greeting_facts *facts)
{
    if (!facts->all_mariadb || facts->version < VERSION_UPPER_CAPS) {
        return 0;
    }
    return WIRE_EXT_CAPS_BASE & facts->ext_caps;
}

static uint32_t
offered(const struct mx_greeting_facts *facts, uint32_t ext)
{
    uint32_t caps = WIRE_CAPS_BASE & facts->caps;
    bool tracks = facts->all_mariadb ? facts->version >= VERSION_SESSION_TRACK
                                     : facts->version >= VERSION_MYSQL_8;
    if (!tracks || facts->unknown || facts->version == 0) {
        caps &= ~(WIRE_CAP_SESSION_TRACK | WIRE_CAP_DEPRECATE_EOF | WIRE_CAP_OPTIONAL_METADATA);
    }
    /* The bit that says "no upper half". */
    caps &= ~WIRE_CAP_CLIENT_MYSQL;
    return ext == 0 ? caps | WIRE_CAP_CLIENT_MYSQL : caps;
}

static void
version_text(const struct mx_greeting_facts *facts, char *out, size_t size)
{
    const char *text = facts->version_text;
    size_t prefix = strlen(WIRE_VERSION_PREFIX);
    if (text[0] == '\0') {
        (void)snprintf(out, size, WIRE_VERSION_PREFIX "10.4.32 %s-maxscale", mx_program_version());
        return;
    }
    if (!facts->version_is_set && strncmp(text, WIRE_VERSION_PREFIX, prefix) == 0) {
        text += prefix;
    }
    (void)snprintf(out, size, "%s%s", strncmp(text, "10", 2) == 0 ? WIRE_VERSION_PREFIX : "", text);
}

void
client_greet(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    struct mx_greeting_facts facts;
    mx_session_greeting_facts(session, &facts);
    uint8_t random[2 * WIRE_SCRAMBLE_SIZE] MX_UNINITIALIZED;
    mx_random(random, sizeof(random));
    wire_scramble_make(client->scramble, random);
    char version[160] MX_UNINITIALIZED;
    version_text(&facts, version, sizeof(version));
    client->ext_caps = offered_ext(&facts);
    client->caps = offered(&facts, client->ext_caps);
    client->caps |= mx_session_compression(session) ? WIRE_CAP_COMPRESS : 0;
    client->caps |= mx_conn_has_tls(mx_session_conn(session)) ? WIRE_CAP_SSL : 0;
    struct wire_greeting greeting = {
        .version = wire_slice_of(version),
        .plugin = wire_slice_of(WIRE_PLUGIN_NATIVE),
        .thread_id = (uint32_t)mx_session_id(session),
        .caps = client->caps,
        .ext_caps = client->ext_caps,
        .status = WIRE_STATUS_AUTOCOMMIT,
        .collation = facts.collation != 0 ? facts.collation : COLLATION_LATIN1,
    };
    memcpy(greeting.scramble, client->scramble, WIRE_SCRAMBLE_SIZE);
    uint8_t bytes[GREETING_MAX] MX_UNINITIALIZED;
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof(bytes));
    if (wire_greeting_encode(&w, 0, &greeting) != 0) {
        MX_BUG("a greeting does not fit");
    }
    mx_conn_write(mx_session_conn(session), bytes, w.len);
}

/* ------------------------------------------------------------ session state of the login */

/* The value of one entry; NULL: nothing is known and nothing is sent. */
static const char *
metadata_value(struct wire_slice name, const char *value, uint16_t collation)
{
    if (strcmp(value, "auto") != 0) {
        return value;
    }
    if (wire_slice_equals(name, "maxscale")) {
        return mx_program_version();
    }
    if (name.len > 14 && memcmp(name.data, "character_set_", 14) == 0) {
        return charset_of(collation);
    }
    return NULL;
}

static void
add_metadata(struct mx_session *session, uint16_t collation, struct wire_writer *state)
{
    bool has_threads = false;
    bool has_id = false;
    char *const *entries = mx_session_metadata(session);
    for (size_t i = 0; entries != NULL && entries[i] != NULL; i++) {
        const char *equals = strchr(entries[i], '=');
        if (equals == NULL) {
            continue;
        }
        struct wire_slice name = {(const uint8_t *)entries[i], (size_t)(equals - entries[i])};
        has_threads = has_threads || wire_slice_equals(name, "threads_connected");
        has_id = has_id || wire_slice_equals(name, "connection_id");
        const char *value = metadata_value(name, equals + 1, collation);
        char known[80];
        char text[80];
        const char *sent = known;
        if (value == NULL && name.len < sizeof(known)) {
            memcpy(known, name.data, name.len);
            known[name.len] = '\0';
            if (mx_session_server_variable(session, &sent, text, sizeof(text))) {
                name = wire_slice_of(sent);
                value = text;
            }
        }
        if (value != NULL) {
            wire_track_add_variable(state, name, wire_slice_of(value));
        }
    }
    char number[24];
    if (!has_threads) {
        (void)snprintf(number, sizeof(number), "%lld",
                       (long long)mx_service_clients(mx_session_service(session)));
        wire_track_add_variable(state, wire_slice_of("threads_connected"), wire_slice_of(number));
    }
    if (!has_id) {
        (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)mx_session_id(session));
        wire_track_add_variable(state, wire_slice_of("connection_id"), wire_slice_of(number));
    }
}

void
greet_login_ok(struct mx_session *session, uint8_t sequence, uint16_t collation)
{
    struct mariadb_client *client = client_of(session);
    uint8_t state_bytes[2048] MX_UNINITIALIZED;
    uint8_t bytes[sizeof(state_bytes) + WIRE_OK_PACKET_MAX + 16] MX_UNINITIALIZED;
    struct wire_writer state;
    struct wire_writer w;
    wire_writer_init(&state, state_bytes, sizeof(state_bytes));
    wire_writer_init(&w, bytes, sizeof(bytes));
    struct wire_ok ok = {.status = WIRE_STATUS_AUTOCOMMIT};
    if ((client->caps & WIRE_CAP_SESSION_TRACK) != 0) {
        add_metadata(session, collation, &state);
        ok.state = (struct wire_slice){state_bytes, state.len};
    }
    if (wire_ok_encode(&w, sequence, client->caps, &ok) != 0) {
        MX_BUG("an OK packet does not fit");
    }
    mx_conn_write(mx_session_conn(session), bytes, w.len);
    if ((client->caps & WIRE_CAP_COMPRESS) != 0) {
        client->compress = compress_begin(mx_session_conn(session), COMPRESS_ANSWERS);
    }
}
