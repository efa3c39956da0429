/* Requests to the REST API of the host in use. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "cli.h"

#include <jansson.h>

/*
 * METHOD on `resource`, a path below /v1/ with its query ("servers/server1", "" for the root).
 * body may be NULL (borrowed). On success 0 and, when `out` is not NULL, the answer as a new
 * reference there; NULL when there was none. Else -1 with the text in cli->error.
 */
int cli_request(struct cli *cli, const char *method, const char *resource, json_t *body,
                json_t **out);

/* GET that must bring an object. */
int cli_get(struct cli *cli, const char *resource, json_t **out);

/* The answer may be anything, also none: then *out is NULL. */
#define cli_send(cli, method, resource, body) cli_request(cli, method, resource, body, NULL)

/* Adds `name` so that it stays one part of a path or one value of a query. */
void cli_url_add(struct cli_text *url, const char *name);

/* "servers/" and a name: the path to one object; free() it. */
char *cli_url_object(const char *collection, const char *name);

#endif
