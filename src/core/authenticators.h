/*
 * The authenticators of one version of a listener, configured by its authenticator_options. One
 * immutable object, counted: the version holds a reference, and so does each identity that was
 * proved with one of them.
 */
#ifndef CORE_AUTHENTICATORS_H
#define CORE_AUTHENTICATORS_H

#include "conf/param.h"
#include "core/users.h"
#include "mx/atomic.h"
#include "mx/protocol.h"

#define CORE_AUTHENTICATORS_MAX 8

/* What authenticator_options says to all of them. */
struct core_auth_options {
    bool skip_authentication;
    bool match_host;
    int64_t lower_case_table_names; /* core_users_case */
    char *cache_dir;
    char *inject_service_user;
};
extern const struct conf_rows core_auth_option_rows;

struct core_authenticator {
    struct mx_authenticator shown;
    const struct mx_module *module;
    void *config; /* block of module->config_size */
};

struct mx_authenticators {
    struct mx_ref ref;
    struct core_auth_options options;
    struct core_authenticator items[CORE_AUTHENTICATORS_MAX + 1]; /* the last: of the protocol */
    size_t count;                                                 /* those that clients may use */
    bool has_spare; /* items[count] answers servers only: the protocol's own, not named */
};

/* Defaults, no authenticators, one reference. */
struct mx_authenticators *core_authenticators_new(void);
/* A further one with the defaults of its rows. The set must not be full. */
struct core_authenticator *core_authenticators_add(struct mx_authenticators *set,
                                                   const struct mx_module *module);

bool core_authenticators_allow_anonymous(const struct mx_authenticators *set);
/* The first one that serves the account's plugin; NULL: none. */
const struct mx_authenticator *
core_authenticators_for_account(const struct mx_authenticators *set,
                                const struct core_users_account *account, const char *user);

/* The first one, the protocol's own included, that serves accounts of the plugin; NULL: none. */
const struct mx_authenticator *core_authenticators_for_plugin(const struct mx_authenticators *set,
                                                              const char *plugin);
/* clear_pw_passthrough: the one whose clients are checked by servers; NULL: none is. */
const struct mx_authenticator *core_authenticators_trusting(const struct mx_authenticators *set);

/*
 * auth_jobs.c. Main thread, after the workers have ended: what nobody took is dropped. False: one
 * is still at work in its module, whose library must stay.
 */
bool core_auth_jobs_stop(void);

#endif
