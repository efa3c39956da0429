/*
 * Capability bits of the MariaDB protocol. The lower 32 bits are shared with MySQL; the upper 32
 * exist only between MariaDB peers: a peer that leaves WIRE_CAP_CLIENT_MYSQL (bit 0) unset has them
 * in four bytes that MySQL keeps zero. They are held apart everywhere: `caps` and `ext_caps`.
 * Source: mariadb.com/kb, "Connection" (Initial Handshake Packet, Capabilities).
 */
#ifndef WIRE_CAPS_H
#define WIRE_CAPS_H

#include <stdint.h>

/* X(name, bit) */
#define WIRE_CAPS(X)              \
    X(CLIENT_MYSQL, 0)            \
    X(FOUND_ROWS, 1)              \
    X(LONG_FLAG, 2)               \
    X(CONNECT_WITH_DB, 3)         \
    X(NO_SCHEMA, 4)               \
    X(COMPRESS, 5)                \
    X(ODBC, 6)                    \
    X(LOCAL_FILES, 7)             \
    X(IGNORE_SPACE, 8)            \
    X(PROTOCOL_41, 9)             \
    X(INTERACTIVE, 10)            \
    X(SSL, 11)                    \
    X(IGNORE_SIGPIPE, 12)         \
    X(TRANSACTIONS, 13)           \
    X(RESERVED, 14)               \
    X(SECURE_CONNECTION, 15)      \
    X(MULTI_STATEMENTS, 16)       \
    X(MULTI_RESULTS, 17)          \
    X(PS_MULTI_RESULTS, 18)       \
    X(PLUGIN_AUTH, 19)            \
    X(CONNECT_ATTRS, 20)          \
    X(AUTH_LENENC_DATA, 21)       \
    X(EXPIRED_PASSWORDS, 22)      \
    X(SESSION_TRACK, 23)          \
    X(DEPRECATE_EOF, 24)          \
    X(OPTIONAL_METADATA, 25)      \
    X(ZSTD, 26)                   \
    X(QUERY_ATTRIBUTES, 27)       \
    X(MULTI_FACTOR, 28)           \
    X(PROGRESS_OLD, 29)           \
    X(SSL_VERIFY_SERVER_CERT, 30) \
    X(REMEMBER_OPTIONS, 31)

/* X(name, bit of the upper half: bit 0 here is bit 32 of the whole) */
#define WIRE_EXT_CAPS(X) \
    X(PROGRESS, 0)       \
    X(COM_MULTI, 1)      \
    X(STMT_BULK, 2)      \
    X(EXTENDED_TYPES, 3) \
    X(CACHE_METADATA, 4) \
    X(BULK_UNIT_RESULTS, 5)

/* Constants, not enumerators: an enumerator with bit 31 would not fit an int. */
#define WIRE_CAP_CLIENT_MYSQL           (UINT32_C(1) << 0)
#define WIRE_CAP_FOUND_ROWS             (UINT32_C(1) << 1)
#define WIRE_CAP_LONG_FLAG              (UINT32_C(1) << 2)
#define WIRE_CAP_CONNECT_WITH_DB        (UINT32_C(1) << 3)
#define WIRE_CAP_NO_SCHEMA              (UINT32_C(1) << 4)
#define WIRE_CAP_COMPRESS               (UINT32_C(1) << 5)
#define WIRE_CAP_ODBC                   (UINT32_C(1) << 6)
#define WIRE_CAP_LOCAL_FILES            (UINT32_C(1) << 7)
#define WIRE_CAP_IGNORE_SPACE           (UINT32_C(1) << 8)
#define WIRE_CAP_PROTOCOL_41            (UINT32_C(1) << 9)
#define WIRE_CAP_INTERACTIVE            (UINT32_C(1) << 10)
#define WIRE_CAP_SSL                    (UINT32_C(1) << 11)
#define WIRE_CAP_IGNORE_SIGPIPE         (UINT32_C(1) << 12)
#define WIRE_CAP_TRANSACTIONS           (UINT32_C(1) << 13)
#define WIRE_CAP_RESERVED               (UINT32_C(1) << 14)
#define WIRE_CAP_SECURE_CONNECTION      (UINT32_C(1) << 15)
#define WIRE_CAP_MULTI_STATEMENTS       (UINT32_C(1) << 16)
#define WIRE_CAP_MULTI_RESULTS          (UINT32_C(1) << 17)
#define WIRE_CAP_PS_MULTI_RESULTS       (UINT32_C(1) << 18)
#define WIRE_CAP_PLUGIN_AUTH            (UINT32_C(1) << 19)
#define WIRE_CAP_CONNECT_ATTRS          (UINT32_C(1) << 20)
#define WIRE_CAP_AUTH_LENENC_DATA       (UINT32_C(1) << 21)
#define WIRE_CAP_EXPIRED_PASSWORDS      (UINT32_C(1) << 22)
#define WIRE_CAP_SESSION_TRACK          (UINT32_C(1) << 23)
#define WIRE_CAP_DEPRECATE_EOF          (UINT32_C(1) << 24)
#define WIRE_CAP_OPTIONAL_METADATA      (UINT32_C(1) << 25)
#define WIRE_CAP_ZSTD                   (UINT32_C(1) << 26)
#define WIRE_CAP_QUERY_ATTRIBUTES       (UINT32_C(1) << 27)
#define WIRE_CAP_MULTI_FACTOR           (UINT32_C(1) << 28)
#define WIRE_CAP_PROGRESS_OLD           (UINT32_C(1) << 29)
#define WIRE_CAP_SSL_VERIFY_SERVER_CERT (UINT32_C(1) << 30)
#define WIRE_CAP_REMEMBER_OPTIONS       (UINT32_C(1) << 31)

