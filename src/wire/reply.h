/*
 * Where a reply ends. A wire_reply follows the answer to one command over any cut of the bytes,
 * without keeping them: packet headers are walked, and only the few packets that tell something
 * (OK, ERR, EOF, the number of columns, PREPARE_OK) are looked into.
 *
 *     wire_reply_start(&reply, WIRE_COM_QUERY, caps, ext_caps, NULL);
 *     while bytes arrive:
 *         mine = wire_reply_feed(&reply, data, len);   // the rest belongs to the next reply
 *         if (reply.broken) ...                        // not a MariaDB server any more: close
 *         if (reply.complete) ...                      // next command
 *
 * A packet that is cut between two feeds is gathered in `side` if it is one of the telling ones; of
 * a longer one the first WIRE_REPLY_SIDE_MAX bytes are. So code, SQLSTATE and the start of the text
 * of an error are always there, and so are status flags and counters. Session state is handed to
 * the sink only if the whole OK packet is in one feed or fits in `side`; otherwise `track_lost` is
 * set.
 */
#ifndef WIRE_REPLY_H
#define WIRE_REPLY_H

#include "wire/cmd.h"
#include "wire/ok_err_eof.h"

#define WIRE_REPLY_SIDE_MAX    320u
#define WIRE_REPLY_MESSAGE_MAX 200u

/* What the reply turned out to be: its first part. An error later on shows in error_code. */
enum wire_reply_kind {
    WIRE_REPLY_NONE,         /* nothing yet, or a command without a reply */
    WIRE_REPLY_OK,           /* OK, or the lone EOF of COM_SET_OPTION and others */
    WIRE_REPLY_ERR,          /* the first packet was an error */
    WIRE_REPLY_ROWS,         /* a result set (also COM_STMT_FETCH and COM_FIELD_LIST) */
    WIRE_REPLY_LOCAL_INFILE, /* the server asked for a file */
    WIRE_REPLY_PREPARED,     /* PREPARE_OK */
    WIRE_REPLY_OTHER,        /* text, authentication exchange, stream */
};

/* What the last packet that was looked at (or walked over) is; for wire_reply_step. */
enum wire_reply_part {
    WIRE_PART_NONE,
    WIRE_PART_OK, /* also the OK at the end of rows (DEPRECATE_EOF) */
    WIRE_PART_ERR,
    WIRE_PART_EOF,
    WIRE_PART_LOCAL_INFILE,
    WIRE_PART_HEADER, /* number of columns, or PREPARE_OK */
    WIRE_PART_COLUMN, /* column or parameter definition */
    WIRE_PART_ROW,
    WIRE_PART_PROGRESS,
    WIRE_PART_AUTH, /* switch request or more data */
    WIRE_PART_OTHER,
    WIRE_PART_CONTINUATION, /* of a payload of more than 2^24-1 bytes */
};

/*
 * Told of every OK packet, also the one at the end of rows, while it is in memory: slices in `ok`
 * are good during the call only. May be NULL, as may its function.
 */
struct wire_reply_sink {
    void (*ok_fn)(void *ctx, const struct wire_ok *ok);
    void *ctx;
};

/* All-zero is a valid reply that is neither started nor complete. Members above the line are the
 * result and may be read at any time; those below belong to reply.c. */
struct wire_reply {
    uint64_t rows;          /* of all results so far */
    uint64_t affected;      /* of the last OK packet */
    uint64_t insert_id;     /* of the last OK packet */
    uint32_t packets;       /* begun so far, continuations included (wraps) */
    uint32_t columns;       /* of the current result, or of the prepared statement */
    uint32_t first_columns; /* of the first result */
    uint32_t results;       /* parts finished: results, OK packets */
    uint32_t statement_id;  /* PREPARE_OK */
    uint16_t parameters;    /* PREPARE_OK */
    uint16_t status;        /* enum wire_status, from the last OK or EOF */
    uint16_t warnings;      /* from the last OK or EOF */
    uint16_t error_code;    /* 0: no error so far */
    char sqlstate[6];
    uint8_t message_len; /* of the error, cut to WIRE_REPLY_MESSAGE_MAX; text: wire_reply_message */
    uint8_t command;
    uint8_t sequence; /* number of the last packet begun */
    uint8_t kind;     /* enum wire_reply_kind */
    uint8_t part;     /* enum wire_reply_part */
    bool started;
    bool complete;
    bool broken;        /* the bytes make no sense; nothing more is consumed */
    bool awaits_client; /* LOCAL INFILE data or an answer to an authentication request is due */
    bool has_status;    /* status and warnings are from this reply */
    bool track_lost;    /* an OK packet with session state was cut and too long to gather */
    bool patched;       /* reserved to the caller, cleared by start */
    /*
     * Of the last feed: which bytes of the statement id of PREPARE_OK were in it, so that the
     * caller may put another id in place over any cut: byte id_first + i of the new id (little
     * endian) goes to data[id_at + i] for i < id_count.
     */
    uint8_t id_first;
    uint8_t id_count;
    size_t id_at;

    /* ---- */
    const struct wire_reply_sink *sink;
    uint32_t caps;
    uint32_t ext_caps;
    uint32_t definitions;  /* still to come in this state */
    uint32_t payload_len;  /* of the current packet */
    uint32_t payload_left; /* not seen yet */
    uint8_t state;
    uint8_t phase;       /* in the header, before the first byte, inside */
    uint8_t header_have; /* bytes of a cut header */
    bool telling;        /* the current packet is looked into at its end */
    bool continuing;     /* the current packet goes on with the payload of the one before */
    bool undefined;      /* PREPARE_OK said that no definitions follow */
    uint16_t side_have;
    uint8_t header[4];
    uint8_t side[WIRE_REPLY_SIDE_MAX];
};
_Static_assert(sizeof(struct wire_reply) <= 512, "kept by every server connection");

/*
 * caps / ext_caps: what was negotiated with the server. sink: may be NULL; must outlive the reply.
 * A command without a reply is complete at once.
 */
void wire_reply_start(struct wire_reply *reply, uint8_t command, uint32_t caps, uint32_t ext_caps,
                      const struct wire_reply_sink *sink);

/*
 * Bytes at the front of `data` that belong to this reply; less than len only if the reply is now
 * complete (or broken). When the reply awaits the client it stays open: go on feeding it with what
 * the server says next.
 */
size_t wire_reply_feed(struct wire_reply *reply, const uint8_t *data, size_t len);

/*
 * The same, but stops at the end of the packet that `data` begins with or goes on with: `part`
 * tells what it is. For stages that want to see rows or packets. wire_reply_at_boundary tells
 * whether the packet ended.
 */
size_t wire_reply_step(struct wire_reply *reply, const uint8_t *data, size_t len);

/*
 * Passes over whole rows and definitions, which are counted and not looked into: what follows them
 * is for wire_reply_step. May complete the reply.
 */
size_t wire_reply_skip(struct wire_reply *reply, const uint8_t *data, size_t len);

/* True between packets: an error packet with the number sequence + 1 may be put in here. */
static inline bool
wire_reply_at_boundary(const struct wire_reply *reply)
{
    return reply->payload_left == 0 && reply->header_have == 0 && reply->phase == 0 &&
           !reply->continuing;
}

/* Text of the error, message_len bytes; good until the next call. */
const char *wire_reply_message(const struct wire_reply *reply);

#endif
