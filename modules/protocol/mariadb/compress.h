/*
 * The compressed protocol of one connection, as a codec of it (mx/conn.h). What compresses belongs
 * to the thread; what decompresses is lent to a connection for the time that a packet is half
 * there. An idle connection holds one small struct.
 *
 * Each packet of the compressed protocol has a number. It starts anew with each command and goes on
 * in the answer, so whoever writes must say where something new begins (compress_mark).
 */
#ifndef COMPRESS_H
#define COMPRESS_H

#include "mx/conn.h"

struct compress;

enum compress_role {
    COMPRESS_ANSWERS, /* the other side is a client */
    COMPRESS_ASKS,    /* the other side is a server */
};

/* Begins on a connection; the struct goes with it. NULL: the connection is not open any more. */
struct compress *compress_begin(struct mx_conn *conn, enum compress_role role);

/* What is written from now on begins with this number. compress may be NULL in all of these. */
void compress_mark(struct compress *compress, const struct mx_conn *conn, uint8_t sequence);
/* ... with the number behind the last one that came: an answer. */
void compress_mark_answer(struct compress *compress, const struct mx_conn *conn);
/* The same, if anything came since the last mark: it is our turn again. */
void compress_mark_turn(struct compress *compress, const struct mx_conn *conn);

/* The connection broke because what came is not the compressed protocol. */
bool compress_is_fault(const struct mx_err *why);

/* For tests. */
extern const struct mx_conn_codec compress_codec;
struct compress *compress_new(enum compress_role role);
void compress_mark_at(struct compress *compress, uint64_t position, uint8_t sequence);

#endif
