/*
 * Descriptor of ed25519auth. In mode ed25519 the client signs random bytes, and the proxy learns
 * nothing that servers could be answered with. In mode sha256 the client shows its password through
 * caching_sha2_password, and the key that belongs to it is compared.
 */
#include "mx/module.h"
#include "auth_ed25519.h"
#include "auth_sha2.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN_CLIENT "client_ed25519"
#define MESSAGE_SIZE  32u

enum mode {
    MODE_ED25519 = 0,
    MODE_SHA256,
};

struct config {
    int64_t ed_mode;
    char *ed_rsa_privkey_path;
    char *ed_rsa_pubkey_path;
};

struct instance {
    enum mode mode;
    struct rsa_keys *keys; /* NULL: none */
};

/* ------------------------------------------------------------ instance */

static void
config_check(void *ptr, mx_report_fn report, void *context)
{
    const struct config *config = ptr;
    const struct rsa_paths paths = {.private_path = config->ed_rsa_privkey_path,
                                    .public_path = config->ed_rsa_pubkey_path,
                                    .private_name = "ed_rsa_privkey_path",
                                    .public_name = "ed_rsa_pubkey_path"};
    if (rsa_paths_check(&paths, report, context) && config->ed_mode != MODE_SHA256) {
        report(context, false, "ed_rsa_privkey_path",
               "The RSA keys are used by ed_mode=sha256 only.",
               "Add ed_mode=sha256, or remove the keys.");
    }
}

static void *
instance_new(const void *ptr, struct mx_err *err)
{
    const struct config *config = ptr;
    struct instance *instance = mx_calloc(1, sizeof(*instance));
    instance->mode = (enum mode)config->ed_mode;
    if (config->ed_rsa_privkey_path != NULL) {
        instance->keys =
            rsa_keys_read(config->ed_rsa_privkey_path, config->ed_rsa_pubkey_path, err);
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

/* ------------------------------------------------------------ clients */

static enum mx_auth_verdict
denied(struct mx_auth_client *x, const char *why)
{
    (void)mx_err_text(x->err, "%s", why);
    return MX_AUTH_DENIED;
}

static enum mx_auth_verdict
ask_signature(struct mx_auth_client *x)
{
    uint8_t *message = mx_alloc(MESSAGE_SIZE);
    *x->state = message;
    x->plugin = PLUGIN_CLIENT;
    if (RAND_bytes(message, MESSAGE_SIZE) != 1 ||
        mx_buf_append(x->out, message, MESSAGE_SIZE) != 0) {
        (void)mx_err_text(x->err, "no random bytes for " PLUGIN_CLIENT);
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_SWITCH;
}

static enum mx_auth_verdict
signature_step(struct mx_auth_client *x, const uint8_t key[ED25519_KEY_SIZE])
{
    if (x->round == 0) {
        return ask_signature(x);
    }
    if (x->skip_check) {
        return MX_AUTH_DONE;
    }
    if (x->in_len != ED25519_SIGNATURE_SIZE) {
        return denied(x, "the client has not answered with a signature");
    }
    return ed25519_check(key, *x->state, MESSAGE_SIZE, x->in) ? MX_AUTH_DONE : MX_AUTH_DENIED;
}

static enum mx_auth_verdict
password_step(struct mx_auth_client *x, const uint8_t key[ED25519_KEY_SIZE])
{
    const struct instance *instance = x->instance;
    uint8_t own[ED25519_KEY_SIZE];
    enum mx_auth_verdict verdict = sha2_ask(x, instance->keys);
    if (verdict != MX_AUTH_DONE || x->skip_check) {
        return verdict;
    }
    ed25519_public(x->token->bytes, x->token->len, own);
    return memcmp(own, key, sizeof(own)) == 0 ? MX_AUTH_DONE : MX_AUTH_DENIED;
}

static enum mx_auth_verdict
client_step(struct mx_auth_client *x)
{
    const struct instance *instance = x->instance;
    uint8_t key[ED25519_KEY_SIZE] = {0};
    if (ed25519_parse(x->account_secret, key) != 0 && !x->skip_check) {
        return denied(x, "the account's authentication string is no key of ed25519");
    }
    return instance->mode == MODE_SHA256 ? password_step(x, key) : signature_step(x, key);
}

/* ------------------------------------------------------------ servers */

static enum mx_auth_verdict
server_step(struct mx_auth_server *x)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    if (!x->token_is_password) {
        return MX_AUTH_DENIED;
    }
    if (x->round > 0) {
        (void)mx_err_text(x->err, "the server asks " PLUGIN_CLIENT " for more than one answer");
        return MX_AUTH_ERROR;
    }
    ed25519_sign(x->token, x->token_len, x->in, x->in_len, signature);
    if (mx_buf_append(x->out, signature, sizeof(signature)) != 0) {
        (void)mx_err_text(x->err, "the signature does not fit");
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_SEND;
}

/* ------------------------------------------------------------ descriptor */

static const char *const account_plugins[] = {"ed25519", NULL};
static const char *const server_plugins[] = {PLUGIN_CLIENT, NULL};

static const struct mx_authenticator_ops ops = {
    .account_plugins = account_plugins,
    .server_plugins = server_plugins,
    .instance_new = instance_new,
    .instance_free = instance_free,
    .client_step = client_step,
    .client_free = free,
    .server_step = server_step,
};

static const struct mx_enum_value modes[] = {
    {"ed25519", MODE_ED25519}, {"sha256", MODE_SHA256}, {NULL, 0}};

static const struct mx_param params[] = {
    {.name = "ed_mode",
     .type = MX_PARAM_ENUM,
     .offset = offsetof(struct config, ed_mode),
     .value_default = "ed25519",
     .values = modes,
     .doc = "What clients are asked for: a signature, or (sha256) the password, which servers can "
            "then be answered with."},
    {.name = "ed_rsa_privkey_path",
     .type = MX_PARAM_PATH,
     .flags = MX_PARAM_PATH_R,
     .offset = offsetof(struct config, ed_rsa_privkey_path),
     .doc = "With sha256: RSA private key, PEM, for clients without TLS."},
    {.name = "ed_rsa_pubkey_path",
     .type = MX_PARAM_PATH,
     .flags = MX_PARAM_PATH_R,
     .offset = offsetof(struct config, ed_rsa_pubkey_path),
     .doc = "With sha256: the public key that belongs to it, PEM."},
};

MX_MODULE(.kind = MX_MODULE_AUTHENTICATOR, .maturity = MX_MATURITY_GA, .name = "Ed25519Auth",
          .version = "1.0.0", .doc = "Accounts of the plugin ed25519.",
          .config_size = sizeof(struct config), .params = params, .param_count = MX_COUNT(params),
          .config_check = config_check, .authenticator = &ops);
