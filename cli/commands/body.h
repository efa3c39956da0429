/* Pieces of request bodies in the JSON:API form. */
#ifndef CLI_BODY_H
#define CLI_BODY_H

#include "../cli.h"

#include <jansson.h>

/* {"data": {"id": name, "type": type, "attributes": attributes, "relationships": {}}}; takes
 * attributes over. A NULL when the name is not UTF-8, with the text in cli->error. */
json_t *cli_body_new(struct cli *cli, const char *name, const char *type, json_t *attributes);

/* {"data": {"attributes": {}, "relationships": {}}} for changes. */
json_t *cli_body_change(void);

/* Sets relationships.<type> of the body to these names. */
void cli_body_relate(json_t *body, const char *type, char *const *names, size_t count);

/* The same with {id, type} elements; takes the array over. */
void cli_body_relate_give(json_t *body, const char *type, json_t *array);

/* Appends {id, type}. */
void cli_relation_add(json_t *array, const char *type, const char *name, size_t len);

json_t *cli_body_data(json_t *body); /* borrowed */

#endif
