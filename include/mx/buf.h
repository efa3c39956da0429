/*
 * Growable contiguous bytes with a maximum. Storage comes from the calling thread's pool of chunks
 * (size classes, bounded free lists), so that keeping a statement for a while costs no malloc in
 * the steady state. All-zero is a valid empty buffer that holds no memory and has no maximum.
 *
 * A buffer may be filled on one thread and freed on another: its storage then changes pools.
 */
#ifndef MX_BUF_H
#define MX_BUF_H

#include "mx/base.h"

struct mx_buf {
    uint8_t *bytes; /* NULL while it holds no storage */
    size_t len;
    size_t capacity;
    size_t max; /* len never passes it; 0: no maximum */
};

/* Appends a copy. Returns -1 and changes nothing when len would pass max. */
MX_API MX_MUST_USE int mx_buf_append(struct mx_buf *buf, const void *bytes, size_t len);

/*
 * Room for `len` more bytes behind the ones that are there, NULL when that would pass max; tell
 * how many of them were filled with mx_buf_fill (at most the room asked for).
 */
MX_API MX_MUST_USE uint8_t *mx_buf_room(struct mx_buf *buf, size_t len);
MX_API void mx_buf_fill(struct mx_buf *buf, size_t len);

/* Drops the first `len` bytes (at most all); gives the storage back when nothing is left. */
MX_API void mx_buf_consume(struct mx_buf *buf, size_t len);

/* Empty again; the storage is kept. */
MX_API void mx_buf_clear(struct mx_buf *buf);

/* Empty again; the storage goes back to the pool; max stays. Fine on an empty buffer. */
MX_API void mx_buf_free(struct mx_buf *buf);

/*
 * For secrets: as mx_buf_free, but the storage is cleared first. A buffer that grows leaves copies
 * behind: what is secret is appended in one piece.
 */
MX_API void mx_buf_wipe(struct mx_buf *buf);

/* Moves the content from one to the other; `from` is then empty, what `to` held is freed. */
MX_API void mx_buf_take(struct mx_buf *to, struct mx_buf *from);

#endif
