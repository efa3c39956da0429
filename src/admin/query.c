/* filter, page[...] and fields[...] over a finished JSON:API document. */
#include "admin/query.h"

#include "admin/filter.h"
#include "admin/jsonpath.h"
#include "mx/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ filter */

struct condition {
    char *path; /* of the caller; for `filter` a JSON pointer, else a JSONPath */
    bool is_pointer;
    struct admin_filter *filter;
};

static bool
any_matches(const struct condition *condition, json_t *resource)
{
    const char *why = NULL;
    json_t *values;
    json_t *value;
    size_t i;
    bool is_match = false;

    if (condition->is_pointer) {
        value = admin_json_pointer(resource, condition->path);
        return value != NULL && admin_filter_matches(condition->filter, value);
    }
    values = admin_json_path(resource, condition->path, &why);
    json_array_foreach(values, i, value)
    {
        is_match = is_match || admin_filter_matches(condition->filter, value);
    }
    json_decref(values);
    return is_match;
}

static void
condition_fini(struct condition *condition)
{
    free(condition->path);
    admin_filter_free(condition->filter);
}

/* "filter=PTR=VALUE" */
static int
parse_pointer_filter(const char *text, struct condition *out, struct admin_response *response)
{
    char why[256];
    size_t len = strcspn(text, "=");

    if (text[len] != '=') {
        admin_response_error(
            response, 400,
            "The filter parameter has the form filter=POINTER=VALUE; '%s' has no '='.", text);
        return -1;
    }
    *out = (struct condition){.path = mx_strndup(text, len), .is_pointer = true};
    out->filter = admin_filter_parse(text + len + 1, why);
    if (out->filter == NULL) {
        admin_response_error(response, 400,
                             "The filter value '%s' is neither JSON nor an expression: %s.",
                             text + len + 1, why);
        condition_fini(out);
        return -1;
    }
    return 0;
}

/* "filter[PATH]=EXPRESSION"; the bracket at the end belongs to the key. */
static int
parse_path_filter(const char *key, const char *text, struct condition *out,
                  struct admin_response *response)
{
    char why[256];
    const char *path_why = NULL;
    size_t skip = strlen("filter[");
    json_t *probe;

    *out = (struct condition){.path = mx_strndup(key + skip, strlen(key) - skip - 1)};
    probe = admin_json_path(NULL, out->path, &path_why);
    out->filter = admin_filter_parse(text, why);
    if (probe == NULL) {
        admin_response_error(response, 400, "The path of %s is wrong: %s.", key, path_why);
    } else if (out->filter == NULL) {
        admin_response_error(response, 400,
                             "The value of %s is neither JSON nor an expression: %s.", key, why);
    }
    json_decref(probe);
    if (probe == NULL || out->filter == NULL) {
        condition_fini(out);
        return -1;
    }
    return 0;
}

static bool
is_path_filter(const char *key)
{
    size_t len = strlen(key);

    return strncmp(key, "filter[", strlen("filter[")) == 0 && key[len - 1] == ']';
}

/* Keeps the elements of `data` that the condition holds for. */
static void
keep_matching(json_t *data, const struct condition *condition)
{
    for (size_t i = json_array_size(data); i-- > 0;) {
        if (!any_matches(condition, json_array_get(data, i))) {
            (void)json_array_remove(data, i);
        }
    }
}

static int
apply_filters(const struct admin_uri *uri, json_t *data, struct admin_response *response)
{
    for (size_t i = 0; i < uri->param_count; i++) {
        const char *key = uri->params[i].key;
        const char *value = uri->params[i].value != NULL ? uri->params[i].value : "";
        struct condition condition;
        int rc;
        if (strcmp(key, "filter") == 0) {
            rc = parse_pointer_filter(value, &condition, response);
        } else if (is_path_filter(key)) {
            rc = parse_path_filter(key, value, &condition, response);
        } else {
            continue;
        }
        if (rc != 0) {
            return -1;
        }
        keep_matching(data, &condition);
        condition_fini(&condition);
    }
    return 0;
}

/* ------------------------------------------------------------------- pages */

struct page {
    size_t size;
    size_t number;
};

static bool
parse_count(const char *text, size_t min, size_t *out)
{
    char *end = NULL;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < min ||
        value > SIZE_MAX / 2) {
        return false;
    }
    *out = (size_t)value;
    return true;
}

/* 1: a page is asked for, 0: not, -1: wrong. */
static int
parse_page(const struct admin_uri *uri, struct page *out, struct admin_response *response)
{
    const char *size = admin_uri_param(uri, "page[size]");
    const char *number = admin_uri_param(uri, "page[number]");

    *out = (struct page){0};
    if (size != NULL && !parse_count(size, 1, &out->size)) {
        admin_response_error(response, 400,
                             "Invalid value for 'page[size]': %s. It is a whole number above 0.",
                             size);
        return -1;
    }
    if (number != NULL && !parse_count(number, 0, &out->number)) {
        admin_response_error(response, 400,
                             "Invalid value for 'page[number]': %s. It is a whole number from 0.",
                             number);
        return -1;
    }
    return size != NULL ? 1 : 0;
}

