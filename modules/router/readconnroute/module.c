/* Descriptor and parameter rows of readconnroute. */
#include "readconnroute.h"

static const struct mx_enum_value roles[] = {
    {"master", MX_STATUS_MASTER},
    {"slave", MX_STATUS_SLAVE},
    {"running", MX_STATUS_RUNNING},
    {"synced", MX_STATUS_JOINED},
    {NULL, 0},
};

static const struct mx_param params[] = {
    {.name = "master_accept_reads",
     .type = MX_PARAM_BOOL,
     .flags = MX_PARAM_RUNTIME,
     .offset = offsetof(struct rcr_config, master_accept_reads),
     .value_default = "true",
     .doc = "May the primary serve sessions that asked for another role."},
    {.name = "max_replication_lag",
     .type = MX_PARAM_SECONDS,
     .flags = MX_PARAM_RUNTIME,
     .offset = offsetof(struct rcr_config, max_replication_lag_ms),
     .value_default = "0s",
     .doc = "Servers must be less than this behind the primary; 0s is no limit."},
    {.name = "router_options",
     .type = MX_PARAM_ENUM_MASK,
     .flags = MX_PARAM_RUNTIME,
     .offset = offsetof(struct rcr_config, router_options),
     .value_default = "running",
     .values = roles,
     .doc = "Roles of the servers that sessions are given to."},
};

static const char *const aliases[] = {"readconnrouter", NULL};

MX_MODULE(.kind = MX_MODULE_ROUTER, .maturity = MX_MATURITY_GA, .name = "readconnroute",
          .aliases = aliases, .version = "1.0.0",
          .doc = "Gives each session to one server of a role and passes every byte on.",
          .config_size = sizeof(struct rcr_config), .params = params,
          .param_count = MX_COUNT(params), .router = &rcr_ops);
