/*
 * Recorded conversations (tests/data/talks, written by tests/support/record_talks.py) cut at every
 * byte: up to the cut just that is understood which ended there, nothing is refused, and what
 * follows gives what the whole gives.
 */
#include "ear.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TURNS_MAX 256u
#define BYTES_MAX 16384u

/* What must have been understood of each. */
static const struct {
    char name[24];
    size_t replies;
    const char *parts[6];
} talks[] = {
    {"texts_eof",
     13,
     {"greeting 5.5.5-10.", "login app mysql_native_password token of 20", "let in",
      "kind 3 rows 2 columns 3/3", "error 1146 42S02 Table", "error 1047"}},
    {"texts_noeof", 13, {"kind 3 rows 2 columns 3/3", "error 1146", "COM_FIELD_LIST"}},
    {"several_eof", 2, {"rows 2 columns 1/2 results 3", "error 1146", "results 3 packets"}},
    {"several_noeof", 2, {"rows 2 columns 1/2 results 3", "error 1146"}},
    {"state",
     7,
     {"state 1 =test", "state 0 autocommit=OFF", "state 4 =START TRANSACTION READ ONLY",
      "state 5 =T_______", "state 0 character_set_client=latin1"}},
    {"prepared_eof",
     14,
     {"kind 5 rows 0 columns 2/2", "types of 4 values of 13", "types of 0 values of 12",
      "COM_STMT_SEND_LONG_DATA", "error 1243", "execution flags 1"}},
    {"prepared_noeof", 14, {"types of 0 values of 12", "COM_STMT_FETCH", "error 1064"}},
    {"prepared_cached", 14, {"types of 0 values of 12", "COM_STMT_FETCH", "error 1064"}},
    {"bulk", 2, {"COM_STMT_BULK_EXECUTE", "flags 128 types of 2", "rows 3 columns 2/2"}},
    {"progress", 2, {"packets 3", "Records: 50000"}},
    {"infile", 4, {"file is asked for", "file of 33 bytes", "file of 4 bytes", "Records: 3"}},
    {"change_user",
     2,
     {"COM_CHANGE_USER", "to other in test token of 20", "answer is asked for", "error 1045"}},
    {"compressed", 13, {"kind 3 rows 2 columns 3/3", "error 1146", "COM_FIELD_LIST"}},
    {"compressed_infile", 4, {"file is asked for", "file of 33 bytes", "Records: 3"}},
    {"proxy_1", 2, {"proxy for 192.0.2.7:4711", "login app"}},
    {"proxy_2", 2, {"proxy for 192.0.2.7:4711", "login app"}},
    {"program", 1, {"login app", "rows 1"}},
    {"ed25519", 1, {"switch to client_ed25519 with 32 bytes", "answer of 64", "rows 1"}},
    {"binary_log", 4, {"COM_BINLOG_DUMP of 21", "kind 6 rows 0"}},
};

struct turn {
    bool from_client;
    size_t at;
    size_t len;
};

struct talk {
    struct turn turns[TURNS_MAX];
    size_t count;
    uint8_t bytes[BYTES_MAX];
    size_t len;
};

static uint8_t
nibble(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c);
    assert_true(c != '\0' && at != NULL);
    return (uint8_t)(at - digits);
}

static void
add_line(struct talk *talk, const char *line)
{
    bool from_client = line[0] == '>';
    if (talk->count == 0 || talk->turns[talk->count - 1].from_client != from_client) {
        assert_true(talk->count < TURNS_MAX);
        talk->turns[talk->count++] = (struct turn){.from_client = from_client, .at = talk->len};
    }
    for (const char *p = line + 2; *p != '\n'; p += 2) {
        assert_true(talk->len < BYTES_MAX);
        talk->bytes[talk->len++] = (uint8_t)(nibble(p[0]) << 4 | nibble(p[1]));
        talk->turns[talk->count - 1].len++;
    }
}

static void
load(const char *name, struct talk *talk)
{
    char path[4096];
    char line[256];
    const char *folder = getenv("MX_TALKS");
    *talk = (struct talk){.count = 0};
    assert_non_null(folder);
    (void)snprintf(path, sizeof(path), "%s/%s.talk", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fail_msg("%s is missing", path);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] != '#') {
            add_line(talk, line);
        }
    }
    (void)fclose(file);
}

/* The bytes from `from` to `to` of the conversation, turn by turn, in pieces of at most `most`. */
static void
hear(struct ear *ear, const struct talk *talk, size_t from, size_t to, size_t most)
{
    for (size_t i = 0; i < talk->count; i++) {
        const struct turn *turn = &talk->turns[i];
        size_t at = mx_max_size(turn->at, from);
        size_t end = mx_min_size(turn->at + turn->len, to);
        while (at < end) {
            size_t len = mx_min_size(most, end - at);
            ear_hear(ear, turn->from_client, talk->bytes + at, len);
            at += len;
        }
    }
}

static size_t
count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *p = strstr(text, part); p != NULL; p = strstr(p + 1, part)) {
        count++;
    }
    return count;
}

static void
check_understood(size_t row, const struct ear *ear)
{
    const char *text = ear_text(ear);
    if (count_of(text, "BAD") != 0 || count_of(text, "  reply kind") != talks[row].replies) {
        fail_msg("%s: %zu replies\n%s", talks[row].name, count_of(text, "  reply kind"),
                 ear_text(ear));
    }
    for (size_t i = 0; i < MX_COUNT(talks[row].parts) && talks[row].parts[i] != NULL; i++) {
        if (strstr(text, talks[row].parts[i]) == NULL) {
            fail_msg("%s: no '%s' in\n%s", talks[row].name, talks[row].parts[i], ear_text(ear));
        }
    }
}

static void
test_whole_and_byte_by_byte(void **state MX_UNUSED)
{
    static struct talk talk;
    for (size_t row = 0; row < MX_COUNT(talks); row++) {
        load(talks[row].name, &talk);
        struct ear *whole = ear_new();
        struct ear *bytes = ear_new();
        hear(whole, &talk, 0, talk.len, SIZE_MAX);
        hear(bytes, &talk, 0, talk.len, 1);
        check_understood(row, whole);
        assert_string_equal(ear_text(bytes), ear_text(whole));
        assert_false(ear_is_waiting(whole));
        assert_false(ear_is_waiting(bytes));
        ear_free(whole);
        ear_free(bytes);
    }
}

static void
test_cut_at_every_byte(void **state MX_UNUSED)
{
    static struct talk talk;
    for (size_t row = 0; row < MX_COUNT(talks); row++) {
        load(talks[row].name, &talk);
        struct ear *bytes = ear_new();
        hear(bytes, &talk, 0, talk.len, 1);
        for (size_t cut = 0; cut <= talk.len; cut++) {
            struct ear *ear = ear_new();
            hear(ear, &talk, 0, cut, SIZE_MAX);
            /* What has not ended yet is neither refused nor taken for something else. */
            size_t known = ear_text_len(bytes, cut);
            if (strlen(ear_text(ear)) != known ||
                memcmp(ear_text(ear), ear_text(bytes), known) != 0) {
                fail_msg("%s cut at %zu:\n%s", talks[row].name, cut, ear_text(ear));
            }
            hear(ear, &talk, cut, talk.len, SIZE_MAX);
            assert_string_equal(ear_text(ear), ear_text(bytes));
            ear_free(ear);
        }
        ear_free(bytes);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_and_byte_by_byte),
        cmocka_unit_test(test_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
