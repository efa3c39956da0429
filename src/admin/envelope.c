/* JSON:API documents. */
#include "admin/envelope.h"

#include "mx/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REAL_DIGITS 15

static json_t *url_from_args(const struct admin_request *request, const char *format, va_list args)
    MX_PRINTF(2, 0);

static json_t *
url_from_args(const struct admin_request *request, const char *format, va_list args)
{
    struct mx_str url = {0};
    json_t *out;

    mx_str_add(&url, request->base);
    mx_str_vprintf(&url, format, args);
    out = json_string(mx_str_text(&url));
    mx_str_free(&url);
    return out;
}

json_t *
admin_url(const struct admin_request *request, const char *format, ...)
{
    va_list args;
    json_t *url;

    va_start(args, format);
    url = url_from_args(request, format, args);
    va_end(args);
    return url;
}

json_t *
admin_document(const struct admin_request *request, json_t *data, const char *format, ...)
{
    va_list args;
    json_t *url;

    va_start(args, format);
    url = url_from_args(request, format, args);
    va_end(args);
    return json_pack("{s:o, s:{s:o}}", "data", data, "links", "self", url);
}

json_t *
admin_resource(const char *type, const char *id, json_t *attributes)
{
    json_t *resource = json_pack("{s:s, s:s}", "id", id, "type", type);

    if (attributes != NULL) {
        (void)json_object_set_new(resource, "attributes", attributes);
    }
    return resource;
}

void
admin_resource_link(const struct admin_request *request, json_t *resource, const char *format, ...)
{
    va_list args;
    json_t *url;

    va_start(args, format);
    url = url_from_args(request, format, args);
    va_end(args);
    (void)json_object_set_new(resource, "links", json_pack("{s:o}", "self", url));
}

void
admin_resource_relate(const struct admin_request *request, json_t *resource, const char *kind,
                      const char *id)
{
    json_t *relationships = json_object_get(resource, "relationships");
    json_t *relation;
    const char *own_type = json_string_value(json_object_get(resource, "type"));
    const char *own_id = json_string_value(json_object_get(resource, "id"));

    if (relationships == NULL) {
        relationships = json_object();
        (void)json_object_set_new(resource, "relationships", relationships);
    }
    relation = json_object_get(relationships, kind);
    if (relation == NULL) {
        relation = json_pack(
            "{s:[], s:{s:o, s:o}}", "data", "links", "related", admin_url(request, "/%s/", kind),
            "self", admin_url(request, "/%s/%s/relationships/%s/", own_type, own_id, kind));
        (void)json_object_set_new(relationships, kind, relation);
    }
    (void)json_array_append_new(json_object_get(relation, "data"),
                                json_pack("{s:s, s:s}", "id", id, "type", kind));
}

json_t *
admin_text(const char *text)
{
    json_t *string = text != NULL ? json_string(text) : NULL;

    return string != NULL ? string : json_null();
}

json_t *
admin_duration(int64_t ms)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lldms", (long long)ms);
    return json_string(text);
}

char *
admin_body_print(const json_t *body, bool is_pretty)
{
    size_t flags = JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS);

    if (body == NULL) {
        return NULL;
    }
    return json_dumps(body, flags | (is_pretty ? JSON_INDENT(4) : JSON_COMPACT));
}
