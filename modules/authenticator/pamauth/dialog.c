/* Questions and answers as bytes; see dialog.h. */
#include "dialog.h"

#include <string.h>

#define KIND_SHOWN  2u
#define KIND_HIDDEN 4u
#define KIND_LAST   1u

int
dialog_put_question(struct mx_buf *out, bool shown, const char *text)
{
    const uint8_t kind = shown ? KIND_SHOWN : KIND_HIDDEN;
    size_t len = strlen(text);
    /* What is asked stands at the end, behind the messages. */
    size_t skip = len > DIALOG_QUESTION_MAX ? len - DIALOG_QUESTION_MAX : 0;
    if (mx_buf_append(out, &kind, 1) != 0) {
        return -1;
    }
    return mx_buf_append(out, text + skip, len - skip);
}

int
dialog_take_question(const uint8_t *in, size_t len, char text[DIALOG_QUESTION_MAX + 1])
{
    text[0] = '\0';
    unsigned kind = len == 0 ? 0u : in[0] & ~KIND_LAST;
    if ((kind != KIND_SHOWN && kind != KIND_HIDDEN) || len - 1 > DIALOG_QUESTION_MAX) {
        return -1;
    }
    memcpy(text, in + 1, len - 1);
    text[len - 1] = '\0'; /* a NUL inside just ends the text */
    return 0;
}

int
dialog_take_answer(const uint8_t *in, size_t len, char text[ANSWERS_TEXT_MAX + 1])
{
    text[0] = '\0';
    if (len > 0 && in[len - 1] == '\0') {
        len--;
    }
    if (len > ANSWERS_TEXT_MAX || (len > 0 && memchr(in, '\0', len) != NULL)) {
        return -1;
    }
    if (len > 0) {
        memcpy(text, in, len);
    }
    text[len] = '\0';
    return 0;
}
