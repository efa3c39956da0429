/* Authentication and authorisation of one request. */
#include "admin/auth.h"

#include "admin/hosts.h"
#include "admin/state.h"
#include "core/objects.h"
#include "mx/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CREDENTIALS_MAX 4096u

bool
admin_method_is_read(enum admin_method method)
{
    return method == ADMIN_GET || method == ADMIN_HEAD || method == ADMIN_OPTIONS;
}

/* The bytes of a base64 text with a NUL behind them; NULL: it is not base64. */
static char *
decode_base64(const char *text, size_t *out_len)
{
    size_t len = strlen(text);
    size_t padding = 0;
    unsigned char *bytes;

    if (len == 0 || len % 4 != 0 || len > CREDENTIALS_MAX) {
        return NULL;
    }
    padding += text[len - 1] == '=' ? 1 : 0;
    padding += text[len - 2] == '=' ? 1 : 0;
    bytes = mx_calloc(len, 1);
    if (EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len) < 0) {
        free(bytes);
        return NULL;
    }
    *out_len = len / 4 * 3 - padding;
    bytes[*out_len] = '\0';
    return (char *)bytes;
}

bool
admin_auth_parse_basic(const char *header, char **user, char **password)
{
    size_t len = 0;
    char *text;
    const char *colon;

    if (strncasecmp(header, "Basic ", 6) != 0) {
        return false;
    }
    text = decode_base64(header + 6 + strspn(header + 6, " "), &len);
    colon = text != NULL ? memchr(text, ':', len) : NULL;
    if (colon == NULL || strlen(text) != len) {
        free(text);
        return false;
    }
    *user = mx_strndup(text, (size_t)(colon - text));
    *password = mx_strdup(colon + 1);
    explicit_bzero(text, len);
    free(text);
    return true;
}

static void
set_user(struct admin_request *request, const char *user, enum admin_account account)
{
    (void)snprintf(request->user, sizeof(request->user), "%s", user);
    request->account = account;
}

bool
admin_auth_basic(struct admin_request *request)
{
    char *user = NULL;
    char *password = NULL;
    enum admin_account account = ADMIN_ACCOUNT_BASIC;
    bool is_known = false;

    if (request->headers.authorization != NULL &&
        admin_auth_parse_basic(request->headers.authorization, &user, &password)) {
        is_known = strlen(user) <= ADMIN_USER_NAME_MAX &&
                   admin_users_verify(request->admin->users, user, password, &account);
        if (is_known) {
            set_user(request, user, account);
        }
        explicit_bzero(password, strlen(password));
    }
    free(user);
    free(password);
    return is_known;
}

/* A token is worth what its user may do now, not what it said when it was made. */
static bool
check_token(struct admin_request *request, const char *token)
{
    char *user = NULL;
    enum admin_account account = ADMIN_ACCOUNT_BASIC;
    bool is_known = admin_token_check(request->admin->tokens, token, time(NULL), &user) &&
                    admin_users_find(request->admin->users, user, &account);

    if (is_known) {
        set_user(request, user, account);
    }
    free(user);
    return is_known;
}

static const char *
bearer_token(const struct admin_request *request)
{
    const char *header = request->headers.authorization;

    if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0) {
        return NULL;
    }
    return header + 7 + strspn(header + 7, " ");
}

static void
peer_text(const struct sockaddr *peer, char *out, size_t size)
{
    const void *address = NULL;

    (void)snprintf(out, size, "an unknown address");
    if (peer != NULL && peer->sa_family == AF_INET) {
        address = &((const struct sockaddr_in *)(const void *)peer)->sin_addr;
    } else if (peer != NULL && peer->sa_family == AF_INET6) {
        address = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    }
    if (address != NULL) {
        (void)inet_ntop(peer->sa_family, address, out, (socklen_t)size);
    }
}

static int
refuse(const struct admin_request *request, struct admin_response *response, bool asks_password,
       const char *text, const char *reason)
{
    char peer[INET6_ADDRSTRLEN + 16];

    admin_response_error(response, 401, "%s", text);
    if (asks_password && request->headers.requested_with == NULL) {
        admin_response_header(response, "WWW-Authenticate", mx_strdup("Basic realm=\"maxscale\""));
    }
    if (request->registry->globals->admin_log_auth_failures) {
        peer_text(request->peer, peer, sizeof(peer));
        mx_log_warning(NULL, "REST API: %s %s from %s refused: %s.",
                       admin_method_name(request->method),
                       *request->uri.path != '\0' ? request->uri.path : "/", peer, reason);
    }
    return -1;
}

/* Addresses first; name patterns only when nothing else lets the client in, for they ask the DNS.
 */
static bool
address_allowed(const struct admin_request *request)
{
    const struct core_global_config *globals = request->registry->globals;
    bool is_read = admin_method_is_read(request->method);
    enum admin_host_verdict write = admin_host_check(globals->admin_readwrite_hosts, request->peer);
    enum admin_host_verdict read = admin_host_check(globals->admin_readonly_hosts, request->peer);

    if (write == ADMIN_HOST_ALLOWED || (is_read && read == ADMIN_HOST_ALLOWED)) {
        return true;
    }
    if (globals->skip_name_resolve) {
        return false;
    }
    return (write == ADMIN_HOST_ASK_NAME &&
            admin_host_check_name(globals->admin_readwrite_hosts, request->peer)) ||
           (is_read && read == ADMIN_HOST_ASK_NAME &&
            admin_host_check_name(globals->admin_readonly_hosts, request->peer));
}

static bool
is_path(const struct admin_request *request, const char *first)
{
    return request->uri.part_count > 0 && strcmp(request->uri.parts[0], first) == 0;
}

static int
check_identity(struct admin_request *request, struct admin_response *response)
{
    const char *token = request->headers.cookie_token;

    if (token == NULL) {
        token = bearer_token(request);
    }
    if (token != NULL && check_token(request, token)) {
        return 0;
    }
    if (admin_auth_basic(request)) {
        return 0;
    }
    if (token != NULL) {
        return refuse(request, response, false, "Access denied",
                      "the token is not valid any more, or not one of ours");
    }
    return refuse(request, response, true, "Access denied",
                  request->headers.authorization == NULL ? "no user name and password were sent"
                                                         : "wrong user name or password");
}

int
admin_auth_check(struct admin_request *request, struct admin_response *response)
{
    if (!address_allowed(request)) {
        return refuse(request, response, true, "Access denied",
                      "the address is not in admin_readwrite_hosts or admin_readonly_hosts");
    }
    if (is_path(request, "auth")) {
        return 0; /* GET /auth looks at the password itself */
    }
    if (!request->registry->globals->admin_auth) {
        request->account = ADMIN_ACCOUNT_ADMIN;
        return 0;
    }
    if (check_identity(request, response) != 0) {
        return -1;
    }
    if (request->account != ADMIN_ACCOUNT_ADMIN && !admin_method_is_read(request->method) &&
        !is_path(request, "sql")) {
        admin_response_error(response, 403,
                             "Administrative access required: '%s' has a basic account, which may "
                             "look at everything and change nothing.",
                             request->user);
        return -1;
    }
    return 0;
}
