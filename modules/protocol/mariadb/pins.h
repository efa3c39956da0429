/*
 * What a command leaves on a server's connection that the history of the session cannot bring to
 * another one: it pins the connection to its session (idle_session_pool_time). Pure. Whatever is
 * not known to leave nothing counts as leaving something: that costs a connection, nothing worse.
 */
#ifndef MARIADB_PINS_H
#define MARIADB_PINS_H

#include "mx/query.h"

enum pin {
    PIN_STATE = 1 << 0,    /* until the connection is reset */
    PIN_TABLES = 1 << 1,   /* LOCK TABLES, until UNLOCK TABLES */
    PIN_NEXT_TRX = 1 << 2, /* SET TRANSACTION, until the transaction has begun */
    PIN_XA = 1 << 3,       /* until XA COMMIT or XA ROLLBACK */
    /* These do not pin. */
    PIN_ASKS = 1 << 4,     /* the session asks about its statements: FOUND_ROWS(), ROW_COUNT() */
    PIN_MAKES_ID = 1 << 5, /* any statement may change LAST_INSERT_ID() */
};

struct pin_effect {
    uint8_t set;
    uint8_t clear;
    bool session;  /* a command of the history would not have the same effect twice */
    bool later;    /* the next statement may ask about this one */
    bool makes_id; /* LAST_INSERT_ID() may be another one now */
};

struct pin_effect pin_effect_of(const struct mx_query *query, const struct mx_sql_options *options);

#endif
