/* Text to JSON values. */
#include "convert.h"

#include "json_text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Digits with an optional sign, fraction and exponent. */
static bool
is_decimal(const char *text)
{
    const char *p = text + (*text == '-' || *text == '+' ? 1 : 0);
    size_t whole = strspn(p, "0123456789");
    p += whole;
    size_t fraction = 0;
    if (*p == '.') {
        fraction = strspn(p + 1, "0123456789");
        p += 1 + fraction;
    }
    if (whole + fraction == 0) {
        return false;
    }
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '-' || p[1] == '+' ? 2 : 1;
        size_t digits = strspn(p, "0123456789");
        if (digits == 0) {
            return false;
        }
        p += digits;
    }
    return *p == '\0';
}

static int
prefix_base(const char *text)
{
    if (text[0] != '0' || text[1] == '\0' || text[2] == '\0') {
        return 0;
    }
    switch (text[1]) {
    case 'x':
    case 'X':
        return 16;
    case 'o':
    case 'O':
        return 8;
    case 'b':
    case 'B':
        return 2;
    default:
        return 0;
    }
}

/* NULL when it is not a number, or one that cannot be kept exactly. */
static json_t *
convert_number(const char *text)
{
    char *end;
    int base = prefix_base(text);
    const char *digits = base != 0 ? text + 2 : text;
    if (base == 0 && !is_decimal(text)) {
        return NULL;
    }
    if (base != 0 && !isalnum((unsigned char)digits[0])) {
        return NULL;
    }
    errno = 0;
    long long whole = strtoll(digits, &end, base != 0 ? base : 10);
    if (*end == '\0') {
        return errno == 0 ? json_integer(whole) : NULL;
    }
    if (base != 0) {
        return NULL;
    }
    double number = strtod(text, &end);
    if (*end != '\0' || !isfinite(number)) {
        return NULL;
    }
    if (fabs(number) < 9e15 && !(number < trunc(number)) && !(number > trunc(number))) {
        return json_integer((json_int_t)number);
    }
    return json_real(number);
}

json_t *
cli_convert_value(const char *text)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        return json_boolean(text[0] == 't');
    }
    json_t *value = convert_number(text);
    if (value == NULL && (text[0] == '{' || text[0] == '[')) {
        value = json_loads(text, 0, NULL);
    }
    if (value == NULL) {
        value = json_string(text);
    }
    /* NULL: not UTF-8 */
    return value;
}

static int
set_pair(struct cli *cli, json_t *object, const char *key, size_t key_len, const char *text)
{
    json_t *value = cli_convert_value(text);
    if (value == NULL || json_object_setn_new(object, key, key_len, value) != 0) {
        return cli_fail(cli, "Error: The parameter '%.*s' is not UTF-8 text",
                        (int)mx_min_size(key_len, 200), key);
    }
    return 0;
}

json_t *
cli_convert_pairs(struct cli *cli, char *const *words, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(words[i], '=');
        if (equals == NULL || equals == words[i]) {
            (void)cli_fail(cli, "Not a key-value parameter: %s", words[i]);
            json_decref(object);
            return NULL;
        }
        if (set_pair(cli, object, words[i], (size_t)(equals - words[i]), equals + 1) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* "a.b.c": makes a and b and sets c in b. */
static int
set_nested(struct cli *cli, json_t *object, const char *key, size_t key_len, const char *text)
{
    const char *end = key + key_len;
    const char *dot;
    while ((dot = memchr(key, '.', (size_t)(end - key))) != NULL && dot > key && dot + 1 < end) {
        json_t *inner = json_object_getn(object, key, (size_t)(dot - key));
        if (!json_is_object(inner)) {
            inner = json_object();
            if (json_object_setn_new(object, key, (size_t)(dot - key), inner) != 0) {
                return cli_fail(cli, "Error: The parameter '%s' is not UTF-8 text", key);
            }
        }
        object = inner;
        key = dot + 1;
    }
    return set_pair(cli, object, key, (size_t)(end - key), text);
}

static int
fail_null(struct cli *cli, char *const *words, size_t count)
{
    struct cli_text list = {0};
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(array, json_string(words[i]));
    }
    cli_json_text(&list, array, 0);
    json_decref(array);
    int rc = cli_fail(cli, "Error: Found null value in parameter list: %s", cli_text_string(&list));
    cli_text_fini(&list);
    return rc;
}

static bool
are_pairs(char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strchr(words[i], '=') == NULL) {
            return false;
        }
    }
    return true;
}

static int
set_changes(struct cli *cli, json_t *object, char *const *words, size_t count)
{
    bool pairs = are_pairs(words, count);
    size_t width = pairs ? 1 : 2;
    for (size_t i = 0; i < count; i += width) {
        const char *equals = pairs ? strchr(words[i], '=') : NULL;
        size_t key_len = equals != NULL ? (size_t)(equals - words[i]) : strlen(words[i]);
        if (key_len == 0) {
            return cli_fail(cli, "Not a key-value parameter: %s", words[i]);
        }
        if (!pairs && i + 1 == count) {
            return cli_fail(cli, "Error: No value defined for parameter `%s`", words[i]);
        }
        const char *text = equals != NULL ? equals + 1 : words[i + 1];
        if (strcmp(text, "null") == 0) {
            return fail_null(cli, words, count);
        }
        if (set_nested(cli, object, words[i], key_len, text) != 0) {
            return -1;
        }
    }
    return 0;
}

json_t *
cli_convert_changes(struct cli *cli, char *const *words, size_t count)
{
    json_t *object = json_object();
    if (set_changes(cli, object, words, count) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}
