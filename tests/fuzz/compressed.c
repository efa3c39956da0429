/*
 * Input: 1 role, 1 distance of cuts, 1 room, then bytes of the compressed protocol. Cut or whole,
 * what comes out is the same, and no more memory is used than there was room for.
 */
#include "compress.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define HEAD    3u
#define OUT_MAX ((size_t)4 << 20) /* bombs are cut off: it is slow, not large */

/* Only the codec is of interest. */
bool
mx_conn_use_codec(struct mx_conn *conn, const struct mx_conn_codec *codec, void *state)
{
    (void)conn;
    (void)codec;
    (void)state;
    return false;
}

uint64_t
mx_conn_bytes_out(const struct mx_conn *conn)
{
    (void)conn;
    return 0;
}

size_t
mx_conn_queued(const struct mx_conn *conn)
{
    (void)conn;
    return 0;
}

struct outcome {
    uint64_t digest;
    size_t made;
    bool failed;
};

static struct outcome
run(uint8_t role, const uint8_t *in, size_t len, size_t distance, size_t cap)
{
    struct outcome o = {.digest = 14695981039346656037u};
    struct compress *c = compress_new(role % 2 == 0 ? COMPRESS_ANSWERS : COMPRESS_ASKS);
    uint8_t *out = malloc(cap);
    size_t at = 0;
    FUZZ_REQUIRE(out != NULL);
    while (o.made < OUT_MAX) {
        size_t part = mx_min_size(distance, len - at);
        uint8_t *piece = malloc(part > 0 ? part : 1);
        size_t used = 0;
        size_t made = 0;
        struct mx_err err;
        FUZZ_REQUIRE(piece != NULL);
        memcpy(piece, in + at, part);
        o.failed = compress_codec.decode(c, piece, part, &used, out, cap, &made, &err) != 0;
        free(piece);
        FUZZ_REQUIRE(used <= part && made <= cap);
        for (size_t i = 0; i < made && !o.failed; i++) {
            o.digest = (o.digest ^ out[i]) * 1099511628211u;
        }
        if (o.failed || (used == 0 && made == 0)) {
            FUZZ_REQUIRE(o.failed || at + part == len);
            break;
        }
        at += used;
        o.made += made;
    }
    free(out);
    compress_codec.free(c);
    return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= HEAD) {
        return 0;
    }
    size_t len = size - HEAD;
    struct outcome whole = run(data[0], data + HEAD, len, len, 65536);
    struct outcome cut = run(data[0], data + HEAD, len, data[1] % 32 + 1u, data[2] + 1u);
    FUZZ_REQUIRE(whole.failed == cut.failed || whole.made >= OUT_MAX || cut.made >= OUT_MAX);
    if (!whole.failed && !cut.failed && whole.made < OUT_MAX) {
        FUZZ_REQUIRE(whole.made == cut.made && whole.digest == cut.digest);
    }
    return 0;
}
