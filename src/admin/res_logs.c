/* /maxscale/logs */
#include "admin/logfile.h"
#include "admin/res.h"
#include "base/log_sink.h"
#include "core/params_json.h"
#include "mx/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_DEFAULT 50u
#define LEVELS_ALL   (BASE_LOG_LEVELS_DEFAULT | 1u << MX_LOG_INFO | 1u << MX_LOG_DEBUG)

static const char *const parameters[] = {"log_debug",    "log_info",       "log_notice",
                                         "log_warning",  "log_throttling", "maxlog",
                                         "ms_timestamp", "syslog"};

static json_t *
priorities_json(const struct core_global_config *globals)
{
    json_t *list = json_pack("[s, s]", "alert", "error");
    const struct {
        bool is_on;
        const char *name;
    } optional[] = {
        {globals->log_warning, "warning"},
        {globals->log_notice, "notice"},
        {globals->log_info, "info"},
        {globals->log_debug, "debug"},
    };

    for (size_t i = 0; i < MX_COUNT(optional); i++) {
        if (optional[i].is_on) {
            (void)json_array_append_new(list, json_string(optional[i].name));
        }
    }
    return list;
}

void
admin_get_logs(struct admin_request *request, struct admin_response *response)
{
    const struct core_global_config *globals = request->registry->globals;
    json_t *all = core_global_params_json(globals);
    json_t *some = json_object();
    char *path = base_log_file();
    json_t *attributes;

    for (size_t i = 0; i < MX_COUNT(parameters); i++) {
        json_t *value = json_object_get(all, parameters[i]);
        if (value != NULL) {
            (void)json_object_set(some, parameters[i], value);
        }
    }
    json_decref(all);
    attributes = json_pack("{s:o, s:o, s:o}", "log_file", admin_text(path), "log_priorities",
                           priorities_json(globals), "parameters", some);
    free(path);
    admin_response_body(
        response,
        admin_document(request, admin_resource("logs", "logs", attributes), "/maxscale/logs/"));
}

struct page_request {
    uint64_t cursor;
    size_t size;
    uint32_t levels;
    const char *priority; /* as it was sent; NULL: all */
};

static bool
parse_number(const char *text, unsigned long long max, unsigned long long *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out > 0 && *out <= max;
}

static int
parse_page(const struct admin_uri *uri, struct page_request *out, struct admin_response *response)
{
    const char *size = admin_uri_param(uri, "page[size]");
    const char *cursor = admin_uri_param(uri, "page[cursor]");
    unsigned long long number = PAGE_DEFAULT;

    *out =
        (struct page_request){.levels = LEVELS_ALL, .priority = admin_uri_param(uri, "priority")};
    if (size != NULL && !parse_number(size, ADMIN_LOG_PAGE_MAX, &number)) {
        admin_response_error(response, 400,
                             "Invalid value for 'page[size]': %s. It is a number from 1 to %u.",
                             size, ADMIN_LOG_PAGE_MAX);
    }
    out->size = (size_t)number;
    number = 0;
    if (cursor != NULL && !parse_number(cursor, UINT64_MAX, &number)) {
        admin_response_error(response, 400,
                             "Invalid value for 'page[cursor]': %s. It is the id of a log entry.",
                             cursor);
    }
    out->cursor = number;
    if (out->priority != NULL) {
        out->levels = admin_log_levels(out->priority);
        if (out->levels == 0) {
            admin_response_error(response, 400,
                                 "Invalid value for 'priority': %s. It is a comma list of alert, "
                                 "error, warning, notice, info, debug.",
                                 out->priority);
        }
    }
    return response->status == 0 ? 0 : -1;
}

static json_t *
page_url(const struct admin_request *request, const struct page_request *wanted, uint64_t cursor)
{
    const char *priority = wanted->priority != NULL ? wanted->priority : "";
    const char *key = wanted->priority != NULL ? "&priority=" : "";

    if (cursor == 0) {
        return admin_url(request, "%s/?page%%5Bsize%%5D=%zu%s%s", request->uri.path, wanted->size,
                         key, priority);
    }
    return admin_url(request, "%s/?page%%5Bcursor%%5D=%llu&page%%5Bsize%%5D=%zu%s%s",
                     request->uri.path, (unsigned long long)cursor, wanted->size, key, priority);
}

static json_t *
page_links(const struct admin_request *request, const struct page_request *wanted,
           const struct admin_log_page *page)
{
    json_t *links = json_pack("{s:o, s:o}", "self", page_url(request, wanted, page->cursor), "last",
                              page_url(request, wanted, 0));

    if (page->previous != 0) {
        (void)json_object_set_new(links, "prev", page_url(request, wanted, page->previous));
    }
    return links;
}

static int
read_page(const struct admin_request *request, struct admin_response *response,
          struct page_request *wanted, struct admin_log_page *page)
{
    struct mx_err err = {0};
    char *path;
    int rc;

    if (parse_page(&request->uri, wanted, response) != 0) {
        return -1;
    }
    path = base_log_file();
    if (path == NULL) {
        admin_response_error(
            response, 400,
            "This MaxScale writes no log file (maxlog=false, or it logs to standard "
            "output). Look where its output goes, or run: journalctl -u maxscale");
        return -1;
    }
    base_log_flush();
    rc = admin_log_read(path, wanted->cursor, wanted->size, wanted->levels, page, &err);
    free(path);
    if (rc != 0) {
        admin_response_error(response, 500, "%s", err.text);
    }
    return rc;
}

void
admin_get_log_data(struct admin_request *request, struct admin_response *response)
{
    struct page_request wanted;
    struct admin_log_page page;
    json_t *attributes;

    if (read_page(request, response, &wanted, &page) != 0) {
        return;
    }
    attributes = json_pack("{s:o, s:s}", "log", page.entries, "log_source", "maxlog");
    admin_response_body(response, json_pack("{s:o, s:o}", "data",
                                            admin_resource("log_data", "log_data", attributes),
                                            "links", page_links(request, &wanted, &page)));
}

void
admin_get_log_entries(struct admin_request *request, struct admin_response *response)
{
    struct page_request wanted;
    struct admin_log_page page;
    json_t *data = json_array();
    json_t *entry;
    size_t i;

    response->is_plain = true; /* pages are made here, with a cursor */
    if (read_page(request, response, &wanted, &page) != 0) {
        json_decref(data);
        return;
    }
    json_array_foreach(page.entries, i, entry)
    {
        char *id = mx_strdup(json_string_value(json_object_get(entry, "id")));
        (void)json_object_del(entry, "id");
        (void)json_object_set_new(entry, "log_source", json_string("maxlog"));
        (void)json_array_append_new(data, admin_resource("log_entry", id, json_incref(entry)));
        free(id);
    }
    json_decref(page.entries);
    admin_response_body(response, json_pack("{s:o, s:o, s:{s:I}}", "data", data, "links",
                                            page_links(request, &wanted, &page), "meta", "total",
                                            (json_int_t)json_array_size(data)));
}

void
admin_post_log_flush(struct admin_request *request, struct admin_response *response)
{
    struct mx_err err = {0};

    (void)request;
    if (base_log_rotate(&err) != 0) {
        admin_response_error(response, 500, "The log could not be rotated: %s", err.text);
        return;
    }
    admin_response_done(response);
}
