/*
 * Input: 1 role, 1 distance of cuts, 1 room, then bytes of the compressed protocol. Cut or whole,
 * what comes out is the same, and no more memory is used than there was room for.
 */
#include "bare_codec.h"
#include "fuzz.h"

#define HEAD    3u
#define OUT_MAX ((size_t)4 << 20) /* bombs are cut off: it is slow, not large */

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
    size_t at = 0;
    while (o.made < OUT_MAX) {
        size_t part = mx_min_size(distance, len - at);
        struct mx_buf out = {0};
        size_t used = 0;
        size_t made = 0;
        struct mx_err err;
        o.failed = bare_decode(c, in + at, part, &used, cap, &out, &made, &err) != 0;
        for (size_t i = 0; i < out.len; i++) {
            o.digest = (o.digest ^ out.bytes[i]) * 1099511628211u;
        }
        mx_buf_free(&out);
        if (o.failed || (used == 0 && made == 0)) {
            FUZZ_REQUIRE(o.failed || at + part == len);
            break;
        }
        at += used;
        o.made += made;
    }
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
