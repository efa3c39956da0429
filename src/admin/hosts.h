/*
 * Who may talk to the REST API at all: lists of addresses, networks (10.0.0.0/8, fe80::/10), the
 * word % for everybody, and host name patterns with % (any text) and _ (one character). Pure but
 * for the reverse lookup that a name pattern needs.
 */
#ifndef ADMIN_HOSTS_H
#define ADMIN_HOSTS_H

#include "mx/base.h"

#include <sys/socket.h>

enum admin_host_verdict {
    ADMIN_HOST_REFUSED = 0,
    ADMIN_HOST_ALLOWED,
    ADMIN_HOST_ASK_NAME, /* only a name pattern could still let it in */
};

/* peer NULL (a local test): allowed. patterns end with NULL; an empty list refuses everybody. */
enum admin_host_verdict admin_host_check(char *const *patterns, const struct sockaddr *peer);

/* Name of the peer against the patterns; "localhost" never matches. May ask the DNS. */
bool admin_host_check_name(char *const *patterns, const struct sockaddr *peer);

/* One name against one pattern, any case. */
bool admin_host_name_matches(const char *pattern, const char *name);

#endif
