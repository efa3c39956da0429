/* Path and query string of a request. Pure: text in, struct out. */
#include "admin/request.h"

#include "mx/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* NULL: an escape is broken or means NUL. `plus`: a + is a blank (query strings only). */
static char *
decode(const char *text, size_t len, bool plus)
{
    struct mx_str out = {0};

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%') {
            int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0) {
                mx_str_free(&out);
                return NULL;
            }
            const unsigned char byte = (unsigned char)(high * 16 + low);
            mx_str_add_len(&out, (const char *)&byte, 1);
            i += 2;
        } else if (plus && text[i] == '+') {
            mx_str_add_char(&out, ' ');
        } else {
            mx_str_add_char(&out, text[i]);
        }
    }
    return mx_str_give(&out);
}

/* The parts of the path; an empty one (double slash) is nothing. */
static int
parse_path(struct admin_uri *uri, const char *text, size_t len)
{
    struct mx_str path = {0};
    size_t pos = 0;
    bool is_first = true;

    while (pos < len) {
        const char *slash = memchr(text + pos, '/', len - pos);
        size_t end = slash != NULL ? (size_t)(slash - text) : len;
        bool is_version = is_first && end - pos == 2 && memcmp(text + pos, "v1", 2) == 0;
        if (end > pos && !is_version) {
            char *part = decode(text + pos, end - pos, false);
            if (part == NULL) {
                mx_str_free(&path);
                return -1;
            }
            mx_str_add_char(&path, '/');
            mx_str_add(&path, part);
            if (uri->part_count < ADMIN_PARTS_MAX) {
                uri->parts[uri->part_count++] = part;
            } else {
                uri->is_deep = true;
                free(part);
            }
        }
        is_first = is_first && end == pos;
        pos = end + 1;
    }
    uri->path = mx_str_give(&path);
    return 0;
}

static int
parse_query(struct admin_uri *uri, const char *text, const char **why)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "&");
        size_t key_len = strcspn(text, "=&");
        if (len > 0) {
            if (uri->param_count == ADMIN_PARAMS_MAX) {
                *why = "The query string has more than 64 parameters.";
                return -1;
            }
            struct admin_param *param = &uri->params[uri->param_count++];
            param->key = decode(text, key_len, true);
            param->value =
                key_len < len ? decode(text + key_len + 1, len - key_len - 1, true) : NULL;
            if (param->key == NULL || (key_len < len && param->value == NULL)) {
                *why = "The query string has a broken percent escape.";
                return -1;
            }
        }
        text += len;
        text += *text == '&' ? 1 : 0;
    }
    return 0;
}

int
admin_uri_parse(struct admin_uri *uri, const char *raw, const char **why)
{
    size_t len = strcspn(raw, "?");

    *uri = (struct admin_uri){0};
    *why = "The path has a broken percent escape.";
    if (len > ADMIN_URI_MAX) {
        *why = "The path is too long.";
        return -1;
    }
    if (parse_path(uri, raw, len) != 0) {
        return -1;
    }
    return raw[len] == '?' ? parse_query(uri, raw + len + 1, why) : 0;
}

void
admin_uri_fini(struct admin_uri *uri)
{
    free(uri->path);
    for (size_t i = 0; i < uri->part_count; i++) {
        free(uri->parts[i]);
    }
    for (size_t i = 0; i < uri->param_count; i++) {
        free(uri->params[i].key);
        free(uri->params[i].value);
    }
    *uri = (struct admin_uri){0};
}

const char *
admin_uri_param(const struct admin_uri *uri, const char *key)
{
    for (size_t i = 0; i < uri->param_count; i++) {
        if (strcmp(uri->params[i].key, key) == 0) {
            return uri->params[i].value != NULL ? uri->params[i].value : "";
        }
    }
    return NULL;
}

static const char *const true_words[] = {"true", "yes", "on", "1", ""};
static const char *const false_words[] = {"false", "no", "off", "0"};

bool
admin_uri_bool(const struct admin_uri *uri, const char *key, bool fallback)
{
    const char *value = admin_uri_param(uri, key);

    for (size_t i = 0; value != NULL && i < MX_COUNT(true_words); i++) {
        if (strcasecmp(value, true_words[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; value != NULL && i < MX_COUNT(false_words); i++) {
        if (strcasecmp(value, false_words[i]) == 0) {
            return false;
        }
    }
    return fallback;
}

static bool
is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

char *
admin_uri_encode(const char *text)
{
    struct mx_str out = {0};

    for (; *text != '\0'; text++) {
        if (is_unreserved(*text)) {
            mx_str_add_char(&out, *text);
        } else {
            mx_str_printf(&out, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
    return mx_str_give(&out);
}
