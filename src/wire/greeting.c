/* Greeting, handshake response, TLS request and what follows them in a login. Pure. */
#include "wire/greeting.h"

#include "wire/caps.h"
#include "wire/cmd.h"
#include "wire/ok_err_eof.h"

#define SCRAMBLE_FIRST      8u /* bytes of the scramble before the capabilities */
#define SCRAMBLE_FIRST_CHAR '!'
#define SCRAMBLE_CHARS      ((unsigned)('~' - '!' + 1))
#define RESPONSE_ZEROS      19u /* between collation and upper capabilities */
#define OLD_PASSWORD_PLUGIN "mysql_old_password"

void
wire_scramble_make(uint8_t out[WIRE_SCRAMBLE_SIZE], const uint8_t random[2 * WIRE_SCRAMBLE_SIZE])
{
    for (size_t i = 0; i < WIRE_SCRAMBLE_SIZE; i++) {
        unsigned value = wire_load_u16(random + 2 * i);
        out[i] = (uint8_t)(SCRAMBLE_FIRST_CHAR + value % SCRAMBLE_CHARS);
    }
}

int
wire_greeting_encode(struct wire_writer *w, uint8_t sequence, const struct wire_greeting *g)
{
    size_t mark = wire_packet_begin(w);
    bool plugin_auth = (g->caps & WIRE_CAP_PLUGIN_AUTH) != 0;
    wire_write_u8(w, 10);
    wire_write_nul(w, g->version);
    wire_write_u32(w, g->thread_id);
    wire_write_bytes(w, (struct wire_slice){g->scramble, SCRAMBLE_FIRST});
    wire_write_u8(w, 0);
    wire_write_u16(w, (uint16_t)(g->caps & 0xffff));
    wire_write_u8(w, g->collation);
    wire_write_u16(w, g->status);
    wire_write_u16(w, (uint16_t)(g->caps >> 16));
    wire_write_u8(w, plugin_auth ? WIRE_SCRAMBLE_SIZE + 1 : 0);
    wire_write_zeros(w, 6);
    wire_write_u32(w, (g->caps & WIRE_CAP_CLIENT_MYSQL) == 0 ? g->ext_caps : 0);
    wire_write_bytes(
        w, (struct wire_slice){g->scramble + SCRAMBLE_FIRST, WIRE_SCRAMBLE_SIZE - SCRAMBLE_FIRST});
    wire_write_u8(w, 0);
    if (plugin_auth) {
        wire_write_nul(w, g->plugin);
    }
    return wire_packet_end(w, mark, sequence);
}

enum wire_greeting_result
wire_greeting_decode(const uint8_t *payload, size_t len, struct wire_greeting *out)
{
    *out = (struct wire_greeting){0};
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    uint8_t protocol = wire_read_u8(&r);
    if (r.failed) {
        return WIRE_GREETING_MALFORMED;
    }
    if (protocol == WIRE_MARK_ERR) {
        return WIRE_GREETING_ERR;
    }
    if (protocol != 10) {
        return WIRE_GREETING_OLD;
    }
    out->version = wire_read_nul(&r);
    out->thread_id = wire_read_u32(&r);
    struct wire_slice first = wire_read_bytes(&r, SCRAMBLE_FIRST);
    wire_read_skip(&r, 1);
    out->caps = wire_read_u16(&r);
    if (r.failed) {
        return WIRE_GREETING_MALFORMED;
    }
    if (wire_reader_left(&r) == 0 || (out->caps & WIRE_CAP_PROTOCOL_41) == 0) {
        return WIRE_GREETING_OLD;
    }
    out->collation = wire_read_u8(&r);
    out->status = wire_read_u16(&r);
    out->caps |= (uint32_t)wire_read_u16(&r) << 16;
    uint8_t scramble_len = wire_read_u8(&r);
    wire_read_skip(&r, 6);
    uint32_t upper = wire_read_u32(&r);
    out->ext_caps = (out->caps & WIRE_CAP_CLIENT_MYSQL) == 0 ? upper : 0;
    size_t rest_len = scramble_len > SCRAMBLE_FIRST + 13 ? scramble_len - SCRAMBLE_FIRST - 1u : 12;
    struct wire_slice rest = wire_read_bytes(&r, rest_len);
    if (r.failed) {
        return WIRE_GREETING_MALFORMED;
    }
    memcpy(out->scramble, first.data, SCRAMBLE_FIRST);
    memcpy(out->scramble + SCRAMBLE_FIRST, rest.data, WIRE_SCRAMBLE_SIZE - SCRAMBLE_FIRST);
    if ((out->caps & WIRE_CAP_PLUGIN_AUTH) != 0) {
        wire_read_skip(&r, 1);
        /* Some servers of version 5.5 forgot the NUL. */
        out->plugin = wire_read_nul_or_rest(&r);
    }
    return r.failed ? WIRE_GREETING_MALFORMED : WIRE_GREETING_OK;
}

