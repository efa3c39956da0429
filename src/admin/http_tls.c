/* HTTPS of the REST API: see http_tls.h. */
#include "admin/http_tls.h"

#include "base/file.h"
#include "core/config.h"
#include "mx/str.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PEM_LIMIT ((size_t)1024 * 1024)
#define CHAIN_MAX 16u

/* PEM texts; all NULL: plain HTTP. */
struct files {
    char *key;
    char *cert;
    char *ca;
};

/* `files` is behind the lock; the others are set once, before the server starts. */
static struct {
    pthread_mutex_t lock;
    struct files files;
    char *priorities;
    char *first_ca;
    bool is_on;
} https = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
files_free(struct files *files)
{
    if (files->key != NULL) {
        explicit_bzero(files->key, strlen(files->key));
    }
    free(files->key);
    free(files->cert);
    free(files->ca);
    *files = (struct files){0};
}

static gnutls_datum_t
datum(char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

static const struct {
    int64_t bit;
    const char *name;
} versions[] = {
    {CORE_TLS_V10, "TLS1.0"},
    {CORE_TLS_V11, "TLS1.1"},
    {CORE_TLS_V12, "TLS1.2"},
    {CORE_TLS_V13, "TLS1.3"},
};

/* The administrator's own string first, then exactly the wanted versions. */
static char *
priority_string(const struct core_global_config *globals)
{
    struct mx_str text = {0};
    int64_t wanted = globals->admin_ssl_version;

    mx_str_add(&text, globals->admin_ssl_cipher != NULL ? globals->admin_ssl_cipher : "NORMAL");
    if (wanted != 0 && (wanted & CORE_TLS_MAX) == 0) {
        mx_str_add(&text, ":-VERS-ALL");
        for (size_t i = 0; i < MX_COUNT(versions); i++) {
            if ((wanted & versions[i].bit) != 0) {
                mx_str_printf(&text, ":+VERS-%s", versions[i].name);
            }
        }
    }
    return mx_str_give(&text);
}

static int
check_priorities(const char *text, struct mx_err *err)
{
    gnutls_priority_t cache = NULL;
    const char *where = text;

    if (gnutls_priority_init(&cache, text, &where) != GNUTLS_E_SUCCESS) {
        return mx_err_text(
            err,
            "REST API: admin_ssl_cipher and admin_ssl_version make the priority string "
            "'%s', which GnuTLS does not understand at '%s'.",
            text, where);
    }
    gnutls_priority_deinit(cache);
    return 0;
}

/* Do key and certificate belong together, and are the authorities readable? */
static int
check_files(const struct files *files, struct mx_err *err)
{
    gnutls_certificate_credentials_t trial = NULL;
    gnutls_datum_t cert = datum(files->cert);
    gnutls_datum_t key = datum(files->key);
    int rc = gnutls_certificate_allocate_credentials(&trial);

    if (rc == GNUTLS_E_SUCCESS) {
        rc = gnutls_certificate_set_x509_key_mem(trial, &cert, &key, GNUTLS_X509_FMT_PEM);
    }
    if (rc != GNUTLS_E_SUCCESS) {
        gnutls_certificate_free_credentials(trial);
        return mx_err_text(err,
                           "REST API: the files of admin_ssl_key and admin_ssl_cert cannot be "
                           "used: %s; do they belong together, in PEM form?",
                           gnutls_strerror(rc));
    }
    if (files->ca != NULL) {
        gnutls_datum_t ca = datum(files->ca);
        rc = gnutls_certificate_set_x509_trust_mem(trial, &ca, GNUTLS_X509_FMT_PEM);
    }
    gnutls_certificate_free_credentials(trial);
    return rc < 0 || (files->ca != NULL && rc == 0)
               ? mx_err_text(err, "REST API: the file of admin_ssl_ca has no certificate in PEM "
                                  "form.")
               : 0;
}

static int
read_files(const struct core_global_config *globals, struct files *out, struct mx_err *err)
{
    *out = (struct files){0};
    if (base_file_read(globals->admin_ssl_key, PEM_LIMIT, &out->key, NULL, err) != 0 ||
        base_file_read(globals->admin_ssl_cert, PEM_LIMIT, &out->cert, NULL, err) != 0 ||
        (globals->admin_ssl_ca != NULL &&
         base_file_read(globals->admin_ssl_ca, PEM_LIMIT, &out->ca, NULL, err) != 0) ||
        check_files(out, err) != 0) {
        files_free(out);
        return -1;
    }
    return 0;
}

static int
begin(const struct core_global_config *globals, const struct files *files, struct mx_err *err)
{
    https.priorities = priority_string(globals);
    https.first_ca = files->ca != NULL ? mx_strdup(files->ca) : NULL;
    https.is_on = true;
    return check_priorities(https.priorities, err);
}

int
admin_tls_load(const struct core_global_config *globals, struct mx_err *err)
{
    struct files files;
    bool has_key = globals->admin_ssl_key != NULL;
    bool has_cert = globals->admin_ssl_cert != NULL;

    if (!has_key && !has_cert) {
        return 0;
    }
    if (!has_key || !has_cert) {
        return mx_err_text(err, "REST API: %s is set but %s is not. HTTPS needs both, HTTP none.",
                           has_key ? "admin_ssl_key" : "admin_ssl_cert",
                           has_key ? "admin_ssl_cert" : "admin_ssl_key");
    }
    if (read_files(globals, &files, err) != 0) {
        return -1;
    }
    if (!https.is_on && begin(globals, &files, err) != 0) {
        files_free(&files);
        return -1;
    }
    (void)pthread_mutex_lock(&https.lock);
    struct files old = https.files;
    https.files = files;
    (void)pthread_mutex_unlock(&https.lock);
    files_free(&old);
    return 0;
}

void
admin_tls_fini(void)
{
    files_free(&https.files);
    free(https.priorities);
    free(https.first_ca);
    https.priorities = NULL;
    https.first_ca = NULL;
    https.is_on = false;
}

bool
admin_tls_is_on(void)
{
    return https.is_on;
}

const char *
admin_tls_priorities(void)
{
    return https.priorities;
}

const char *
admin_tls_first_ca(void)
{
    return https.first_ca;
}

/* ------------------------------------------------------------ for connections */

/* Made anew for each connection, which then frees them. */
static int
import(gnutls_pcert_st **certs, unsigned *count, gnutls_privkey_t *key)
{
    gnutls_datum_t cert_text = datum(https.files.cert);
    gnutls_datum_t key_text = datum(https.files.key);
    int rc = gnutls_privkey_init(key);

    if (rc != GNUTLS_E_SUCCESS) {
        return rc;
    }
    *certs = gnutls_calloc(CHAIN_MAX, sizeof(**certs));
    *count = CHAIN_MAX;
    rc = *certs == NULL
             ? GNUTLS_E_MEMORY_ERROR
             : gnutls_pcert_list_import_x509_raw(*certs, count, &cert_text, GNUTLS_X509_FMT_PEM, 0);
    if (rc == GNUTLS_E_SUCCESS) {
        rc = gnutls_privkey_import_x509_raw(*key, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0);
        for (unsigned i = 0; rc != GNUTLS_E_SUCCESS && i < *count; i++) {
            gnutls_pcert_deinit(&(*certs)[i]);
        }
    }
    if (rc != GNUTLS_E_SUCCESS) {
        gnutls_free(*certs);
        gnutls_privkey_deinit(*key);
    }
    return rc;
}

int /* NOLINTNEXTLINE(readability-function-size): GnuTLS says how many parameters there are */
admin_tls_retrieve(gnutls_session_t session MX_UNUSED,
                   const struct gnutls_cert_retr_st *info MX_UNUSED, gnutls_pcert_st **certs,
                   unsigned *count, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_count,
                   gnutls_privkey_t *key, unsigned *flags)
{
    *ocsp = NULL;
    *ocsp_count = 0;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    (void)pthread_mutex_lock(&https.lock);
    int rc = import(certs, count, key);
    (void)pthread_mutex_unlock(&https.lock);
    return rc == GNUTLS_E_SUCCESS ? 0 : -1;
}

/* The authorities as they are now; NULL: none. */
static gnutls_x509_trust_list_t
trusted(void)
{
    gnutls_x509_trust_list_t list = NULL;

    (void)pthread_mutex_lock(&https.lock);
    if (https.files.ca != NULL && gnutls_x509_trust_list_init(&list, 0) == GNUTLS_E_SUCCESS) {
        gnutls_datum_t ca = datum(https.files.ca);
        (void)gnutls_x509_trust_list_add_trust_mem(list, &ca, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    }
    (void)pthread_mutex_unlock(&https.lock);
    return list;
}

static bool
is_signed(gnutls_x509_trust_list_t list, const gnutls_datum_t *raw, unsigned count)
{
    gnutls_x509_crt_t certs[CHAIN_MAX] = {NULL};
    unsigned made = 0;
    unsigned status = 0;
    bool is_good = count <= CHAIN_MAX;

    while (is_good && made < count) {
        is_good = gnutls_x509_crt_init(&certs[made]) == GNUTLS_E_SUCCESS;
        made += is_good ? 1u : 0u;
        is_good = is_good && gnutls_x509_crt_import(certs[made - 1], &raw[made - 1],
                                                    GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS;
    }
    is_good = is_good &&
              gnutls_x509_trust_list_verify_crt(list, certs, made, 0, &status, NULL) ==
                  GNUTLS_E_SUCCESS &&
              status == 0;
    for (unsigned i = 0; i < made; i++) {
        gnutls_x509_crt_deinit(certs[i]);
    }
    return is_good;
}

bool
admin_tls_peer_is_good(gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_trust_list_t list = raw != NULL && count > 0 ? trusted() : NULL;

    if (list == NULL) {
        return true;
    }
    bool is_good = is_signed(list, raw, count);
    gnutls_x509_trust_list_deinit(list, 1);
    return is_good;
}
