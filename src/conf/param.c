/* Values out of a block: as text, as JSON, compared; and values into it from JSON. */
#include "conf/param.h"

#include "conf/value.h"
#include "mx/str.h"

#include <stdlib.h>
#include <string.h>

static const char *const hidden_password = "*****";

const char *
mx_enum_name(const struct mx_enum_value *values, int64_t value)
{
    for (; values != NULL && values->name != NULL; values++) {
        if (values->value == value) {
            return values->name;
        }
    }
    return "?";
}

static const void *
member_of(const struct mx_param *row, const void *block)
{
    return (const char *)block + row->offset;
}

static int64_t
number_of(const struct mx_param *row, const void *block)
{
    return *(const int64_t *)member_of(row, block);
}

static const char *
text_of(const struct mx_param *row, const void *block)
{
    return *(char *const *)member_of(row, block);
}

static char *const *
list_of(const struct mx_param *row, const void *block)
{
    return *(char **const *)member_of(row, block);
}

const char *
conf_param_type_name(const struct mx_param *row)
{
    static const char *const names[] = {
        [MX_PARAM_BOOL] = "bool",
        [MX_PARAM_COUNT] = "count",
        [MX_PARAM_INT] = "int",
        [MX_PARAM_PERCENT] = "percent",
        [MX_PARAM_SIZE] = "size",
        [MX_PARAM_DURATION] = "duration",
        [MX_PARAM_SECONDS] = "duration",
        [MX_PARAM_ENUM] = "enum",
        [MX_PARAM_ENUM_MASK] = "enum_mask",
        [MX_PARAM_ENUM_LIST] = "enum list",
        [MX_PARAM_STRING] = "string",
        [MX_PARAM_STRINGLIST] = "stringlist",
        [MX_PARAM_PATH] = "path",
        [MX_PARAM_PATHLIST] = "pathlist",
        [MX_PARAM_REGEX] = "regex",
        [MX_PARAM_PASSWORD] = "password",
        [MX_PARAM_HOST] = "host",
        [MX_PARAM_HOSTLIST] = "host pattern list",
        [MX_PARAM_SERVER] = "server",
        [MX_PARAM_SERVERLIST] = "serverlist",
        [MX_PARAM_SERVICE] = "service",
        [MX_PARAM_TARGETLIST] = "stringlist",
        [MX_PARAM_MONITOR] = "string",
        [MX_PARAM_FILTERLIST] = "stringlist",
        [MX_PARAM_MODULE] = "module",
        [MX_PARAM_THROTTLING] = "throttling",
        [MX_PARAM_DISK_LIMITS] = "disk_space_limits",
    };
    return names[row->type];
}

bool
conf_param_is_text(enum mx_param_type type)
{
    return conf_type_storage(type) == CONF_STORAGE_TEXT;
}

bool
conf_param_is_list(enum mx_param_type type)
{
    return conf_type_storage(type) == CONF_STORAGE_LIST;
}

/* All words whose bits are set, comma separated; a word for "nothing" only when asked for. */
static char *
mask_text(const struct mx_param *row, int64_t mask, bool name_zero)
{
    struct mx_str out = {0};
    for (const struct mx_enum_value *v = row->values; v->name != NULL; v++) {
        bool is_first = strcmp(mx_enum_name(row->values, v->value), v->name) == 0;
        bool is_set = v->value != 0 ? (mask & v->value) == v->value : mask == 0 && name_zero;
        if (is_first && is_set) {
            mx_str_add(&out, out.len > 0 ? "," : "");
            mx_str_add(&out, v->name);
        }
    }
    return mx_str_give(&out);
}

static json_t *
list_json(char *const *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < conf_list_count(list); i++) {
        (void)json_array_append_new(array, json_string(list[i]));
    }
    return array;
}

static json_t *
disk_limits_json(char *const *list)
{
    json_t *object = json_object();
    for (size_t i = 0; i < conf_list_count(list); i++) {
        const char *colon = strrchr(list[i], ':');
        char *path = mx_strndup(list[i], (size_t)(colon - list[i]));
        (void)json_object_set_new(object, path, json_integer(strtol(colon + 1, NULL, 10)));
        free(path);
    }
    return object;
}