/* The 32 bytes that a response and a TLS request begin with. */
static void
write_login_head(struct wire_writer *w, uint32_t caps, const struct wire_login *login)
{
    wire_write_u32(w, caps);
    wire_write_u32(w, login->max_packet);
    wire_write_u8(w, (uint8_t)(login->collation & 0xff));
    wire_write_zeros(w, RESPONSE_ZEROS);
    wire_write_u32(w, (caps & WIRE_CAP_CLIENT_MYSQL) == 0 ? login->ext_caps : 0);
}

static struct wire_slice
read_token(struct wire_reader *r, uint32_t caps)
{
    if ((caps & WIRE_CAP_AUTH_LENENC_DATA) != 0) {
        return wire_read_lenenc_bytes(r);
    }
    if ((caps & WIRE_CAP_SECURE_CONNECTION) != 0) {
        return wire_read_bytes(r, wire_read_u8(r));
    }
    return wire_read_nul(r);
}

/* Plugin and attributes, the tail that both login packets share. */
static void
read_login_tail(struct wire_reader *r, uint32_t caps, struct wire_login *out)
{
    if ((caps & WIRE_CAP_PLUGIN_AUTH) != 0 && wire_reader_left(r) > 0) {
        out->plugin = wire_read_nul_or_rest(r);
    }
    if ((caps & WIRE_CAP_CONNECT_ATTRS) != 0 && wire_reader_left(r) > 0) {
        out->attrs = wire_read_lenenc_bytes(r);
        r->failed = r->failed || out->attrs.len > WIRE_ATTRS_MAX;
    }
}

enum wire_login_result
wire_login_decode(const uint8_t *payload, size_t len, uint32_t offered, uint32_t offered_ext,
                  struct wire_login *out)
{
    *out = (struct wire_login){0};
    if (len < 2) {
        return WIRE_LOGIN_MALFORMED;
    }
    out->caps = wire_load_u16(payload);
    if ((out->caps & WIRE_CAP_PROTOCOL_41) == 0) {
        return WIRE_LOGIN_OLD;
    }
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    uint32_t caps = wire_read_u32(&r);
    out->max_packet = wire_read_u32(&r);
    out->collation = wire_read_u8(&r);
    wire_read_skip(&r, RESPONSE_ZEROS);
    uint32_t upper = wire_read_u32(&r);
    if (r.failed) {
        return WIRE_LOGIN_MALFORMED;
    }
    bool mariadb = ((caps | offered) & WIRE_CAP_CLIENT_MYSQL) == 0;
    out->ext_caps = mariadb ? upper & offered_ext : 0;
    if ((caps & WIRE_CAP_SSL) != 0 && len == WIRE_SSL_REQUEST_SIZE) {
        out->caps = caps & offered;
        return WIRE_LOGIN_SSL_REQUEST;
    }
    /* The shape of the packet follows what both sides know, as it does in servers. */
    caps &= offered;
    out->caps = caps;
    out->user = wire_read_nul(&r);
    out->token = read_token(&r, caps);
    if ((caps & WIRE_CAP_CONNECT_WITH_DB) != 0 && wire_reader_left(&r) > 0) {
        out->has_db = true;
        out->db = wire_read_nul_or_rest(&r);
    }
    read_login_tail(&r, caps, out);
    return r.failed ? WIRE_LOGIN_MALFORMED : WIRE_LOGIN_OK;
}

static void
write_token(struct wire_writer *w, uint32_t caps, struct wire_slice token)
{
    if ((caps & WIRE_CAP_AUTH_LENENC_DATA) != 0) {
        wire_write_lenenc_bytes(w, token);
    } else if ((caps & WIRE_CAP_SECURE_CONNECTION) != 0) {
        if (token.len > UINT8_MAX) {
            w->failed = true;
            return;
        }
        wire_write_u8(w, (uint8_t)token.len);
        wire_write_bytes(w, token);
    } else {
        wire_write_nul(w, token);
    }
}

int
wire_login_encode(struct wire_writer *w, uint8_t sequence, const struct wire_login *login)
{
    size_t mark = wire_packet_begin(w);
    write_login_head(w, login->caps, login);
    wire_write_nul(w, login->user);
    write_token(w, login->caps, login->token);
    if ((login->caps & WIRE_CAP_CONNECT_WITH_DB) != 0) {
        wire_write_nul(w, login->db);
    }
    if ((login->caps & WIRE_CAP_PLUGIN_AUTH) != 0) {
        wire_write_nul(w, login->plugin);
    }
    if ((login->caps & WIRE_CAP_CONNECT_ATTRS) != 0) {
        wire_write_lenenc_bytes(w, login->attrs);
    }
    return wire_packet_end(w, mark, sequence);
}

int
wire_ssl_request_encode(struct wire_writer *w, uint8_t sequence, const struct wire_login *login)
{
    size_t mark = wire_packet_begin(w);
    write_login_head(w, login->caps | WIRE_CAP_SSL, login);
    return wire_packet_end(w, mark, sequence);
}