#define WIRE_EXT_CAP_PROGRESS          (UINT32_C(1) << 0)
#define WIRE_EXT_CAP_COM_MULTI         (UINT32_C(1) << 1)
#define WIRE_EXT_CAP_STMT_BULK         (UINT32_C(1) << 2)
#define WIRE_EXT_CAP_EXTENDED_TYPES    (UINT32_C(1) << 3)
#define WIRE_EXT_CAP_CACHE_METADATA    (UINT32_C(1) << 4)
#define WIRE_EXT_CAP_BULK_UNIT_RESULTS (UINT32_C(1) << 5)

/* The lists and the constants above must agree. */
#define WIRE_CAP_CHECK(name, bit) _Static_assert(WIRE_CAP_##name == UINT32_C(1) << (bit), #name);
#define WIRE_EXT_CAP_CHECK(name, bit) \
    _Static_assert(WIRE_EXT_CAP_##name == UINT32_C(1) << (bit), #name);
WIRE_CAPS(WIRE_CAP_CHECK)
WIRE_EXT_CAPS(WIRE_EXT_CAP_CHECK)

/*
 * What this proxy can offer a client before a listener or a server takes something away
 * (docs/dev/wire.md). Never offered: EXPIRED_PASSWORDS, COM_MULTI, SSL_VERIFY_SERVER_CERT and
 * what MySQL 8 added besides OPTIONAL_METADATA. SSL and COMPRESS come with a listener that has
 * them.
 */
#define WIRE_CAPS_BASE                                                                             \
    (WIRE_CAP_CLIENT_MYSQL | WIRE_CAP_FOUND_ROWS | WIRE_CAP_LONG_FLAG | WIRE_CAP_CONNECT_WITH_DB | \
     WIRE_CAP_NO_SCHEMA | WIRE_CAP_ODBC | WIRE_CAP_LOCAL_FILES | WIRE_CAP_IGNORE_SPACE |           \
     WIRE_CAP_PROTOCOL_41 | WIRE_CAP_INTERACTIVE | WIRE_CAP_IGNORE_SIGPIPE |                       \
     WIRE_CAP_TRANSACTIONS | WIRE_CAP_RESERVED | WIRE_CAP_SECURE_CONNECTION |                      \
     WIRE_CAP_MULTI_STATEMENTS | WIRE_CAP_MULTI_RESULTS | WIRE_CAP_PS_MULTI_RESULTS |              \
     WIRE_CAP_PLUGIN_AUTH | WIRE_CAP_CONNECT_ATTRS | WIRE_CAP_AUTH_LENENC_DATA |                   \
     WIRE_CAP_SESSION_TRACK | WIRE_CAP_DEPRECATE_EOF | WIRE_CAP_OPTIONAL_METADATA)
/* Offered when every contacted server has it, and all are MariaDB of 10.2 or newer. */
#define WIRE_EXT_CAPS_BASE                                                          \
    (WIRE_EXT_CAP_PROGRESS | WIRE_EXT_CAP_STMT_BULK | WIRE_EXT_CAP_EXTENDED_TYPES | \
     WIRE_EXT_CAP_CACHE_METADATA | WIRE_EXT_CAP_BULK_UNIT_RESULTS)

#endif
