/*
 * The packets of a login: greeting, handshake response, TLS request, authentication switch,
 * COM_CHANGE_USER. Decoders take a payload (without the packet header) and fill slices that point
 * into it; encoders append one whole packet, header included, to a writer and return 0, or -1 and
 * an unchanged writer when it does not fit. Source: mariadb.com/kb, "Connection".
 */
#ifndef WIRE_GREETING_H
#define WIRE_GREETING_H

#include "wire/packet.h"

#define WIRE_SCRAMBLE_SIZE    20u
#define WIRE_SSL_REQUEST_SIZE 32u
#define WIRE_PLUGIN_NATIVE    "mysql_native_password"
#define WIRE_PLUGIN_CLEAR     "mysql_clear_password"
/* MariaDB 10.x shows itself behind this, because MySQL's replication clients refuse version 10. */
#define WIRE_VERSION_PREFIX "5.5.5-"

/*
 * Server greeting, protocol 10 (the first packet of a connection, sequence 0).
 *
 *   1      protocol version, 10
 *   n+1    server version, NUL
 *   4      thread id
 *   8      scramble, first part
 *   1      0
 *   2      capabilities, low half
 *   1      collation
 *   2      status
 *   2      capabilities, high half
 *   1      length of the scramble, or 0 without PLUGIN_AUTH
 *   6      zeros
 *   4      MariaDB: upper 32 capabilities when CLIENT_MYSQL is unset; MySQL: zeros
 *   n      rest of the scramble, max(12, length - 9) bytes, and a NUL
 *   n+1    name of the authentication plugin, NUL (with PLUGIN_AUTH)
 */
struct wire_greeting {
    struct wire_slice version; /* as sent, with the prefix if any */
    struct wire_slice plugin;  /* empty when the server has no PLUGIN_AUTH */
    uint32_t thread_id;
    uint32_t caps;
    uint32_t ext_caps; /* 0 from a MySQL server */
    uint16_t status;
    uint8_t collation;
    uint8_t scramble[WIRE_SCRAMBLE_SIZE];
};

int wire_greeting_encode(struct wire_writer *w, uint8_t sequence, const struct wire_greeting *g);

enum wire_greeting_result {
    WIRE_GREETING_OK,
    WIRE_GREETING_ERR,      /* an ERR packet instead (too many connections, host blocked):
                               wire_err_decode */
    WIRE_GREETING_OLD,      /* another protocol version than 10, or without PROTOCOL_41 */
    WIRE_GREETING_MALFORMED /* too short, or without a proper scramble */
};
MX_MUST_USE enum wire_greeting_result wire_greeting_decode(const uint8_t *payload, size_t len,
                                                           struct wire_greeting *out);

/*
 * What a client says about itself; shared by the handshake response and COM_CHANGE_USER. When
 * encoding, `caps` decides which fields are written (CONNECT_WITH_DB, PLUGIN_AUTH, CONNECT_ATTRS,
 * AUTH_LENENC_DATA, SECURE_CONNECTION), and upper bits go out only without CLIENT_MYSQL.
 *
 * Handshake response:
 *   4      capabilities
 *   4      largest packet
 *   1      collation
 *   19     zeros
 *   4      MariaDB: upper 32 capabilities when CLIENT_MYSQL is unset; else zeros
 *   n+1    user, NUL
 *   n      token: length-encoded (AUTH_LENENC_DATA), one length byte (SECURE_CONNECTION), or NUL
 * ended n+1    database, NUL (CONNECT_WITH_DB) n+1    plugin, NUL (PLUGIN_AUTH) n      attributes,
 * length-encoded in all (CONNECT_ATTRS) 1      level of compression (ZSTD)
 */
struct wire_login {
    struct wire_slice user;
    struct wire_slice token;
    struct wire_slice db;     /* empty: none; see has_db */
    struct wire_slice plugin; /* empty: the client named none */
    struct wire_slice attrs;  /* raw: pairs of length-encoded strings, without the total length */
    uint32_t caps;
    uint32_t ext_caps;
    uint32_t max_packet;
    uint16_t collation; /* two bytes in COM_CHANGE_USER, one in the response */
    bool has_db;        /* the field was there (it may be empty) */
};

