/*
 * Command bytes, and what the answer to each looks like. Source: mariadb.com/kb, "Text Protocol",
 * "Binary Protocol (Prepared Statements)", "Replication Protocol".
 */
#ifndef WIRE_CMD_H
#define WIRE_CMD_H

#include <stdint.h>

/* The shape of a reply. What is awaited, not what came: an error packet may come in any of them. */
enum wire_answer {
    WIRE_ANSWER_UNKNOWN, /* no such command; servers say ERR 1047 */
    WIRE_ANSWER_NONE,    /* the server says nothing */
    WIRE_ANSWER_SIMPLE,  /* one packet: OK, EOF or ERR */
    WIRE_ANSWER_TEXT,    /* one packet of text without a mark */
    WIRE_ANSWER_RESULT,  /* OK, LOCAL INFILE request or result set, possibly several */
    WIRE_ANSWER_EXECUTE, /* the same; a cursor may hold back the rows */
    WIRE_ANSWER_FETCH,   /* rows without column definitions */
    WIRE_ANSWER_FIELDS,  /* column definitions until EOF */
    WIRE_ANSWER_PREPARE, /* PREPARE_OK, parameters, columns */
    WIRE_ANSWER_AUTH,    /* an exchange with the client, then OK or ERR */
    WIRE_ANSWER_STREAM,  /* packets without end, until ERR or EOF */
};

/* X(name, byte, answer, 1 if bytes 1 to 4 of the payload are a statement id) */
#define WIRE_COMMANDS(X)                  \
    X(SLEEP, 0x00, UNKNOWN, 0)            \
    X(QUIT, 0x01, NONE, 0)                \
    X(INIT_DB, 0x02, SIMPLE, 0)           \
    X(QUERY, 0x03, RESULT, 0)             \
    X(FIELD_LIST, 0x04, FIELDS, 0)        \
    X(CREATE_DB, 0x05, SIMPLE, 0)         \
    X(DROP_DB, 0x06, SIMPLE, 0)           \
    X(REFRESH, 0x07, SIMPLE, 0)           \
    X(SHUTDOWN, 0x08, SIMPLE, 0)          \
    X(STATISTICS, 0x09, TEXT, 0)          \
    X(PROCESS_INFO, 0x0a, RESULT, 0)      \
    X(CONNECT, 0x0b, UNKNOWN, 0)          \
    X(PROCESS_KILL, 0x0c, SIMPLE, 0)      \
    X(DEBUG, 0x0d, SIMPLE, 0)             \
    X(PING, 0x0e, SIMPLE, 0)              \
    X(TIME, 0x0f, UNKNOWN, 0)             \
    X(DELAYED_INSERT, 0x10, UNKNOWN, 0)   \
    X(CHANGE_USER, 0x11, AUTH, 0)         \
    X(BINLOG_DUMP, 0x12, STREAM, 0)       \
    X(TABLE_DUMP, 0x13, UNKNOWN, 0)       \
    X(CONNECT_OUT, 0x14, UNKNOWN, 0)      \
    X(REGISTER_SLAVE, 0x15, SIMPLE, 0)    \
    X(STMT_PREPARE, 0x16, PREPARE, 0)     \
    X(STMT_EXECUTE, 0x17, EXECUTE, 1)     \
    X(STMT_SEND_LONG_DATA, 0x18, NONE, 1) \
    X(STMT_CLOSE, 0x19, NONE, 1)          \
    X(STMT_RESET, 0x1a, SIMPLE, 1)        \
    X(SET_OPTION, 0x1b, SIMPLE, 0)        \
    X(STMT_FETCH, 0x1c, FETCH, 1)         \
    X(DAEMON, 0x1d, UNKNOWN, 0)           \
    X(BINLOG_DUMP_GTID, 0x1e, STREAM, 0)  \
    X(RESET_CONNECTION, 0x1f, SIMPLE, 0)  \
    X(STMT_BULK_EXECUTE, 0xfa, EXECUTE, 1)

#define WIRE_COM_ENUM(name, byte, answer, has_id) WIRE_COM_##name = (byte),
enum wire_command {
    WIRE_COMMANDS(WIRE_COM_ENUM)
};
#undef WIRE_COM_ENUM

/* "COM_QUERY"; NULL for a byte that is no command. */
const char *wire_command_name(uint8_t command);
enum wire_answer wire_command_answer(uint8_t command);

#endif
