/*
 * One client command on its way to a server. The bytes are borrowed: they are valid only during
 * the call that got the query; who needs them longer copies them (mx/buf.h).
 */
#ifndef MX_QUERY_H
#define MX_QUERY_H

#include "mx/base.h"
#include "mx/command.h"
#include "mx/sql.h"

struct mx_query {
    const uint8_t *data; /* this piece, packet headers included */
    size_t len;
    uint8_t command;     /* COM_*, of the command this piece belongs to */
    bool first;          /* the piece starts with the command's first packet header */
    bool last;           /* the command is complete with this piece */
    bool expects_reply;  /* the server will answer */
    bool large;          /* the command is longer than one packet: its text is not looked at */
    uint32_t stmt_id;    /* COM_STMT_*: the client's id (for COM_STMT_PREPARE the one it will get);
                            0xffffffff has been replaced by the id prepared last */
    uint64_t history_id; /* set by mx_session_history_add(), 0: not a session command */
    const char *text;    /* SQL of COM_QUERY and COM_STMT_PREPARE when whole, else NULL */
    size_t text_len;
    /*
     * Verdict of the text; for COM_STMT_EXECUTE and the like that of the prepared text; for text
     * EXECUTE that of what was prepared under the name. NULL unless some stage of the chain said
     * MX_NEED_CLASSIFY, or the command has no text.
     */
    const struct mx_sql *sql;
};

static inline bool
mx_query_is_whole(const struct mx_query *q)
{
    return q->first && q->last;
}

/* Of a session command: connections that join later must hear of it (mx_session_history_add). */
static inline bool
mx_query_is_recorded(const struct mx_query *q)
{
    switch (q->command) {
    case MX_COM_QUERY:
        return q->sql == NULL || (q->sql->facts & MX_SQL_FACT_GLOBAL_ONLY) == 0;
    case MX_COM_STMT_PREPARE:
    case MX_COM_INIT_DB:
    case MX_COM_SET_OPTION:
    case MX_COM_DEBUG:
    case MX_COM_REFRESH:
        return true;
    default:
        return false;
    }
}

#endif
