/* The authenticators of a listener: who serves an account, who answers a server. */
#include "core/authenticators.h"

#include "core/runtime.h"

#include <stdlib.h>
#include <string.h>

static const struct mx_enum_value table_case_values[] = {
    {"0", CORE_USERS_CASE_EXACT},    {"1", CORE_USERS_CASE_LOWER},
    {"2", CORE_USERS_CASE_IGNORE},   {"false", CORE_USERS_CASE_EXACT},
    {"true", CORE_USERS_CASE_LOWER}, {NULL, 0},
};

static const struct mx_param option_params[] = {
    {.name = "cache_dir",
     .type = MX_PARAM_STRING,
     .flags = MX_PARAM_DEPRECATED,
     .offset = offsetof(struct core_auth_options, cache_dir),
     .doc = "Ignored: accounts are not kept on disk."},
    {.name = "inject_service_user",
     .type = MX_PARAM_STRING,
     .flags = MX_PARAM_DEPRECATED,
     .offset = offsetof(struct core_auth_options, inject_service_user),
     .doc = "Ignored: the service user logs in like everybody."},
    {.name = "lower_case_table_names",
     .type = MX_PARAM_ENUM,
     .offset = offsetof(struct core_auth_options, lower_case_table_names),
     .value_default = "0",
     .values = table_case_values,
     .doc = "How the database of a login is compared: 0 exactly, 1 in lower case, 2 in any case; "
            "as in the servers."},
    {.name = "match_host",
     .type = MX_PARAM_BOOL,
     .offset = offsetof(struct core_auth_options, match_host),
     .value_default = "true",
     .doc = "Look for an account that allows the client's address; else its name is enough."},
    {.name = "skip_authentication",
     .type = MX_PARAM_BOOL,
     .offset = offsetof(struct core_auth_options, skip_authentication),
     .value_default = "false",
     .doc = "Do not check passwords; the account must exist all the same."},
};

const struct conf_rows core_auth_option_rows = {.rows = option_params,
                                                .count = MX_COUNT(option_params)};

/* ------------------------------------------------------------ the set */

struct mx_authenticators *
core_authenticators_new(void)
{
    struct mx_authenticators *set = mx_calloc(1, sizeof(*set));
    mx_ref_init(&set->ref);
    conf_block_init(&core_auth_option_rows, &set->options);
    return set;
}

struct core_authenticator *
core_authenticators_add(struct mx_authenticators *set, const struct mx_module *module)
{
    MX_ASSERT(set->count < MX_COUNT(set->items));
    struct core_authenticator *item = &set->items[set->count++];
    item->module = module;
    item->config = core_module_block_new(module);
    item->shown = (struct mx_authenticator){
        .ops = module->authenticator, .name = module->name, .config = item->config};
    return item;
}

struct mx_authenticators *
mx_authenticators_ref(struct mx_authenticators *set)
{
    mx_ref_get(&set->ref);
    return set;
}

static size_t
all_of(const struct mx_authenticators *set)
{
    return set->count + (set->has_spare ? 1 : 0);
}

void
mx_authenticators_unref(struct mx_authenticators *set)
{
    if (set == NULL || !mx_ref_put(&set->ref)) {
        return;
    }
    for (size_t i = 0; i < all_of(set); i++) {
        struct core_authenticator *item = &set->items[i];
        if (item->shown.instance != NULL && item->shown.ops->instance_free != NULL) {
            item->shown.ops->instance_free(item->shown.instance);
        }
        core_module_block_free(item->module, item->config);
    }
    conf_block_free(&core_auth_option_rows, &set->options);
    free(set);
}

/* ------------------------------------------------------------ who does it */

static bool
has_word(const char *const *words, const char *word)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

bool
core_authenticators_allow_anonymous(const struct mx_authenticators *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].shown.ops->allows_anonymous) {
            return true;
        }
    }
    return false;
}

const struct mx_authenticator *
core_authenticators_for_account(const struct mx_authenticators *set,
                                const struct core_users_account *account, const char *user)
{
    /* Nobody is let in as an account without a name but by those who find out who it is. */
    bool is_anonymous = account->user[0] == '\0' && user[0] != '\0';
    for (size_t i = 0; i < set->count; i++) {
        const struct mx_authenticator_ops *ops = set->items[i].shown.ops;
        if ((!is_anonymous || ops->allows_anonymous) &&
            has_word(ops->account_plugins, account->plugin)) {
            return &set->items[i].shown;
        }
    }
    return NULL;
}

const struct mx_authenticator *
core_authenticators_for_plugin(const struct mx_authenticators *set, const char *plugin)
{
    for (size_t i = 0; i < all_of(set); i++) {
        if (has_word(set->items[i].shown.ops->account_plugins, plugin)) {
            return &set->items[i].shown;
        }
    }
    return NULL;
}

const struct mx_authenticator *
core_authenticators_trusting(const struct mx_authenticators *set)
{
    const struct core_authenticator *first = &set->items[0];
    bool trusts = set->count == 1 && first->shown.ops->trusts_servers != NULL &&
                  first->shown.ops->trusts_servers(first->config);
    return trusts ? &first->shown : NULL;
}

const struct mx_authenticator *
mx_authenticators_for_server(const struct mx_authenticators *set,
                             const struct mx_authenticator *own, bool token_is_password,
                             const char *plugin)
{
    if (own != NULL && has_word(own->ops->server_plugins, plugin)) {
        return own;
    }
    for (size_t i = 0; token_is_password && i < all_of(set); i++) {
        if (has_word(set->items[i].shown.ops->server_plugins, plugin)) {
            return &set->items[i].shown;
        }
    }
    return NULL;
}
