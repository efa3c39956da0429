/* Descriptor of mariadbauth, and the two exchanges. */
#include "mx/module.h"
#include "native.h"

#include <string.h>

#define PLUGIN_NATIVE "mysql_native_password"

static int
append(struct mx_buf *out, const void *bytes, size_t len, struct mx_err *err)
{
    if (mx_buf_append(out, bytes, len) != 0) {
        return mx_err_text(err, "the answer of " PLUGIN_NATIVE " does not fit");
    }
    return 0;
}

static enum mx_auth_verdict
ask_for_native(struct mx_auth_client *x)
{
    static const uint8_t end = 0;
    x->plugin = PLUGIN_NATIVE;
    if (append(x->out, x->scramble, MX_AUTH_SCRAMBLE_SIZE, x->err) != 0 ||
        append(x->out, &end, 1, x->err) != 0) {
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_SWITCH;
}

static enum mx_auth_verdict
client_step(struct mx_auth_client *x)
{
    if (x->round == 0 && strcmp(x->client_plugin, PLUGIN_NATIVE) != 0) {
        return ask_for_native(x);
    }
    if (x->account_secret[0] == '\0') {
        return x->in_len == 0 || x->skip_check ? MX_AUTH_DONE : MX_AUTH_DENIED;
    }
    uint8_t stored[NATIVE_SIZE];
    uint8_t proof[NATIVE_SIZE];
    if (x->in_len != NATIVE_SIZE || native_parse(x->account_secret, stored) != 0 ||
        !native_check(x->in, x->scramble, stored, proof)) {
        return x->skip_check ? MX_AUTH_DONE : MX_AUTH_DENIED;
    }
    int rc = append(x->token, proof, sizeof(proof), x->err);
    explicit_bzero(proof, sizeof(proof));
    return rc == 0 ? MX_AUTH_DONE : MX_AUTH_ERROR;
}

static enum mx_auth_verdict
server_step(struct mx_auth_server *x)
{
    if (x->round > 0) {
        (void)mx_err_text(x->err, "the server asks " PLUGIN_NATIVE " for more than one answer");
        return MX_AUTH_ERROR;
    }
    if (x->token_len == 0) {
        return MX_AUTH_SEND; /* an empty packet: no password */
    }
    /* The scramble may have a NUL behind it. */
    if (x->token_len != NATIVE_SIZE || x->in_len < MX_AUTH_SCRAMBLE_SIZE) {
        (void)mx_err_text(x->err, "the server's scramble for " PLUGIN_NATIVE " is too short");
        return MX_AUTH_ERROR;
    }
    uint8_t answer[NATIVE_SIZE];
    native_answer(x->token, x->in, answer);
    return append(x->out, answer, sizeof(answer), x->err) == 0 ? MX_AUTH_SEND : MX_AUTH_ERROR;
}

static const char *const account_plugins[] = {PLUGIN_NATIVE, "", NULL};
static const char *const server_plugins[] = {PLUGIN_NATIVE, NULL};

static const struct mx_authenticator_ops ops = {
    .account_plugins = account_plugins,
    .server_plugins = server_plugins,
    .client_step = client_step,
    .server_step = server_step,
};

static const char *const aliases[] = {"mysqlauth", NULL};

MX_MODULE(.kind = MX_MODULE_AUTHENTICATOR, .maturity = MX_MATURITY_GA, .name = "MariaDBAuth",
          .aliases = aliases, .version = "1.0.0",
          .doc = "Passwords of the plugin mysql_native_password.", .authenticator = &ops);
