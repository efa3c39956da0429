/* Descriptor of mariadbauth, and what it asks clients. */
#include "mx/module.h"
#include "answer.h"
#include "exchange.h"
#include "native.h"
#include "parsec.h"
#include "sha2_client.h"
#include "sha2_hash.h"

#include <stdlib.h>
#include <string.h>

#define PLUGIN_NATIVE "mysql_native_password"
#define PLUGIN_CLEAR  "mysql_clear_password"
#define PARAM_PRIVATE PLUGIN_SHA2 "_private_key_path"
#define PARAM_PUBLIC  PLUGIN_SHA2 "_public_key_path"

struct config {
    bool clear_pw_passthrough;
    bool log_password_mismatch;
    char *sha2_private_path;
    char *sha2_public_path;
};

struct instance {
    struct rsa_keys *keys; /* from files, NULL: none */
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
        native_sum(proof, NATIVE_SIZE, twice);
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

/* ------------------------------------------------------------ who does it */

/*
 * An account of caching_sha2_password may have the hash of a native password, which is then used.
 * Without a password all plugins are the same, and the client's own is the one it has.
 */
static bool
is_sha2(const struct mx_auth_client *x)
{
    return strcmp(x->account_plugin, PLUGIN_SHA2) == 0 &&
           (sha2_is_stored(x->account_secret) ||
            (x->account_secret[0] == '\0' && strcmp(x->client_plugin, PLUGIN_NATIVE) != 0));
}

static bool
is_parsec(const struct mx_auth_client *x)
{
    return strcmp(x->account_plugin, PLUGIN_PARSEC) == 0 && x->account_secret[0] != '\0';
}

static enum mx_auth_verdict
client_step(struct mx_auth_client *x)
{
    const struct instance *instance = x->instance;
    if (trusts_servers(x->config)) {
        return passthrough_step(x);
    }
    if (is_sha2(x)) {
        return sha2_client_step(x, instance->keys);
    }
    return is_parsec(x) ? parsec_client_step(x) : native_step(x);
}

static void
client_free(void *state)
{
    const struct exchange *exchange = state;
    exchange->end(state);
}

/* ------------------------------------------------------------ instance */

static void
config_check(void *ptr, mx_report_fn report, void *context)
{
    const struct config *config = ptr;
    const struct rsa_paths paths = {.private_path = config->sha2_private_path,
                                    .public_path = config->sha2_public_path,
                                    .private_name = PARAM_PRIVATE,
                                    .public_name = PARAM_PUBLIC};
    (void)rsa_paths_check(&paths, report, context);
}

static void *
instance_new(const void *ptr, struct mx_err *err)
{
    const struct config *config = ptr;
    struct instance *instance = mx_calloc(1, sizeof(*instance));
    if (config->sha2_private_path != NULL) {
        instance->keys = rsa_keys_read(config->sha2_private_path, config->sha2_public_path, err);
        if (instance->keys == NULL) {
            free(instance);
            return NULL;
        }
    }
    return instance;
}

static void
instance_free(void *ptr)
{
    struct instance *instance = ptr;
    rsa_keys_unref(instance->keys);
    free(instance);
}

/* ------------------------------------------------------------ descriptor */

static const char *const account_plugins[] = {PLUGIN_NATIVE, PLUGIN_SHA2, PLUGIN_PARSEC,
                                              PLUGIN_CLEAR,  "",          NULL};

static const struct mx_authenticator_ops ops = {
    .account_plugins = account_plugins,
    .server_plugins = answer_plugins,
    .trusts_servers = trusts_servers,
    .instance_new = instance_new,
    .instance_free = instance_free,
    .client_step = client_step,
    .client_free = client_free,
    .server_step = answer_step,
    .server_free = free,
};

static const struct mx_param params[] = {
    {.name = PARAM_PRIVATE,
     .type = MX_PARAM_PATH,
     .flags = MX_PARAM_PATH_R,
     .offset = offsetof(struct config, sha2_private_path),
     .doc = "RSA private key, PEM, for passwords of accounts of caching_sha2_password outside of "
            "TLS; by default one is made."},
    {.name = PARAM_PUBLIC,
     .type = MX_PARAM_PATH,
     .flags = MX_PARAM_PATH_R,
     .offset = offsetof(struct config, sha2_public_path),
     .doc = "The public key that belongs to it, PEM."},
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
          .doc =
              "Passwords of the plugins mysql_native_password, caching_sha2_password and parsec.",
          .config_size = sizeof(struct config), .params = params, .param_count = MX_COUNT(params),
          .config_check = config_check, .authenticator = &ops);