/* JSON string, taking over the text. */
static json_t *
json_string_take(char *text)
{
    json_t *json = json_string(text);
    free(text);
    return json != NULL ? json : json_null();
}

static json_t *
list_param_json(const struct mx_param *row, const void *block)
{
    char *const *list = list_of(row, block);
    switch (row->type) {
    case MX_PARAM_STRINGLIST:
    case MX_PARAM_ENUM_LIST:
    case MX_PARAM_PATHLIST:
    case MX_PARAM_TARGETLIST:
    case MX_PARAM_FILTERLIST:
        return list_json(list);
    case MX_PARAM_DISK_LIMITS:
        return list == NULL ? json_null() : disk_limits_json(list);
    default:
        return list == NULL ? json_null() : json_string_take(conf_list_join(list, ","));
    }
}

static json_t *
text_param_json(const struct mx_param *row, const void *block)
{
    const char *text = text_of(row, block);
    if (text == NULL) {
        return json_null();
    }
    if (row->type == MX_PARAM_PASSWORD) {
        return json_string(hidden_password);
    }
    if (row->type == MX_PARAM_REGEX) {
        return json_string_take(mx_asprintf("/%s/", text));
    }
    json_t *json = json_string(text);
    return json != NULL ? json : json_null();
}

static json_t *
number_param_json(const struct mx_param *row, const void *block)
{
    int64_t number = number_of(row, block);
    switch (row->type) {
    case MX_PARAM_DURATION:
    case MX_PARAM_SECONDS:
        return json_string_take(mx_asprintf("%lldms", (long long)number));
    case MX_PARAM_PERCENT:
        return json_string_take(mx_asprintf("%lld%%", (long long)number));
    case MX_PARAM_ENUM:
        return json_string(mx_enum_name(row->values, number));
    case MX_PARAM_ENUM_MASK:
        return json_string_take(mask_text(row, number, false));
    default:
        return json_integer(number);
    }
}

json_t *
conf_param_json(const struct mx_param *row, const void *block)
{
    switch (conf_type_storage(row->type)) {
    case CONF_STORAGE_NUMBER:
        return number_param_json(row, block);
    case CONF_STORAGE_BOOL:
        return json_boolean(*(const bool *)member_of(row, block));
    case CONF_STORAGE_TEXT:
        return text_param_json(row, block);
    case CONF_STORAGE_LIST:
        return list_param_json(row, block);
    case CONF_STORAGE_THROTTLING: {
        const struct mx_throttling *t = member_of(row, block);
        return json_pack("{s:I,s:I,s:I}", "count", (json_int_t)t->count, "suppress",
                         (json_int_t)t->suppress_ms, "window", (json_int_t)t->window_ms);
    }
    }
    MX_BUG("a parameter row without a type");
}

static char *
number_text(const struct mx_param *row, int64_t number)
{
    switch (row->type) {
    case MX_PARAM_DURATION:
    case MX_PARAM_SECONDS:
        return mx_asprintf("%lldms", (long long)number);
    case MX_PARAM_PERCENT:
        return mx_asprintf("%lld%%", (long long)number);
    case MX_PARAM_ENUM:
        return mx_strdup(mx_enum_name(row->values, number));
    case MX_PARAM_ENUM_MASK:
        return mask_text(row, number, true);
    default:
        return mx_asprintf("%lld", (long long)number);
    }
}

static char *
password_text(const char *plain, const struct conf_context *context)
{
    if (context != NULL && context->secrets != NULL && context->secrets->loaded) {
        struct mx_err err = {0};
        char *cipher = conf_secrets_encrypt(context->secrets, plain, &err);
        if (cipher != NULL) {
            return cipher;
        }
    }
    return mx_strdup(plain);
}

