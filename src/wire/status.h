/*
 * Server status flags of OK and EOF packets, and the kinds of session state an OK packet may carry.
 * Source: mariadb.com/kb, "OK_Packet".
 */
#ifndef WIRE_STATUS_H
#define WIRE_STATUS_H

#include <stdint.h>

/* X(name, value) */
#define WIRE_STATUS_FLAGS(X)        \
    X(IN_TRANS, 0x0001)             \
    X(AUTOCOMMIT, 0x0002)           \
    X(MORE_RESULTS, 0x0008)         \
    X(NO_GOOD_INDEX, 0x0010)        \
    X(NO_INDEX, 0x0020)             \
    X(CURSOR_EXISTS, 0x0040)        \
    X(LAST_ROW_SENT, 0x0080)        \
    X(DB_DROPPED, 0x0100)           \
    X(NO_BACKSLASH_ESCAPES, 0x0200) \
    X(METADATA_CHANGED, 0x0400)     \
    X(QUERY_WAS_SLOW, 0x0800)       \
    X(PS_OUT_PARAMS, 0x1000)        \
    X(IN_TRANS_READONLY, 0x2000)    \
    X(STATE_CHANGED, 0x4000)        \
    X(ANSI_QUOTES, 0x8000)

#define WIRE_STATUS_ENUM(name, value) WIRE_STATUS_##name = (value),
enum wire_status {
    WIRE_STATUS_FLAGS(WIRE_STATUS_ENUM)
};
#undef WIRE_STATUS_ENUM

/* X(name, value): first byte of an item of session state */
#define WIRE_TRACK_KINDS(X)                                                                      \
    X(SYSTEM_VARIABLE, 0) /* name and value */                                                   \
    X(SCHEMA, 1)          /* value: the default database */                                      \
    X(STATE_CHANGE, 2) /* value: "1" (no length of its own) when a reset would undo something */ \
    X(GTIDS, 3)        /* value: MySQL's GTIDs of the transaction */                             \
    X(TRX_CHARACTERISTICS, 4) /* value: statements that would start this transaction again */    \
    X(TRX_STATE, 5)           /* value: eight letters */

#define WIRE_TRACK_ENUM(name, value) WIRE_TRACK_##name = (value),
enum wire_track_kind {
    WIRE_TRACK_KINDS(WIRE_TRACK_ENUM)
};
#undef WIRE_TRACK_ENUM

#endif
