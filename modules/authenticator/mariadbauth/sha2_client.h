/*
 * Clients of accounts of caching_sha2_password. Who is in the cache (sha2_cache.h) is let in by his
 * first answer; anybody else shows his password, as auth_sha2.h has it, and it is checked on a
 * thread for jobs, because that takes milliseconds. The RSA keys for connections in clear come from
 * files or are made when the first client asks for one.
 */
#ifndef SHA2_CLIENT_H
#define SHA2_CLIENT_H

#include "auth_sha2.h"

/* keys: from files, NULL: none. */
enum mx_auth_verdict sha2_client_step(struct mx_auth_client *x, struct rsa_keys *keys);

#endif
