/*
 * The JSON:API shape of answers: documents, resources, relationships and their links. Functions
 * that return json_t give a new reference and take the references handed to them.
 */
#ifndef ADMIN_ENVELOPE_H
#define ADMIN_ENVELOPE_H

#include "admin/request.h"

/* {"data": data, "links": {"self": base + path}}; path has its slash at the end. */
json_t *admin_document(const struct admin_request *request, json_t *data, const char *format, ...)
    MX_PRINTF(3, 4);

/* {"id", "type", "attributes"}; attributes NULL: left out. */
json_t *admin_resource(const char *type, const char *id, json_t *attributes);

/* Adds links.self to a resource. */
void admin_resource_link(const struct admin_request *request, json_t *resource, const char *format,
                         ...) MX_PRINTF(3, 4);

/*
 * Adds one member of a relationship: `kind` is its name and the type of the member ("servers");
 * the links are made from the resource's own type and id. A relationship nobody was added to is not
 * there.
 */
void admin_resource_relate(const struct admin_request *request, json_t *resource, const char *kind,
                           const char *id);

/* Base and path as a JSON string. */
json_t *admin_url(const struct admin_request *request, const char *format, ...) MX_PRINTF(2, 3);

/* json_string, but null for NULL and for text that is not UTF-8. */
json_t *admin_text(const char *text);

/* "1500ms" */
json_t *admin_duration(int64_t ms);

/* The text that goes over the wire; free() it. NULL: none. */
char *admin_body_print(const json_t *body, bool is_pretty);

#endif
