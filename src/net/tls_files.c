/* Certificates, keys and revocation lists from PEM files, and all that can be wrong with them. */
#include "base/file.h"
#include "mx/str.h"
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_LEN ((size_t)16 * 1024 * 1024)

struct reading {
    const struct net_tls_config *config;
    const struct net_tls_report *report;
    struct net_tls_files *out;
    bool has_failed;
};

void
net_tls_tell(const struct net_tls_report *report, bool is_error, const char *param,
             const char *hint, const char *format, ...)
{
    struct mx_str text = {0};
    va_list args;
    va_start(args, format);
    mx_str_vprintf(&text, format, args);
    va_end(args);
    report->fn(report->arg, is_error, param, hint, mx_str_text(&text));
    mx_str_free(&text);
}

static void
wrong(struct reading *r, const char *param, const char *hint, const char *path, const char *what)
{
    r->has_failed = true;
    net_tls_tell(r->report, true, param, hint, "The file '%s' %s.", path, what);
}

/* The file in memory; NULL: reported. */
static BIO *
open_file(struct reading *r, const char *param, const char *path, char **out_text)
{
    struct mx_err err = {0};
    size_t len = 0;
    if (base_file_read(path, FILE_MAX_LEN, out_text, &len, &err) != 0) {
        r->has_failed = true;
        net_tls_tell(r->report, true, param,
                     "Check the path, and that the user running the program may read the file.",
                     "%s.", err.text);
        return NULL;
    }
    BIO *bio = BIO_new_mem_buf(*out_text, (int)len);
    if (bio == NULL) {
        MX_BUG("no memory for a BIO");
    }
    return bio;
}

static void
close_file(BIO *bio, char *text)
{
    BIO_free(bio);
    explicit_bzero(text, strlen(text));
    free(text);
}

/* Reading stopped at the end of the file, and not at something broken. */
static bool
is_at_end(void)
{
    unsigned long code = ERR_peek_last_error();
    bool is_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return is_end;
}

/* All certificates of a file; NULL: reported. */
static STACK_OF(X509) * read_certs(struct reading *r, const char *param, const char *path)
{
    char *text = NULL;
    BIO *bio = open_file(r, param, path, &text);
    if (bio == NULL) {
        return NULL;
    }
    STACK_OF(X509) *list = sk_X509_new_null();
    X509 *cert = NULL;
    while ((cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) != NULL) {
        (void)sk_X509_push(list, cert);
    }
    bool is_good = is_at_end() && sk_X509_num(list) > 0;
    close_file(bio, text);
    if (!is_good) {
        wrong(r, param, "It has to have blocks that begin with '-----BEGIN CERTIFICATE-----'.",
              path, "holds no certificate in PEM form, or a broken one");
        sk_X509_pop_free(list, X509_free);
        return NULL;
    }
    return list;
}

static STACK_OF(X509_CRL) * read_crls(struct reading *r, const char *path)
{
    char *text = NULL;
    BIO *bio = open_file(r, "ssl_crl", path, &text);
    if (bio == NULL) {
        return NULL;
    }
    STACK_OF(X509_CRL) *list = sk_X509_CRL_new_null();
    X509_CRL *crl = NULL;
    while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        (void)sk_X509_CRL_push(list, crl);
        const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
        if (next != NULL && X509_cmp_current_time(next) < 0) {
            net_tls_tell(r->report, false, "ssl_crl",
                         "Get a new list from the authority; until then nobody can connect.",
                         "The list of revoked certificates in '%s' is out of date.", path);
        }
    }
    bool is_good = is_at_end() && sk_X509_CRL_num(list) > 0;
    close_file(bio, text);
    if (!is_good) {
        wrong(r, "ssl_crl", "It has to have a block that begins with '-----BEGIN X509 CRL-----'.",
              path, "holds no list of revoked certificates in PEM form, or a broken one");
        sk_X509_CRL_pop_free(list, X509_CRL_free);
        return NULL;
    }
    return list;
}

/* There is nobody to ask for a passphrase. */
static int
no_passphrase(char *out MX_UNUSED, int size MX_UNUSED, int is_write MX_UNUSED, void *arg)
{
    *(bool *)arg = true;
    return -1;
}