/* Quotes of its own around a text would be stripped when it is read: give it a pair to lose. */
static char *
text_quote(const struct mx_param *row, const char *text)
{
    size_t len = strlen(text);
    bool is_stripped = row->type != MX_PARAM_REGEX && row->type != MX_PARAM_HOST &&
                       row->type != MX_PARAM_ENUM_LIST &&
                       (conf_param_is_text(row->type) || conf_param_is_list(row->type));
    bool has_quotes = len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0];
    return is_stripped && (has_quotes || text[0] == ' ') ? mx_asprintf("\"%s\"", text)
                                                         : mx_strdup(text);
}

char *
conf_param_text(const struct mx_param *row, const void *block, const struct conf_context *context)
{
    switch (conf_type_storage(row->type)) {
    case CONF_STORAGE_NUMBER:
        return number_text(row, number_of(row, block));
    case CONF_STORAGE_BOOL:
        return mx_strdup(*(const bool *)member_of(row, block) ? "true" : "false");
    case CONF_STORAGE_LIST:
        return conf_list_join(list_of(row, block), conf_type_separator(row->type));
    case CONF_STORAGE_THROTTLING: {
        const struct mx_throttling *t = member_of(row, block);
        return mx_asprintf("%lld,%lldms,%lldms", (long long)t->count, (long long)t->window_ms,
                           (long long)t->suppress_ms);
    }
    case CONF_STORAGE_TEXT:
        break;
    }
    const char *text = text_of(row, block);
    if (text == NULL) {
        return mx_strdup("");
    }
    if (row->type == MX_PARAM_REGEX) {
        return mx_asprintf("/%s/", text);
    }
    if (row->type == MX_PARAM_PASSWORD) {
        return password_text(text, context);
    }
    return text_quote(row, text);
}

