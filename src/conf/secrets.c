/* The key file and the encryption of passwords with it. */
#include "conf/secrets.h"

#include "base/file.h"
#include "base/rand.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IV_LEN           16
#define BLOCK_LEN        16
#define FILE_SIZE_MAX    65536
#define OLD_FORMAT_LEN   48
#define PASSWORD_LEN_MAX 4096

static const char *const cipher_name = "EVP_aes_256_cbc";

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)toupper((unsigned char)c);
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The text is exactly 2 * len hex digits. */
static bool
hex_read(const char *text, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high >= 0 ? hex_digit(text[2 * i + 1]) : -1;
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return text[2 * len] == '\0';
}

static char *
hex_write(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = mx_alloc(2 * len + 1);
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
    return out;
}

static int
parse_key(const char *path, const char *text, size_t len, uint8_t *key, struct mx_err *err)
{
    json_error_t why;
    int rc = -1;
    if (len == OLD_FORMAT_LEN && text[0] != '{') {
        return mx_err_text(err,
                           "The key file '%s' is in the binary format of releases before 2.5. "
                           "Decrypt the passwords there, then make a new file with maxkeys.",
                           path);
    }
    json_t *json = json_loadb(text, len, 0, &why);
    const char *cipher = json_string_value(json_object_get(json, "encryption_cipher"));
    const char *hex = json_string_value(json_object_get(json, "encryption_key"));
    if (json == NULL) {
        mx_err_text(err, "The key file '%s' is not valid JSON: line %d, %s.", path, why.line,
                    why.text);
    } else if (cipher == NULL || strcmp(cipher, cipher_name) != 0) {
        mx_err_text(err, "The key file '%s' has no encryption_cipher \"%s\".", path, cipher_name);
    } else if (hex == NULL || !hex_read(hex, key, CONF_SECRETS_KEY_LEN)) {
        mx_err_text(err, "The encryption_key in the key file '%s' is not 64 hex digits.", path);
    } else {
        rc = 0;
    }
    json_decref(json);
    return rc;
}

int
conf_secrets_load(const char *folder, struct conf_secrets *out, struct mx_err *err)
{
    struct stat st;
    char *path = mx_asprintf("%s/%s", folder, CONF_SECRETS_FILE_NAME);
    char *text = NULL;
    size_t len = 0;
    int rc = -1;
    memset(out, 0, sizeof(*out));
    if (stat(path, &st) != 0) {
        rc = errno == ENOENT || errno == ENOTDIR
                 ? 0
                 : mx_err_text(err, "Cannot look at the key file '%s': %s.", path, strerror(errno));
    } else if ((st.st_mode & 07777) != 0400) {
        mx_err_text(err,
                    "The permissions of the key file '%s' are %04o; they have to be 0400 (readable "
                    "by its owner alone). Mend it with: chmod 0400 '%s'",
                    path, (unsigned)st.st_mode & 07777u, path);
    } else if (access(path, R_OK) != 0) {
        mx_err_text(err,
                    "Cannot read the key file '%s': %s. It has to be owned by the user that runs "
                    "the program.",
                    path, strerror(errno));
    } else if (base_file_read(path, FILE_SIZE_MAX, &text, &len, err) == 0) {
        rc = parse_key(path, text, len, out->key, err);
        out->loaded = rc == 0;
        OPENSSL_cleanse(text, len);
        free(text);
    }
    free(path);
    return rc;
}

static int
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, text, len);
        if (done <= 0) {
            return -1;
        }
        text += done;
        len -= (size_t)done;
    }
    return fsync(fd);
}

