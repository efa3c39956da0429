/* Values of fields that are put together from several places of an object. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "../output.h"

json_t *cli_value_address(json_t *object); /* the socket path where there is no address */
json_t *cli_value_port(json_t *object);    /* nothing for a socket */
json_t *cli_value_state(json_t *object);   /* with state_details behind it */
json_t *cli_value_targets(json_t *object); /* servers, then services */
json_t *cli_value_functions(json_t *object);

#endif
