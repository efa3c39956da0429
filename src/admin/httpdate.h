/* Times as HTTP writes them: "Fri, 05 Jan 2024 07:23:54 GMT" (RFC 7231, always English). */
#ifndef ADMIN_HTTPDATE_H
#define ADMIN_HTTPDATE_H

#include "mx/base.h"

#include <jansson.h>
#include <time.h>

#define ADMIN_DATE_LEN 29u

void admin_date_print(time_t when, char out[ADMIN_DATE_LEN + 1]);
/* A JSON string; null when the time is 0 ("never"). */
json_t *admin_date_json(time_t when);
/* False: not a date of this form. */
bool admin_date_parse(const char *text, time_t *out);

#endif
