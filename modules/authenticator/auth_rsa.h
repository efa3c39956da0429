/* RSA with OAEP padding, as caching_sha2_password sends passwords over connections in clear. */
#ifndef AUTH_RSA_H
#define AUTH_RSA_H

#include "mx/buf.h"
#include "mx/err.h"

/* A pair of keys from two PEM files. */
struct rsa_keys;
struct rsa_keys *rsa_keys_read(const char *private_path, const char *public_path,
                               struct mx_err *err);
void rsa_keys_free(struct rsa_keys *keys); /* NULL is fine */
/* The public key as its file has it. */
const char *rsa_keys_public(const struct rsa_keys *keys);
/* Appends what was encrypted with the public key. -1: it was not. */
MX_MUST_USE int rsa_decrypt(const struct rsa_keys *keys, const uint8_t *in, size_t len,
                            struct mx_buf *out);

/* Appends `in` encrypted with the public key of the other side, PEM. */
MX_MUST_USE int rsa_encrypt(const uint8_t *pem, size_t pem_len, const uint8_t *in, size_t len,
                            struct mx_buf *out, struct mx_err *err);

#endif
