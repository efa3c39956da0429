/* Rights as SHOW GRANTS prints them. Pure. */
#ifndef MARIADBMON_GRANTS_H
#define MARIADBMON_GRANTS_H

#include "mariadbmon.h"

/* A line of SHOW GRANTS into bits and the account's name. */
void mon_grants_parse_line(const char *line, uint64_t *grants, char *account, size_t size);

#endif
