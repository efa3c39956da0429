/* What REQUIRE of an account makes of a client's connection. */
#include "core/session.h"
#include "core/users.h"

#include <stdlib.h>

const char *
core_session_tls_problem(const struct mx_session *session, const struct core_users_account *account)
{
    char *subject = NULL;
    char *issuer = NULL;
    struct core_users_tls tls = {.cipher = "", .issuer = "", .subject = ""};
    if (account->ssl_type[0] == '\0') {
        return NULL;
    }
    if (session->conn != NULL) {
        tls.cipher = mx_conn_tls_cipher(session->conn);
        tls.has_cert = mx_conn_tls_peer(session->conn, &subject, &issuer);
    }
    if (tls.has_cert) {
        tls.subject = subject;
        tls.issuer = issuer;
    }
    const char *problem = core_users_check_tls(account, &tls);
    free(subject);
    free(issuer);
    return problem;
}