int
wire_change_user_decode(const uint8_t *payload, size_t len, uint32_t caps, struct wire_login *out)
{
    *out = (struct wire_login){.caps = caps};
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    if (wire_read_u8(&r) != WIRE_COM_CHANGE_USER) {
        return -1;
    }
    out->user = wire_read_nul(&r);
    /* Never length-encoded here, whatever AUTH_LENENC_DATA says. */
    out->token = read_token(&r, caps & ~WIRE_CAP_AUTH_LENENC_DATA);
    out->has_db = true;
    out->db = wire_read_nul(&r);
    if (wire_reader_left(&r) > 0) {
        out->collation = wire_read_u16(&r);
    }
    read_login_tail(&r, caps, out);
    return r.failed ? -1 : 0;
}

int
wire_change_user_encode(struct wire_writer *w, uint8_t sequence, const struct wire_login *login)
{
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, WIRE_COM_CHANGE_USER);
    wire_write_nul(w, login->user);
    write_token(w, login->caps & ~WIRE_CAP_AUTH_LENENC_DATA, login->token);
    wire_write_nul(w, login->db);
    wire_write_u16(w, login->collation);
    if ((login->caps & WIRE_CAP_PLUGIN_AUTH) != 0) {
        wire_write_nul(w, login->plugin);
    }
    if ((login->caps & WIRE_CAP_CONNECT_ATTRS) != 0) {
        wire_write_lenenc_bytes(w, login->attrs);
    }
    return wire_packet_end(w, mark, sequence);
}

bool
wire_attr_next(struct wire_reader *attrs, struct wire_slice *key, struct wire_slice *value)
{
    if (attrs->failed || wire_reader_left(attrs) == 0) {
        return false;
    }
    *key = wire_read_lenenc_bytes(attrs);
    *value = wire_read_lenenc_bytes(attrs);
    return !attrs->failed;
}

int
wire_auth_switch_decode(const uint8_t *payload, size_t len, struct wire_auth_switch *out)
{
    *out = (struct wire_auth_switch){0};
    struct wire_reader r;
    wire_reader_init(&r, payload, len);
    if (wire_read_u8(&r) != WIRE_MARK_EOF) {
        return -1;
    }
    if (wire_reader_left(&r) == 0) {
        out->plugin = wire_slice_of(OLD_PASSWORD_PLUGIN);
        return 0;
    }
    out->plugin = wire_read_nul_or_rest(&r);
    out->data = wire_read_rest(&r);
    return r.failed ? -1 : 0;
}

int
wire_auth_switch_encode(struct wire_writer *w, uint8_t sequence,
                        const struct wire_auth_switch *request)
{
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, WIRE_MARK_EOF);
    wire_write_nul(w, request->plugin);
    wire_write_bytes(w, request->data);
    return wire_packet_end(w, mark, sequence);
}

int
wire_auth_switch_scramble(const struct wire_auth_switch *request, uint8_t out[WIRE_SCRAMBLE_SIZE])
{
    struct wire_slice data = request->data;
    bool with_nul = data.len == WIRE_SCRAMBLE_SIZE + 1 && data.data[WIRE_SCRAMBLE_SIZE] == 0;
    if (data.len != WIRE_SCRAMBLE_SIZE && !with_nul) {
        return -1;
    }
    memcpy(out, data.data, WIRE_SCRAMBLE_SIZE);
    return 0;
}

int
wire_auth_data_encode(struct wire_writer *w, uint8_t sequence, struct wire_slice data)
{
    size_t mark = wire_packet_begin(w);
    wire_write_bytes(w, data);
    return wire_packet_end(w, mark, sequence);
}

/* One number of at most five digits; the reader stands behind it. */
static uint32_t
read_number(struct wire_reader *r, bool *found)
{
    uint32_t value = 0;
    size_t digits = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && digits < 5) {
        value = value * 10 + (uint32_t)(*r->at - '0');
        r->at++;
        digits++;
    }
    *found = digits > 0;
    return value;
}

static bool
slice_contains(struct wire_slice s, const char *word)
{
    size_t len = strlen(word);
    return s.len >= len && memmem(s.data, s.len, word, len) != NULL;
}

uint32_t
wire_version_parse(struct wire_slice version, bool *is_mariadb)
{
    size_t prefix = strlen(WIRE_VERSION_PREFIX);
    bool prefixed = version.len > prefix && memcmp(version.data, WIRE_VERSION_PREFIX, prefix) == 0;
    if (is_mariadb != NULL) {
        *is_mariadb = prefixed || slice_contains(version, "MariaDB");
    }
    struct wire_reader r;
    wire_reader_init(&r, version.data, version.len);
    wire_read_skip(&r, prefixed ? prefix : 0);
    uint32_t parts[3] = {0};
    for (size_t i = 0; i < MX_COUNT(parts); i++) {
        bool found = false;
        parts[i] = read_number(&r, &found);
        if (!found && i == 0) {
            return 0;
        }
        if (r.at == r.end || *r.at != '.') {
            break;
        }
        r.at++;
    }
    return parts[0] * 10000 + (parts[1] % 100) * 100 + parts[2] % 100;
}
