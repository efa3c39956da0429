/*
 * connection_init_sql_file of a listener: statements that every new connection to a server begins
 * with, one per line. Read when the listener's version is made.
 */
#ifndef CORE_INIT_SQL_H
#define CORE_INIT_SQL_H

#include "mx/err.h"

/* The statements, NULL behind the last; core_init_sql_free() it. NULL and err when unreadable. */
char **core_init_sql_read(const char *path, struct mx_err *err);
/* From text that need not end with a NUL. */
char **core_init_sql_parse(const char *text, size_t len);
void core_init_sql_free(char **statements); /* NULL is fine */

#endif
