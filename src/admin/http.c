/*
 * The HTTP server: turns a connection of libmicrohttpd into a struct admin_request and the answer
 * back. A request is begun (who is it?) before its body is read.
 */
#include "admin/http.h"

#include "admin/envelope.h"
#include "admin/http_listen.h"
#include "admin/http_tls.h"
#include "admin/route.h"
#include "admin/state.h"
#include "core/objects.h"
#include "mx/log.h"
#include "mx/str.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256u
#define IDLE_S          120u

struct admin_http {
    struct admin *admin;
    struct MHD_Daemon *daemon;
};

/* One request on its way through libmicrohttpd. */
struct exchange {
    char *uri; /* as it was sent */
    bool has_begun;
    bool is_too_large;
    struct mx_str body;
    struct admin_request request;
    struct admin_response response;
};

static const char *
header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static struct admin_headers
read_headers(struct MHD_Connection *connection)
{
    return (struct admin_headers){
        .authorization = header(connection, "Authorization"),
        .cookie_token = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "token_sig"),
        .host = header(connection, "Host"),
        .if_match = header(connection, "If-Match"),
        .if_none_match = header(connection, "If-None-Match"),
        .if_modified_since = header(connection, "If-Modified-Since"),
        .if_unmodified_since = header(connection, "If-Unmodified-Since"),
        .method_override = header(connection, "X-HTTP-Method-Override"),
        .requested_with = header(connection, "X-Requested-With"),
    };
}

static bool
certificate_is_good(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    return info == NULL || info->tls_session == NULL || admin_tls_peer_is_good(info->tls_session);
}

/* Everything but the body is there. */
static void
begin(const struct admin_http *http, struct MHD_Connection *connection, const char *method,
      struct exchange *exchange)
{
    struct admin_request *request = &exchange->request;
    const union MHD_ConnectionInfo *peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    exchange->has_begun = true;
    request->admin = http->admin;
    request->registry = core_registry_ref();
    request->headers = read_headers(connection);
    request->peer = peer != NULL ? peer->client_addr : NULL;
    request->is_encrypted = admin_tls_is_on();
    if (!certificate_is_good(connection)) {
        admin_response_error(
            &exchange->response, 401,
            "The client certificate is not signed by an authority of admin_ssl_ca, or "
            "out of date.");
    }
    if (!admin_wait_open(http->admin)) {
        admin_response_error(&exchange->response, 503, "MaxScale is shutting down");
    }
    if (exchange->uri == NULL) {
        admin_response_error(&exchange->response, 400, "The request has no path.");
    }
    if (exchange->response.status == 0) {
        (void)admin_serve_begin(request, method, exchange->uri, &exchange->response);
    }
}

static const struct {
    const char *name;
    const char *value;
} fixed_headers[] = {
    {"X-Frame-Options", "Deny"},
    {"X-XSS-Protection", "1"},
    {"Referrer-Policy", "same-origin"},
    {"Cache-Control", "no-cache"},
};