int
conf_secrets_create(const char *folder, const char *version, struct mx_err *err)
{
    uint8_t key[CONF_SECRETS_KEY_LEN];
    char *path = mx_asprintf("%s/%s", folder, CONF_SECRETS_FILE_NAME);
    int rc = -1;
    base_rand_bytes(key, sizeof(key));
    char *hex = hex_write(key, sizeof(key));
    json_t *json = json_pack("{s:s,s:s,s:s,s:s}", "description",
                             "MaxScale encryption/decryption key", "maxscale_version", version,
                             "encryption_cipher", cipher_name, "encryption_key", hex);
    char *text = json_dumps(json, JSON_INDENT(4));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR);
    if (text == NULL) {
        mx_err_text(err, "Cannot write the key as JSON.");
    } else if (fd < 0 && errno == EEXIST) {
        mx_err_text(err,
                    "The key file '%s' exists already. A new key makes every password encrypted "
                    "with the old one useless; remove the file first if that is meant.",
                    path);
    } else if (fd < 0) {
        mx_err_text(err, "Cannot make the key file '%s': %s.", path, strerror(errno));
    } else if (fchmod(fd, S_IRUSR) != 0 || write_all(fd, text, strlen(text)) != 0) {
        mx_err_text(err, "Cannot write the key file '%s': %s.", path, strerror(errno));
        (void)unlink(path);
    } else {
        rc = 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(hex, 2 * sizeof(key));
    free(hex);
    free(text);
    json_decref(json);
    free(path);
    return rc;
}

/* Encrypts or decrypts; out has room for len + one block. Returns the length, or -1. */
static int
run_cipher(const struct conf_secrets *secrets, bool encrypt, const uint8_t *iv, const uint8_t *in,
           int len, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;
    int last = 0;
    int rc = -1;
    if (ctx != NULL &&
        EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, secrets->key, iv, encrypt ? 1 : 0) == 1 &&
        EVP_CipherUpdate(ctx, out, &done, in, len) == 1 &&
        EVP_CipherFinal_ex(ctx, out + done, &last) == 1) {
        rc = done + last;
    }
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

char *
conf_secrets_encrypt(const struct conf_secrets *secrets, const char *plain, struct mx_err *err)
{
    size_t len = strlen(plain);
    char *hex = NULL;
    if (len > PASSWORD_LEN_MAX) {
        mx_err_text(err, "A password has at most %d characters.", PASSWORD_LEN_MAX);
        return NULL;
    }
    uint8_t *bytes = mx_alloc(IV_LEN + len + BLOCK_LEN);
    base_rand_bytes(bytes, IV_LEN);
    int done = run_cipher(secrets, true, bytes, (const uint8_t *)plain, (int)len, bytes + IV_LEN);
    if (done < 0) {
        mx_err_text(err, "The password could not be encrypted.");
    } else {
        hex = hex_write(bytes, IV_LEN + (size_t)done);
    }
    free(bytes);
    return hex;
}

char *
conf_secrets_decrypt(const struct conf_secrets *secrets, const char *cipher, struct mx_err *err)
{
    size_t digits = strlen(cipher);
    size_t len = digits / 2;
    char *plain = NULL;
    if (digits % 2 != 0 || len < IV_LEN + BLOCK_LEN || len % BLOCK_LEN != 0 ||
        len > PASSWORD_LEN_MAX + IV_LEN + BLOCK_LEN) {
        mx_err_text(err, "An encrypted password is hex digits of at least 32 bytes, a multiple of "
                         "16; this one is not.");
        return NULL;
    }
    uint8_t *bytes = mx_alloc(len);
    uint8_t *out = mx_calloc(1, len + 1);
    int done = -1;
    if (!hex_read(cipher, bytes, len)) {
        mx_err_text(err, "An encrypted password holds nothing but hex digits; this one does not.");
    } else {
        done = run_cipher(secrets, false, bytes, bytes + IV_LEN, (int)(len - IV_LEN), out);
        if (done < 0 || memchr(out, '\0', (size_t)done) != NULL) {
            mx_err_text(err, "The password was not encrypted with the key in force.");
            done = -1;
        }
    }
    if (done >= 0) {
        plain = mx_strndup((const char *)out, (size_t)done);
    }
    OPENSSL_cleanse(out, len);
    free(bytes);
    free(out);
    return plain;
}

bool
conf_secrets_is_encrypted(const struct conf_secrets *secrets, const char *text)
{
    if (secrets == NULL || !secrets->loaded || text[0] == '\0') {
        return false;
    }
    while (hex_digit(*text) >= 0) {
        text++;
    }
    return *text == '\0';
}
