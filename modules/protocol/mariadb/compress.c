/* The compressed protocol: packets in, packets out, numbers, and the streams of zlib. */
#include "compress.h"

#include "wire/compressed.h"
#include "wire/errcode.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What goes into one packet at most: answers leave while the rest is still being made. */
#define PIECE_MAX ((size_t)64 * 1024 - WIRE_COMPRESSED_HEADER_SIZE)
#define SPARES    4u

struct inflater {
    struct inflater *next;
    z_stream z;
};

/* From `position` of what is written on, packets are numbered from `sequence`. */
struct mark {
    uint64_t position;
    uint8_t sequence;
};

struct compress {
    uint8_t role;
    uint8_t in_next;  /* number after the last packet that came */
    uint8_t out_next; /* number of the next packet that goes */
    uint8_t head_have;
    uint8_t head[WIRE_COMPRESSED_HEADER_SIZE];
    bool is_inside; /* a packet is half there */
    bool is_plain;
    uint32_t in_left;    /* bytes of it still to come */
    uint32_t plain_left; /* bytes it still owes */
    struct inflater *inflater;
    uint64_t written; /* bytes of the inner stream so far */
    struct mark *marks;
    uint32_t mark_head;
    uint32_t mark_count;
    uint32_t mark_capacity;
    bool has_heard; /* something came since the last mark */
};

/* ------------------------------------------------------------ streams of a thread */

struct streams {
    z_stream deflate;
    struct inflater *spare;
    uint32_t spare_count;
};

static pthread_key_t streams_key;
static pthread_once_t streams_once = PTHREAD_ONCE_INIT;

static void
streams_free(void *ptr)
{
    struct streams *streams = ptr;
    while (streams->spare != NULL) {
        struct inflater *next = streams->spare->next;
        (void)inflateEnd(&streams->spare->z);
        free(streams->spare);
        streams->spare = next;
    }
    (void)deflateEnd(&streams->deflate);
    free(streams);
}

static void
make_key(void)
{
    if (pthread_key_create(&streams_key, streams_free) != 0) {
        MX_BUG("no key for the streams of a thread");
    }
}

static struct streams *
my_streams(void)
{
    (void)pthread_once(&streams_once, make_key);
    struct streams *streams = pthread_getspecific(streams_key);
    if (streams == NULL) {
        streams = mx_calloc(1, sizeof(*streams));
        if (deflateInit(&streams->deflate, Z_DEFAULT_COMPRESSION) != Z_OK ||
            pthread_setspecific(streams_key, streams) != 0) {
            MX_BUG("no memory for compression");
        }
    }
    return streams;
}

static struct inflater *
borrow(void)
{
    struct streams *streams = my_streams();
    struct inflater *inflater = streams->spare;
    if (inflater != NULL) {
        streams->spare = inflater->next;
        streams->spare_count--;
        (void)inflateReset(&inflater->z);
        return inflater;
    }
    inflater = mx_calloc(1, sizeof(*inflater));
    if (inflateInit(&inflater->z) != Z_OK) {
        MX_BUG("no memory for decompression");
    }
    return inflater;
}

static void
give_back(struct inflater *inflater)
{
    struct streams *streams = my_streams();
    if (streams->spare_count < SPARES) {
        inflater->next = streams->spare;
        streams->spare = inflater;
        streams->spare_count++;
        return;
    }
    (void)inflateEnd(&inflater->z);
    free(inflater);
}

/* ------------------------------------------------------------ in */

/*
 * Servers number as they please (acknowledgements of replicas go past their count); a client
 * begins a command with 0 or goes on where either side stopped.
 */
static bool
is_in_order(const struct compress *c, uint8_t sequence)
{
    return c->role == COMPRESS_ASKS || sequence == 0 || sequence == c->in_next ||
           sequence == c->out_next;
}

static int
begin_packet(struct compress *c, struct mx_err *err)
{
    struct wire_compressed packet;
    c->head_have = 0;
    if (wire_compressed_load(c->head, &packet) != 0) {
        return mx_err_set(err, WIRE_ER_PACKETS_OUT_OF_ORDER, "08S01",
                          "an empty packet of the compressed protocol");
    }
    if (!is_in_order(c, packet.sequence)) {
        return mx_err_set(err, WIRE_ER_PACKETS_OUT_OF_ORDER, "08S01",
                          "packet %u of the compressed protocol came where %u was due",
                          (unsigned)packet.sequence, (unsigned)c->in_next);
    }
    c->in_next = (uint8_t)(packet.sequence + 1);
    c->has_heard = true;
    c->is_inside = true;
    c->is_plain = packet.is_plain;
    c->in_left = packet.len;
    c->plain_left = packet.plain_len;
    c->inflater = packet.is_plain ? NULL : borrow();
    return 0;
}

