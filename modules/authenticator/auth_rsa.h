/* RSA with OAEP padding, as caching_sha2_password sends passwords over connections in clear. */
#ifndef AUTH_RSA_H
#define AUTH_RSA_H

#include "mx/buf.h"
#include "mx/err.h"
#include "mx/module.h"

/* A pair of keys. */
struct rsa_keys;
/* From two PEM files. */
struct rsa_keys *rsa_keys_read(const char *private_path, const char *public_path,
                               struct mx_err *err);
/* New ones of 2048 bits, which takes a part of a second. NULL: OpenSSL cannot. */
struct rsa_keys *rsa_keys_generate(void);
struct rsa_keys *rsa_keys_ref(struct rsa_keys *keys); /* NULL is fine, here and below */
void rsa_keys_unref(struct rsa_keys *keys);

/* Paths of a pair, as parameters of a listener; `names` are those of the parameters. */
struct rsa_paths {
    const char *private_path;
    const char *public_path;
    const char *private_name;
    const char *public_name;
};
/* Reports one without the other. True: both are given. */
bool rsa_paths_check(const struct rsa_paths *paths, mx_report_fn report, void *context);

/* The public key, PEM. */
const char *rsa_keys_public(const struct rsa_keys *keys);
/* Appends what was encrypted with the public key. -1: it was not. */
MX_MUST_USE int rsa_decrypt(const struct rsa_keys *keys, const uint8_t *in, size_t len,
                            struct mx_buf *out);

/* Appends `in` encrypted with the public key of the other side, PEM. */
MX_MUST_USE int rsa_encrypt(const uint8_t *pem, size_t pem_len, const uint8_t *in, size_t len,
                            struct mx_buf *out, struct mx_err *err);

#endif
