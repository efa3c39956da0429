/* Why TLS failed, in words that say what to do. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

struct remedy {
    int reason;
    const char *what;   /* NULL: OpenSSL's words */
    const char *ours;   /* hint when clients connect to us */
    const char *theirs; /* hint when we connect to a server */
};

#define VERSIONS                                                                      \
    "the two sides have no TLS version in common", "see ssl_version of the listener", \
        "see ssl_version here and tls_version of the server"
#define CIPHERS                                                                         \
    "the two sides have no cipher in common", "see ssl_cipher and the type of the key", \
        "see ssl_cipher here and ssl_cipher of the server"
#define NO_TLS                                                                                   \
    "what the other side sends is not TLS", "the client is broken, or somebody probes the port", \
        "is this the port of a MariaDB server?"
#define NOT_TRUSTED                                                                       \
    "the other side does not accept our certificate",                                     \
        "give the client the authority that signed ssl_cert, or replace the certificate", \
        "the server's ssl_ca has to have the authority that signed ssl_cert"
#define CERT_WANTED                                                           \
    "the other side wants a certificate and got none", "no server does that", \
        "give ssl_cert and ssl_key in the server's section"

static const struct remedy remedies[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, VERSIONS},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, VERSIONS},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, VERSIONS},
    {SSL_R_VERSION_TOO_LOW, VERSIONS},
    {SSL_R_NO_SHARED_CIPHER, CIPHERS},
    {SSL_R_NO_CIPHERS_AVAILABLE, CIPHERS},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, CIPHERS},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
     "the other side accepts none of what was offered (version, cipher, certificate)",
     "see ssl_version and ssl_cipher of the listener",
     "see ssl_version and ssl_cipher here and in the server; the server may want a certificate "
     "(ssl_cert, ssl_key)"},
    {SSL_R_WRONG_VERSION_NUMBER, NO_TLS},
    {SSL_R_HTTP_REQUEST, NO_TLS},
    {SSL_R_PACKET_LENGTH_TOO_LONG, NO_TLS},
    {SSL_R_UNEXPECTED_MESSAGE, NO_TLS},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the client shows no certificate",
     "the listener has ssl_verify_peer_certificate=true: give the client a certificate", ""},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, NOT_TRUSTED},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, NOT_TRUSTED},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, NOT_TRUSTED},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, NOT_TRUSTED},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, NOT_TRUSTED},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, NOT_TRUSTED},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, NOT_TRUSTED},
    {SSL_R_TLSV1_ALERT_DECRYPT_ERROR, NOT_TRUSTED},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, CERT_WANTED},
};

static const char *
hint_for_verification(long verdict)
{
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "replace it, or check the clock of this computer";
    case X509_V_ERR_CERT_REVOKED:
        return "it is listed in ssl_crl";
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        return "get a new ssl_crl from the authority, then run 'maxctrl reload tls'";
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return "see ssl_cert_verify_depth";
    case X509_V_ERR_INVALID_PURPOSE:
        return "its extendedKeyUsage does not allow this use";
    default:
        return "ssl_ca has to have the authority that signed it";
    }
}

void
net_tls_explain(const SSL *ssl, bool is_server, bool has_ended, char *out, size_t size)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    long verdict = SSL_get_verify_result(ssl);
    const char *said = ERR_reason_error_string(code);
    ERR_clear_error();
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        (void)snprintf(out, size, "the certificate of the other side is not accepted: %s; %s",
                       X509_verify_cert_error_string(verdict), hint_for_verification(verdict));
        return;
    }
    for (size_t i = 0; i < MX_COUNT(remedies) && code != 0; i++) {
        const struct remedy *r = &remedies[i];
        if (r->reason == reason) {
            (void)snprintf(out, size, "%s (%s); %s", r->what, said != NULL ? said : "?",
                           is_server ? r->ours : r->theirs);
            return;
        }
    }
    (void)snprintf(out, size, "%s",
                   said != NULL ? said
                   : has_ended  ? "the other side closed the connection in the middle of TLS"
                                : "OpenSSL gives no reason");
}
