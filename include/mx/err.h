/*
 * One error record. The place that detects a fault fills it; everyone above passes it on
 * untouched. code and sqlstate are what a MariaDB client would be told; code 0 means "no error".
 */
#ifndef MX_ERR_H
#define MX_ERR_H

#include "mx/base.h"

#define MX_ERR_TEXT_MAX 512

struct mx_err {
    uint16_t code;    /* MariaDB error number; 1105 (unknown error) when none fits */
    char sqlstate[6]; /* five characters and NUL */
    char text[MX_ERR_TEXT_MAX];
    const char *file; /* of ours */
    int line;
};

/* Both are fine with err == NULL. Returns -1 so that `return mx_err_set(...)` reads well. */
MX_API int mx_err_set_at(struct mx_err *err, const char *file, int line, uint16_t code,
                         const char *sqlstate, const char *format, ...) MX_PRINTF(6, 7);
#define mx_err_set(err, code, sqlstate, ...) \
    mx_err_set_at(err, __FILE__, __LINE__, code, sqlstate, __VA_ARGS__)
/* For faults that no client sees. */
#define mx_err_text(err, ...) mx_err_set_at(err, __FILE__, __LINE__, 1105, "HY000", __VA_ARGS__)

MX_API void mx_err_clear(struct mx_err *err);

#endif
