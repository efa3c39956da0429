/* Input: 1 which, then a question, an answer, records of the helper program, a file of passwords.
 */
#include "pamauth.h"
#include "dialog.h"
#include "fuzz.h"
#include "mx/program.h"
#include "talk.h"

#include <string.h>

/* The program's; a password that begins with ! is not for our key. */
char *
mx_program_password(const char *text, struct mx_err *err)
{
    if (text[0] == '!') {
        (void)mx_err_text(err, "not our key");
        return NULL;
    }
    return mx_strdup(text);
}

static void
question(const uint8_t *data, size_t size)
{
    char text[DIALOG_QUESTION_MAX + 1];
    char again[DIALOG_QUESTION_MAX + 1];
    struct mx_buf out = {0};
    if (dialog_take_question(data, size, text) == 0) {
        FUZZ_REQUIRE(strlen(text) < size);
        FUZZ_REQUIRE(dialog_put_question(&out, (data[0] & 2) != 0, text) == 0);
        FUZZ_REQUIRE(dialog_take_question(out.bytes, out.len, again) == 0);
        FUZZ_REQUIRE(strcmp(text, again) == 0);
    }
    struct answers answers = {.password = "p", .code = "c"};
    (void)answers_next(&answers, text);
    (void)answers_next(&answers, text);
    mx_buf_free(&out);
}

static void
answer(const uint8_t *data, size_t size)
{
    char text[ANSWERS_TEXT_MAX + 1];
    if (dialog_take_answer(data, size, text) == 0) {
        size_t len = strlen(text);
        FUZZ_REQUIRE(len == size || (len + 1 == size && data[len] == '\0'));
        FUZZ_REQUIRE(len == 0 || memcmp(data, text, len) == 0);
    }
}

static void
records(const uint8_t *data, size_t size)
{
    struct talk_record record;
    uint8_t bytes[TALK_RECORD_MAX];
    size_t at = 0;
    int taken = 0;
    while ((taken = talk_take(data + at, size - at, &record)) > 0) {
        FUZZ_REQUIRE(talk_put(bytes, record.kind, record.text) == (size_t)taken);
        FUZZ_REQUIRE(memcmp(bytes, data + at, (size_t)taken) == 0);
        at += (size_t)taken;
        FUZZ_REQUIRE(at <= size);
    }
}

static void
passwords(const uint8_t *data, size_t size)
{
    struct mx_err err;
    struct pwfile *file = pwfile_parse("file", (const char *)data, size, &err);
    if (file != NULL) {
        (void)pwfile_password(file, "anna");
        pwfile_free(file);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parts[])(const uint8_t *, size_t) = {question, answer, records, passwords};
    if (size > 0) {
        parts[data[0] % 4](data + 1, size - 1);
    }
    return 0;
}
