/* Values from text, type by type, and their way into the block. */
#include "conf/value.h"

#include "conf/files.h"
#include "mx/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND_MS     INT64_C(1000)
#define NEVER_MS      (INT64_C(2147483647) * SECOND_MS)
#define WORD_LIST_MAX 64

int
conf_why_set(struct conf_why *why, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    (void)snprintf(why->hint, sizeof(why->hint), "%s", hint != NULL ? hint : "");
    return -1;
}

enum conf_storage
conf_type_storage(enum mx_param_type type)
{
    switch (type) {
    case MX_PARAM_BOOL:
        return CONF_STORAGE_BOOL;
    case MX_PARAM_COUNT:
    case MX_PARAM_INT:
    case MX_PARAM_PERCENT:
    case MX_PARAM_SIZE:
    case MX_PARAM_DURATION:
    case MX_PARAM_SECONDS:
    case MX_PARAM_ENUM:
    case MX_PARAM_ENUM_MASK:
        return CONF_STORAGE_NUMBER;
    case MX_PARAM_ENUM_LIST:
    case MX_PARAM_STRINGLIST:
    case MX_PARAM_PATHLIST:
    case MX_PARAM_HOSTLIST:
    case MX_PARAM_SERVERLIST:
    case MX_PARAM_TARGETLIST:
    case MX_PARAM_FILTERLIST:
    case MX_PARAM_DISK_LIMITS:
        return CONF_STORAGE_LIST;
    case MX_PARAM_THROTTLING:
        return CONF_STORAGE_THROTTLING;
    case MX_PARAM_STRING:
    case MX_PARAM_PATH:
    case MX_PARAM_REGEX:
    case MX_PARAM_PASSWORD:
    case MX_PARAM_HOST:
    case MX_PARAM_SERVER:
    case MX_PARAM_SERVICE:
    case MX_PARAM_MONITOR:
    case MX_PARAM_MODULE:
        return CONF_STORAGE_TEXT;
    }
    MX_BUG("a parameter row without a type");
}

const char *
conf_type_separator(enum mx_param_type type)
{
    if (type == MX_PARAM_PATHLIST) {
        return ":";
    }
    return type == MX_PARAM_FILTERLIST ? "|" : ",";
}

/* The whole text is one decimal number that fits. */
static bool
read_number(const char *text, int64_t *out)
{
    char *end = NULL;
    if (isdigit((unsigned char)text[0]) == 0 &&
        !(text[0] == '-' && isdigit((unsigned char)text[1]) != 0)) {
        return false;
    }
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0') {
        return false;
    }
    *out = number;
    return true;
}

int
conf_number_check(const struct mx_param *row, int64_t number, struct conf_why *why)
{
    char hint[128];
    const char *unit = row->type == MX_PARAM_DURATION || row->type == MX_PARAM_SECONDS ? "ms" : "";
    if (row->min >= row->max || (number >= row->min && number <= row->max)) {
        return 0;
    }
    if (row->max == INT64_MAX || row->max == INT32_MAX) {
        (void)snprintf(hint, sizeof(hint), "The smallest value is %lld%s.", (long long)row->min,
                       unit);
    } else {
        (void)snprintf(hint, sizeof(hint), "Values from %lld%s to %lld%s are possible.",
                       (long long)row->min, unit, (long long)row->max, unit);
    }
    return conf_why_set(why, hint, "The value %lld%s is too %s.", (long long)number, unit,
                        number < row->min ? "small" : "large");
}

static int
parse_number(const struct mx_param *row, const char *text, struct conf_value *out,
             struct conf_why *why)
{
    for (const struct mx_enum_value *v = row->values; v != NULL && v->name != NULL; v++) {
        if (strcasecmp(text, v->name) == 0) {
            out->number = v->value;
            return 0;
        }
    }
    if (!read_number(text, &out->number) || (row->type == MX_PARAM_COUNT && out->number < 0)) {
        return conf_why_set(why,
                            row->type == MX_PARAM_COUNT ? "Write a number that is not negative."
                                                        : "Write a whole number.",
                            "'%s' is not %s.", text,
                            row->type == MX_PARAM_COUNT ? "a count" : "an integer");
    }
    return conf_number_check(row, out->number, why);
}

static int
parse_percent(const struct mx_param *row, const char *text, struct conf_value *out,
              struct conf_why *why)
{
    size_t len = strlen(text);
    char *digits = mx_strndup(text, len > 0 ? len - 1 : 0);
    bool good =
        len > 1 && text[len - 1] == '%' && read_number(digits, &out->number) && out->number >= 0;
    free(digits);
    if (!good) {
        return conf_why_set(why, "Write a number followed by %.", "'%s' is not a percentage.",
                            text);
    }
    return conf_number_check(row, out->number, why);
}

