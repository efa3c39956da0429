/* Makes the lines of the log: mx/log.h. The form is described in docs/user/logging.md. */
#include "mx/log.h"

#include "base/log_private.h"
#include "base/log_trace.h"
#include "mx/timer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct base_log_settings base_log_settings = {.levels = {BASE_LOG_LEVELS_DEFAULT}};

static const char *
level_name(enum mx_log_level level)
{
    switch (level) {
    case MX_LOG_ALERT:
        return "alert  ";
    case MX_LOG_ERROR:
        return "error  ";
    case MX_LOG_WARNING:
        return "warning";
    case MX_LOG_NOTICE:
        return "notice ";
    case MX_LOG_INFO:
        return "info   ";
    case MX_LOG_DEBUG:
        return "debug  ";
    }
    return "?      ";
}

/* To be written, not only kept. */
static bool
is_on(enum mx_log_level level, const struct mx_log_ctx *ctx)
{
    int64_t levels = mx_atomic_get(&base_log_settings.levels);
    if (ctx != NULL) {
        levels |= ctx->levels;
    }
    return (levels >> level & 1) != 0;
}

bool
mx_log_enabled(enum mx_log_level level, const struct mx_log_ctx *ctx)
{
    return (ctx != NULL && ctx->trace != NULL) || is_on(level, ctx);
}

size_t
base_log_timestamp(int64_t wall_ms, char *out, size_t size)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm = {0};
    (void)localtime_r(&seconds, &tm);
    size_t len = strftime(out, size, "%Y-%m-%d %H:%M:%S", &tm);
    if (mx_atomic_get(&base_log_settings.ms_timestamp) != 0) {
        int more = snprintf(out + len, size - len, ".%03d", (int)(wall_ms % 1000));
        len += more > 0 ? (size_t)more : 0;
    }
    return len;
}

/* A line under construction: adds what fits, one byte is kept for the newline. */
struct line {
    size_t len;
    char text[BASE_LOG_LINE_MAX];
};

static void MX_PRINTF(2, 0) add_args(struct line *line, const char *format, va_list args)
{
    size_t room = sizeof(line->text) - line->len;
    int len = vsnprintf(line->text + line->len, room, format, args);
    if (len > 0) {
        line->len += mx_min_size((size_t)len, room - 1);
    }
}

static void MX_PRINTF(2, 3) add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_args(line, format, args);
    va_end(args);
}

/* Newlines become the two characters \n, so that a message is one line. */
static void
escape_newlines(struct line *line, size_t from)
{
    for (size_t at = from; at < line->len; at++) {
        if (line->text[at] == '\n') {
            size_t last = mx_min_size(line->len, sizeof(line->text) - 2);
            memmove(line->text + at + 1, line->text + at, last - at);
            line->text[at] = '\\';
            line->text[at + 1] = 'n';
            line->len = last + 1;
            at++;
        }
    }
}

static void
add_head(struct line *line, const struct base_log_line *facts, const char *function)
{
    char timestamp[40];
    (void)base_log_timestamp(facts->wall_ms, timestamp, sizeof(timestamp));
    add(line, "%s   %s: ", timestamp, level_name(facts->level));
    if (facts->session != 0) {
        add(line, "(%" PRIu64 ") ", facts->session);
    }
    if (facts->module != NULL) {
        add(line, "[%s] ", facts->module);
    }
    if (facts->object != NULL) {
        add(line, "(%s); ", facts->object);
    }
    if (mx_atomic_get(&base_log_settings.augmentation) != 0) {
        add(line, "(%s): ", function);
    }
}

static bool
is_throttled(enum mx_log_level level)
{
    return level <= MX_LOG_WARNING && !is_on(MX_LOG_INFO, NULL);
}

/* Which of the lines that are on are written: all, or all but those that come too often. */
static enum base_log_verdict
judge(enum mx_log_level level, const struct mx_log_ctx *ctx, const char *file, int line_no,
      uint64_t *out_suppressed)
{
    if (!is_on(level, ctx)) {
        return BASE_LOG_SUPPRESS;
    }
    return is_throttled(level) ? base_log_throttle(file, line_no, mx_now_ms(), out_suppressed)
                               : BASE_LOG_WRITE;
}

static void
finish(struct line *line, enum base_log_verdict verdict, uint64_t suppressed)
{
    if (suppressed > 0) {
        add(line, " (%" PRIu64 " similar messages were previously suppressed)", suppressed);
    }
    if (verdict == BASE_LOG_WRITE_LAST) {
        add(line, " (subsequent similar messages suppressed for %" PRId64 " milliseconds)",
            base_log_throttle_suppress_ms());
    }
    line->text[line->len++] = '\n';
}

void
mx_log_write(enum mx_log_level level, const struct mx_log_ctx *ctx, const char *file, int line_no,
             const char *function, const char *format, ...)
{
    struct line line;
    struct base_log_line facts = {.level = level, .wall_ms = mx_wall_now()};
    uint64_t suppressed = 0;
    struct mx_log_trace *trace = ctx == NULL ? NULL : ctx->trace;
    enum base_log_verdict verdict = judge(level, ctx, file, line_no, &suppressed);
    if (verdict == BASE_LOG_SUPPRESS && trace == NULL) {
        return;
    }
    if (ctx != NULL) {
        facts.session = ctx->session;
        facts.module = ctx->module;
        facts.object = ctx->object;
    }
    line.len = 0;
    add_head(&line, &facts, function);
    facts.message = line.len;
    va_list args;
    va_start(args, format);
    add_args(&line, format, args);
    va_end(args);
    escape_newlines(&line, facts.message);
    if (trace != NULL) {
        base_log_trace_add(trace, line.text, line.len);
    }
    if (verdict == BASE_LOG_SUPPRESS) {
        return;
    }
    finish(&line, verdict, suppressed);
    facts.text = line.text;
    facts.len = line.len;
    base_log_put(&facts);
}
