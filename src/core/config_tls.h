/*
 * The ssl parameters, the same for listeners and servers: rows of their tables, in the order of
 * their names. `config` is the struct with a member `tls`; `crl` is one more row, or nothing.
 */
#ifndef CORE_CONFIG_TLS_H
#define CORE_CONFIG_TLS_H

#include "core/config.h"

/* clang-format off */
#define CORE_TLS_ROW(config, member, kind, more)                         \
    .name = #member, .type = (kind), .flags = MX_PARAM_RUNTIME | (more), \
    .offset = offsetof(struct config, tls.member)

#define CORE_TLS_CRL_ROW(config)                        \
    {CORE_TLS_ROW(config, ssl_crl, MX_PARAM_STRING, 0), \
     .doc = "File with the list of revoked certificates, PEM."},

/* NOLINTBEGIN(bugprone-macro-parentheses): `crl` is a row or nothing, no expression. */
#define CORE_TLS_ROWS(config, crl)                                                            \
    {CORE_TLS_ROW(config, ssl, MX_PARAM_BOOL, 0),                                             \
     .value_default = "false",                                                                \
     .doc = "Encrypt the connection with TLS."},                                              \
    {CORE_TLS_ROW(config, ssl_ca, MX_PARAM_PATH, MX_PARAM_PATH_R),                            \
     .doc = "File with the certificates of accepted authorities, PEM."},                      \
    {.name = "ssl_ca_cert",                                                                   \
     .type = MX_PARAM_PATH,                                                                   \
     .flags = MX_PARAM_RUNTIME | MX_PARAM_DEPRECATED | MX_PARAM_ALIAS | MX_PARAM_NO_VALUE,    \
     .value_default = "ssl_ca",                                                               \
     .doc = "Former name of ssl_ca."},                                                        \
    {CORE_TLS_ROW(config, ssl_cert, MX_PARAM_PATH, MX_PARAM_PATH_R),                          \
     .doc = "File with the certificate to show, PEM."},                                       \
    {CORE_TLS_ROW(config, ssl_cert_verify_depth, MX_PARAM_COUNT, 0),                          \
     .value_default = "9",                                                                    \
     .min = 1,                                                                                \
     .max = INT32_MAX,                                                                        \
     .doc = "Longest chain of certificates that is accepted."},                               \
    {CORE_TLS_ROW(config, ssl_cipher, MX_PARAM_STRING, 0),                                    \
     .doc = "OpenSSL cipher list for TLS 1.2 and older."},                                    \
    crl                                                                                       \
    {CORE_TLS_ROW(config, ssl_key, MX_PARAM_PATH, MX_PARAM_PATH_R),                           \
     .doc = "File with the private key, PEM."},                                               \
    {CORE_TLS_ROW(config, ssl_verify_peer_certificate, MX_PARAM_BOOL, 0),                     \
     .value_default = "false",                                                                \
     .doc = "Require and verify the certificate of the other side."},                         \
    {CORE_TLS_ROW(config, ssl_verify_peer_host, MX_PARAM_BOOL, 0),                            \
     .value_default = "false",                                                                \
     .doc = "Check that the certificate is made out to the host name or address."},           \
    {CORE_TLS_ROW(config, ssl_version, MX_PARAM_ENUM_MASK, 0),                                \
     .value_default = "MAX",                                                                  \
     .values = core_tls_version_values,                                                       \
     .doc = "TLS versions that are accepted, as a comma list."},
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

#endif