static void
end_packet(struct compress *c)
{
    c->is_inside = false;
    if (c->inflater != NULL) {
        give_back(c->inflater);
        c->inflater = NULL;
    }
}

static int
malformed(struct mx_err *err, const char *what)
{
    return mx_err_set(err, WIRE_ER_NET_UNCOMPRESS, "08S01", "a compressed packet %s", what);
}

/*
 * The length in the header is a promise that is checked, never a size that memory is reserved by:
 * bytes go where the reader wants them, as many as there is room for.
 */
static int
inflate_some(struct compress *c, const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len,
             struct mx_codec_step *step, struct mx_err *err)
{
    z_stream *z = &c->inflater->z;
    uint8_t beyond = 0;
    bool is_owed = c->plain_left > 0;
    size_t cap = is_owed ? out_len : 1;
    z->next_in = in_len > 0 ? (z_const Bytef *)(uintptr_t)in : &beyond;
    z->avail_in = (uInt)in_len;
    z->next_out = is_owed ? out : &beyond;
    z->avail_out = (uInt)cap;
    int rc = inflate(z, Z_NO_FLUSH);
    step->used = in_len - z->avail_in;
    step->made = cap - z->avail_out;
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
        return malformed(err, "cannot be decompressed");
    }
    if (!is_owed && step->made > 0) {
        return malformed(err, "is longer than its header says");
    }
    c->in_left -= (uint32_t)step->used;
    c->plain_left -= is_owed ? (uint32_t)step->made : 0;
    if (rc == Z_STREAM_END) {
        if (c->in_left > 0 || c->plain_left > 0) {
            return malformed(err, "has another length than its header says");
        }
        end_packet(c);
        return 0;
    }
    if (c->in_left == 0 && z->avail_out > 0) {
        return malformed(err, "ends too early");
    }
    return 0;
}

static int
take_inside(struct compress *c, const uint8_t *in, size_t in_len, uint8_t *out, size_t cap,
            struct mx_codec_step *step, struct mx_err *err)
{
    in_len = mx_min_size(in_len, c->in_left);
    cap = mx_min_size(cap, c->plain_left);
    if (!c->is_plain) {
        return inflate_some(c, in, in_len, out, cap, step, err);
    }
    size_t part = mx_min_size(in_len, cap);
    if (part > 0) {
        memcpy(out, in, part);
    }
    *step = (struct mx_codec_step){part, part};
    c->in_left -= (uint32_t)part;
    c->plain_left -= (uint32_t)part;
    if (c->in_left == 0) {
        end_packet(c);
    }
    return 0;
}

/* True: the header is whole. */
static bool
take_head(struct compress *c, const uint8_t *in, size_t in_len, size_t *used)
{
    size_t part = mx_min_size(sizeof(c->head) - c->head_have, in_len - *used);
    if (part > 0) {
        memcpy(c->head + c->head_have, in + *used, part);
    }
    c->head_have = (uint8_t)(c->head_have + part);
    *used += part;
    return c->head_have == sizeof(c->head);
}

static int
decode(void *state, const uint8_t *in, size_t in_len, uint8_t *out, size_t cap,
       struct mx_codec_step *all, struct mx_err *err)
{
    static const uint8_t nothing[1] = {0};
    struct compress *c = state;
    in = in == NULL ? nothing : in;
    for (;;) {
        if (c->is_inside) {
            struct mx_codec_step step = {0};
            if (take_inside(c, in + all->used, in_len - all->used, out + all->made, cap - all->made,
                            &step, err) != 0) {
                return -1;
            }
            all->used += step.used;
            all->made += step.made;
            if (c->is_inside && step.used == 0 && step.made == 0) {
                return 0;
            }
            continue;
        }
        if (!take_head(c, in, in_len, &all->used)) {
            return 0;
        }
        if (begin_packet(c, err) != 0) {
            return -1;
        }
    }
}

/* ------------------------------------------------------------ out */

static struct mark *
first_mark(const struct compress *c)
{
    return c->mark_count == 0 ? NULL : &c->marks[c->mark_head];
}

/* Applies the marks of this place; how many bytes there are up to the next one. */
static uint64_t
pass_marks(struct compress *c)
{
    struct mark *mark = first_mark(c);
    while (mark != NULL && mark->position <= c->written) {
        c->out_next = mark->sequence;
        c->mark_head++;
        c->mark_count--;
        mark = first_mark(c);
    }
    if (mark != NULL) {
        return mark->position - c->written;
    }
    c->mark_head = 0;
    return UINT64_MAX;
}

