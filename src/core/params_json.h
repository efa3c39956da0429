/*
 * Parameters and modules as REST shows them. All functions return new references and may be called
 * from any thread that holds a reference to the object.
 */
#ifndef CORE_PARAMS_JSON_H
#define CORE_PARAMS_JSON_H

#include "conf/param.h"
#include "core/objects.h"

/* `attributes.parameters` of an object: core and module rows together, by name. */
json_t *core_server_params_json(const struct mx_server *server);
json_t *core_service_params_json(const struct mx_service *service);
json_t *core_listener_params_json(const struct core_listener *listener);
json_t *core_monitor_params_json(const struct mx_monitor *monitor);
json_t *core_filter_params_json(const struct core_filter *filter);
json_t *core_global_params_json(const struct core_global_config *globals);

/* `source` of an object: {file, type}. */
json_t *core_source_json(const struct core_source *source);

/*
 * A module as one resource of /maxscale/modules: {id, type, attributes, links.self} with links that
 * begin with api_base ("http://host:port/v1"). The pseudo-modules have names instead.
 */
json_t *core_module_json(const struct mx_module *module, const char *api_base);
/* "maxscale" or "servers"; NULL for any other name. */
json_t *core_pseudo_module_json(const char *name, const char *api_base);

/* Row tables of the core objects, for those who read parameters by name. */
extern const struct conf_rows core_global_rows;
extern const struct conf_rows core_server_rows;
extern const struct conf_rows core_service_rows;
extern const struct conf_rows core_listener_rows;
extern const struct conf_rows core_monitor_rows;
extern const struct conf_rows core_filter_rows;

#endif
