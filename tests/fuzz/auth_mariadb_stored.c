/*
 * Clients of accounts with other than native hashes. Input: 1 which (bit 0: private, bits 1 and 2:
 * the account), then rounds (length, bytes). The corpus knows the password "secret".
 */
#include "auth.h"

/* As in module.c. */
struct config {
    bool clear_pw_passthrough;
    bool log_password_mismatch;
    char *sha2_private_path;
    char *sha2_public_path;
};

static const struct {
    const char *plugin;
    const char *secret;
    bool may_get_in;
} accounts[] = {
    {"caching_sha2_password",
     "$A$001$abcdefghijklmnopqrstkBctVzhzuA1ysSvIzeMrpA/ebx.7yMhXojZUkBOVPD.", true},
    {"caching_sha2_password", "", true},
    {"caching_sha2_password", "$A$001$abcdefghijklmnopqrst", false},
    {"parsec", "P0:MDEyMzQ1Njc4OWFiY2RlZmdo:wwLjq4kHqFqpbNT7tG+cuI7QE6gMkDOAPbVlm3h7KJw", false},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = {0};
    struct mx_err err;
    if (size == 0) {
        return 0;
    }
    size_t which = (size_t)(data[0] >> 1) % MX_COUNT(accounts);
    void *instance = mx_module.authenticator->instance_new(&config, &err);
    struct mx_auth_client x = {.config = &config,
                               .instance = instance,
                               .account_plugin = accounts[which].plugin,
                               .account_secret = accounts[which].secret,
                               .client_plugin = "caching_sha2_password",
                               .is_private = (data[0] & 1) != 0};
    fuzz_client(&x, data + 1, size - 1, accounts[which].may_get_in);
    mx_module.authenticator->instance_free(instance);
    return 0;
}
