/* Growing text: append only, doubling. */
#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
reserve(struct cli_text *text, size_t more)
{
    MX_ASSERT(more < SIZE_MAX / 4 && text->len < SIZE_MAX / 4);
    size_t need = text->len + more + 1;
    if (need <= text->size) {
        return;
    }
    size_t size = mx_max_size(text->size * 2, mx_max_size(need, 64));
    text->data = mx_realloc(text->data, size);
    text->size = size;
}

void
cli_text_append(struct cli_text *text, const char *bytes, size_t len)
{
    reserve(text, len);
    if (len > 0) {
        memcpy(text->data + text->len, bytes, len);
        text->len += len;
    }
    text->data[text->len] = '\0';
}

void
cli_text_add(struct cli_text *text, const char *string)
{
    cli_text_append(text, string, strlen(string));
}

void
cli_text_char(struct cli_text *text, char c)
{
    cli_text_append(text, &c, 1);
}

void
cli_text_repeat(struct cli_text *text, const char *string, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        cli_text_add(text, string);
    }
}

void
cli_text_format(struct cli_text *text, const char *format, ...)
{
    va_list ap;
    char *line = NULL;
    va_start(ap, format);
    int len = vasprintf(&line, format, ap);
    va_end(ap);
    if (len < 0) {
        MX_BUG("out of memory while formatting");
    }
    cli_text_append(text, line, (size_t)len);
    free(line);
}

void
cli_text_trim(struct cli_text *text)
{
    while (text->len > 0 && isspace((unsigned char)text->data[text->len - 1])) {
        text->data[--text->len] = '\0';
    }
}

void
cli_text_clear(struct cli_text *text)
{
    text->len = 0;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

void
cli_text_fini(struct cli_text *text)
{
    free(text->data);
    *text = (struct cli_text){0};
}

const char *
cli_text_string(const struct cli_text *text)
{
    return text->data != NULL ? text->data : "";
}

char *
cli_text_take(struct cli_text *text)
{
    char *string = text->data != NULL ? text->data : mx_strdup("");
    *text = (struct cli_text){0};
    return string;
}
