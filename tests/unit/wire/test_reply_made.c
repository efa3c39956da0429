/* Replies that a small recording cannot hold: giant rows, progress, streams, nonsense. */
#include "unit.h"
#include "wire/reply.h"

#define CLASSIC (WIRE_CAP_PROTOCOL_41 | WIRE_CAP_CLIENT_MYSQL)
#define NO_EOF  (CLASSIC | WIRE_CAP_DEPRECATE_EOF)
#define MARIADB WIRE_CAP_PROTOCOL_41

#define COUNT_1 "\x01\0\0\x01\x01"
#define COLUMN     \
    "\x03\0\0\x02" \
    "def"
#define EOF_MID  "\x05\0\0\x03\xfe\0\0\x02\0"
#define EOF_LAST "\x05\0\0\x04\xfe\x01\0\x02\0"
#define OK_LAST  "\x07\0\0\x04\xfe\0\0\x02\0\0\0"
#define OK_PLAIN "\x07\0\0\x01\0\0\0\x02\0\0\0"

static void
start(struct wire_reply *reply, uint8_t command, uint32_t caps, uint32_t ext)
{
    wire_reply_start(reply, command, caps, ext, NULL);
}

/* All of `data` belongs to the reply. */
static void
feed(struct wire_reply *reply, struct wire_slice data)
{
    uint8_t *copy = exact_copy(data.data, data.len);
    assert_int_equal(wire_reply_feed(reply, copy, data.len), data.len);
    free(copy);
}

static void
test_zeroed_and_empty(void **state)
{
    (void)state;
    struct wire_reply reply = {0};
    assert_false(reply.started);
    assert_false(reply.complete);
    assert_true(wire_reply_at_boundary(&reply));
    start(&reply, WIRE_COM_QUERY, CLASSIC, 0);
    assert_int_equal(wire_reply_feed(&reply, NULL, 0), 0);
    assert_false(reply.started);
}

static void
test_commands_without_reply(void **state)
{
    (void)state;
    static const uint8_t commands[] = {WIRE_COM_QUIT, WIRE_COM_STMT_CLOSE,
                                       WIRE_COM_STMT_SEND_LONG_DATA};
    for (size_t i = 0; i < MX_COUNT(commands); i++) {
        struct wire_reply reply;
        start(&reply, commands[i], CLASSIC, 0);
        assert_true(reply.complete);
        assert_int_equal(reply.kind, WIRE_REPLY_NONE);
        assert_int_equal(wire_reply_feed(&reply, (const uint8_t *)"x", 1), 0);
    }
}

/* A payload of `packets` packets of the largest size and a last one of `rest` bytes. */
static void
feed_giant(struct wire_reply *reply, const char *first, size_t packets, uint32_t rest)
{
    static uint8_t block[65536];
    for (size_t i = 0; i <= packets; i++) {
        uint32_t left = i < packets ? WIRE_PAYLOAD_MAX : rest;
        uint8_t header[4];
        wire_header_store(header, left, (uint8_t)(3 + i));
        feed(reply, (struct wire_slice){header, 4});
        if (i == 0) {
            feed(reply, (struct wire_slice){(const uint8_t *)first, 1});
            left--;
        } else if (left > 0) {
            /* Continuations may begin with any byte. */
            feed(reply, BYTES("\xff"));
            left--;
        }
        while (left > 0) {
            uint32_t n = left > sizeof(block) ? (uint32_t)sizeof(block) : left;
            assert_int_equal(wire_reply_feed(reply, block, n), n);
            left -= n;
            assert_false(wire_reply_at_boundary(reply) && left > 0);
        }
        assert_false(reply->complete);
        assert_false(reply->broken);
        assert_int_equal(wire_reply_at_boundary(reply), i == packets);
    }
}

/* Rows whose first value is 16 MiB or more begin with 0xfe, and are not the end. */
static void
test_giant_rows(void **state)
{
    (void)state;
    static const uint32_t rests[] = {0, 1, 5, 1000};
    for (size_t i = 0; i < 2 * MX_COUNT(rests); i++) {
        bool eof = i % 2 == 0;
        struct wire_reply reply;
        start(&reply, WIRE_COM_QUERY, eof ? CLASSIC : NO_EOF, 0);
        feed(&reply, BYTES(COUNT_1 COLUMN));
        if (eof) {
            feed(&reply, BYTES(EOF_MID));
        }
        feed_giant(&reply, "\xfe", 1 + i % 3, rests[i / 2]);
        feed_giant(&reply, "\xfd", 1, rests[i / 2]);
        assert_int_equal(reply.rows, 2);
        feed(&reply, eof ? BYTES(EOF_LAST) : BYTES(OK_LAST));
        assert_true(reply.complete);
        assert_int_equal(reply.rows, 2);
        assert_int_equal(reply.results, 1);
    }
}