/* Servers call a packet with longer attributes malformed, and so do the decoders. */
#define WIRE_ATTRS_MAX 65535u

enum wire_login_result {
    WIRE_LOGIN_OK,
    WIRE_LOGIN_SSL_REQUEST, /* out->caps, ext_caps, max_packet, collation are filled; TLS follows */
    WIRE_LOGIN_OLD,         /* a client without PROTOCOL_41; out->caps has its 16 bits */
    WIRE_LOGIN_MALFORMED
};
/*
 * `offered` are the capabilities of our greeting: only fields both sides know are read, and
 * out->caps / ext_caps are what both have. A response of exactly WIRE_SSL_REQUEST_SIZE bytes with
 * the SSL bit is the TLS request.
 */
MX_MUST_USE enum wire_login_result wire_login_decode(const uint8_t *payload, size_t len,
                                                     uint32_t offered, uint32_t offered_ext,
                                                     struct wire_login *out);

int wire_login_encode(struct wire_writer *w, uint8_t sequence, const struct wire_login *login);
/* The first 32 bytes of the response, with the SSL bit set. */
int wire_ssl_request_encode(struct wire_writer *w, uint8_t sequence,
                            const struct wire_login *login);

/*
 * COM_CHANGE_USER: 1 command, n+1 user, 1 + n token, n+1 database, 2 collation, n+1 plugin
 * (PLUGIN_AUTH), attributes (CONNECT_ATTRS). caps are the ones of the login; they are copied to
 * out. Everything after the database may be missing (old clients). Returns -1 when malformed.
 */
MX_MUST_USE int wire_change_user_decode(const uint8_t *payload, size_t len, uint32_t caps,
                                        struct wire_login *out);
int wire_change_user_encode(struct wire_writer *w, uint8_t sequence,
                            const struct wire_login *login);

/*
 * Attributes one by one: true and *key / *value filled, or false at the end or when malformed
 * (then attrs.failed). Start with wire_reader_init(&r, login.attrs.data, login.attrs.len).
 */
bool wire_attr_next(struct wire_reader *attrs, struct wire_slice *key, struct wire_slice *value);

/*
 * Authentication switch request: 0xfe, plugin, NUL, data (for native: scramble and NUL). A lone
 * 0xfe asks for the password of before 4.1: plugin is then "mysql_old_password" and data is empty.
 * A NUL at the end of the data is part of the data: wire_auth_switch_scramble takes it off.
 */
struct wire_auth_switch {
    struct wire_slice plugin;
    struct wire_slice data;
};
MX_MUST_USE int wire_auth_switch_decode(const uint8_t *payload, size_t len,
                                        struct wire_auth_switch *out);
int wire_auth_switch_encode(struct wire_writer *w, uint8_t sequence,
                            const struct wire_auth_switch *request);
/* The 20 bytes of a scramble in the data; -1 when the data is anything else. */
MX_MUST_USE int wire_auth_switch_scramble(const struct wire_auth_switch *request,
                                          uint8_t out[WIRE_SCRAMBLE_SIZE]);

/* A packet that is nothing but these bytes: answers to a switch request, "more data" packets. */
int wire_auth_data_encode(struct wire_writer *w, uint8_t sequence, struct wire_slice data);

/*
 * Random bytes into a scramble: each byte becomes one of '!' to '~', because some connectors cannot
 * take others (NUL ends the string, '$' or blanks are fine). Two random bytes for each one.
 */
void wire_scramble_make(uint8_t out[WIRE_SCRAMBLE_SIZE],
                        const uint8_t random[2 * WIRE_SCRAMBLE_SIZE]);

/*
 * "5.5.5-10.11.6-MariaDB" -> 101106; "8.0.36" -> 80036; 0 when there is no number. *is_mariadb
 * (may be NULL) is set by the word MariaDB or the prefix.
 */
uint32_t wire_version_parse(struct wire_slice version, bool *is_mariadb);

#endif
