/*
 * Ed25519 as the plugin `ed25519` of MariaDB uses it: the private key is derived from a password of
 * any length where the standard takes 32 bytes of its own choice. Signatures are checked as usual.
 *
 *   h = SHA512(password), a = h[0..31] made a scalar, public key A = a B
 *   r = SHA512(h[32..63], message), R = r B, S = r + SHA512(R, A, message) a, signature = R, S
 *
 * Sources: mariadb.com/kb, "Authentication Plugin - ed25519"; RFC 8032.
 */
#ifndef AUTH_ED25519_H
#define AUTH_ED25519_H

#include "mx/base.h"

#define ED25519_KEY_SIZE       32u
#define ED25519_SIGNATURE_SIZE 64u

/* The authentication string of an account: 43 characters of base64. -1: it is none. */
MX_MUST_USE int ed25519_parse(const char *text, uint8_t key[ED25519_KEY_SIZE]);
void ed25519_public(const uint8_t *password, size_t len, uint8_t key[ED25519_KEY_SIZE]);
void ed25519_sign(const uint8_t *password, size_t len, const uint8_t *message, size_t message_len,
                  uint8_t signature[ED25519_SIGNATURE_SIZE]);
MX_MUST_USE bool ed25519_check(const uint8_t key[ED25519_KEY_SIZE], const uint8_t *message,
                               size_t message_len, const uint8_t signature[ED25519_SIGNATURE_SIZE]);

#endif