/* With EOF packets, a short row that begins with 0xfe cannot be; of 9 bytes or more it is a row. */
static void
test_row_of_nine_bytes_with_eof_mark(void **state)
{
    (void)state;
    struct wire_reply reply;
    start(&reply, WIRE_COM_QUERY, CLASSIC, 0);
    feed(&reply, BYTES(COUNT_1 COLUMN EOF_MID "\x09\0\0\x04\xfe\0\0\0\x01\0\0\0\0"));
    assert_false(reply.complete);
    assert_int_equal(reply.rows, 1);
    feed(&reply, BYTES("\x08\0\0\x05\xfe\0\0\x02\0\0\0\0"));
    assert_true(reply.complete);
}

static void
test_progress_reports(void **state)
{
    (void)state;
#define PROGRESS "\x08\0\0\x01\xff\xff\xff\x01\x01\x01\0\0"
    struct wire_reply reply;
    start(&reply, WIRE_COM_QUERY, MARIADB, WIRE_EXT_CAP_PROGRESS);
    feed(&reply, BYTES(PROGRESS PROGRESS));
    assert_int_equal(reply.part, WIRE_PART_PROGRESS);
    assert_false(reply.complete);
    assert_int_equal(reply.kind, WIRE_REPLY_NONE);
    feed(&reply, BYTES(OK_PLAIN));
    assert_true(reply.complete);
    assert_int_equal(reply.kind, WIRE_REPLY_OK);
    assert_int_equal(reply.error_code, 0);
    /* Not negotiated: an error. */
    start(&reply, WIRE_COM_QUERY, CLASSIC, WIRE_EXT_CAP_PROGRESS);
    feed(&reply, BYTES(PROGRESS));
    assert_true(reply.complete);
    assert_int_equal(reply.error_code, 0xffff);
}

static void
test_stream(void **state)
{
    (void)state;
    struct wire_reply reply;
    start(&reply, WIRE_COM_BINLOG_DUMP, NO_EOF, 0);
    for (int i = 0; i < 3; i++) {
        feed(&reply, BYTES("\x04\0\0\x01\0abc"
                           "\x0a\0\0\x02\xfe"
                           "234567890"));
        assert_false(reply.complete);
    }
    assert_int_equal(reply.kind, WIRE_REPLY_OTHER);
    assert_int_equal(reply.packets, 6);
    struct wire_reply other = reply;
    feed(&reply, BYTES("\x05\0\0\x03\xfe\0\0\0\0"));
    assert_true(reply.complete);
    feed(&other, BYTES("\x09\0\0\x03\xff\xd4\x04#HY000"));
    assert_true(other.complete);
    assert_int_equal(other.error_code, 1236);
}

static void
test_cached_metadata_needs_mariadb(void **state)
{
    (void)state;
    struct wire_reply reply;
    start(&reply, WIRE_COM_STMT_EXECUTE, MARIADB, WIRE_EXT_CAP_CACHE_METADATA);
    feed(&reply, BYTES("\x02\0\0\x01\x01\0"
                       "\x05\0\0\x02\xfe\0\0\x02\0"
                       "\x03\0\0\x03\0\0x"));
    assert_int_equal(reply.rows, 1);
    feed(&reply, BYTES(EOF_LAST));
    assert_true(reply.complete);
    start(&reply, WIRE_COM_STMT_EXECUTE, MARIADB | WIRE_CAP_DEPRECATE_EOF,
          WIRE_EXT_CAP_CACHE_METADATA);
    feed(&reply, BYTES("\x02\0\0\x01\x01\0"
                       "\x03\0\0\x03\0\0x" OK_LAST));
    assert_true(reply.complete);
    assert_int_equal(reply.rows, 1);
}

