/* Input: 1 which (bit 0: mode sha256, bit 1: private, bit 2: a server asks), then rounds. */
#include "auth.h"

/* As in module.c. */
struct config {
    int64_t ed_mode;
    char *ed_rsa_privkey_path;
    char *ed_rsa_pubkey_path;
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mx_err err;
    if (size == 0) {
        return 0;
    }
    if ((data[0] & 4) != 0) {
        struct mx_auth_server x = {.plugin = "client_ed25519"};
        fuzz_server(&x, data + 1, size - 1);
        return 0;
    }
    struct config config = {.ed_mode = data[0] & 1};
    void *instance = mx_module.authenticator->instance_new(&config, &err);
    struct mx_auth_client x = {.config = &config,
                               .instance = instance,
                               .account_plugin = "ed25519",
                               /* The key of "secret": the corpus may find the password. */
                               .account_secret = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY",
                               .client_plugin = "mysql_native_password",
                               .is_private = (data[0] & 2) != 0};
    fuzz_client(&x, data + 1, size - 1, (data[0] & 3) == 3);
    mx_module.authenticator->instance_free(instance);
    return 0;
}
