/*
 * Input: 1 command, 4 capabilities, 1 upper capabilities, 1 distance of cuts, then bytes of a
 * server. Whole, cut at a distance, and packet by packet must agree about everything.
 */
#include "wire.h"
#include "wire/reply.h"

#define HEAD 7u

struct outcome {
    struct wire_reply reply;
    struct wire_reply_sink sink;
    size_t used;
    uint64_t told; /* digest of what the sink was told */
    size_t oks;
};

static void
sink_ok(void *ctx, const struct wire_ok *ok)
{
    struct outcome *o = ctx;
    struct wire_track track;
    struct wire_track_item item;
    o->oks++;
    o->told = o->told * 31 + ok->affected + ok->status;
    wire_track_init(&track, ok->state);
    while (wire_track_next(&track, &item)) {
        fuzz_check_slice(item.name, ok->state.data, ok->state.len);
        fuzz_check_slice(item.value, ok->state.data, ok->state.len);
    }
}

static void
run(struct outcome *o, const uint8_t *data, size_t size, size_t distance, bool steps)
{
    memset(o, 0, sizeof(*o));
    o->sink = (struct wire_reply_sink){sink_ok, o};
    wire_reply_start(&o->reply, data[0], wire_load_u32(data + 1), data[5], &o->sink);
    const uint8_t *p = data + HEAD;
    size_t left = size - HEAD;
    while (o->used < left && !o->reply.complete && !o->reply.broken) {
        size_t n = mx_min_size(distance, left - o->used);
        uint8_t *piece = malloc(n);
        FUZZ_REQUIRE(piece != NULL);
        memcpy(piece, p + o->used, n);
        size_t used =
            steps ? wire_reply_step(&o->reply, piece, n) : wire_reply_feed(&o->reply, piece, n);
        FUZZ_REQUIRE(used <= n);
        FUZZ_REQUIRE(used == n || steps || o->reply.complete || o->reply.broken);
        FUZZ_REQUIRE(used > 0 || o->reply.broken);
        FUZZ_REQUIRE(o->reply.id_at + o->reply.id_count <= n || o->reply.id_count == 0);
        o->used += used;
        free(piece);
    }
}

static void
compare(const struct outcome *a, const struct outcome *b)
{
    const struct wire_reply *x = &a->reply;
    const struct wire_reply *y = &b->reply;
    FUZZ_REQUIRE(x->broken == y->broken && x->complete == y->complete);
    FUZZ_REQUIRE(x->rows == y->rows && x->packets == y->packets && x->results == y->results);
    FUZZ_REQUIRE(x->first_columns == y->first_columns && x->columns == y->columns);
    FUZZ_REQUIRE(x->kind == y->kind && x->error_code == y->error_code);
    FUZZ_REQUIRE(x->status == y->status && x->warnings == y->warnings);
    FUZZ_REQUIRE(x->affected == y->affected && x->insert_id == y->insert_id);
    FUZZ_REQUIRE(x->statement_id == y->statement_id && x->awaits_client == y->awaits_client);
    FUZZ_REQUIRE(x->message_len == y->message_len);
    FUZZ_REQUIRE(memcmp(wire_reply_message(x), wire_reply_message(y), x->message_len) == 0 ||
                 x->error_code == 0);
    FUZZ_REQUIRE(wire_reply_at_boundary(x) == wire_reply_at_boundary(y));
    FUZZ_REQUIRE(x->broken || (a->used == b->used && a->oks == b->oks && a->told == b->told));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= HEAD) {
        return 0;
    }
    struct outcome whole;
    struct outcome other;
    size_t distance = data[6] % 64 + 1u;
    run(&whole, data, size, size, false);
    run(&other, data, size, distance, false);
    /* A long OK with a malformed tail is noticed only in one piece. */
    if (!whole.reply.broken && !other.reply.track_lost) {
        compare(&whole, &other);
    }
    run(&other, data, size, size, true);
    compare(&whole, &other);
    return 0;
}