/* The answer to be followed whole, byte by byte and at each cut; nothing may be left or missing. */
static void
follow_cut(uint8_t command, uint32_t caps, struct wire_slice data, uint64_t rows, uint32_t packets)
{
    for (size_t cut = 0; cut <= data.len; cut++) {
        struct wire_reply reply;
        start(&reply, command, caps, 0);
        feed(&reply, (struct wire_slice){data.data, cut});
        assert_int_equal(reply.complete, cut == data.len);
        feed(&reply, (struct wire_slice){data.data + cut, data.len - cut});
        assert_true(reply.complete);
        assert_false(reply.broken);
        assert_int_equal(reply.rows, rows);
        assert_int_equal(reply.packets, packets);
        start(&reply, command, caps, 0);
        for (size_t i = 0; i < data.len; i++) {
            feed(&reply, (struct wire_slice){data.data + i, 1});
        }
        assert_true(reply.complete);
        assert_int_equal(reply.rows, rows);
    }
}

/* MySQL's: a byte behind the number of columns, and one at the end of PREPARE_OK. */
static void
test_optional_metadata(void **state)
{
    (void)state;
#define ROW            "\x02\0\0\x04\x01x"
#define BARE           "\x02\0\0\x01\x01\0"
#define FULL           "\x02\0\0\x01\x01\x01"
#define PREPARED(flag) "\x0d\0\0\x01\0\x05\0\0\0\x01\0\x01\0\0\0\0" flag
    uint32_t eof = CLASSIC | WIRE_CAP_OPTIONAL_METADATA;
    uint32_t no_eof = NO_EOF | WIRE_CAP_OPTIONAL_METADATA;
    follow_cut(WIRE_COM_QUERY, eof, BYTES(FULL COLUMN EOF_MID ROW EOF_LAST), 1, 5);
    follow_cut(WIRE_COM_QUERY, eof, BYTES(BARE EOF_MID ROW EOF_LAST), 1, 4);
    follow_cut(WIRE_COM_QUERY, no_eof, BYTES(FULL COLUMN ROW OK_LAST), 1, 4);
    follow_cut(WIRE_COM_QUERY, no_eof, BYTES(BARE ROW OK_LAST), 1, 3);
    follow_cut(WIRE_COM_STMT_EXECUTE, no_eof, BYTES(BARE ROW OK_LAST), 1, 3);
    follow_cut(WIRE_COM_QUERY, no_eof, BYTES(OK_PLAIN), 0, 1);
    follow_cut(WIRE_COM_STMT_PREPARE, eof, BYTES(PREPARED("\x01") COLUMN EOF_MID COLUMN EOF_LAST),
               0, 5);
    follow_cut(WIRE_COM_STMT_PREPARE, eof, BYTES(PREPARED("\0") EOF_MID EOF_LAST), 0, 3);
    follow_cut(WIRE_COM_STMT_PREPARE, no_eof, BYTES(PREPARED("\x01") COLUMN COLUMN), 0, 3);
    follow_cut(WIRE_COM_STMT_PREPARE, no_eof, BYTES(PREPARED("\0")), 0, 1);
    /* Whoever has not agreed on it finds no meaning in the byte. */
    follow_cut(WIRE_COM_STMT_PREPARE, NO_EOF, BYTES(PREPARED("\0") COLUMN COLUMN), 0, 3);
}

static void
test_long_error_and_long_ok_are_cut_not_lost(void **state)
{
    (void)state;
    uint8_t packet[1024] = {0};
    struct wire_writer w;
    struct wire_reply reply;
    char text[600];
    memset(text, 'e', sizeof(text));
    wire_writer_init(&w, packet, sizeof(packet));
    assert_int_equal(wire_err_encode(&w, 1, 1064, NULL, (struct wire_slice){(uint8_t *)text, 600}),
                     0);
    start(&reply, WIRE_COM_QUERY, CLASSIC, 0);
    for (size_t i = 0; i < w.len; i++) {
        feed(&reply, (struct wire_slice){packet + i, 1});
    }
    assert_true(reply.complete);
    assert_int_equal(reply.error_code, 1064);
    assert_int_equal(reply.message_len, WIRE_REPLY_MESSAGE_MAX);
    assert_memory_equal(wire_reply_message(&reply), text, WIRE_REPLY_MESSAGE_MAX);

    uint8_t track[700];
    struct wire_writer t;
    wire_writer_init(&t, track, sizeof(track));
    wire_track_add_variable(&t, BYTES("v"), (struct wire_slice){(uint8_t *)text, 600});
    struct wire_ok ok = {.affected = 7, .status = 2, .state = {track, t.len}};
    wire_writer_init(&w, packet, sizeof(packet));
    uint32_t caps = CLASSIC | WIRE_CAP_SESSION_TRACK;
    assert_int_equal(wire_ok_encode(&w, 1, caps, &ok), 0);
    start(&reply, WIRE_COM_QUERY, caps, 0);
    feed(&reply, (struct wire_slice){packet, 100});
    feed(&reply, (struct wire_slice){packet + 100, w.len - 100});
    assert_true(reply.complete);
    assert_true(reply.track_lost);
    assert_int_equal(reply.affected, 7);
    start(&reply, WIRE_COM_QUERY, caps, 0);
    feed(&reply, (struct wire_slice){packet, w.len});
    assert_true(reply.complete);
    assert_false(reply.track_lost);
}

