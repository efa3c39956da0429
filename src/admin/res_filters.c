/* /filters */
#include "admin/res.h"
#include "core/params_json.h"
#include "mx/filter.h"

json_t *
admin_filter_resource(const struct admin_request *request, const struct core_filter *filter)
{
    const struct core_registry *registry = request->registry;
    const struct mx_filter_ops *ops = filter->module->filter;
    json_t *attributes = json_object();
    json_t *diagnostics = NULL;
    json_t *resource;

    (void)json_object_set_new(attributes, "module", json_string(filter->module->name));
    (void)json_object_set_new(attributes, "parameters", core_filter_params_json(filter));
    (void)json_object_set_new(attributes, "source", core_source_json(&filter->source));
    if (ops->diagnostics != NULL) {
        diagnostics = ops->diagnostics(filter->rt->instance);
    }
    if (diagnostics != NULL) {
        (void)json_object_set_new(attributes, "filter_diagnostics", diagnostics);
    }
    resource = admin_resource("filters", filter->name, attributes);
    admin_resource_link(request, resource, "/filters/%s/", filter->name);
    for (size_t i = 0; i < registry->service_count; i++) {
        if (admin_list_has(registry->services[i]->config.filters, filter->name)) {
            admin_resource_relate(request, resource, "services", registry->services[i]->name);
        }
    }
    return resource;
}
