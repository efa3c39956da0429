/*
 * Password encryption: the key file .secrets and AES-256-CBC of single passwords. A ciphertext is
 * upper-case hex of 16 bytes IV followed by the encrypted, PKCS#7 padded password bytes.
 */
#ifndef CONF_SECRETS_H
#define CONF_SECRETS_H

#include "mx/base.h"
#include "mx/err.h"

#define CONF_SECRETS_KEY_LEN   32
#define CONF_SECRETS_FILE_NAME ".secrets"

struct conf_secrets {
    bool loaded; /* false: there is no key, passwords are plain text */
    uint8_t key[CONF_SECRETS_KEY_LEN];
};

/*
 * Reads <folder>/.secrets. 0 with loaded=false when there is no such file; -1 when it is there and
 * cannot be used: unreadable, permissions other than 0400, not in the format.
 */
MX_MUST_USE int conf_secrets_load(const char *folder, struct conf_secrets *out, struct mx_err *err);

/* Makes <folder>/.secrets with a new random key, mode 0400; fails when it exists. */
MX_MUST_USE int conf_secrets_create(const char *folder, const char *version, struct mx_err *err);

/* To be freed. NULL and err on failure. */
char *conf_secrets_encrypt(const struct conf_secrets *secrets, const char *plain,
                           struct mx_err *err);
char *conf_secrets_decrypt(const struct conf_secrets *secrets, const char *cipher,
                           struct mx_err *err);

/* With a key loaded: the text is nothing but hex digits and would be decrypted. */
bool conf_secrets_is_encrypted(const struct conf_secrets *secrets, const char *text);

#endif
