/*
 * Input: 1 which, then rounds (length, bytes). 0: a client of a native account; 1: with
 * passthrough; from 2 on: a server that asks for one of the plugins.
 */
#include "auth.h"

/* As in module.c. */
struct config {
    bool clear_pw_passthrough;
    bool log_password_mismatch;
    char *sha2_private_path;
    char *sha2_public_path;
};

static const char *const plugins[] = {"mysql_native_password", "mysql_clear_password",
                                      "caching_sha2_password", "client_ed25519", "parsec"};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    uint8_t which = data[0] % (2 + 2 * MX_COUNT(plugins));
    if (which < 2) {
        struct config config = {.clear_pw_passthrough = which == 1, .log_password_mismatch = true};
        struct mx_auth_client x = {.config = &config,
                                   .account_plugin = "mysql_native_password",
                                   .account_secret = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7",
                                   .client_plugin = which == 0 ? "mysql_native_password" : "other",
                                   .log_details = true};
        /* With passthrough servers decide; a right native answer cannot be found by chance. */
        fuzz_client(&x, data + 1, size - 1, which == 1);
        return 0;
    }
    struct mx_auth_server x = {.plugin = plugins[(which - 2) / 2], .is_private = which % 2 == 0};
    fuzz_server(&x, data + 1, size - 1);
    return 0;
}