int
conf_size_parse(const char *text, int64_t *out_bytes, struct conf_why *why)
{
    static const struct {
        const char *suffix;
        int64_t factor;
    } units[] = {
        {"", 1},
        {"k", 1000},
        {"m", INT64_C(1000000)},
        {"g", INT64_C(1000000000)},
        {"t", INT64_C(1000000000000)},
        {"ki", 1024},
        {"mi", INT64_C(1) << 20},
        {"gi", INT64_C(1) << 30},
        {"ti", INT64_C(1) << 40},
    };
    size_t digits = strspn(text, "0123456789");
    char *number_text = mx_strndup(text, digits);
    int64_t number = 0;
    bool good = read_number(number_text, &number);
    free(number_text);
    for (size_t i = 0; good && i < MX_COUNT(units); i++) {
        if (strcasecmp(text + digits, units[i].suffix) == 0 &&
            !__builtin_mul_overflow(number, units[i].factor, out_bytes)) {
            return 0;
        }
    }
    return conf_why_set(
        why, "Write digits, then nothing or one of k M G T (1000) or Ki Mi Gi Ti (1024).",
        "'%s' is not a size.", text);
}

/* The unit at the start of text: its factor, and its length; 0: there is none. */
static int64_t
duration_unit(const char *text, size_t *out_len)
{
    size_t len = 0;
    while (isalpha((unsigned char)text[len]) != 0) {
        len++;
    }
    *out_len = len;
    if (len == 2 && strncasecmp(text, "ms", 2) == 0) {
        return 1;
    }
    if (len == 1 && strncasecmp(text, "s", 1) == 0) {
        return SECOND_MS;
    }
    if ((len == 1 && strncasecmp(text, "m", 1) == 0) ||
        (len == 3 && strncasecmp(text, "min", 3) == 0)) {
        return 60 * SECOND_MS;
    }
    return len == 1 && strncasecmp(text, "h", 1) == 0 ? 3600 * SECOND_MS : 0;
}

int
conf_duration_parse(const char *text, bool is_signed, int64_t *out_ms, struct conf_why *why)
{
    const char *at = text;
    int64_t sum = 0;
    int64_t last_unit = INT64_MAX;
    bool negative = is_signed && *at == '-';
    at += negative ? 1 : 0;
    bool good = *at != '\0';
    while (good && *at != '\0') {
        size_t digits = strspn(at, "0123456789");
        size_t unit_len = 0;
        int64_t number = 0;
        int64_t part = 0;
        char *number_text = mx_strndup(at, digits);
        int64_t unit = duration_unit(at + digits, &unit_len);
        /* Units get smaller: 1m30s, never 30s1m. */
        good = read_number(number_text, &number) && unit > 0 && unit < last_unit &&
               !__builtin_mul_overflow(number, unit, &part) &&
               !__builtin_add_overflow(sum, part, &sum);
        free(number_text);
        at += digits + unit_len;
        last_unit = unit;
    }
    if (!good) {
        int64_t plain = 0;
        char hint[96];
        (void)snprintf(hint, sizeof(hint), "Say the unit: %ss, %sms, or another of h m s ms.", text,
                       text);
        return conf_why_set(why,
                            read_number(text, &plain) && plain >= 0 && strlen(text) < 12
                                ? hint
                                : "Write a number with one of the units h m min s ms, such as 10s, "
                                  "500ms or 1m30s.",
                            "'%s' is not a duration.", text);
    }
    *out_ms = negative ? -sum : sum;
    return 0;
}

static int
parse_duration(const struct mx_param *row, const char *text, struct conf_value *out,
               struct conf_why *why)
{
    bool is_signed = (row->flags & MX_PARAM_SIGNED) != 0;
    int64_t plain = 0;
    if (row->type == MX_PARAM_SECONDS && is_signed && read_number(text, &plain) && plain < 0) {
        out->number = NEVER_MS; /* a negative number without unit: never again */
        return 0;
    }
    if (conf_duration_parse(text, is_signed, &out->number, why) != 0) {
        return -1;
    }
    if (row->type == MX_PARAM_SECONDS && out->number % SECOND_MS != 0) {
        if (out->number < SECOND_MS) {
            return conf_why_set(why, "Use at least 1s.",
                                "The duration '%s' is shorter than a second; this one is counted "
                                "in seconds.",
                                text);
        }
        out->number -= out->number % SECOND_MS;
        (void)conf_why_set(why, "Write whole seconds.",
                           "The duration '%s' is cut to %llds, because it is counted in seconds.",
                           text, (long long)(out->number / SECOND_MS));
    }
    return conf_number_check(row, out->number, why);
}