static void
test_nonsense_is_broken(void **state)
{
    (void)state;
    static const struct {
        uint8_t command;
        struct wire_slice data;
    } cases[] = {
        {WIRE_COM_QUERY, {(const uint8_t *)"\0\0\0\x01", 4}},               /* empty packet */
        {WIRE_COM_QUERY, {(const uint8_t *)"\x02\0\0\x01\0\0", 6}},         /* short OK */
        {WIRE_COM_QUERY, {(const uint8_t *)"\x02\0\0\x01\xff\0", 6}},       /* short ERR */
        {WIRE_COM_QUERY, {(const uint8_t *)"\x02\0\0\x01\xfc\x01", 6}},     /* short number */
        {WIRE_COM_QUERY, {(const uint8_t *)"\x04\0\0\x01\xfd\0\0\x01", 8}}, /* 65536 columns */
        {WIRE_COM_QUERY, {(const uint8_t *)"\xff\xff\xff\x01\0", 5}},       /* OK of 16 MiB */
        {WIRE_COM_QUERY, {(const uint8_t *)COUNT_1 COLUMN COLUMN, 19}}, /* no EOF after columns */
        {WIRE_COM_STMT_PREPARE, {(const uint8_t *)"\x05\0\0\x01\0\x01\0\0\0", 9}}, /* short */
        {WIRE_COM_STMT_PREPARE, {(const uint8_t *)COUNT_1, 5}},            /* not PREPARE_OK */
        {WIRE_COM_PING, {(const uint8_t *)COUNT_1, 5}},                    /* rows for a ping */
        {WIRE_COM_PING, {(const uint8_t *)"\x04\0\0\x01\xfe\0\0\x02", 8}}, /* short EOF */
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct wire_reply reply;
        start(&reply, cases[i].command, CLASSIC, 0);
        assert_true(wire_reply_feed(&reply, cases[i].data.data, cases[i].data.len) <=
                    cases[i].data.len);
        assert_true(reply.broken);
        assert_false(reply.complete);
        assert_int_equal(wire_reply_feed(&reply, (const uint8_t *)"abc", 3), 0);
    }
}

static void
test_authentication_exchange(void **state)
{
    (void)state;
    struct wire_reply reply;
    start(&reply, WIRE_COM_CHANGE_USER, CLASSIC, 0);
    feed(&reply, BYTES("\x03\0\0\x01\xfe"
                       "a\0"));
    assert_true(reply.awaits_client);
    feed(&reply, BYTES("\0\0\0\x03"));
    assert_true(reply.awaits_client);
    feed(&reply, BYTES("\x02\0\0\x05\x01\x03"));
    assert_int_equal(reply.part, WIRE_PART_AUTH);
    feed(&reply, BYTES("\x07\0\0\x06\0\0\0\x02\0\0\0"));
    assert_true(reply.complete);
    assert_int_equal(reply.kind, WIRE_REPLY_OTHER);
    assert_int_equal(reply.error_code, 0);
    assert_int_equal(reply.sequence, 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_and_empty),
        cmocka_unit_test(test_commands_without_reply),
        cmocka_unit_test(test_giant_rows),
        cmocka_unit_test(test_row_of_nine_bytes_with_eof_mark),
        cmocka_unit_test(test_progress_reports),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_cached_metadata_needs_mariadb),
        cmocka_unit_test(test_optional_metadata),
        cmocka_unit_test(test_long_error_and_long_ok_are_cut_not_lost),
        cmocka_unit_test(test_nonsense_is_broken),
        cmocka_unit_test(test_authentication_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
