/*
 * Replies recorded from a real server: each must end where the server's answer ended, say what it
 * was, and do both over any cut of the bytes.
 */
#include "recorded.inc"
#include "unit.h"
#include "wire/reply.h"

#include <stdio.h>

/* By the longest prefix of the recording's name. */
struct expectation {
    const char *prefix;
    enum wire_reply_kind kind;
    uint32_t columns;
    uint64_t rows;
    uint32_t results;
    uint16_t error;
};

static const struct expectation expectations[] = {
    {"ok_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"insert_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"update_info_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"select_", WIRE_REPLY_ROWS, 3, 2, 1, 0},
    {"empty_", WIRE_REPLY_ROWS, 1, 0, 1, 0},
    {"error_", WIRE_REPLY_ERR, 0, 0, 0, 1146},
    {"error_in_rows_", WIRE_REPLY_ROWS, 1, 2, 0, 1242},
    {"multi_", WIRE_REPLY_ROWS, 1, 2, 3, 1146},
    {"multi_ok_", WIRE_REPLY_OK, 0, 1, 3, 0},
    {"call_", WIRE_REPLY_ROWS, 1, 2, 3, 0},
    {"statistics_", WIRE_REPLY_OTHER, 0, 0, 1, 0},
    {"field_list_", WIRE_REPLY_ERR, 0, 0, 0, 1046},
    {"fields_of_table_", WIRE_REPLY_ROWS, 2, 0, 1, 0},
    {"init_db_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"init_db_bad_", WIRE_REPLY_ERR, 0, 0, 0, 1049},
    {"set_option_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"debug_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"process_info_", WIRE_REPLY_ROWS, 9, UINT64_MAX, 1, 0},
    {"unknown_", WIRE_REPLY_ERR, 0, 0, 0, 1047},
    {"reset_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"infile_", WIRE_REPLY_LOCAL_INFILE, 0, 0, 1, 0},
    {"infile_multi_", WIRE_REPLY_ROWS, 1, 2, 3, 0},
    {"prepare_both_", WIRE_REPLY_PREPARED, 3, 0, 1, 0},
    {"prepare_none_", WIRE_REPLY_PREPARED, 0, 0, 1, 0},
    {"prepare_params_", WIRE_REPLY_PREPARED, 0, 0, 1, 0},
    {"prepare_columns_", WIRE_REPLY_PREPARED, 2, 0, 1, 0},
    {"prepare_error_", WIRE_REPLY_ERR, 0, 0, 0, 1064},
    {"execute_", WIRE_REPLY_ROWS, 3, 5, 1, 0},
    {"execute_out_", WIRE_REPLY_ROWS, 1, 1, 2, 0},
    {"execute_ok_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"cursor_", WIRE_REPLY_ROWS, 1, 0, 1, 0},
    {"fetch_", WIRE_REPLY_ROWS, 0, 2, 1, 0},
    {"fetch_last_", WIRE_REPLY_ROWS, 0, 3, 1, 0},
    {"fetch_error_", WIRE_REPLY_ERR, 0, 0, 0, 1243},
    {"stmt_reset_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"bulk_plain", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"bulk_unit", WIRE_REPLY_ERR, 0, 0, 0, 1295},
    {"bulk_returning_", WIRE_REPLY_ROWS, 2, 2, 1, 0},
    {"track_", WIRE_REPLY_OK, 0, 0, 1, 0},
    {"track_select_", WIRE_REPLY_ROWS, 1, 1, 1, 0},
    {"change_user_switch", WIRE_REPLY_OTHER, 0, 0, 1, 0},
    {"change_user_denied", WIRE_REPLY_OTHER, 0, 0, 0, 1045},
};

static const struct expectation *
expectation_of(const char *name)
{
    const struct expectation *best = NULL;
    for (size_t i = 0; i < MX_COUNT(expectations); i++) {
        const struct expectation *e = &expectations[i];
        bool fits = strncmp(name, e->prefix, strlen(e->prefix)) == 0;
        if (fits && (best == NULL || strlen(e->prefix) > strlen(best->prefix))) {
            best = e;
        }
    }
    assert_non_null(best);
    return best;
}

/* Everything the sink is told, as text. */
struct events {
    struct wire_reply_sink sink;
    char text[512];
    size_t len;
};

static void
events_ok(void *ctx, const struct wire_ok *ok)
{
    struct events *e = ctx;
    struct wire_track track;
    struct wire_track_item item;
    e->len += (size_t)snprintf(e->text + e->len, sizeof(e->text) - e->len, "ok(%u)",
                               (unsigned)ok->affected);
    wire_track_init(&track, ok->state);
    while (wire_track_next(&track, &item)) {
        e->len += (size_t)snprintf(e->text + e->len, sizeof(e->text) - e->len, " %u:%.*s=%.*s",
                                   item.kind, (int)item.name.len, (const char *)item.name.data,
                                   (int)item.value.len, (const char *)item.value.data);
    }
    assert_false(wire_track_failed(&track));
    assert_true(e->len < sizeof(e->text));
}

static void
reply_begin(struct wire_reply *reply, struct events *events, const struct recorded *r)
{
    *events = (struct events){.sink = {.ok_fn = events_ok, .ctx = events}};
    memset(reply, 0x5a, sizeof(*reply));
    wire_reply_start(reply, r->command, r->caps, r->ext_caps, &events->sink);
}

/* The public result in one line, to compare two ways of feeding. */
static void
reply_print(const struct wire_reply *p, const struct events *events, char *out, size_t cap)
{
    int n =
        snprintf(out, cap,
                 "rows %llu affected %llu id %llu packets %u columns %u/%u results %u stmt %u "
                 "params %u status %x warnings %u error %u %s %.*s seq %u kind %u part %u "
                 "complete %d broken %d awaits %d lost %d events %s",
                 (unsigned long long)p->rows, (unsigned long long)p->affected,
                 (unsigned long long)p->insert_id, p->packets, p->first_columns, p->columns,
                 p->results, p->statement_id, p->parameters, p->status, p->warnings, p->error_code,
                 p->sqlstate, p->message_len, wire_reply_message(p), p->sequence, p->kind, p->part,
                 p->complete, p->broken, p->awaits_client, p->track_lost, events->text);
    assert_true(n > 0 && (size_t)n < cap);
}

#define PRINT_MAX 2048

static void
check_result(const struct recorded *r, const struct wire_reply *reply)
{
    const struct expectation *e = expectation_of(r->name);
    if (!reply->complete || reply->broken || reply->kind != (uint8_t)e->kind ||
        reply->first_columns != e->columns || reply->results != e->results ||
        reply->error_code != e->error || (e->rows != UINT64_MAX && reply->rows != e->rows)) {
        fail_msg("%s: kind %u columns %u rows %u results %u error %u complete %d broken %d",
                 r->name, reply->kind, reply->first_columns, (unsigned)reply->rows, reply->results,
                 reply->error_code, reply->complete, reply->broken);
    }
    assert_true(wire_reply_at_boundary(reply));
    assert_false(reply->awaits_client);
    assert_false(reply->track_lost);
}

static void
whole(const struct recorded *r, char *out)
{
    struct wire_reply reply;
    struct events events;
    /* What follows belongs to the next reply. */
    uint8_t *data = malloc(r->len + 5);
    assert_non_null(data);
    memcpy(data, r->data, r->len);
    memcpy(data + r->len, "\x01\0\0\x01\xff", 5);
    reply_begin(&reply, &events, r);
    if (wire_reply_feed(&reply, data, r->len + 5) != r->len) {
        fail_msg("%s: ends in the wrong place", r->name);
    }
    assert_int_equal(wire_reply_feed(&reply, data, 5), 0);
    check_result(r, &reply);
    reply_print(&reply, &events, out, PRINT_MAX);
    free(data);
}

/* Feeds one piece from a buffer of its own size; everything in it must belong to the reply. */
static void
feed_piece(struct wire_reply *reply, const struct recorded *r, size_t from, size_t to)
{
    uint8_t *piece = exact_copy(r->data + from, to - from);
    assert_int_equal(wire_reply_feed(reply, piece, to - from), to - from);
    free(piece);
    assert_false(reply->broken);
    assert_int_equal(reply->complete, to == r->len);
}

static void
test_recorded_whole(void **state)
{
    (void)state;
    char text[PRINT_MAX];
    for (size_t i = 0; i < MX_COUNT(recorded); i++) {
        whole(&recorded[i], text);
    }
}

static void
test_recorded_byte_by_byte(void **state)
{
    (void)state;
    char expected[PRINT_MAX];
    char got[PRINT_MAX];
    for (size_t i = 0; i < MX_COUNT(recorded); i++) {
        const struct recorded *r = &recorded[i];
        struct wire_reply reply;
        struct events events;
        whole(r, expected);
        reply_begin(&reply, &events, r);
        for (size_t at = 0; at < r->len; at++) {
            feed_piece(&reply, r, at, at + 1);
            bool asked = r->first_len > 0 && at + 1 == r->first_len;
            assert_int_equal(reply.awaits_client, asked);
        }
        reply_print(&reply, &events, got, sizeof(got));
        assert_string_equal(got, expected);
    }
}

static void
test_recorded_every_pair_of_cuts(void **state)
{
    (void)state;
    char expected[PRINT_MAX];
    char got[PRINT_MAX];
    for (size_t i = 0; i < MX_COUNT(recorded); i++) {
        const struct recorded *r = &recorded[i];
        whole(r, expected);
        /* All pairs for short ones, a fixed distance for long ones. */
        for (size_t a = 1; a < r->len; a++) {
            size_t step = r->len < 120 ? 1 : r->len / 3;
            for (size_t b = a + 1; b <= r->len; b += step) {
                struct wire_reply reply;
                struct events events;
                reply_begin(&reply, &events, r);
                feed_piece(&reply, r, 0, a);
                feed_piece(&reply, r, a, b);
                if (b < r->len) {
                    feed_piece(&reply, r, b, r->len);
                }
                reply_print(&reply, &events, got, sizeof(got));
                assert_string_equal(got, expected);
            }
        }
    }
}

/* One packet at a time must come to the same, and find as many packets. */
static void
test_recorded_step_by_step(void **state)
{
    (void)state;
    char expected[PRINT_MAX];
    char got[PRINT_MAX];
    for (size_t i = 0; i < MX_COUNT(recorded); i++) {
        const struct recorded *r = &recorded[i];
        struct wire_reply reply;
        struct events events;
        uint64_t rows = 0;
        size_t at = 0;
        whole(r, expected);
        reply_begin(&reply, &events, r);
        while (!reply.complete) {
            struct wire_packet packet;
            assert_int_equal(wire_packet_next(r->data + at, r->len - at, &packet), 0);
            assert_int_equal(wire_reply_step(&reply, r->data + at, r->len - at), packet.size);
            assert_true(wire_reply_at_boundary(&reply));
            rows += reply.part == WIRE_PART_ROW ? 1 : 0;
            at += packet.size;
        }
        assert_int_equal(at, r->len);
        assert_int_equal(rows, reply.rows);
        reply_print(&reply, &events, got, sizeof(got));
        assert_string_equal(got, expected);
    }
}

static const struct recorded *
recorded_find(const char *name)
{
    for (size_t i = 0; i < MX_COUNT(recorded); i++) {
        if (strcmp(recorded[i].name, name) == 0) {
            return &recorded[i];
        }
    }
    fail_msg("no recording %s", name);
    return NULL;
}

static void
test_facts_of_packets(void **state)
{
    (void)state;
    struct wire_reply reply;
    struct events events;
    const struct recorded *r = recorded_find("error_eof");
    reply_begin(&reply, &events, r);
    (void)wire_reply_feed(&reply, r->data, r->len);
    assert_string_equal(reply.sqlstate, "42S02");
    assert_int_equal(reply.message_len, strlen("Table 't.missing' doesn't exist"));
    assert_memory_equal(wire_reply_message(&reply), "Table 't.missing' doesn't exist",
                        reply.message_len);
    r = recorded_find("infile_eof");
    reply_begin(&reply, &events, r);
    (void)wire_reply_feed(&reply, r->data, r->len);
    assert_int_equal(reply.affected, 2);
    r = recorded_find("prepare_both_noeof");
    reply_begin(&reply, &events, r);
    (void)wire_reply_feed(&reply, r->data, r->len);
    assert_int_equal(reply.parameters, 2);
    assert_int_equal(reply.statement_id, wire_load_u32(r->data + 5));
    r = recorded_find("cursor_noeof");
    reply_begin(&reply, &events, r);
    (void)wire_reply_feed(&reply, r->data, r->len);
    assert_true((reply.status & WIRE_STATUS_CURSOR_EXISTS) != 0);
}

static void
test_session_state(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *events;
    } cases[] = {
        {"track_use_eof", "ok(0) 1:=t 2:=1"},
        {"track_begin_eof", "ok(0) 5:=T_______ 4:=START TRANSACTION READ ONLY;"},
        {"track_autocommit_noeof", "ok(0) 0:autocommit=OFF 0:time_zone=+01:00 2:=1"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        const struct recorded *r = recorded_find(cases[i].name);
        struct wire_reply reply;
        struct events events;
        reply_begin(&reply, &events, r);
        (void)wire_reply_feed(&reply, r->data, r->len);
        assert_string_equal(events.text, cases[i].events);
    }
}

/* Whatever the cut, the noted bytes are those of the id, and putting others there changes it. */
static void
test_statement_id_is_patched_over_any_cut(void **state)
{
    (void)state;
    const struct recorded *r = recorded_find("prepare_both_eof");
    static const uint8_t new_id[4] = {0xde, 0xad, 0xbe, 0xef};
    for (size_t cut = 1; cut < 20; cut++) {
        uint8_t *data = exact_copy(r->data, r->len);
        struct wire_reply reply;
        size_t pieces[3] = {0, cut, r->len};
        size_t patched = 0;
        wire_reply_start(&reply, r->command, r->caps, r->ext_caps, NULL);
        for (size_t p = 0; p < 2; p++) {
            uint8_t *piece = data + pieces[p];
            (void)wire_reply_feed(&reply, piece, pieces[p + 1] - pieces[p]);
            for (size_t i = 0; i < reply.id_count; i++) {
                piece[reply.id_at + i] = new_id[reply.id_first + i];
                patched++;
            }
        }
        assert_int_equal(patched, 4);
        assert_memory_equal(data + 5, new_id, 4);
        data[5] = r->data[5];
        memcpy(data + 5, r->data + 5, 4);
        assert_memory_equal(data, r->data, r->len);
        free(data);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_whole),
        cmocka_unit_test(test_recorded_byte_by_byte),
        cmocka_unit_test(test_recorded_every_pair_of_cuts),
        cmocka_unit_test(test_recorded_step_by_step),
        cmocka_unit_test(test_facts_of_packets),
        cmocka_unit_test(test_session_state),
        cmocka_unit_test(test_statement_id_is_patched_over_any_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