static size_t
copy_parts(const struct iovec *iov, size_t len, uint8_t *out)
{
    size_t at = 0;
    for (const struct iovec *part = iov; at < len; part++) {
        size_t n = mx_min_size(part->iov_len, len - at);
        if (n > 0) {
            memcpy(out + at, part->iov_base, n);
        }
        at += n;
    }
    return at;
}

/* The compressed form; 0: it would not be shorter. */
static size_t
deflate_parts(const struct iovec *iov, size_t len, uint8_t *out, size_t cap)
{
    z_stream *z = &my_streams()->deflate;
    (void)deflateReset(z);
    z->next_out = out;
    z->avail_out = (uInt)cap;
    size_t at = 0;
    for (const struct iovec *part = iov; at < len; part++) {
        size_t n = mx_min_size(part->iov_len, len - at);
        at += n;
        z->next_in = part->iov_base;
        z->avail_in = (uInt)n;
        int rc = deflate(z, at == len ? Z_FINISH : Z_NO_FLUSH);
        if (z->avail_in > 0 || (at == len && rc != Z_STREAM_END)) {
            return 0; /* out is full */
        }
    }
    return cap - z->avail_out;
}

static size_t
encode(void *state, const struct iovec *iov, int count, struct mx_buf *out)
{
    struct compress *c = state;
    uint64_t limit = pass_marks(c);
    size_t len = 0;
    for (int i = 0; i < count && len < PIECE_MAX; i++) {
        len += iov[i].iov_len;
    }
    len = mx_min_size(len, PIECE_MAX);
    len = len > limit ? (size_t)limit : len;
    uint8_t *room = mx_buf_room(out, WIRE_COMPRESSED_HEADER_SIZE + len);
    MX_ASSERT(room != NULL && len > 0);
    uint8_t *body = room + WIRE_COMPRESSED_HEADER_SIZE;
    size_t size = len < WIRE_COMPRESSED_MIN ? 0 : deflate_parts(iov, len, body, len - 1);
    struct wire_compressed packet = {.len = (uint32_t)size,
                                     .plain_len = (uint32_t)len,
                                     .sequence = c->out_next,
                                     .is_plain = size == 0};
    if (packet.is_plain) {
        packet.len = (uint32_t)copy_parts(iov, len, body);
    }
    wire_compressed_store(room, &packet);
    mx_buf_fill(out, WIRE_COMPRESSED_HEADER_SIZE + packet.len);
    c->out_next++;
    c->written += len;
    return len;
}

/* ------------------------------------------------------------ life */

static void
free_state(void *state)
{
    struct compress *c = state;
    end_packet(c);
    free(c->marks);
    free(c);
}

const struct mx_conn_codec compress_codec = {
    .decode = decode,
    .encode = encode,
    .free = free_state,
};

struct compress *
compress_new(enum compress_role role)
{
    struct compress *c = mx_calloc(1, sizeof(*c));
    c->role = (uint8_t)role;
    return c;
}

static uint64_t
position_of(const struct mx_conn *conn)
{
    return mx_conn_bytes_out(conn) + mx_conn_queued(conn);
}

struct compress *
compress_begin(struct mx_conn *conn, enum compress_role role)
{
    struct compress *c = compress_new(role);
    c->written = position_of(conn);
    return mx_conn_use_codec(conn, &compress_codec, c) ? c : NULL;
}

void
compress_mark_at(struct compress *c, uint64_t position, uint8_t sequence)
{
    if (c->mark_head + c->mark_count == c->mark_capacity) {
        if (c->mark_head > 0) {
            memmove(c->marks, c->marks + c->mark_head, c->mark_count * sizeof(*c->marks));
            c->mark_head = 0;
        } else {
            c->mark_capacity = c->mark_capacity == 0 ? 2 : c->mark_capacity * 2;
            c->marks = mx_realloc(c->marks, c->mark_capacity * sizeof(*c->marks));
        }
    }
    c->marks[c->mark_head + c->mark_count++] = (struct mark){position, sequence};
}

void
compress_mark(struct compress *c, const struct mx_conn *conn, uint8_t sequence)
{
    if (c != NULL) {
        c->has_heard = false;
        compress_mark_at(c, position_of(conn), sequence);
    }
}

void
compress_mark_answer(struct compress *c, const struct mx_conn *conn)
{
    if (c != NULL) {
        compress_mark(c, conn, c->in_next);
    }
}

void
compress_mark_turn(struct compress *c, const struct mx_conn *conn)
{
    if (c != NULL && c->has_heard) {
        compress_mark(c, conn, c->in_next);
    }
}

bool
compress_is_fault(const struct mx_err *why)
{
    return why->code == WIRE_ER_PACKETS_OUT_OF_ORDER || why->code == WIRE_ER_NET_UNCOMPRESS;
}
