/*
 * Pages of the log file. Lines are numbered from 1; lines that are not of the documented form
 * (headers, rulers) count but are not shown. Pure but for reading the file.
 */
#ifndef ADMIN_LOGFILE_H
#define ADMIN_LOGFILE_H

#include "mx/err.h"

#include <jansson.h>

#define ADMIN_LOG_PAGE_MAX 10000u

struct admin_log_page {
    json_t *entries;   /* array of {id, message, priority, ...}, oldest first */
    uint64_t cursor;   /* number of the first entry, or of the line behind the end */
    uint64_t previous; /* cursor of the page before; 0: this one begins with the first entry */
};

/*
 * The `size` entries from line `cursor` on, the last ones when it is 0. wanted: bits 1 <<
 * mx_log_level. On success entries is a new reference.
 */
int admin_log_read(const char *path, uint64_t cursor, size_t size, uint32_t wanted,
                   struct admin_log_page *out, struct mx_err *err);

/* Comma list of level names to bits; 0: one of them is none. */
uint32_t admin_log_levels(const char *list);

/* One line to {message, priority, ...} without id; NULL: not a log line. *level is set. */
json_t *admin_log_parse_line(const char *line, uint32_t *level);

#endif