/* "'a', 'b' and 'c'", and the nearest of them. */
static int
refuse_word(const struct mx_param *row, const char *word, struct conf_why *why)
{
    const char *names[WORD_LIST_MAX + 1];
    struct mx_str list = {.max = 400};
    size_t count = 0;
    while (count < WORD_LIST_MAX && row->values[count].name != NULL) {
        names[count] = row->values[count].name;
        count++;
    }
    names[count] = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *between = i + 1 == count ? " and " : ", ";
        mx_str_printf(&list, "%s'%s'", i > 0 ? between : "", names[i]);
    }
    const char *near = conf_suggest(word, names);
    char hint[128];
    (void)snprintf(hint, sizeof(hint), "Did you mean '%s'?", near != NULL ? near : "");
    (void)conf_why_set(why, near != NULL ? hint : "Choose one of these.",
                       "'%s' is not a valid value; %s: %s.", word,
                       row->type == MX_PARAM_ENUM ? "the values are" : "combine these with commas",
                       mx_str_text(&list));
    mx_str_free(&list);
    return -1;
}

static int
find_word(const struct mx_param *row, const char *word, int64_t *out, struct conf_why *why)
{
    for (const struct mx_enum_value *v = row->values; v->name != NULL; v++) {
        if (strcmp(word, v->name) == 0) {
            *out = v->value;
            return 0;
        }
    }
    return refuse_word(row, word, why);
}

static int
parse_words(const struct mx_param *row, const char *text, struct conf_value *out,
            struct conf_why *why)
{
    char **words = conf_list_split(text, ',');
    int64_t mask = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < conf_list_count(words); i++) {
        int64_t bits = 0;
        rc = find_word(row, words[i], &bits, why);
        mask |= bits;
    }
    out->number = mask;
    if (rc == 0 && row->type == MX_PARAM_ENUM_LIST) {
        out->list = words;
        words = NULL;
    }
    conf_list_free(words);
    return rc;
}

/* Without one pair of quotes that stand around the whole text. */
static char *
strip_quotes(const char *text)
{
    size_t len = strlen(text);
    if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
        return mx_strndup(text + 1, len - 2);
    }
    return mx_strdup(text);
}

static char *
make_absolute(const char *path, const struct conf_context *context)
{
    if (path[0] == '/' || path[0] == '\0' || context->module_configdir == NULL) {
        return mx_strdup(path);
    }
    return mx_asprintf("%s/%s", context->module_configdir, path);
}

static int
parse_regex(const char *text, struct conf_value *out, struct conf_why *why)
{
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '/' && text[len - 1] == '/') {
        out->text = mx_strndup(text + 1, len - 2);
    } else {
        out->text = mx_strdup(text);
        if (len > 0) {
            (void)conf_why_set(why, "Write it as /pattern/.",
                               "A regular expression without slashes around it is deprecated.");
        }
    }
    return conf_check_regex(out->text, why);
}

static int
parse_password(const char *text, const struct conf_context *context, struct conf_value *out,
               struct conf_why *why)
{
    char *plain = strip_quotes(text);
    if (conf_secrets_is_encrypted(context->secrets, plain)) {
        struct mx_err err = {0};
        out->text = conf_secrets_decrypt(context->secrets, plain, &err);
        free(plain);
        if (out->text == NULL) {
            return conf_why_set(why, "Encrypt the password again with maxpasswd.",
                                "The password cannot be decrypted: %s", err.text);
        }
        return 0;
    }
    out->text = plain;
    return 0;
}

static int
parse_text(const struct mx_param *row, const char *text, const struct conf_context *context,
           struct conf_value *out, struct conf_why *why)
{
    char *plain = NULL;
    switch (row->type) {
    case MX_PARAM_REGEX:
        return parse_regex(text, out, why);
    case MX_PARAM_PASSWORD:
        return parse_password(text, context, out, why);
    case MX_PARAM_PATH:
        plain = strip_quotes(text);
        out->text = make_absolute(plain, context);
        free(plain);
        return conf_check_path(row, out->text, why);
    case MX_PARAM_HOST:
        out->text = mx_strdup(text);
        return conf_check_host(out->text, why);
    default:
        out->text = strip_quotes(text);
        return 0;
    }
}

