/*
 * For whoever tests the codec of the compressed protocol without a connection: what compress.c
 * calls, and decoding in pieces of exactly their size, so that each step over is seen. To be
 * included by one file of a program.
 */
#ifndef TESTS_SUPPORT_BARE_CODEC_H
#define TESTS_SUPPORT_BARE_CODEC_H

#include "compress.h"

#include <stdlib.h>
#include <string.h>

bool
mx_conn_use_codec(struct mx_conn *conn MX_UNUSED, const struct mx_conn_codec *codec MX_UNUSED,
                  void *state MX_UNUSED)
{
    return false;
}

static uint64_t bare_written; /* where marks are set */

uint64_t
mx_conn_bytes_out(const struct mx_conn *conn MX_UNUSED)
{
    return bare_written;
}

size_t
mx_conn_queued(const struct mx_conn *conn MX_UNUSED)
{
    return 0;
}

/* One call of decode over copies; -1: refused. More than there is room for counts as a bug. */
static inline int
bare_decode(struct compress *c, const uint8_t *in, size_t len, size_t *used, size_t cap,
            struct mx_buf *out, size_t *made, struct mx_err *err)
{
    uint8_t *piece = malloc(len > 0 ? len : 1);
    uint8_t *room = malloc(cap);
    struct mx_codec_step step = {0};
    if (piece == NULL || room == NULL) {
        abort();
    }
    if (len > 0) {
        memcpy(piece, in, len);
    }
    int rc = compress_codec.decode(c, piece, len, room, cap, &step, err);
    *used = step.used;
    *made = step.made;
    if (*used > len || *made > cap || (rc == 0 && mx_buf_append(out, room, *made) != 0)) {
        abort();
    }
    free(piece);
    free(room);
    return rc;
}

#endif
