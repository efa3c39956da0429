/*
 * caching_sha2_password. Both sides keep to the same exchange:
 *
 *   server: switch request with a scramble of 20 bytes and NUL
 *   client: XOR(SHA256(password), SHA256(SHA256(SHA256(password)), scramble)); without a password a
 *           NUL or nothing
 *   server: 1, 3: it was known, OK follows; or 1, 4: the password itself is wanted
 *   client: on a private connection the password and NUL; else 2: what is your RSA key?
 *   server: 1, the public key as PEM
 *   client: the password with its NUL, XOR-ed with the scramble, encrypted
 *
 * Source: mariadb.com/kb, "caching_sha2_password Plugin".
 */
#ifndef AUTH_SHA2_H
#define AUTH_SHA2_H

#include "auth_rsa.h"
#include "mx/authenticator.h"

#define PLUGIN_SHA2 "caching_sha2_password"

#define SHA2_ANSWER_SIZE 32u /* of the client's first answer */

/* Steps of asking a client; each appends to x->out and gives the verdict. */
enum mx_auth_verdict sha2_ask_switch(struct mx_auth_client *x);
enum mx_auth_verdict sha2_ask_password(struct mx_auth_client *x); /* 1, 4 */
enum mx_auth_verdict sha2_show_key(struct mx_auth_client *x, const struct rsa_keys *keys);
enum mx_auth_verdict sha2_tell_known(struct mx_auth_client *x); /* 1, 3: DONE */
bool sha2_asks_key(const uint8_t *in, size_t len);
bool sha2_is_empty(const uint8_t *in, size_t len); /* the first answer of one without a password */

/* The client's last word: encrypted with our key, or, where nobody can listen, as it is. */
struct sha2_word {
    const uint8_t *in;
    size_t in_len;
    const uint8_t *scramble;
    bool is_private;
};
/* Appends the password. -1 and err: there is none in it. keys may be NULL. */
MX_MUST_USE int sha2_open(const struct sha2_word *word, const struct rsa_keys *keys,
                          struct mx_buf *out, struct mx_err *err);

/*
 * The client's side of an authenticator: DONE when x->token holds the password that the client
 * says; nothing of it is checked. keys may be NULL: then only private connections can be used.
 */
enum mx_auth_verdict sha2_ask(struct mx_auth_client *x, const struct rsa_keys *keys);

/* The server's side: the token is the password. The state is one allocation, for free(). */
enum mx_auth_verdict sha2_answer(struct mx_auth_server *x);

#endif