static bool
lists_equal(char *const *a, char *const *b)
{
    size_t count = conf_list_count(a);
    if (count != conf_list_count(b)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(a[i], b[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool
conf_param_equal(const struct mx_param *row, const void *a, const void *b)
{
    switch (conf_type_storage(row->type)) {
    case CONF_STORAGE_NUMBER:
        return number_of(row, a) == number_of(row, b);
    case CONF_STORAGE_BOOL:
        return *(const bool *)member_of(row, a) == *(const bool *)member_of(row, b);
    case CONF_STORAGE_LIST:
        return lists_equal(list_of(row, a), list_of(row, b));
    case CONF_STORAGE_THROTTLING: {
        const struct mx_throttling *left = member_of(row, a);
        const struct mx_throttling *right = member_of(row, b);
        return left->count == right->count && left->window_ms == right->window_ms &&
               left->suppress_ms == right->suppress_ms;
    }
    case CONF_STORAGE_TEXT:
        break;
    }
    const char *left = text_of(row, a);
    const char *right = text_of(row, b);
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

/* ------------------------------------------------------------------ from JSON */

static const char *
json_type_word(const json_t *json)
{
    static const char *const words[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "real",   [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",   [JSON_NULL] = "null",
    };
    return words[json_typeof(json)];
}

static int
refuse_json(const json_t *json, const char *wanted, struct conf_why *why)
{
    return conf_why_set(why, NULL, "Expected a JSON %s, but got a JSON %s.", wanted,
                        json_type_word(json));
}

/* Array of strings to the text form of the list. */
static int
array_text(const struct mx_param *row, const json_t *json, char **out, struct conf_why *why)
{
    struct mx_str text = {0};
    const char *separator = conf_type_separator(row->type);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(json); i++) {
        const json_t *entry = json_array_get(json, i);
        const char *piece = json_string_value(entry);
        if (piece == NULL) {
            rc = refuse_json(entry, "string in the array", why);
        } else if (strchr(piece, separator[0]) != NULL) {
            rc = conf_why_set(why, NULL, "The entry '%s' must not contain '%s'.", piece, separator);
        } else {
            mx_str_add(&text, i > 0 ? separator : "");
            mx_str_add(&text, piece);
        }
    }
    if (rc == 0) {
        *out = mx_str_give(&text);
    }
    mx_str_free(&text);
    return rc;
}

static int
disk_limits_text(const json_t *json, char **out, struct conf_why *why)
{
    struct mx_str text = {0};
    const char *path = NULL;
    json_t *percent = NULL;
    int rc = 0;
    /* The library's macro takes a pointer that is not const, but changes nothing. */
    json_t *object = json_copy((json_t *)(uintptr_t)json);
    json_object_foreach(object, path, percent)
    {
        if (!json_is_integer(percent)) {
            rc = refuse_json(percent, "integer as percentage", why);
            break;
        }
        mx_str_printf(&text, "%s%s:%lld", text.len > 0 ? "," : "", path,
                      (long long)json_integer_value(percent));
    }
    json_decref(object);
    if (rc == 0) {
        *out = mx_str_give(&text);
    }
    mx_str_free(&text);
    return rc;
}

static int
throttling_text(const json_t *json, char **out, struct conf_why *why)
{
    static const char *const names[] = {"count", "window", "suppress"};
    long long numbers[3] = {0};
    for (size_t i = 0; i < MX_COUNT(names); i++) {
        const json_t *entry = json_object_get(json, names[i]);
        if (!json_is_integer(entry) || json_integer_value(entry) < 0) {
            return conf_why_set(
                why, NULL, "The object needs '%s' as an integer that is not negative.", names[i]);
        }
        numbers[i] = json_integer_value(entry);
    }
    *out = mx_asprintf("%lld,%lldms,%lldms", numbers[0], numbers[1], numbers[2]);
    return 0;
}

/* Numbers and booleans are taken for enums that have such words; everything else wants a string. */
static int
scalar_text(const struct mx_param *row, const json_t *json, char **out, struct conf_why *why)
{
    bool is_enum = row->type == MX_PARAM_ENUM;
    if (json_is_string(json)) {
        if (strlen(json_string_value(json)) != json_string_length(json)) {
            return conf_why_set(why, NULL, "The string must not contain a NUL character.");
        }
        *out = text_quote(row, json_string_value(json));
    } else if (is_enum && json_is_boolean(json)) {
        *out = mx_strdup(json_is_true(json) ? "true" : "false");
    } else if (is_enum && json_is_integer(json)) {
        *out = mx_asprintf("%lld", (long long)json_integer_value(json));
    } else {
        return refuse_json(json, "string", why);
    }
    return 0;
}

static int
json_text(const struct mx_param *row, const json_t *json, char **out, struct conf_why *why)
{
    switch (row->type) {
    case MX_PARAM_BOOL:
        if (!json_is_boolean(json)) {
            return refuse_json(json, "boolean", why);
        }
        *out = mx_strdup(json_is_true(json) ? "true" : "false");
        return 0;
    case MX_PARAM_COUNT:
    case MX_PARAM_INT:
        if (!json_is_integer(json) && !(json_is_string(json) && row->values != NULL)) {
            return refuse_json(json, "integer", why);
        }
        break;
    case MX_PARAM_THROTTLING:
        if (json_is_object(json)) {
            return throttling_text(json, out, why);
        }
        break;
    case MX_PARAM_DISK_LIMITS:
        if (json_is_object(json)) {
            return disk_limits_text(json, out, why);
        }
        break;
    default:
        break;
    }
    bool takes_integer =
        row->type == MX_PARAM_COUNT || row->type == MX_PARAM_INT || row->type == MX_PARAM_SIZE;
    if (takes_integer && json_is_integer(json)) {
        *out = mx_asprintf("%lld", (long long)json_integer_value(json));
        return 0;
    }
    if (json_is_array(json) && conf_param_is_list(row->type)) {
        return array_text(row, json, out, why);
    }
    return scalar_text(row, json, out, why);
}

int
conf_param_set_json(const struct mx_param *row, void *block, const json_t *json,
                    const struct conf_context *context, struct conf_why *why)
{
    char *text = NULL;
    memset(why, 0, sizeof(*why));
    if (json_is_null(json)) {
        text = mx_strdup(row->value_default != NULL ? row->value_default : "");
    } else if (json_text(row, json, &text, why) != 0) {
        return -1;
    }
    int rc = conf_param_set_text(row, block, text, context, why);
    free(text);
    return rc;
}
