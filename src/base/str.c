/* Growable text of mx/str.h. */
#include "mx/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `len` more characters and the NUL; returns how many of them may be added. */
static size_t
make_room(struct mx_str *str, size_t len)
{
    size_t limit = str->max > 0 ? str->max : SIZE_MAX / 4;
    size_t left = str->len < limit ? limit - str->len : 0;
    if (len > left) {
        str->is_cut = true;
        len = left;
    }
    size_t need = str->len + len + 1;
    if (need > str->capacity) {
        str->capacity = mx_max_size(mx_max_size(need, str->capacity * 2), 64);
        str->text = mx_realloc(str->text, str->capacity);
        str->text[str->len] = '\0';
    }
    return len;
}

void
mx_str_add_len(struct mx_str *str, const char *text, size_t len)
{
    len = make_room(str, len);
    if (len > 0) {
        memcpy(str->text + str->len, text, len);
        str->len += len;
    }
    str->text[str->len] = '\0';
}

void
mx_str_add(struct mx_str *str, const char *text)
{
    mx_str_add_len(str, text, strlen(text));
}

void
mx_str_add_char(struct mx_str *str, char c)
{
    mx_str_add_len(str, &c, 1);
}

void
mx_str_vprintf(struct mx_str *str, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len > 0) {
        size_t room = make_room(str, (size_t)len);
        (void)vsnprintf(str->text + str->len, room + 1, format, again);
        str->len += room;
    }
    va_end(again);
}

void
mx_str_printf(struct mx_str *str, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    mx_str_vprintf(str, format, args);
    va_end(args);
}

void
mx_str_truncate(struct mx_str *str, size_t len)
{
    if (len < str->len) {
        str->len = len;
        str->text[len] = '\0';
    }
}

const char *
mx_str_text(const struct mx_str *str)
{
    return str->text != NULL ? str->text : "";
}

char *
mx_str_give(struct mx_str *str)
{
    char *text = str->text != NULL ? str->text : mx_strdup("");
    str->text = NULL;
    mx_str_free(str);
    return text;
}

void
mx_str_free(struct mx_str *str)
{
    free(str->text);
    str->text = NULL;
    str->len = 0;
    str->capacity = 0;
    str->is_cut = false;
}