static enum MHD_Result
send_answer(struct MHD_Connection *connection, const struct exchange *exchange)
{
    const struct admin_response *answer = &exchange->response;
    bool is_pretty = admin_uri_bool(&exchange->request.uri, "pretty", true);
    char *text = admin_body_print(answer->body, is_pretty);
    struct MHD_Response *response = MHD_create_response_from_buffer(text != NULL ? strlen(text) : 0,
                                                                    text, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    for (size_t i = 0; i < MX_COUNT(fixed_headers); i++) {
        (void)MHD_add_response_header(response, fixed_headers[i].name, fixed_headers[i].value);
    }
    if (text != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", "application/json");
    }
    for (size_t i = 0; i < answer->header_count; i++) {
        (void)MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    }
    result = MHD_queue_response(connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* The time of a command must not count as idle: the limit is lifted meanwhile. */
static enum MHD_Result
serve(struct MHD_Connection *connection, struct exchange *exchange)
{
    exchange->request.body_text = mx_str_text(&exchange->body);
    exchange->request.body_len = exchange->body.len;
    if (exchange->is_too_large) {
        admin_response_error(&exchange->response, 413, "The request body is larger than %zu bytes.",
                             ADMIN_BODY_MAX);
    }
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    admin_serve(&exchange->request, &exchange->response);
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, IDLE_S);
    return send_answer(connection, exchange);
}

/* Called for the headers, for every piece of the body, and at its end. libmicrohttpd says how many
 * parameters there are. */
static enum MHD_Result /* NOLINTNEXTLINE(readability-function-size): as just said */
on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version, const char *upload, size_t *upload_size, void **context)
{
    const struct admin_http *http = cls;
    struct exchange *exchange = *context;

    (void)url;
    (void)version;
    if (!exchange->has_begun) {
        begin(http, connection, method, exchange);
        return exchange->response.status != 0 ? serve(connection, exchange) : MHD_YES;
    }
    if (*upload_size > 0) {
        if (exchange->body.len + *upload_size > ADMIN_BODY_MAX) {
            exchange->is_too_large = true;
        } else {
            mx_str_add_len(&exchange->body, upload, *upload_size);
        }
        *upload_size = 0;
        return MHD_YES;
    }
    return serve(connection, exchange);
}

/* The first that is heard of a request; what it returns is its context. */
static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct exchange *exchange = mx_calloc(1, sizeof(*exchange));

    (void)cls;
    (void)connection;
    exchange->uri = uri != NULL ? mx_strdup(uri) : NULL;
    return exchange;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **context,
             enum MHD_RequestTerminationCode why)
{
    struct exchange *exchange = *context;

    (void)cls;
    (void)connection;
    (void)why;
    if (exchange == NULL) {
        return;
    }
    admin_response_fini(&exchange->response);
    admin_request_fini(&exchange->request);
    if (exchange->request.registry != NULL) {
        core_registry_unref(exchange->request.registry);
    }
    mx_str_free(&exchange->body);
    free(exchange->uri);
    free(exchange);
    *context = NULL;
}

/* What goes wrong on single connections (a bad handshake, a client that is gone). */
static void on_message(void *cls, const char *format, va_list args) MX_PRINTF(2, 0);

static void
on_message(void *cls, const char *format, va_list args)
{
    char text[512];
    size_t len;

    (void)cls;
    (void)vsnprintf(text, sizeof(text), format, args);
    len = strcspn(text, "\n");
    text[len] = '\0';
    mx_log_info(NULL, "REST API: %s", text);
}

/* Only ever read; the table of options knows no const. */
static void *
unconst(const char *text)
{
    void *out = NULL;

    memcpy(&out, &text, sizeof(out));
    return out;
}

static struct MHD_Daemon *
start_daemon(struct admin_http *http, int fd)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | MHD_USE_ERROR_LOG | MHD_USE_ITC;
    bool has_tls = admin_tls_is_on();
    const char *ca = admin_tls_first_ca();
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, unconst(admin_tls_priorities())},
        {ca != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, unconst(ca)},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    gnutls_certificate_retrieve_function3 *retrieve = admin_tls_retrieve;

    memcpy(&tls[0].ptr_value, &retrieve, sizeof(retrieve)); /* ISO C knows no cast for that */

    flags |= has_tls ? (unsigned)MHD_USE_TLS : 0u;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER,
                            on_message, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_ARRAY,
                            has_tls ? tls : none, MHD_OPTION_END);
}

struct admin_http *
admin_http_open(struct admin *admin, const struct core_global_config *globals, struct mx_err *err)
{
    struct admin_http *http = mx_calloc(1, sizeof(*http));
    int fd = -1;

    http->admin = admin;
    if (admin_tls_load(globals, err) != 0 || (fd = admin_listen_open(globals, err)) < 0) {
        admin_http_close(http);
        return NULL;
    }
    http->daemon = start_daemon(http, fd);
    if (http->daemon == NULL) {
        (void)close(fd);
        (void)mx_err_text(err, "REST API: the HTTP server did not start.");
        admin_http_close(http);
        return NULL;
    }
    return http;
}

void
admin_http_close(struct admin_http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon);
    }
    admin_tls_fini();
    free(http);
}
