/* Parameters of all filters; the rest belongs to the filter module. */
#include "core/config.h"
#include "core/params_json.h"

const struct mx_param core_filter_params[] = {
    {.name = "module",
     .type = MX_PARAM_MODULE,
     .flags = MX_PARAM_MANDATORY | MX_PARAM_NO_SCHEMA,
     .offset = offsetof(struct core_filter_config, module),
     .doc = "The filter module."},
    {.name = "type",
     .type = MX_PARAM_STRING,
     .flags = MX_PARAM_MANDATORY | MX_PARAM_NO_SCHEMA,
     .offset = offsetof(struct core_filter_config, type),
     .doc = "Kind of the object."},
};

const size_t core_filter_param_count = MX_COUNT(core_filter_params);

const struct conf_rows core_filter_rows = {.rows = core_filter_params,
                                           .count = MX_COUNT(core_filter_params)};
