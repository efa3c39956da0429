/*
 * The one table of what the REST API can do. Serving, 404 and 405 answers, OPTIONS and the tables
 * of docs/user/rest-api.md come from it.
 */
#ifndef ADMIN_ROUTE_H
#define ADMIN_ROUTE_H

#include "admin/request.h"

/* Fills the response. Runs on an admin thread; may block. */
typedef void (*admin_handler_fn)(struct admin_request *request, struct admin_response *response);

enum admin_route_flag {
    ADMIN_ROUTE_BODY = 1u << 0,  /* a JSON body is required */
    ADMIN_ROUTE_LATER = 1u << 1, /* known, but this version cannot do it: 501 */
};

struct admin_route {
    enum admin_method method;
    /*
     * Parts in literal words or as ":kind", which stands for the name of an existing object:
     * server, service, monitor, filter, listener, thread, module, inetuser; :session and :command
     * are looked up by the handler.
     */
    const char *path;
    admin_handler_fn handler; /* NULL with ADMIN_ROUTE_LATER */
    uint32_t flags;
    const char *params; /* query parameters of its own, for the manual; NULL: none */
    const char *doc;    /* one line, ends with a full stop */
};

extern const struct admin_route admin_routes[];
extern const size_t admin_route_count;

enum admin_match {
    ADMIN_MATCH_NO_PATH = 0,
    ADMIN_MATCH_NO_OBJECT, /* the shape is right, the errors say which name is not */
    ADMIN_MATCH_NO_METHOD,
    ADMIN_MATCH_FOUND,
};

struct admin_found {
    const struct admin_route *route; /* FOUND */
    uint32_t methods;                /* all of the path; HEAD and OPTIONS included */
};

/* Looks the request's path up for `method` (HEAD: the row of GET). Errors go to `response`. */
enum admin_match admin_route_find(const struct admin_request *request, enum admin_method method,
                                  struct admin_found *out, struct admin_response *response);

/* The whole way of a request that has been let in: route, conditions, body, handler, query string.
 */
void admin_serve(struct admin_request *request, struct admin_response *response);

/*
 * What http.c does first: address of the request, who sends it. -1: `response` is the answer.
 * Sets request->method, uri and base.
 */
int admin_serve_begin(struct admin_request *request, const char *method, const char *raw_uri,
                      struct admin_response *response);

#endif
