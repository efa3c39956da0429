/* Life of requests and answers. */
#include "admin/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum admin_method method;
} methods[] = {
    {"GET", ADMIN_GET},   {"HEAD", ADMIN_HEAD},   {"OPTIONS", ADMIN_OPTIONS}, {"PUT", ADMIN_PUT},
    {"POST", ADMIN_POST}, {"PATCH", ADMIN_PATCH}, {"DELETE", ADMIN_DELETE},
};

enum admin_method
admin_method_parse(const char *name)
{
    for (size_t i = 0; i < MX_COUNT(methods); i++) {
        if (strcmp(name, methods[i].name) == 0) {
            return methods[i].method;
        }
    }
    return ADMIN_METHOD_NONE;
}

const char *
admin_method_name(enum admin_method method)
{
    for (size_t i = 0; i < MX_COUNT(methods); i++) {
        if (methods[i].method == method) {
            return methods[i].name;
        }
    }
    return "?";
}

void
admin_request_fini(struct admin_request *request)
{
    admin_uri_fini(&request->uri);
    json_decref(request->body);
    request->body = NULL;
    free(request->base);
    request->base = NULL;
}

void
admin_response_fini(struct admin_response *response)
{
    json_decref(response->body);
    json_decref(response->errors);
    for (size_t i = 0; i < response->header_count; i++) {
        free(response->headers[i].value);
    }
    *response = (struct admin_response){0};
}

void
admin_response_header(struct admin_response *response, const char *name, char *value)
{
    if (response->header_count == ADMIN_HEADERS_MAX) {
        free(value);
        return;
    }
    response->headers[response->header_count].name = name;
    response->headers[response->header_count].value = value;
    response->header_count++;
}

static bool
array_has_text(const json_t *array, const char *text)
{
    size_t i;
    json_t *item;

    json_array_foreach(array, i, item)
    {
        if (strcmp(json_string_value(item), text) == 0) {
            return true;
        }
    }
    return false;
}

void
admin_response_error(struct admin_response *response, int status, const char *format, ...)
{
    char text[1024];
    va_list args;
    json_t *string;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    response->status = status;
    if (response->errors == NULL) {
        response->errors = json_array();
    }
    string = json_string(text);
    if (string == NULL) { /* what the client sent back to it is no UTF-8 */
        string = json_string("The request has text that is not UTF-8.");
    }
    if (array_has_text(response->errors, json_string_value(string))) {
        json_decref(string);
        return;
    }
    (void)json_array_append_new(response->errors, string);
}

void
admin_response_body(struct admin_response *response, json_t *body)
{
    json_decref(response->body);
    response->body = body;
    response->status = 200;
}

void
admin_response_done(struct admin_response *response)
{
    response->status = 204;
}
