/*
 * One request and its answer, free of sockets: http.c fills a request from the connection, route.c
 * serves it, http.c sends the answer. Everything here belongs to the thread that serves the
 * request.
 */
#ifndef ADMIN_REQUEST_H
#define ADMIN_REQUEST_H

#include "admin/users.h"
#include "mx/base.h"

#include <jansson.h>
#include <sys/socket.h>
#include <time.h>

struct core_registry;
struct admin;

#define ADMIN_URI_MAX     ((size_t)64 * 1024)
#define ADMIN_BODY_MAX    ((size_t)4 * 1024 * 1024)
#define ADMIN_PARTS_MAX   8u
#define ADMIN_PARAMS_MAX  64u
#define ADMIN_HEADERS_MAX 8u

/* Bits: a route row names the methods of one path, an OPTIONS answer the sum of them. */
enum admin_method {
    ADMIN_METHOD_NONE = 0,
    ADMIN_GET = 1u << 0,
    ADMIN_HEAD = 1u << 1,
    ADMIN_OPTIONS = 1u << 2,
    ADMIN_PUT = 1u << 3,
    ADMIN_POST = 1u << 4,
    ADMIN_PATCH = 1u << 5,
    ADMIN_DELETE = 1u << 6,
};

/* Upper-case name to method; ADMIN_METHOD_NONE when it is none of ours. */
enum admin_method admin_method_parse(const char *name);
const char *admin_method_name(enum admin_method method);

/* One part of the query string, decoded. */
struct admin_param {
    char *key;
    char *value; /* NULL: no "=" was there */
};

/* What was asked for: path and query string, decoded. */
struct admin_uri {
    char *path;                   /* "/servers/server1": no /v1, no slash at the end */
    char *parts[ADMIN_PARTS_MAX]; /* "servers", "server1" */
    size_t part_count;            /* more parts than fit: is_deep */
    bool is_deep;
    struct admin_param params[ADMIN_PARAMS_MAX];
    size_t param_count;
};

/*
 * Parses "/v1/servers?page[size]=1" (percent-encoded). -1: an escape is broken, a NUL hides in it,
 * or there are too many parameters; `why` is then a sentence for the client. fini is fine either
 * way.
 */
int admin_uri_parse(struct admin_uri *uri, const char *raw, const char **why);
void admin_uri_fini(struct admin_uri *uri);

/* Value of the first parameter of this name; "" when it has none, NULL when it is not there. */
const char *admin_uri_param(const struct admin_uri *uri, const char *key);

/* true yes on 1 / false no off 0 in any case; a bare name is true, another text the fallback. */
bool admin_uri_bool(const struct admin_uri *uri, const char *key, bool fallback);

/* Percent-encodes everything but letters, digits and -._~ ; free() the result. */
char *admin_uri_encode(const char *text);

/* The request headers that matter; NULL: not sent. Borrowed from the connection. */
struct admin_headers {
    const char *authorization;
    const char *cookie_token; /* value of the cookie token_sig */
    const char *host;
    const char *if_match;
    const char *if_none_match;
    const char *if_modified_since;
    const char *if_unmodified_since;
    const char *method_override;
    const char *requested_with;
};

struct admin_request {
    struct admin *admin;
    enum admin_method method;
    struct admin_uri uri;
    struct admin_headers headers;
    const struct sockaddr *peer; /* NULL: unknown */
    bool is_encrypted;
    const char *body_text; /* NULL or empty: none */
    size_t body_len;
    json_t *body;                         /* parsed; NULL: none */
    char *base;                           /* "http://127.0.0.1:8989/v1" */
    const struct core_registry *registry; /* the configuration this request is served from */
    char user[ADMIN_USER_NAME_MAX + 1];   /* empty: nobody has logged in */
    enum admin_account account;
};

struct admin_response {
    int status;     /* HTTP; 0 while nobody has said anything */
    json_t *body;   /* NULL: none */
    json_t *errors; /* array of texts, NULL: none; becomes the body */
    struct {
        const char *name;
        char *value;
    } headers[ADMIN_HEADERS_MAX];
    size_t header_count;
    bool is_plain; /* no filter, fields, pages, ETag and so on for this body */
};

void admin_request_fini(struct admin_request *request);
void admin_response_fini(struct admin_response *response);

/* Adds a header; takes `value`. One that does not fit any more is dropped: there are few. */
void admin_response_header(struct admin_response *response, const char *name, char *value);

/* Sets the status and adds one text to the errors (once: equal texts are told once). */
void admin_response_error(struct admin_response *response, int status, const char *format, ...)
    MX_PRINTF(3, 4);

/* 200 with this body; takes the reference. */
void admin_response_body(struct admin_response *response, json_t *body);

/* 204. */
void admin_response_done(struct admin_response *response);

#endif
