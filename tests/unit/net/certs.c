/* Certificates for tests; see certs.h. */
#include "certs.h"

#include <ftw.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY_S 86400L

static char folder[64];
static long serial = 1;

const char *
certs_path(const char *file)
{
    static char paths[8][160];
    static int next;
    char *out = paths[next++ % 8];
    (void)snprintf(out, sizeof(paths[0]), "%s/%s", folder, file);
    return out;
}

void
certs_write(const char *file, const char *text)
{
    FILE *out = fopen(certs_path(file), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static FILE *
open_file(const char *name, const char *ending, const char *mode)
{
    char file[64];
    (void)snprintf(file, sizeof(file), "%s.%s", name, ending);
    FILE *out = fopen(certs_path(file), mode);
    assert_non_null(out);
    return out;
}

static EVP_PKEY *
load_key(const char *name)
{
    FILE *in = open_file(name, "key", "r");
    EVP_PKEY *key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    assert_non_null(key);
    (void)fclose(in);
    return key;
}

static X509 *
load_cert(const char *name)
{
    FILE *in = open_file(name, "crt", "r");
    X509 *cert = PEM_read_X509(in, NULL, NULL, NULL);
    assert_non_null(cert);
    (void)fclose(in);
    return cert;
}

static void
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

void
certs_make(const struct certs_wish *wish)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *signer = wish->issuer != NULL ? load_key(wish->issuer) : key;
    X509 *cert = X509_new();
    X509 *issuer = wish->issuer != NULL ? load_cert(wish->issuer) : cert;
    X509_NAME *subject = X509_get_subject_name(cert);
    (void)X509_set_version(cert, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    (void)X509_gmtime_adj(X509_getm_notBefore(cert), -2 * DAY_S);
    (void)X509_gmtime_adj(X509_getm_notAfter(cert), wish->is_expired ? -DAY_S : DAY_S);
    (void)X509_set_pubkey(cert, key);
    (void)X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_ASC, (const uint8_t *)"FI", -1, -1, 0);
    (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)wish->name, -1,
                                     -1, 0);
    (void)X509_set_issuer_name(cert, X509_get_subject_name(issuer));
    add_extension(cert, issuer, NID_basic_constraints,
                  wish->issuer != NULL ? "CA:FALSE" : "critical,CA:TRUE");
    if (wish->host != NULL) {
        add_extension(cert, issuer, NID_subject_alt_name, wish->host);
    }
    if (wish->usage != NULL) {
        add_extension(cert, issuer, NID_ext_key_usage, wish->usage);
    }
    assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
    FILE *out = open_file(wish->name, "crt", "w");
    (void)PEM_write_X509(out, cert);
    (void)fclose(out);
    out = open_file(wish->name, "key", "w");
    (void)PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    (void)fclose(out);
    if (wish->issuer != NULL) {
        X509_free(issuer);
        EVP_PKEY_free(signer);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
}

void
certs_revoke(const char *name)
{
    X509 *ca = load_cert("ca");
    X509 *cert = load_cert(name);
    EVP_PKEY *key = load_key("ca");
    X509_CRL *list = X509_CRL_new();
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *time = X509_gmtime_adj(NULL, -DAY_S);
    (void)X509_CRL_set_version(list, X509_CRL_VERSION_2);
    (void)X509_CRL_set_issuer_name(list, X509_get_subject_name(ca));
    (void)X509_CRL_set1_lastUpdate(list, time);
    (void)X509_gmtime_adj(time, DAY_S);
    (void)X509_CRL_set1_nextUpdate(list, time);
    (void)X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert));
    (void)X509_REVOKED_set_revocationDate(entry, time);
    (void)X509_CRL_add0_revoked(list, entry);
    assert_true(X509_CRL_sign(list, key, EVP_sha256()) > 0);
    FILE *out = open_file(name, "crl", "w");
    (void)PEM_write_X509_CRL(out, list);
    (void)fclose(out);
    ASN1_TIME_free(time);
    X509_CRL_free(list);
    EVP_PKEY_free(key);
    X509_free(cert);
    X509_free(ca);
}

void
certs_begin(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/mx-certs-XXXXXX");
    assert_non_null(mkdtemp(folder));
    certs_make(&(struct certs_wish){.name = "ca"});
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void
certs_end(void)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
