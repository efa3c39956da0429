/* JSON to text without recursion: an explicit stack of open arrays and objects. */
#include "json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct level {
    json_t *container;
    size_t index; /* next array element */
    void *iter;   /* next object member */
    bool started;
};

struct writer {
    struct cli_text *out;
    size_t indent;
    struct level *levels;
    size_t depth;
    size_t size;
};

static void
write_string(struct cli_text *out, const char *bytes, size_t len)
{
    cli_text_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        switch (c) {
        case '"':
            cli_text_add(out, "\\\"");
            break;
        case '\\':
            cli_text_add(out, "\\\\");
            break;
        case '\b':
            cli_text_add(out, "\\b");
            break;
        case '\f':
            cli_text_add(out, "\\f");
            break;
        case '\n':
            cli_text_add(out, "\\n");
            break;
        case '\r':
            cli_text_add(out, "\\r");
            break;
        case '\t':
            cli_text_add(out, "\\t");
            break;
        default:
            if (c < 0x20 || c == 0x7f) {
                cli_text_format(out, "\\u%04x", (unsigned)c);
            } else {
                cli_text_append(out, &bytes[i], 1);
            }
        }
    }
    cli_text_char(out, '"');
}

/* "d.ddde-7" to the plain form for exponents of -6 to 20, "de-7" and "de+21" beyond. */
static void
place_point(struct cli_text *out, const char *digits, size_t count, int exponent)
{
    if (exponent < -6 || exponent > 20) {
        cli_text_append(out, digits, 1);
        if (count > 1) {
            cli_text_char(out, '.');
            cli_text_append(out, digits + 1, count - 1);
        }
        cli_text_format(out, "e%c%d", exponent < 0 ? '-' : '+', abs(exponent));
    } else if (exponent < 0) {
        cli_text_add(out, "0.");
        cli_text_repeat(out, "0", (size_t)(-exponent - 1));
        cli_text_append(out, digits, count);
    } else {
        size_t whole = (size_t)exponent + 1;
        cli_text_append(out, digits, mx_min_size(whole, count));
        if (count > whole) {
            cli_text_char(out, '.');
            cli_text_append(out, digits + whole, count - whole);
        } else {
            cli_text_repeat(out, "0", whole - count);
        }
    }
}

void
cli_json_number(struct cli_text *out, double number)
{
    char buffer[40];
    char digits[40];
    size_t count = 0;
    if (!isfinite(number)) {
        cli_text_add(out, "null");
        return;
    }
    if (fpclassify(number) == FP_ZERO) {
        cli_text_add(out, "0");
        return;
    }
    for (int precision = 0; precision < 17; precision++) {
        (void)snprintf(buffer, sizeof(buffer), "%.*e", precision, fabs(number));
        if (!(strtod(buffer, NULL) < fabs(number)) && !(strtod(buffer, NULL) > fabs(number))) {
            break;
        }
    }
    char *mark = strchr(buffer, 'e');
    MX_ASSERT(mark != NULL);
    for (const char *p = buffer; p < mark; p++) {
        if (*p >= '0' && *p <= '9') {
            digits[count++] = *p;
        }
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    if (number < 0) {
        cli_text_char(out, '-');
    }
    place_point(out, digits, count, (int)strtol(mark + 1, NULL, 10));
}

static void
new_line(struct writer *w, size_t depth)
{
    if (w->indent > 0) {
        cli_text_char(w->out, '\n');
        cli_text_repeat(w->out, " ", depth * w->indent);
    }
}

static void
push(struct writer *w, json_t *container)
{
    if (w->depth == w->size) {
        w->size = w->size == 0 ? 16 : w->size * 2;
        w->levels = mx_realloc(w->levels, w->size * sizeof(*w->levels));
    }
    w->levels[w->depth++] = (struct level){
        .container = container,
        .iter = json_is_object(container) ? json_object_iter(container) : NULL,
    };
}

static void
write_value(struct writer *w, json_t *value)
{
    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        cli_text_char(w->out, '{');
        push(w, value);
        break;
    case JSON_ARRAY:
        cli_text_char(w->out, '[');
        push(w, value);
        break;
    case JSON_STRING:
        write_string(w->out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        cli_text_format(w->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        cli_json_number(w->out, json_real_value(value));
        break;
    case JSON_TRUE:
        cli_text_add(w->out, "true");
        break;
    case JSON_FALSE:
        cli_text_add(w->out, "false");
        break;
    case JSON_NULL:
        cli_text_add(w->out, "null");
        break;
    }
}

/* Writes the next member of the innermost container, or closes it. */
static void
step(struct writer *w)
{
    size_t depth = w->depth;
    struct level *top = &w->levels[depth - 1];
    bool is_object = json_is_object(top->container);
    bool is_end = is_object ? top->iter == NULL : top->index >= json_array_size(top->container);
    if (is_end) {
        if (top->started) {
            new_line(w, depth - 1);
        }
        cli_text_char(w->out, is_object ? '}' : ']');
        w->depth--;
        return;
    }
    if (top->started) {
        cli_text_char(w->out, ',');
    }
    top->started = true;
    new_line(w, depth);
    json_t *value;
    if (is_object) {
        const char *key = json_object_iter_key(top->iter);
        write_string(w->out, key, strlen(key));
        cli_text_add(w->out, w->indent > 0 ? ": " : ":");
        value = json_object_iter_value(top->iter);
        top->iter = json_object_iter_next(top->container, top->iter);
    } else {
        value = json_array_get(top->container, top->index++);
    }
    write_value(w, value);
}

void
cli_json_text(struct cli_text *out, json_t *value, size_t indent)
{
    struct writer w = {.out = out, .indent = indent};
    write_value(&w, value);
    while (w.depth > 0) {
        step(&w);
    }
    free(w.levels);
}

void
cli_json_plain(struct cli_text *out, json_t *value)
{
    if (json_is_string(value)) {
        cli_text_append(out, json_string_value(value), json_string_length(value));
    } else {
        cli_json_text(out, value, 0);
    }
}
