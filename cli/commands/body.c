/* Request bodies. */
#include "body.h"

#include <string.h>

json_t *
cli_body_data(json_t *body)
{
    return json_object_get(body, "data");
}

json_t *
cli_body_new(struct cli *cli, const char *name, const char *type, json_t *attributes)
{
    json_t *body = json_pack("{s:{s:s, s:s, s:o}}", "data", "id", name, "type", type, "attributes",
                             attributes);
    if (body == NULL) {
        (void)cli_fail(cli, "Error: The name of the new object is not UTF-8 text");
    }
    return body;
}

json_t *
cli_body_change(void)
{
    return json_pack("{s:{}}", "data");
}

void
cli_relation_add(json_t *array, const char *type, const char *name, size_t len)
{
    json_t *id = json_stringn(name, len);
    if (id != NULL) {
        (void)json_array_append_new(array, json_pack("{s:o, s:s}", "id", id, "type", type));
    }
}

void
cli_body_relate_give(json_t *body, const char *type, json_t *array)
{
    json_t *data = cli_body_data(body);
    json_t *relationships = json_object_get(data, "relationships");
    if (relationships == NULL) {
        relationships = json_object();
        (void)json_object_set_new(data, "relationships", relationships);
    }
    (void)json_object_set_new(relationships, type, json_pack("{s:o}", "data", array));
}

void
cli_body_relate(json_t *body, const char *type, char *const *names, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        cli_relation_add(array, type, names[i], strlen(names[i]));
    }
    cli_body_relate_give(body, type, array);
}
