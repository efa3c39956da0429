/* Descriptor of GSSAPIAuth, and the two exchanges. */
#include "mx/module.h"
#include "accept.h"
#include "mx/authenticator.h"
#include "mx/log.h"
#include "names.h"

#include <stdlib.h>
#include <string.h>

#define PLUGIN        "auth_gssapi_client"
#define TOKEN_LEN_MAX 65536u

struct gssapi_config {
    char *principal;
    char *keytab;
};

/* A token and what the library says of it. The job's while one runs, the exchange's afterwards. */
struct ticket {
    char *principal;
    char *keytab;
    struct mx_buf token;
    enum accept_end end;
    struct accept_result result;
};

/* ------------------------------------------------------------ the job */

static void
ticket_free(void *arg)
{
    struct ticket *ticket = arg;
    mx_buf_wipe(&ticket->token);
    free(ticket->principal);
    free(ticket->keytab);
    free(ticket);
}

static void
ticket_check(void *arg)
{
    struct ticket *ticket = arg;
    ticket->end = accept_token(ticket->principal, ticket->keytab, ticket->token.bytes,
                               ticket->token.len, &ticket->result);
}

/* ------------------------------------------------------------ the client's side */

static enum mx_auth_verdict
token_give(struct mx_auth_client *x, const void *token, size_t len)
{
    if (mx_buf_append(x->token, token, len) != 0) {
        (void)mx_err_text(x->err, "no room for the token");
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_DONE;
}

static enum mx_auth_verdict
ask(struct mx_auth_client *x)
{
    const struct gssapi_config *config = x->config;
    if (names_put_request(x->out, config->principal) != 0) {
        (void)mx_err_text(x->err, "no room for the request");
        return MX_AUTH_ERROR;
    }
    x->plugin = PLUGIN;
    return MX_AUTH_SWITCH;
}

static enum mx_auth_verdict
take_token(struct mx_auth_client *x)
{
    const struct gssapi_config *config = x->config;
    if (x->in_len == 0 || x->in_len > TOKEN_LEN_MAX) {
        (void)mx_err_text(x->err, "the client has sent no token; it needs a ticket (kinit)");
        return MX_AUTH_DENIED;
    }
    if (x->skip_check) {
        return token_give(x, x->in, x->in_len);
    }
    struct ticket *ticket = mx_calloc(1, sizeof(*ticket));
    ticket->principal = mx_strdup(config->principal);
    ticket->keytab = config->keytab != NULL ? mx_strdup(config->keytab) : NULL;
    int rc = mx_buf_append(&ticket->token, x->in, x->in_len);
    MX_ASSERT(rc == 0); /* it has no maximum */
    mx_auth_run(x->wait, ticket_check, ticket_free, ticket);
    return MX_AUTH_WAIT;
}

static enum mx_auth_verdict
check_name(struct mx_auth_client *x, const struct ticket *ticket)
{
    const char *name = ticket->result.name;
    if (names_match(name, x->account_secret, x->user)) {
        return token_give(x, ticket->token.bytes, ticket->token.len);
    }
    if (x->account_secret[0] != '\0') {
        (void)mx_err_text(x->err, "the ticket is of '%.150s', the account is for '%.150s'", name,
                          x->account_secret);
    } else {
        (void)mx_err_text(x->err, "the ticket is of '%.150s', not of the user", name);
    }
    return MX_AUTH_DENIED;
}

static enum mx_auth_verdict
after_check(struct mx_auth_client *x, const struct ticket *ticket)
{
    switch (ticket->end) {
    case ACCEPT_GOOD:
        return check_name(x, ticket);
    case ACCEPT_DENIED:
        (void)mx_err_text(x->err, "%s", ticket->result.text);
        return MX_AUTH_DENIED;
    case ACCEPT_BROKEN:
        break;
    }
    /* What is wrong with the machine is not for the client's eyes. */
    mx_log_error(NULL, "GSSAPI login of '%s'@'%s': %s", x->user, x->remote, ticket->result.text);
    (void)mx_err_text(x->err,
                      "Authentication with GSSAPI is not possible; the proxy's log says why");
    return MX_AUTH_ERROR;
}

static enum mx_auth_verdict
client_step(struct mx_auth_client *x)
{
    if (x->job != NULL) {
        *x->state = x->job;
        return after_check(x, x->job);
    }
    return x->round == 0 ? ask(x) : take_token(x);
}

/* ------------------------------------------------------------ the servers' side */

static enum mx_auth_verdict
refuse(struct mx_auth_server *x, const char *text)
{
    (void)mx_err_text(x->err, "%s", text);
    return MX_AUTH_ERROR;
}

static enum mx_auth_verdict
server_step(struct mx_auth_server *x)
{
    const struct gssapi_config *config = x->config;
    char principal[NAMES_PRINCIPAL_MAX + 1];
    if (x->round > 0) {
        return refuse(x, "the server wants more than the one token that the client has given");
    }
    if (x->token_is_password || x->token_len == 0) {
        return refuse(x, "the server wants a Kerberos ticket, and the client has logged in with a "
                         "password; the account's plugin must be the same everywhere");
    }
    if (names_take_request(x->in, x->in_len, principal) != 0) {
        return refuse(x, "the server's request for a ticket is malformed");
    }
    if (!names_same_principal(principal, config->principal)) {
        (void)mx_err_text(x->err,
                          "the server's principal is '%.150s', the listener's principal_name is "
                          "'%.150s'; they must be the same, for the client's token is for one",
                          principal, config->principal);
        return MX_AUTH_ERROR;
    }
    if (mx_buf_append(x->out, x->token, x->token_len) != 0) {
        return refuse(x, "no room for the token");
    }
    return MX_AUTH_SEND;
}

/* ------------------------------------------------------------ the module */

static const struct mx_param params[] = {
    {.name = "gssapi_keytab_path",
     .type = MX_PARAM_PATH,
     .flags = MX_PARAM_PATH_R,
     .offset = offsetof(struct gssapi_config, keytab),
     .doc = "File with the key of the principal; by default the keytab of the system."},
    {.name = "principal_name",
     .type = MX_PARAM_STRING,
     .offset = offsetof(struct gssapi_config, principal),
     .value_default = "mariadb/localhost.localdomain",
     .doc = "Service principal that clients get their ticket for; the same as of the servers."},
};

static void
config_check(void *arg, mx_report_fn report, void *context)
{
    const struct gssapi_config *config = arg;
    char text[ACCEPT_TEXT_MAX];
    if (config->principal == NULL) {
        report(context, true, "principal_name", "The name is empty.",
               "Write principal_name=service/host, as on the servers.");
    } else if (strlen(config->principal) > NAMES_PRINCIPAL_MAX) {
        report(context, true, "principal_name", "The name is too long.", NULL);
    } else if (!accept_has_key(config->principal, config->keytab, text)) {
        report(context, false, "principal_name", text, NULL);
    }
}

static const char *const account_plugins[] = {"gssapi", NULL};
static const char *const server_plugins[] = {PLUGIN, NULL};

static const struct mx_authenticator_ops ops = {
    .account_plugins = account_plugins,
    .server_plugins = server_plugins,
    .client_step = client_step,
    .client_free = ticket_free,
    .server_step = server_step,
};

MX_MODULE(.kind = MX_MODULE_AUTHENTICATOR, .maturity = MX_MATURITY_GA, .name = "GSSAPIAuth",
          .version = "1.0.0", .doc = "Accounts of the plugin gssapi: Kerberos.",
          .config_size = sizeof(struct gssapi_config), .params = params,
          .param_count = MX_COUNT(params), .config_check = config_check, .authenticator = &ops);