static bool
is_page_param(const char *key)
{
    return strncmp(key, "page[", strlen("page[")) == 0;
}

/* The other parameters are kept, so that the next page is one of the same selection. */
static json_t *
page_link(const struct admin_uri *uri, const char *self_url, const struct page *page, size_t number)
{
    struct mx_str url = {0};
    json_t *link;

    mx_str_printf(&url, "%s?", self_url);
    for (size_t i = 0; i < uri->param_count; i++) {
        const struct admin_param *param = &uri->params[i];
        if (!is_page_param(param->key)) {
            char *key = admin_uri_encode(param->key);
            char *value = admin_uri_encode(param->value != NULL ? param->value : "");
            mx_str_printf(&url, "%s%s%s&", key, param->value != NULL ? "=" : "", value);
            free(key);
            free(value);
        }
    }
    mx_str_printf(&url, "page%%5Bsize%%5D=%zu&page%%5Bnumber%%5D=%zu", page->size, number);
    link = json_string(mx_str_text(&url));
    mx_str_free(&url);
    return link;
}

static void
add_links(const struct admin_uri *uri, const char *self_url, const struct page *page, size_t total,
          json_t *body)
{
    json_t *links = json_object_get(body, "links");
    size_t last = total > 0 ? (total - 1) / page->size : 0;

    if (links == NULL) {
        return;
    }
    (void)json_object_set_new(links, "self", page_link(uri, self_url, page, page->number));
    (void)json_object_set_new(links, "first", page_link(uri, self_url, page, 0));
    (void)json_object_set_new(links, "last", page_link(uri, self_url, page, last));
    if (page->number < last) {
        (void)json_object_set_new(links, "next", page_link(uri, self_url, page, page->number + 1));
    }
    if (page->number > 0) {
        size_t previous = page->number - 1 < last ? page->number - 1 : last;
        (void)json_object_set_new(links, "prev", page_link(uri, self_url, page, previous));
    }
}

static void
cut_page(json_t *data, const struct page *page)
{
    size_t total = json_array_size(data);
    size_t begin = page->number > total / page->size ? total : page->number * page->size;
    size_t end = total - begin > page->size ? begin + page->size : total;

    for (size_t i = total; i-- > 0;) {
        if (i < begin || i >= end) {
            (void)json_array_remove(data, i);
        }
    }
}

static int
apply_page(const struct admin_uri *uri, const char *self_url, json_t *body, json_t *data,
           struct admin_response *response)
{
    struct page page;
    size_t total = json_array_size(data);
    json_t *meta = json_object_get(body, "meta");
    int rc = parse_page(uri, &page, response);

    if (rc <= 0) {
        return rc;
    }
    if (meta == NULL) {
        meta = json_object();
        (void)json_object_set_new(body, "meta", meta);
    }
    (void)json_object_set_new(meta, "total", json_integer((json_int_t)total));
    add_links(uri, self_url, &page, total, body);
    if (total > page.size) {
        cut_page(data, &page);
    }
    return 0;
}

/* ------------------------------------------------------------------ fields */

/* What the comma list of pointers selects from `from`, or nothing at all. */
static void
select_member(json_t *resource, const char *member, const char *list)
{
    const json_t *from = json_object_get(resource, member);
    json_t *kept = json_object();
    const char *pos = list;

    while (*pos != '\0') {
        size_t len = strcspn(pos, ",");
        char *pointer = mx_strndup(pos, len);
        admin_json_copy_at(from, kept, pointer);
        free(pointer);
        pos += len;
        pos += *pos == ',' ? 1 : 0;
    }
    if (json_object_size(kept) > 0) {
        (void)json_object_set_new(resource, member, kept);
    } else {
        (void)json_object_del(resource, member);
        json_decref(kept);
    }
}

static void
select_fields(json_t *resource, const char *type, size_t type_len, const char *list)
{
    const char *own = json_string_value(json_object_get(resource, "type"));

    if (own != NULL && strlen(own) == type_len && memcmp(own, type, type_len) == 0) {
        select_member(resource, "attributes", list);
        select_member(resource, "relationships", list);
    }
}

static void
apply_fields(const struct admin_uri *uri, json_t *data)
{
    for (size_t p = 0; p < uri->param_count; p++) {
        const char *key = uri->params[p].key;
        const char *list = uri->params[p].value != NULL ? uri->params[p].value : "";
        size_t skip = strlen("fields[");
        size_t len = strlen(key);
        json_t *resource;
        size_t i;
        if (strncmp(key, "fields[", skip) != 0 || key[len - 1] != ']') {
            continue;
        }
        json_array_foreach(data, i, resource)
        {
            select_fields(resource, key + skip, len - skip - 1, list);
        }
        if (json_is_object(data)) {
            select_fields(data, key + skip, len - skip - 1, list);
        }
    }
}

int
admin_query_apply(const struct admin_uri *uri, const char *self_url, json_t *body,
                  struct admin_response *response)
{
    json_t *data = json_object_get(body, "data");

    if (json_is_array(data) && (apply_filters(uri, data, response) != 0 ||
                                apply_page(uri, self_url, body, data, response) != 0)) {
        return -1;
    }
    apply_fields(uri, data);
    return 0;
}
