/* Certificates made by a test, in a folder of its own. */
#ifndef TEST_NET_CERTS_H
#define TEST_NET_CERTS_H

#include <stdbool.h>

struct certs_wish {
    const char *name;   /* of the files: <name>.crt, <name>.key */
    const char *issuer; /* of the one that signs; NULL: itself, an authority */
    const char *host;   /* subjectAltName, "IP:127.0.0.1" or "DNS:db1"; NULL: none */
    const char *usage;  /* extendedKeyUsage; NULL: none */
    bool is_expired;
};

/* Makes the folder, and "ca" in it. */
void certs_begin(void);
void certs_end(void);
void certs_make(const struct certs_wish *wish);
/* A list of the authority "ca" with this one revoked, as <name>.crl. */
void certs_revoke(const char *name);
/* Path of a file of the folder; a few may be in use at a time. */
const char *certs_path(const char *file);
void certs_write(const char *file, const char *text);

#endif
