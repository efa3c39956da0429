/* Between log.c (lines), log_throttle.c (which of them) and log_sink.c (where to). */
#ifndef BASE_LOG_PRIVATE_H
#define BASE_LOG_PRIVATE_H

#include "base/log_sink.h"
#include "mx/atomic.h"

/* A line with its newline, in bytes. */
#define BASE_LOG_LINE_MAX 8192

/* What a line is made of; text ends with a newline. */
struct base_log_line {
    enum mx_log_level level;
    uint64_t session;
    int64_t wall_ms;
    const char *module; /* NULL: none */
    const char *object;
    const char *text;
    size_t len;
    size_t message; /* where in the text the message begins */
};

/* Made from the configuration; read on every call of mx_log_enabled. */
struct base_log_settings {
    struct mx_atomic levels;
    struct mx_atomic ms_timestamp;
    struct mx_atomic augmentation;
};

extern struct base_log_settings base_log_settings;

/* "YYYY-MM-DD HH:MM:SS", with .mmm when set so. Returns its length. */
size_t base_log_timestamp(int64_t wall_ms, char *out, size_t size);

void base_log_put(const struct base_log_line *line);

enum base_log_verdict {
    BASE_LOG_WRITE = 0,
    BASE_LOG_WRITE_LAST, /* the following ones are suppressed */
    BASE_LOG_SUPPRESS,
};

/*
 * One more message of this source line at now_ms. *out_suppressed: how many were suppressed since
 * the last one that was written (other than 0 only with BASE_LOG_WRITE).
 */
enum base_log_verdict base_log_throttle(const char *file, int line, int64_t now_ms,
                                        uint64_t *out_suppressed);
/* Also forgets everything counted so far. */
void base_log_throttle_set(const struct mx_throttling *throttling);
int64_t base_log_throttle_suppress_ms(void);

#endif
