/* PAMAuth: questions and answers as bytes, records of the helper program, the file of passwords. */
#include "dialog.h"
#include "mx/err.h"
#include "pamauth.h"
#include "talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_answer_with_and_without_end(void **state MX_UNUSED)
{
    char text[ANSWERS_TEXT_MAX + 1];
    static const uint8_t zeros[ANSWERS_TEXT_MAX + 2];
    assert_int_equal(dialog_take_answer((const uint8_t *)"abc", 3, text), 0);
    assert_string_equal(text, "abc");
    assert_int_equal(dialog_take_answer((const uint8_t *)"abc", 4, text), 0);
    assert_string_equal(text, "abc");
    assert_int_equal(dialog_take_answer(NULL, 0, text), 0);
    assert_string_equal(text, "");
    assert_int_equal(dialog_take_answer(zeros, 1, text), 0);
    assert_int_equal(dialog_take_answer(zeros, 2, text), -1);
    assert_int_equal(dialog_take_answer(zeros, sizeof(zeros), text), -1);
}

static void
test_question_there_and_back(void **state MX_UNUSED)
{
    char text[DIALOG_QUESTION_MAX + 1];
    char longer[DIALOG_QUESTION_MAX + 100];
    struct mx_buf out = {0};
    assert_int_equal(dialog_put_question(&out, false, "Code: "), 0);
    assert_int_equal(out.bytes[0], 4);
    assert_int_equal(dialog_take_question(out.bytes, out.len, text), 0);
    assert_string_equal(text, "Code: ");
    mx_buf_clear(&out);
    memset(longer, 'x', sizeof(longer));
    memcpy(longer + sizeof(longer) - 6, "name?", 6);
    assert_int_equal(dialog_put_question(&out, true, longer), 0);
    assert_int_equal(out.bytes[0], 2);
    assert_int_equal(dialog_take_question(out.bytes, out.len, text), 0);
    assert_string_equal(text + strlen(text) - 5, "name?");
    mx_buf_free(&out);
    for (int kind = 0; kind < 256; kind++) {
        uint8_t byte = (uint8_t)kind;
        bool good = kind >= 2 && kind <= 5;
        assert_int_equal(dialog_take_question(&byte, 1, text), good ? 0 : -1);
    }
}

static void
test_record_over_every_cut(void **state MX_UNUSED)
{
    uint8_t bytes[TALK_RECORD_MAX];
    struct talk_record record;
    size_t size = talk_put(bytes, TALK_QUESTION_SHOWN, "Who? ");
    assert_int_equal(size, TALK_HEADER_SIZE + 5);
    for (size_t len = 0; len < size; len++) {
        assert_int_equal(talk_take(bytes, len, &record), 0);
    }
    assert_int_equal(talk_take(bytes, size, &record), size);
    assert_int_equal(record.kind, TALK_QUESTION_SHOWN);
    assert_string_equal(record.text, "Who? ");
    bytes[4] = '\0';
    assert_int_equal(talk_take(bytes, size, &record), -1);
    bytes[1] = 0x00;
    bytes[2] = 0x04;
    assert_int_equal(talk_take(bytes, size, &record), -1);
}

static void
test_long_text_is_cut(void **state MX_UNUSED)
{
    char longer[2 * TALK_TEXT_MAX];
    uint8_t bytes[TALK_RECORD_MAX];
    struct talk_record record;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(talk_put(bytes, TALK_MESSAGE, longer), TALK_RECORD_MAX);
    assert_int_equal(talk_take(bytes, sizeof(bytes), &record), TALK_RECORD_MAX);
    assert_int_equal(strlen(record.text), TALK_TEXT_MAX);
}

static void
test_records_over_a_socket(void **state MX_UNUSED)
{
    int ends[2];
    struct talk_record record;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_true(talk_send(ends[0], TALK_USER, "anna"));
    assert_true(talk_send(ends[0], TALK_SERVICE, ""));
    assert_true(talk_receive(ends[1], 10000, &record));
    assert_string_equal(record.text, "anna");
    assert_true(talk_receive(ends[1], 10000, &record));
    assert_string_equal(record.text, "");
    assert_false(talk_receive(ends[1], 0, &record));
    (void)close(ends[0]);
    assert_false(talk_receive(ends[1], 10000, &record));
    assert_false(talk_send(ends[1], TALK_USER, "anna"));
    (void)close(ends[1]);
}

static struct pwfile *
parse(const char *text, struct mx_err *err)
{
    return pwfile_parse("/the/file", text, strlen(text), err);
}

static void
test_file_of_passwords(void **state MX_UNUSED)
{
    struct mx_err err;
    struct pwfile *file = parse("{\"users_and_passwords\": ["
                                "{\"user\": \"zoe\", \"password\": \"1\"},"
                                "{\"user\": \"anna\", \"password\": \"2\"}]}",
                                &err);
    assert_non_null(file);
    assert_string_equal(pwfile_password(file, "anna"), "2");
    assert_string_equal(pwfile_password(file, "zoe"), "1");
    assert_string_equal(pwfile_password(file, "mia"), "");
    pwfile_free(file);
}

static void
test_mistakes_in_the_file_are_named(void **state MX_UNUSED)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"", "not valid JSON"},
        {"{\n\"a\": }", "line 2"},
        {"[]", "no array"},
        {"{\"users_and_passwords\": {}}", "no array"},
        {"{\"users_and_passwords\": [1]}", "element 1"},
        {"{\"users_and_passwords\": [{\"user\": 1, \"password\": \"\"}]}", "no text \"user\""},
        {"{\"users_and_passwords\": [{\"user\": \"a\"}]}", "no text \"password\""},
        {"{\"users_and_passwords\": [{\"user\": \"a\", \"password\": \"!\"}]}", "not our key"},
        {"{\"users_and_passwords\": [{\"user\": \"a\", \"password\": \"1\"},"
         "{\"user\": \"a\", \"password\": \"1\"}]}",
         "two passwords for 'a'"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct mx_err err;
        assert_null(parse(cases[i].text, &err));
        assert_non_null(strstr(err.text, cases[i].said));
        assert_non_null(strstr(err.text, "/the/file"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_with_and_without_end),
        cmocka_unit_test(test_question_there_and_back),
        cmocka_unit_test(test_record_over_every_cut),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_records_over_a_socket),
        cmocka_unit_test(test_file_of_passwords),
        cmocka_unit_test(test_mistakes_in_the_file_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
