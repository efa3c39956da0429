/* See auth_rsa.h. */
#include "auth_rsa.h"

#include "mx/atomic.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES 65536u
#define PEM_MAX_BYTES  16384u

#define NEW_KEY_BITS 2048u

struct rsa_keys {
    struct mx_ref refs;
    EVP_PKEY *private_key;
    char *public_text;
};

static char *
read_file(const char *path, struct mx_err *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)mx_err_text(err, "'%s' cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    char *text = mx_calloc(1, FILE_MAX_BYTES);
    size_t len = fread(text, 1, FILE_MAX_BYTES - 1, file);
    (void)fclose(file);
    if (len == 0) {
        (void)mx_err_text(err, "'%s' is empty", path);
        free(text);
        return NULL;
    }
    return text;
}

static EVP_PKEY *
parse(const char *text, size_t len, bool is_private)
{
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *key = NULL;
    if (bio != NULL) {
        key = is_private ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
                         : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    if (key != NULL && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return key;
}

static struct rsa_keys *
keys_new(EVP_PKEY *private_key)
{
    struct rsa_keys *keys = mx_calloc(1, sizeof(*keys));
    mx_ref_init(&keys->refs);
    keys->private_key = private_key;
    return keys;
}

struct rsa_keys *
rsa_keys_ref(struct rsa_keys *keys)
{
    if (keys != NULL) {
        mx_ref_get(&keys->refs);
    }
    return keys;
}

void
rsa_keys_unref(struct rsa_keys *keys)
{
    if (keys != NULL && mx_ref_put(&keys->refs)) {
        EVP_PKEY_free(keys->private_key);
        free(keys->public_text);
        free(keys);
    }
}

/* Both files of the same pair? */
static int
check_pair(const struct rsa_keys *keys, const char *public_path, struct mx_err *err)
{
    EVP_PKEY *key = parse(keys->public_text, strlen(keys->public_text), false);
    int rc = 0;
    if (key == NULL) {
        rc = mx_err_text(err, "'%s' is not an RSA public key in PEM form", public_path);
    } else if (EVP_PKEY_eq(key, keys->private_key) != 1) {
        rc = mx_err_text(err, "the public key in '%s' does not belong to the private one",
                         public_path);
    }
    EVP_PKEY_free(key);
    return rc;
}

struct rsa_keys *
rsa_keys_read(const char *private_path, const char *public_path, struct mx_err *err)
{
    char *private_text = read_file(private_path, err);
    if (private_text == NULL) {
        return NULL;
    }
    struct rsa_keys *keys = keys_new(parse(private_text, strlen(private_text), true));
    explicit_bzero(private_text, strlen(private_text));
    free(private_text);
    int rc = 0;
    if (keys->private_key == NULL) {
        rc = mx_err_text(err, "'%s' is not an RSA private key in PEM form without a passphrase",
                         private_path);
    } else {
        keys->public_text = read_file(public_path, err);
        rc = keys->public_text == NULL ? -1 : check_pair(keys, public_path, err);
    }
    if (rc != 0) {
        rsa_keys_unref(keys);
        keys = NULL;
    }
    return keys;
}

/* free() it; NULL: no memory for it. */
static char *
public_text(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    char *text = NULL;
    if (bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1) {
        long len = BIO_get_mem_data(bio, &bytes);
        text = len > 0 ? mx_strndup(bytes, (size_t)len) : NULL;
    }
    BIO_free(bio);
    return text;
}

struct rsa_keys *
rsa_keys_generate(void)
{
    EVP_PKEY *key = EVP_RSA_gen(NEW_KEY_BITS);
    if (key == NULL) {
        ERR_clear_error();
        return NULL;
    }
    struct rsa_keys *keys = keys_new(key);
    keys->public_text = public_text(key);
    if (keys->public_text == NULL) {
        rsa_keys_unref(keys);
        keys = NULL;
    }
    ERR_clear_error();
    return keys;
}

bool
rsa_paths_check(const struct rsa_paths *paths, mx_report_fn report, void *context)
{
    bool has_private = paths->private_path != NULL;
    bool has_public = paths->public_path != NULL;
    if (has_private != has_public) {
        char *hint =
            mx_asprintf("Give both %s and %s, or none.", paths->private_name, paths->public_name);
        report(context, true, has_private ? paths->private_name : paths->public_name,
               "Only one half of the RSA key pair is given.", hint);
        free(hint);
    }
    return has_private && has_public;
}

const char *
rsa_keys_public(const struct rsa_keys *keys)
{
    return keys->public_text;
}

typedef int (*crypt_fn)(EVP_PKEY_CTX *ctx, unsigned char *out, size_t *out_len,
                        const unsigned char *in, size_t len);

/* One block; the context has been initialised. */
static int
run(EVP_PKEY_CTX *ctx, crypt_fn fn, const uint8_t *in, size_t len, struct mx_buf *out)
{
    size_t size = 0;
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
        fn(ctx, NULL, &size, in, len) != 1) {
        return -1;
    }
    uint8_t *room = mx_buf_room(out, size);
    if (room == NULL || fn(ctx, room, &size, in, len) != 1) {
        return -1;
    }
    mx_buf_fill(out, size);
    return 0;
}

int
rsa_decrypt(const struct rsa_keys *keys, const uint8_t *in, size_t len, struct mx_buf *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(keys->private_key, NULL);
    int rc = -1;
    if (ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1) {
        rc = run(ctx, EVP_PKEY_decrypt, in, len, out);
    }
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}

int
rsa_encrypt(const uint8_t *pem, size_t pem_len, const uint8_t *in, size_t len, struct mx_buf *out,
            struct mx_err *err)
{
    EVP_PKEY *key = pem_len > PEM_MAX_BYTES ? NULL : parse((const char *)pem, pem_len, false);
    if (key == NULL) {
        return mx_err_text(err, "what the server sent is not an RSA public key");
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    int rc = -1;
    if (ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1) {
        rc = run(ctx, EVP_PKEY_encrypt, in, len, out);
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return rc == 0 ? 0 : mx_err_text(err, "the password is too long for the server's RSA key");
}
