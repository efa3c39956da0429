/*
 * Where log lines go: file, standard output, the system's journal. Lines are made by the thread
 * that logs and written by one thread of the sink, so that a slow disk does not slow the workers.
 * Between them are two buffers of 1 MiB: when the last quarter is reached, lines below error are
 * dropped (and counted in the log); errors and alerts wait for room and are never dropped.
 *
 * Until base_log_init and after base_log_fini lines go to standard error at once.
 */
#ifndef BASE_LOG_SINK_H
#define BASE_LOG_SINK_H

#include "mx/err.h"
#include "mx/log.h"
#include "mx/param.h"

struct base_log_config {
    const char *path; /* NULL: no file */
    bool to_stdout;
    bool to_syslog;    /* the journal, or syslog(3) where there is none */
    bool ms_timestamp; /* milliseconds in the time of a line */
    bool augmentation; /* function name in each line */
    uint32_t levels;   /* 1 << level; alert and error are always on */
    struct mx_throttling throttling;
};

/* Levels of a fresh installation, and its throttling. */
#define BASE_LOG_LEVELS_DEFAULT \
    (1u << MX_LOG_ALERT | 1u << MX_LOG_ERROR | 1u << MX_LOG_WARNING | 1u << MX_LOG_NOTICE)

/* Opens the file and starts the writer. After daemonizing: threads do not survive a fork. */
MX_MUST_USE int base_log_init(const struct base_log_config *config, struct mx_err *err);
/* Writes what is left and the footer, and closes everything. */
void base_log_fini(void);

/*
 * Takes over another configuration while running; on failure (the file cannot be opened) nothing
 * has changed.
 */
MX_MUST_USE int base_log_change(const struct base_log_config *config, struct mx_err *err);

/* Closes the file and opens it by its name again; on failure the old one stays open. */
MX_MUST_USE int base_log_rotate(struct mx_err *err);

/* Returns when every line logged before is written. */
void base_log_flush(void);

/*
 * For signal handlers of fatal signals, and mx_bug: what waits, and then this text, straight to
 * the file and standard error. Takes no memory, and waits for a lock for a quarter of a second at
 * most.
 */
void base_log_crash(const char *text);
/* More after that; without waiting. */
void base_log_crash_more(const char *text);

/* Lines dropped so far because they came faster than they could be written. */
uint64_t base_log_dropped(void);

/* Name of the file that is written, to be freed; NULL: none (yet). */
char *base_log_file(void);

#endif