static void
read_key(struct reading *r)
{
    const char *path = r->config->key;
    char *text = NULL;
    bool is_locked = false;
    BIO *bio = open_file(r, "ssl_key", path, &text);
    if (bio == NULL) {
        return;
    }
    r->out->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &is_locked);
    ERR_clear_error();
    close_file(bio, text);
    if (r->out->key == NULL && is_locked) {
        wrong(r, "ssl_key", "Remove the passphrase: 'openssl pkey -in <file> -out <new file>'.",
              path, "is protected by a passphrase");
    } else if (r->out->key == NULL) {
        wrong(r, "ssl_key",
              "It has to have a block that begins with '-----BEGIN PRIVATE KEY-----'.", path,
              "holds no private key in PEM form, or a broken one");
    }
}

/* A certificate may be for certain uses only. */
static void
check_usage(struct reading *r)
{
    uint32_t uses = X509_get_extended_key_usage(r->out->cert);
    uint32_t needed = r->config->is_server ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
    if ((uses & (needed | XKU_ANYEKU)) != 0) { /* all bits are set when it says nothing */
        return;
    }
    wrong(r, "ssl_cert",
          r->config->is_server ? "A listener needs extendedKeyUsage=serverAuth, or none at all."
                               : "A server section needs extendedKeyUsage=clientAuth, or none at "
                                 "all.",
          r->config->cert,
          r->config->is_server ? "has a certificate that may not be used by a server"
                               : "has a certificate that may not be used by a client");
}

static void
check_dates(struct reading *r)
{
    const char *problem = NULL;
    if (X509_cmp_current_time(X509_get0_notAfter(r->out->cert)) < 0) {
        problem = "has expired";
    } else if (X509_cmp_current_time(X509_get0_notBefore(r->out->cert)) > 0) {
        problem = "is not valid yet";
    }
    if (problem != NULL) {
        net_tls_tell(r->report, false, "ssl_cert",
                     "Replace it, then run 'maxctrl reload tls'; the other side may refuse it.",
                     "The certificate in '%s' %s.", r->config->cert, problem);
    }
}

static void
read_own(struct reading *r)
{
    STACK_OF(X509) *certs = read_certs(r, "ssl_cert", r->config->cert);
    if (certs != NULL) {
        r->out->cert = sk_X509_shift(certs);
        r->out->chain = certs;
        check_usage(r);
        check_dates(r);
    }
    read_key(r);
    if (r->out->cert != NULL && r->out->key != NULL &&
        X509_check_private_key(r->out->cert, r->out->key) != 1) {
        ERR_clear_error();
        wrong(r, "ssl_key", "Give the key that the certificate was made with.", r->config->key,
              "does not hold the key of the certificate in ssl_cert");
    }
}

/* One half of the two is of no use. */
static void
check_halves(struct reading *r)
{
    const struct net_tls_config *config = r->config;
    if (config->is_server && (config->cert == NULL || config->key == NULL)) {
        r->has_failed = true;
        net_tls_tell(r->report, true, "ssl",
                     "Add ssl_cert= and ssl_key= with the paths of PEM "
                     "files.",
                     "ssl=true needs a certificate and its key, but %s missing.",
                     config->cert == NULL && config->key == NULL ? "both are"
                     : config->cert == NULL                      ? "ssl_cert is"
                                                                 : "ssl_key is");
    } else if ((config->cert == NULL) != (config->key == NULL)) {
        r->has_failed = true;
        net_tls_tell(r->report, true, config->cert != NULL ? "ssl_cert" : "ssl_key",
                     "Give both ssl_cert and ssl_key, or neither.",
                     "Only one half of certificate and key is given.");
    }
}

bool
net_tls_files_read(const struct net_tls_config *config, const struct net_tls_report *report,
                   struct net_tls_files *out)
{
    struct reading r = {.config = config, .report = report, .out = out};
    *out = (struct net_tls_files){0};
    check_halves(&r);
    if (config->cert != NULL && config->key != NULL) {
        read_own(&r);
    }
    if (config->ca != NULL) {
        out->ca = read_certs(&r, "ssl_ca", config->ca);
    }
    if (config->crl != NULL) {
        out->crl = read_crls(&r, config->crl);
    }
    if (r.has_failed) {
        net_tls_files_free(out);
    }
    return !r.has_failed;
}

void
net_tls_files_free(struct net_tls_files *files)
{
    X509_free(files->cert);
    EVP_PKEY_free(files->key); /* wipes it */
    sk_X509_pop_free(files->chain, X509_free);
    sk_X509_pop_free(files->ca, X509_free);
    sk_X509_CRL_pop_free(files->crl, X509_CRL_free);
    *files = (struct net_tls_files){0};
}
