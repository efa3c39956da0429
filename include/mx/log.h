/*
 * Logging. Nothing is logged on a success path; every failure once, with what, where and remedy.
 * Thread-safe; the line form is the one of docs/user/logging.md. Errors and warnings are throttled
 * per source line. ctx may be NULL.
 */
#ifndef MX_LOG_H
#define MX_LOG_H

#include "mx/base.h"

enum mx_log_level {
    MX_LOG_ALERT = 1, /* syslog numbers */
    MX_LOG_ERROR = 3,
    MX_LOG_WARNING = 4,
    MX_LOG_NOTICE = 5,
    MX_LOG_INFO = 6,
    MX_LOG_DEBUG = 7,
};

struct mx_log_trace;

struct mx_log_ctx {
    uint64_t session;   /* 0: none */
    const char *module; /* NULL: none */
    const char *object; /* name of the configured object; NULL: none */
    uint32_t levels; /* levels switched on for this context besides the global ones, 1 << level */
    struct mx_log_trace *trace; /* keeps the last lines of all levels in memory; NULL: nothing */
};

MX_API bool mx_log_enabled(enum mx_log_level level, const struct mx_log_ctx *ctx);
MX_API void mx_log_write(enum mx_log_level level, const struct mx_log_ctx *ctx, const char *file,
                         int line, const char *function, const char *format, ...) MX_PRINTF(6, 7);

#define mx_log_at(level, ctx, ...)                                               \
    do {                                                                         \
        if (mx_log_enabled(level, ctx)) {                                        \
            mx_log_write(level, ctx, __FILE__, __LINE__, __func__, __VA_ARGS__); \
        }                                                                        \
    } while (0)
#define mx_log_alert(ctx, ...)   mx_log_at(MX_LOG_ALERT, ctx, __VA_ARGS__)
#define mx_log_error(ctx, ...)   mx_log_at(MX_LOG_ERROR, ctx, __VA_ARGS__)
#define mx_log_warning(ctx, ...) mx_log_at(MX_LOG_WARNING, ctx, __VA_ARGS__)
#define mx_log_notice(ctx, ...)  mx_log_at(MX_LOG_NOTICE, ctx, __VA_ARGS__)
#define mx_log_info(ctx, ...)    mx_log_at(MX_LOG_INFO, ctx, __VA_ARGS__)
#define mx_log_debug(ctx, ...)   mx_log_at(MX_LOG_DEBUG, ctx, __VA_ARGS__)

#endif
