/*
 * Error numbers the proxy sends or looks for, with the SQLSTATE it sends. The numbers are MariaDB's
 * (mariadb.com/kb, "MariaDB Error Codes").
 */
#ifndef WIRE_ERRCODE_H
#define WIRE_ERRCODE_H

#include <stdint.h>

/* X(name, number, sqlstate) */
#define WIRE_ERRORS(X)                                                                   \
    X(CON_COUNT, 1040, "08004")       /* too many connections */                         \
    X(HANDSHAKE, 1043, "08S01")       /* the login packet makes no sense */              \
    X(DBACCESS_DENIED, 1044, "42000") /* no right to the database */                     \
    X(ACCESS_DENIED, 1045, "28000")   /* wrong user, host or password */                 \
    X(NO_DB, 1046, "3D000")           /* no database selected */                         \
    X(UNKNOWN_COM, 1047, "08S01")     /* unknown command */                              \
    X(BAD_DB, 1049, "42000")          /* no such database */                             \
    X(SERVER_SHUTDOWN, 1053, "08S01") /* the server is going down */                     \
    X(PARSE, 1064, "42000")           /* cannot be understood or cannot be routed */     \
    X(NORMAL_SHUTDOWN, 1077, "HY000")                                                    \
    X(SHUTDOWN_COMPLETE, 1079, "HY000")                                                  \
    X(NO_SUCH_THREAD, 1094, "HY000")      /* KILL of an unknown id */                    \
    X(UNKNOWN, 1105, "HY000")             /* nothing else fits */                        \
    X(HOST_BLOCKED, 1129, "HY000")        /* too many failed logins from this address */ \
    X(HOST_NOT_PRIVILEGED, 1130, "HY000") /* address not allowed */                      \
    X(TABLE_ACCESS_DENIED, 1142, "42000") /* a right on a table is missing */            \
    X(PACKET_TOO_LARGE, 1153, "08S01")                                                   \
    X(PACKETS_OUT_OF_ORDER, 1156, "08S01") /* wrong sequence number */                   \
    X(NET_UNCOMPRESS, 1157, "08S01")       /* a compressed packet that is none */        \
    X(UNKNOWN_SYSTEM_VARIABLE, 1193, "HY000")                                            \
    X(LOCK_WAIT_TIMEOUT, 1205, "HY000")                                                  \
    X(DEADLOCK, 1213, "40001")                                                           \
    X(CONNECT_TO_MASTER, 1218, "08S01")                                                  \
    X(MASTER_FATAL_READING, 1236, "HY000")      /* the binary log cannot be read */      \
    X(SPECIFIC_ACCESS_DENIED, 1227, "42000")    /* a global right is missing */          \
    X(UNKNOWN_STMT_HANDLER, 1243, "HY000")      /* no such prepared statement */         \
    X(OPTION_PREVENTS_STATEMENT, 1290, "HY000") /* read-only */                          \
    X(FEATURE_DISABLED, 1289, "HY000")                                                   \
    X(QUERY_INTERRUPTED, 1317, "70100")                                                  \
    X(UNSUPPORTED_PS, 1295, "HY000")            /* not with prepared statements */       \
    X(PLUGIN_NOT_LOADED, 1524, "HY000")         /* account's plugin not served here */   \
    X(ACCESS_DENIED_NO_PASSWORD, 1698, "28000") /* no password could help */             \
    X(READ_ONLY_TRANSACTION, 1792, "25006")                                              \
    X(MALFORMED_PACKET, 1835, "HY000")                                                   \
    X(INTERNAL, 1815, "HY000")          /* session could not be made */                  \
    X(CONNECTION_KILLED, 1927, "08S01") /* closed by the proxy, with the reason */       \
    X(STATEMENT_TIMEOUT, 1969, "70100")                                                  \
    X(SERVER_LOST, 2013, "08S01") /* client library's number: lost during a query */

#define WIRE_ERROR_ENUM(name, number, sqlstate) WIRE_ER_##name = (number),
enum wire_error {
    WIRE_ERRORS(WIRE_ERROR_ENUM)
};
#undef WIRE_ERROR_ENUM

/* "42000" for 1064; "HY000" for numbers not in the list. */
const char *wire_error_sqlstate(uint16_t code);

#endif
