/*
 * Keys of session tickets. A ticket is the session itself, encrypted for nobody but us, so that a
 * client can resume on any worker. All workers begin with the same random secret and move on to
 * the next one by hashing at the same moments: nothing is shared, and a secret that was left behind
 * cannot be computed again. One generation back is still accepted.
 */
#include "mx/timer.h"
#include "net/tls.h"

#include "base/rand.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define EPOCH_MS INT64_C(3600000)
#define NAME_LEN 16u
#define IV_LEN   16u
#define HASH_LEN 32u

/* out = SHA-256(word, secret): the next secret, or a key of this one. */
static void
derive(const uint8_t *secret, const char *word, uint8_t out[HASH_LEN])
{
    uint8_t input[16 + NET_TICKET_SECRET] = {0};
    size_t len = HASH_LEN;
    memcpy(input, word, strnlen(word, 16)); /* NOLINT(bugprone-not-null-terminated-result): bytes */
    memcpy(input + 16, secret, NET_TICKET_SECRET);
    if (EVP_Q_digest(NULL, "SHA256", NULL, input, sizeof(input), out, &len) != 1) {
        MX_BUG("SHA-256 is not there");
    }
    explicit_bzero(input, sizeof(input));
}

void
net_tickets_begin(struct mx_tls *tls)
{
    uint8_t secret[NET_TICKET_SECRET];
    base_rand_bytes(secret, sizeof(secret));
    for (size_t i = 0; i < tls->slot_count; i++) {
        tls->slots[i].tickets.epoch = mx_now_ms() / EPOCH_MS;
        memcpy(tls->slots[i].tickets.secret, secret, sizeof(secret));
    }
    explicit_bzero(secret, sizeof(secret));
}

void
net_tickets_advance(struct net_tickets *tickets, int64_t epoch)
{
    for (; tickets->epoch < epoch; tickets->epoch++) {
        uint8_t next[HASH_LEN];
        derive(tickets->secret, "next", next);
        memcpy(tickets->previous, tickets->secret, NET_TICKET_SECRET);
        memcpy(tickets->secret, next, NET_TICKET_SECRET);
        tickets->has_previous = true;
        explicit_bzero(next, sizeof(next));
    }
}

static bool
has_name(const uint8_t *secret, const unsigned char *name)
{
    uint8_t own[HASH_LEN];
    derive(secret, "name", own);
    return memcmp(own, name, NAME_LEN) == 0;
}

static bool
set_keys(const uint8_t *secret, const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
         bool is_new)
{
    uint8_t key[HASH_LEN];
    uint8_t mac_key[HASH_LEN];
    char digest[] = "SHA256";
    derive(secret, "cipher", key);
    derive(secret, "mac", mac_key);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, sizeof(mac_key)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool is_set = EVP_MAC_CTX_set_params(mac, params) == 1 &&
                  EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, is_new ? 1 : 0) == 1;
    explicit_bzero(key, sizeof(key));
    explicit_bzero(mac_key, sizeof(mac_key));
    return is_set;
}

/* OpenSSL: 1 go on, 2 go on and give a new ticket, 0 unknown ticket, -1 error. */
int
net_tickets_use(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                EVP_MAC_CTX *mac, int is_new)
{
    struct mx_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct net_tickets *tickets = &net_tls_mine(tls)->tickets;
    net_tickets_advance(tickets, mx_now_ms() / EPOCH_MS);
    if (is_new != 0) {
        uint8_t own[HASH_LEN];
        derive(tickets->secret, "name", own);
        memcpy(name, own, NAME_LEN);
        return RAND_bytes(iv, (int)IV_LEN) == 1 && set_keys(tickets->secret, iv, cipher, mac, true)
                   ? 1
                   : -1;
    }
    if (has_name(tickets->secret, name)) {
        /* Clients of TLS 1.3 use a ticket once. */
        int good = SSL_version(ssl) >= TLS1_3_VERSION ? 2 : 1;
        return set_keys(tickets->secret, iv, cipher, mac, false) ? good : -1;
    }
    if (tickets->has_previous && has_name(tickets->previous, name)) {
        return set_keys(tickets->previous, iv, cipher, mac, false) ? 2 : -1;
    }
    return 0;
}