static int
parse_list(const struct mx_param *row, const char *text, const struct conf_context *context,
           struct conf_value *out, struct conf_why *why)
{
    int rc = 0;
    if (row->type == MX_PARAM_ENUM_LIST) {
        return parse_words(row, text, out, why);
    }
    char *plain = strip_quotes(text);
    out->list = conf_list_split(plain, conf_type_separator(row->type)[0]);
    free(plain);
    if (row->type == MX_PARAM_HOSTLIST) {
        rc = conf_check_host_patterns(out->list, why);
    } else if (row->type == MX_PARAM_DISK_LIMITS) {
        rc = conf_check_disk_limits(out->list, why);
    }
    for (size_t i = 0; rc == 0 && row->type == MX_PARAM_PATHLIST && i < conf_list_count(out->list);
         i++) {
        char *path = make_absolute(out->list[i], context);
        free(out->list[i]);
        out->list[i] = path;
        rc = conf_check_path(row, path, why);
    }
    return rc;
}

static int
parse_throttling(const char *text, struct conf_value *out, struct conf_why *why)
{
    char **parts = conf_list_split(text, ',');
    size_t count = conf_list_count(parts);
    int rc = 0;
    if (count == 0) {
        out->throttling = (struct mx_throttling){0};
    } else if (count != 3 || !read_number(parts[0], &out->throttling.count) ||
               out->throttling.count < 0) {
        rc = conf_why_set(why, "Write it as in 10, 1000ms, 10000ms.",
                          "'%s' is not a count, a window and a time of suppression.", text);
    } else if (conf_duration_parse(parts[1], false, &out->throttling.window_ms, why) != 0 ||
               conf_duration_parse(parts[2], false, &out->throttling.suppress_ms, why) != 0) {
        rc = -1;
    }
    conf_list_free(parts);
    return rc;
}

static int
parse_any(const struct mx_param *row, const char *text, const struct conf_context *context,
          struct conf_value *out, struct conf_why *why)
{
    switch (row->type) {
    case MX_PARAM_BOOL:
        out->number = conf_bool_word(text);
        return out->number >= 0
                   ? 0
                   : conf_why_set(why, "Write true or false (also: on, yes, 1, off, no, 0).",
                                  "'%s' is not a boolean.", text);
    case MX_PARAM_COUNT:
    case MX_PARAM_INT:
        return parse_number(row, text, out, why);
    case MX_PARAM_PERCENT:
        return parse_percent(row, text, out, why);
    case MX_PARAM_SIZE:
        return conf_size_parse(text, &out->number, why) != 0
                   ? -1
                   : conf_number_check(row, out->number, why);
    case MX_PARAM_DURATION:
    case MX_PARAM_SECONDS:
        return parse_duration(row, text, out, why);
    case MX_PARAM_ENUM:
        return find_word(row, text, &out->number, why);
    case MX_PARAM_ENUM_MASK:
        return parse_words(row, text, out, why);
    case MX_PARAM_THROTTLING:
        return parse_throttling(text, out, why);
    default:
        return conf_type_storage(row->type) == CONF_STORAGE_LIST
                   ? parse_list(row, text, context, out, why)
                   : parse_text(row, text, context, out, why);
    }
}

int
conf_value_parse(const struct mx_param *row, const char *text, const struct conf_context *context,
                 struct conf_value *out, struct conf_why *why)
{
    static const struct conf_context nothing;
    memset(out, 0, sizeof(*out));
    memset(why, 0, sizeof(*why));
    if (parse_any(row, text, context != NULL ? context : &nothing, out, why) != 0) {
        free(out->text);
        conf_list_free(out->list);
        memset(out, 0, sizeof(*out));
        return -1;
    }
    if (out->text != NULL && out->text[0] == '\0') {
        free(out->text);
        out->text = NULL;
    }
    return 0;
}

void
conf_value_store(const struct mx_param *row, void *block, struct conf_value *value)
{
    void *member = (char *)block + row->offset;
    switch (conf_type_storage(row->type)) {
    case CONF_STORAGE_NUMBER:
        *(int64_t *)member = value->number;
        break;
    case CONF_STORAGE_BOOL:
        *(bool *)member = value->number != 0;
        break;
    case CONF_STORAGE_TEXT:
        free(*(char **)member);
        *(char **)member = value->text;
        break;
    case CONF_STORAGE_LIST:
        conf_list_free(*(char ***)member);
        *(char ***)member = value->list;
        break;
    case CONF_STORAGE_THROTTLING:
        *(struct mx_throttling *)member = value->throttling;
        break;
    }
    memset(value, 0, sizeof(*value));
}

int
conf_param_set_text(const struct mx_param *row, void *block, const char *text,
                    const struct conf_context *context, struct conf_why *why)
{
    struct conf_value value;
    if (conf_value_parse(row, text, context, &value, why) != 0) {
        return -1;
    }
    conf_value_store(row, block, &value);
    return 0;
}
