/* Dates of the REST API ("Sun, 22 Nov 2026 06:23:41 GMT") on the client's side. */
#ifndef CLI_DATES_H
#define CLI_DATES_H

#include "text.h"

#include <time.h>

/* RFC 1123 in GMT, or ISO 8601 ("2026-11-22T06:23:41.123", local time without a zone, Z or +hh:mm
 * with one). */
bool cli_date_parse(const char *text, time_t *out);

/* The date as the user's locale writes it, in the local time zone; text that is no date stays. */
void cli_date_local(struct cli_text *out, const char *text);

#endif
