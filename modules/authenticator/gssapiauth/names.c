/* Names of principals; see names.h. */
#include "names.h"

#include <string.h>

int
names_put_request(struct mx_buf *out, const char *principal)
{
    static const char no_mechanism[] = "";
    if (mx_buf_append(out, principal, strlen(principal) + 1) != 0) {
        return -1;
    }
    return mx_buf_append(out, no_mechanism, sizeof(no_mechanism));
}

int
names_take_request(const uint8_t *in, size_t len, char principal[NAMES_PRINCIPAL_MAX + 1])
{
    principal[0] = '\0';
    const uint8_t *end = len == 0 ? NULL : memchr(in, '\0', len);
    size_t size = end != NULL ? (size_t)(end - in) : len;
    if (size == 0 || size > NAMES_PRINCIPAL_MAX) {
        return -1;
    }
    memcpy(principal, in, size);
    principal[size] = '\0';
    return 0;
}

/* Length of the part in front of the realm; an escaped @ is not the one. */
static size_t
name_len(const char *principal)
{
    size_t i = 0;
    while (principal[i] != '\0' && principal[i] != '@') {
        i += principal[i] == '\\' && principal[i + 1] != '\0' ? 2 : 1;
    }
    return i;
}

bool
names_same_principal(const char *a, const char *b)
{
    size_t len = name_len(a);
    if (len != name_len(b) || strncmp(a, b, len) != 0) {
        return false;
    }
    return a[len] == '\0' || b[len] == '\0' || strcmp(a + len, b + len) == 0;
}

bool
names_match(const char *principal, const char *account_secret, const char *user)
{
    if (account_secret[0] != '\0') {
        return strcmp(principal, account_secret) == 0;
    }
    size_t len = name_len(principal);
    return len == strlen(user) && strncmp(principal, user, len) == 0;
}
