/* The error record of mx/err.h. */
#include "mx/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
mx_err_set_at(struct mx_err *err, const char *file, int line, uint16_t code, const char *sqlstate,
              const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        err->code = code;
        (void)snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", sqlstate);
        err->file = file;
        err->line = line;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
    }
    return -1;
}

void
mx_err_clear(struct mx_err *err)
{
    if (err != NULL) {
        memset(err, 0, sizeof(*err));
    }
}
