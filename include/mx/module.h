/*
 * The one symbol a loadable module exports. A module lib<name>.so is opened at start from the
 * module directory; the loader refuses an ABI number or a size it does not know.
 */
#ifndef MX_MODULE_H
#define MX_MODULE_H

#include "mx/base.h"
#include "mx/err.h"
#include "mx/param.h"

#include <jansson.h>

#define MX_MODULE_ABI 1u

enum mx_module_kind {
    MX_MODULE_PROTOCOL = 1,
    MX_MODULE_AUTHENTICATOR,
    MX_MODULE_ROUTER,
    MX_MODULE_FILTER,
    MX_MODULE_MONITOR,
    MX_MODULE_KIND_COUNT,
};

enum mx_module_maturity {
    MX_MATURITY_IN_DEVELOPMENT = 0,
    MX_MATURITY_ALPHA,
    MX_MATURITY_BETA,
    MX_MATURITY_GA,
};

/* What a configuration check found; error false: a warning. param and hint may be NULL. */
typedef void (*mx_report_fn)(void *context, bool error, const char *param, const char *text,
                             const char *hint);

/* Argument of a module command; optional ones come last. */
enum mx_arg_type {
    MX_ARG_STRING = 1,
    MX_ARG_BOOL,
    MX_ARG_SERVICE,
    MX_ARG_SERVER,
    MX_ARG_MONITOR,
    MX_ARG_FILTER,
};

struct mx_arg {
    const char *name; /* for the key=value form */
    enum mx_arg_type type;
    bool optional;
    const char *doc;
};

/* One value per row of `args`, in order; NULL for an optional one left out. Names are checked. */
struct mx_command_call {
    const char *const *values;
    size_t count;
};

struct mx_module_command {
    const char *name;
    bool modifies;  /* true: POST; false: GET */
    bool key_value; /* row describes the key=value form of a command also listed positionally */
    const char *doc;
    const struct mx_arg *args;
    size_t arg_count;
    /*
     * Called on an admin thread; may block. Returns 0 or -1. *out_json (may stay NULL) becomes
     * `meta`; *out_errors is an array of texts for the answer when -1 is returned.
     */
    int (*run)(const struct mx_command_call *call, json_t **out_json, json_t *out_errors);
};

struct mx_router_ops;
struct mx_filter_ops;
struct mx_monitor_ops;
struct mx_protocol_ops;
struct mx_authenticator_ops;

struct mx_module {
    uint32_t abi;
    uint32_t size;
    enum mx_module_kind kind;
    enum mx_module_maturity maturity;
    const char *name;           /* the name users write; matched in any case */
    const char *const *aliases; /* other names, ends with NULL; NULL: none */
    const char *version;
    const char *doc; /* one line */

    /* Configuration: a zeroed block of this size is filled by the rows, then checked. */
    size_t config_size;
    const struct mx_param *params;
    size_t param_count;
    void (*config_check)(void *config, mx_report_fn report, void *context);

    const struct mx_module_command *commands;
    size_t command_count;

    /* The one that fits `kind`. */
    const struct mx_router_ops *router;
    const struct mx_filter_ops *filter;
    const struct mx_monitor_ops *monitor;
    const struct mx_protocol_ops *protocol;
    const struct mx_authenticator_ops *authenticator;
};

#define MX_MODULE_SYMBOL "mx_module"
#define MX_MODULE(...)                              \
    extern MX_API const struct mx_module mx_module; \
    MX_API const struct mx_module mx_module = {     \
        .abi = MX_MODULE_ABI, .size = sizeof(struct mx_module), __VA_ARGS__}

#endif
