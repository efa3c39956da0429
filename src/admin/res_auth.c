/* GET /auth: a token for name and password. */
#include "admin/auth.h"
#include "admin/res.h"
#include "admin/state.h"
#include "mx/log.h"
#include "mx/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIFE_S 28800

/* Seconds; what is no number above 0 counts as not given. */
static bool
wanted_life(const struct admin_request *request, int64_t *out)
{
    const char *text = admin_uri_param(&request->uri, "max-age");
    char *end = NULL;
    long long value;

    if (text == NULL || *text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0 || value <= 0) {
        return false;
    }
    *out = value;
    return true;
}

static char *
cookie_text(const struct admin_request *request, const char *token, int64_t max_age_s)
{
    struct mx_str text = {0};

    mx_str_printf(&text, "token_sig=%s; Path=/;", token);
    if (max_age_s >= 0) {
        mx_str_printf(&text, " Max-Age=%lld;", (long long)max_age_s);
    }
    mx_str_printf(&text, "%s SameSite=Strict; HttpOnly", request->is_encrypted ? " Secure;" : "");
    return mx_str_give(&text);
}

static void
give_token(const struct admin_request *request, struct admin_response *response)
{
    int64_t limit_s = request->registry->globals->admin_jwt_max_age_ms / 1000;
    int64_t life_s = DEFAULT_LIFE_S;
    bool has_age = wanted_life(request, &life_s);
    char *token;

    life_s = limit_s > 0 && life_s > limit_s ? limit_s : life_s;
    token = admin_token_issue(request->admin->tokens, request->user, request->account, time(NULL),
                              life_s);
    if (token == NULL) {
        admin_response_error(response, 500, "The token could not be made.");
        return;
    }
    if (admin_uri_bool(&request->uri, "persist", false)) {
        admin_response_header(response, "Set-Cookie",
                              cookie_text(request, token, has_age ? life_s : -1));
        admin_response_done(response);
    } else {
        admin_response_body(response, json_pack("{s:{s:s}}", "meta", "token", token));
    }
    free(token);
}

void
admin_get_auth(struct admin_request *request, struct admin_response *response)
{
    const struct core_global_config *globals = request->registry->globals;

    response->is_plain = true;
    if (admin_uri_bool(&request->uri, "logout", false)) {
        admin_response_header(response, "Set-Cookie", cookie_text(request, "", 0));
        response->status = 200;
    } else if (globals->admin_secure_gui && !request->is_encrypted) {
        admin_response_error(response, 401,
                             "Connection is not encrypted. Tokens are given over HTTPS only while "
                             "admin_secure_gui is on: set admin_ssl_key and admin_ssl_cert, or "
                             "admin_secure_gui=false.");
    } else if (!admin_auth_basic(request)) {
        admin_response_error(response, 401, "Access denied");
        if (globals->admin_log_auth_failures) {
            mx_log_warning(NULL, "REST API: a token was refused: %s.",
                           request->headers.authorization == NULL
                               ? "no user name and password were sent"
                               : "wrong user name or password");
        }
    } else {
        give_token(request, response);
    }
}
