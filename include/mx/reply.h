/*
 * A piece of a server's reply on its way to the client. Bytes are borrowed and lie where they
 * arrived; a piece never holds bytes of two replies.
 */
#ifndef MX_REPLY_H
#define MX_REPLY_H

#include "mx/base.h"

enum mx_reply_kind {
    MX_REPLY_UNKNOWN = 0, /* not enough bytes yet */
    MX_REPLY_OK,
    MX_REPLY_ERR,
    MX_REPLY_ROWS,
    MX_REPLY_LOCAL_INFILE, /* the server waits for the client's data */
    MX_REPLY_PREPARED,
    MX_REPLY_OTHER, /* statistics text, lone EOF, field list ... */
};

struct mx_reply {
    uint8_t *data;
    size_t len;
    bool first;              /* first piece of this reply */
    bool complete;           /* the reply ends with this piece */
    enum mx_reply_kind kind; /* of the first result */
    bool has_status;         /* status and warnings are from this reply */
    uint16_t status;         /* server status flags seen last */
    uint16_t warnings;
    uint16_t error_code; /* kind ERR, or an error that ended rows; 0: none */
    char error_sqlstate[6];
    const char *error_text; /* first bytes of the message, NUL-terminated; valid in the call */
    uint8_t command;        /* that is answered */
    uint8_t sequence;       /* number of the last packet that the piece begins or goes on with */
    bool aligned;           /* the piece ends between two packets */
    bool awaits_client;     /* the server waits for the data of LOAD DATA LOCAL */
    uint32_t stmt_id;       /* client's statement id, for PREPARED */
    uint64_t history_id;    /* of the session command that is answered; 0: none */
    const char *last_gtid;  /* session tracking: position after this statement, or NULL */
};

#endif
