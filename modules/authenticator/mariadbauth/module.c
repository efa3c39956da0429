/* Descriptor of mariadbauth, and what it asks clients. */
#include "mx/module.h"
#include "answer.h"
#include "native.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN_NATIVE "mysql_native_password"
#define PLUGIN_CLEAR  "mysql_clear_password"

struct config {
    bool clear_pw_passthrough;
    bool log_password_mismatch;
};

static int
append(struct mx_buf *out, const void *bytes, size_t len, struct mx_err *err)
{
    if (mx_buf_append(out, bytes, len) != 0) {
        return mx_err_text(err, "the answer of " PLUGIN_NATIVE " does not fit");
    }
    return 0;
}

/* ------------------------------------------------------------ native passwords */

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

/* What the client's answer stands for if the stored hash were right, beside the stored one. */
static void
explain_mismatch(struct mx_auth_client *x, const uint8_t proof[NATIVE_SIZE])
{
    const struct config *config = x->config;
    char got[NATIVE_TEXT_SIZE];
    uint8_t twice[NATIVE_SIZE];
    if (config->log_password_mismatch && x->log_details) {
        (void)SHA1(proof, NATIVE_SIZE, twice);
        native_format(twice, got);
        (void)mx_err_text(x->err, "the password is wrong: it gives the hash %s, the account has %s",
                          got, x->account_secret);
    }
}

static enum mx_auth_verdict
check_native(struct mx_auth_client *x)
{
    uint8_t stored[NATIVE_SIZE];
    uint8_t proof[NATIVE_SIZE];
    if (native_parse(x->account_secret, stored) != 0) {
        (void)mx_err_text(x->err,
                          "the account has no hash of " PLUGIN_NATIVE " that the password could be "
                          "checked with (its plugin is '%s')",
                          x->account_plugin);
        return MX_AUTH_DENIED;
    }
    if (x->in_len != NATIVE_SIZE) {
        (void)mx_err_text(x->err, x->in_len == 0
                                      ? "no password was given, and the account has one"
                                      : "the client's answer is not one of " PLUGIN_NATIVE);
        return MX_AUTH_DENIED;
    }
    bool right = native_check(x->in, x->scramble, stored, proof);
    int rc = 0;
    if (right) {
        rc = append(x->token, proof, sizeof(proof), x->err);
    } else {
        explain_mismatch(x, proof);
    }
    explicit_bzero(proof, sizeof(proof));
    if (rc != 0) {
        return MX_AUTH_ERROR;
    }
    return right ? MX_AUTH_DONE : MX_AUTH_DENIED;
}

static enum mx_auth_verdict
native_step(struct mx_auth_client *x)
{
    if (x->round == 0 && strcmp(x->client_plugin, PLUGIN_NATIVE) != 0) {
        return ask_for_native(x);
    }
    if (x->account_secret[0] == '\0') {
        if (x->in_len == 0 || x->skip_check) {
            return MX_AUTH_DONE;
        }
        (void)mx_err_text(x->err, "a password was given, and the account has none");
        return MX_AUTH_DENIED;
    }
    enum mx_auth_verdict verdict = check_native(x);
    return verdict == MX_AUTH_DENIED && x->skip_check ? MX_AUTH_DONE : verdict;
}

/* ------------------------------------------------------------ clear_pw_passthrough */

/* The servers will say whether it is right. */
static enum mx_auth_verdict
passthrough_step(struct mx_auth_client *x)
{
    if (x->round == 0) {
        x->plugin = PLUGIN_CLEAR;
        return MX_AUTH_SWITCH;
    }
    size_t len = x->in_len > 0 && x->in[x->in_len - 1] == 0 ? x->in_len - 1 : x->in_len;
    x->token_is_password = true;
    return append(x->token, x->in, len, x->err) == 0 ? MX_AUTH_DONE : MX_AUTH_ERROR;
}

static bool
trusts_servers(const void *ptr)
{
    const struct config *config = ptr;
    return config->clear_pw_passthrough;
}

static enum mx_auth_verdict
client_step(struct mx_auth_client *x)
{
    return trusts_servers(x->config) ? passthrough_step(x) : native_step(x);
}

/* ------------------------------------------------------------ descriptor */

static const char *const account_plugins[] = {PLUGIN_NATIVE, "caching_sha2_password", PLUGIN_CLEAR,
                                              "", NULL};

static const struct mx_authenticator_ops ops = {
    .account_plugins = account_plugins,
    .server_plugins = answer_plugins,
    .trusts_servers = trusts_servers,
    .client_step = client_step,
    .server_step = answer_step,
    .server_free = free,
};

static const struct mx_param params[] = {
    {.name = "clear_pw_passthrough",
     .type = MX_PARAM_BOOL,
     .offset = offsetof(struct config, clear_pw_passthrough),
     .value_default = "false",
     .doc = "Ask clients for the password in clear and let the servers check it; accounts are not "
            "looked up. Needs to be the only authenticator."},
    {.name = "log_password_mismatch",
     .type = MX_PARAM_BOOL,
     .offset = offsetof(struct config, log_password_mismatch),
     .value_default = "false",
     .doc = "With log_auth_warnings: show the hashes when a password is wrong."},
};

static const char *const aliases[] = {"mysqlauth", NULL};

MX_MODULE(.kind = MX_MODULE_AUTHENTICATOR, .maturity = MX_MATURITY_GA, .name = "MariaDBAuth",
          .aliases = aliases, .version = "1.0.0",
          .doc = "Passwords of the plugin mysql_native_password.",
          .config_size = sizeof(struct config), .params = params, .param_count = MX_COUNT(params),
          .authenticator = &ops);
