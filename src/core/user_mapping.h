/*
 * user_mapping_file of a listener: as whom clients are logged in to servers. One immutable object
 * per version of the listener.
 */
#ifndef CORE_USER_MAPPING_H
#define CORE_USER_MAPPING_H

#include "conf/secrets.h"
#include "mx/base.h"
#include "mx/err.h"

struct core_user_mapping;

/* Login data for a mapped user. */
struct core_mapped_user {
    char *user;
    char *password; /* in clear; "" when the file has none */
    char *plugin;   /* of accounts; "" when the file names none */
};

/* secrets may be NULL. NULL: err says what is wrong, and where. */
struct core_user_mapping *
core_user_mapping_read(const char *path, const struct conf_secrets *secrets, struct mx_err *err);
void core_user_mapping_free(struct core_user_mapping *mapping); /* NULL is fine */

/* All that a client may become, for checks when the file has been read. */
size_t core_user_mapping_count(const struct core_user_mapping *mapping);
const struct core_mapped_user *core_user_mapping_at(const struct core_user_mapping *mapping,
                                                    size_t index);

/* By name; NULL: none. */
const struct core_mapped_user *core_user_mapping_user(const struct core_user_mapping *mapping,
                                                      const char *user);
bool core_user_mapping_has_groups(const struct core_user_mapping *mapping);
/* By group of the operating system; asks its user database, which may block. NULL: none. */
const struct core_mapped_user *core_user_mapping_group(const struct core_user_mapping *mapping,
                                                       const char *user);

#endif
