/* Owns the log's buffers, its writer thread and the file; see log_sink.h. */
#include "base/log_sink.h"

#include "base/log_journal.h"
#include "base/log_private.h"
#include "mx/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_LEN ((size_t)1024 * 1024)
#define DASHES     "----------------------------------------------------------------------------\n"

/* Head of a line in a buffer; its text, module and object (each with a NUL) follow. */
struct entry {
    uint32_t size; /* all of it, rounded up to 8 */
    uint32_t len;  /* of the text */
    uint32_t message;
    uint16_t module_len; /* 0: none; else with its NUL */
    uint16_t object_len;
    uint64_t session;
    int64_t wall_ms;
    int32_t level;
    int32_t unused;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t has_lines;   /* for the writer */
    pthread_cond_t has_written; /* for those who wait for room, or for their lines */
    uint8_t *buffer[2];
    size_t len[2];
    int active; /* the one that is appended to */
    uint64_t appended;
    uint64_t written;
    uint64_t dropped;
    uint64_t dropped_told;
    bool is_running;
    bool is_stopping;
    pthread_t thread;

    pthread_mutex_t io_lock; /* of what follows; taken before `lock` when both are needed */
    char *path;
    int fd;
    bool to_stdout;
    bool to_syslog;
    bool is_failing; /* the file could not be written last time */
} sink = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .has_lines = PTHREAD_COND_INITIALIZER,
    .has_written = PTHREAD_COND_INITIALIZER,
    .io_lock = PTHREAD_MUTEX_INITIALIZER,
    .fd = -1,
};

static int
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, text, len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        text += put;
        len -= (size_t)put;
    }
    return 0;
}

/* The file. */

static int
open_file(const char *path, struct mx_err *err)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0664);
    if (fd >= 0) {
        (void)fchmod(fd, 0664); /* a new file has these bits whatever the umask */
    } else if (errno == EEXIST) {
        fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    }
    if (fd < 0) {
        return mx_err_text(err,
                           "cannot open the log file '%s': %s; the folder must exist and be "
                           "writable for the user that runs this program (see 'logdir')",
                           path, strerrordesc_np(errno));
    }
    time_t now = time(NULL);
    struct tm tm = {0};
    char when[40];
    (void)localtime_r(&now, &tm);
    (void)strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm);
    char *header = mx_asprintf("\n\nMariaDB MaxScale  %s  %s\n" DASHES, path, when);
    int rc = write_all(fd, header, strlen(header));
    free(header);
    if (rc != 0) {
        rc =
            mx_err_text(err, "cannot write to the log file '%s': %s", path, strerrordesc_np(errno));
        (void)close(fd);
        return rc;
    }
    return fd;
}

static void
close_file(const char *why)
{
    if (sink.fd >= 0) {
        char timestamp[40];
        (void)base_log_timestamp(mx_wall_now(), timestamp, sizeof(timestamp));
        char *footer = mx_asprintf("%s   %s\n" DASHES, timestamp, why);
        (void)write_all(sink.fd, footer, strlen(footer));
        free(footer);
        (void)close(sink.fd);
        sink.fd = -1;
    }
}

static void
write_file(const char *text, size_t len)
{
    if (write_all(sink.fd, text, len) == 0) {
        sink.is_failing = false;
    } else if (!sink.is_failing) {
        sink.is_failing = true; /* once per trouble; there is no other place to say it */
        (void)fprintf(stderr, "cannot write to the log file '%s': %s; messages are lost\n",
                      sink.path, strerrordesc_np(errno));
    }
}

/* The writer. */

static void
to_journal(const struct entry *entry)
{
    const char *text = (const char *)(entry + 1);
    struct base_log_line line = {
        .level = (enum mx_log_level)entry->level,
        .session = entry->session,
        .wall_ms = entry->wall_ms,
        .text = text,
        .len = entry->len,
        .message = entry->message,
    };
    line.module = entry->module_len > 0 ? text + entry->len : NULL;
    line.object = entry->object_len > 0 ? text + entry->len + entry->module_len : NULL;
    base_log_journal_send(&line);
}

/* Lines go out in blocks; the texts are moved together in the buffer, behind what was read. */
static void
write_batch(uint8_t *buffer, size_t len)
{
    uint64_t count = 0;
    size_t packed = 0;
    for (size_t at = 0; at < len; count++) {
        struct entry entry;
        memcpy(&entry, buffer + at, sizeof(entry));
        if (sink.to_syslog) {
            to_journal((const struct entry *)(const void *)(buffer + at));
        }
        memmove(buffer + packed, buffer + at + sizeof(entry), entry.len);
        packed += entry.len;
        at += entry.size;
    }
    if (sink.fd >= 0) {
        write_file((const char *)buffer, packed);
    }
    if (sink.to_stdout) {
        (void)write_all(STDOUT_FILENO, (const char *)buffer, packed);
    }
}

static void
tell_dropped(uint64_t dropped)
{
    mx_log_warning(NULL,
                   "%" PRIu64 " log messages were dropped because they came faster than they could "
                   "be written. Switch off info logging, or use a faster disk for the log.",
                   dropped);
}

static void *
writer(void *arg)
{
    (void)arg;
    (void)pthread_setname_np(pthread_self(), "log");
    (void)pthread_mutex_lock(&sink.lock);
    for (;;) {
        while (sink.len[sink.active] == 0 && !sink.is_stopping) {
            (void)pthread_cond_wait(&sink.has_lines, &sink.lock);
        }
        int full = sink.active;
        size_t len = sink.len[full];
        if (len == 0) {
            break;
        }
        uint64_t goal = sink.appended;
        sink.active = 1 - full;
        (void)pthread_mutex_unlock(&sink.lock);
        (void)pthread_mutex_lock(&sink.io_lock);
        write_batch(sink.buffer[full], len);
        (void)pthread_mutex_unlock(&sink.io_lock);
        (void)pthread_mutex_lock(&sink.lock);
        sink.len[full] = 0;
        sink.written = goal;
        (void)pthread_cond_broadcast(&sink.has_written);
        uint64_t dropped = sink.dropped - sink.dropped_told;
        if (dropped > 0) {
            sink.dropped_told = sink.dropped;
            (void)pthread_mutex_unlock(&sink.lock);
            tell_dropped(dropped);
            (void)pthread_mutex_lock(&sink.lock);
        }
    }
    (void)pthread_mutex_unlock(&sink.lock);
    return NULL;
}

static size_t
text_size(const char *text)
{
    return text != NULL ? mx_min_size(strlen(text), 1023) + 1 : 0;
}

static void
append(const struct base_log_line *line, size_t module_len, size_t object_len, size_t size)
{
    uint8_t *at = sink.buffer[sink.active] + sink.len[sink.active];
    struct entry entry = {
        .size = (uint32_t)size,
        .len = (uint32_t)line->len,
        .message = (uint32_t)line->message,
        .module_len = (uint16_t)module_len,
        .object_len = (uint16_t)object_len,
        .session = line->session,
        .wall_ms = line->wall_ms,
        .level = (int32_t)line->level,
    };
    memcpy(at, &entry, sizeof(entry));
    at += sizeof(entry);
    memcpy(at, line->text, line->len);
    at += line->len;
    if (module_len > 0) {
        memcpy(at, line->module, module_len - 1);
        at[module_len - 1] = '\0';
        at += module_len;
    }
    if (object_len > 0) {
        memcpy(at, line->object, object_len - 1);
        at[object_len - 1] = '\0';
    }
    sink.len[sink.active] += size;
    sink.appended++;
}

static bool
is_here(pthread_t thread)
{
    return pthread_equal(pthread_self(), thread) != 0;
}

void
base_log_put(const struct base_log_line *line)
{
    size_t module_len = text_size(line->module);
    size_t object_len = text_size(line->object);
    size_t size = (sizeof(struct entry) + line->len + module_len + object_len + 7) & ~(size_t)7;
    size_t limit = line->level <= MX_LOG_ERROR ? BUFFER_LEN : BUFFER_LEN / 4 * 3;
    (void)pthread_mutex_lock(&sink.lock);
    if (!sink.is_running) {
        (void)pthread_mutex_unlock(&sink.lock);
        (void)write_all(STDERR_FILENO, line->text, line->len);
        return;
    }
    while (sink.is_running && sink.len[sink.active] + size > limit && line->level <= MX_LOG_ERROR &&
           !is_here(sink.thread)) {
        (void)pthread_cond_wait(&sink.has_written, &sink.lock);
    }
    if (!sink.is_running) {
        (void)write_all(STDERR_FILENO, line->text, line->len);
    } else if (sink.len[sink.active] + size > limit) {
        sink.dropped++;
    } else {
        if (sink.len[sink.active] == 0) {
            (void)pthread_cond_signal(&sink.has_lines);
        }
        append(line, module_len, object_len, size);
    }
    (void)pthread_mutex_unlock(&sink.lock);
}

void
base_log_flush(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    uint64_t goal = sink.appended;
    while (sink.is_running && sink.written < goal && !is_here(sink.thread)) {
        (void)pthread_cond_wait(&sink.has_written, &sink.lock);
    }
    (void)pthread_mutex_unlock(&sink.lock);
}

uint64_t
base_log_dropped(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    uint64_t dropped = sink.dropped;
    (void)pthread_mutex_unlock(&sink.lock);
    return dropped;
}

char *
base_log_file(void)
{
    (void)pthread_mutex_lock(&sink.io_lock);
    char *path = sink.path != NULL ? mx_strdup(sink.path) : NULL;
    (void)pthread_mutex_unlock(&sink.io_lock);
    return path;
}

/* Configuration and life. */

static void
use_settings(const struct base_log_config *config)
{
    uint32_t levels = config->levels | 1u << MX_LOG_ALERT | 1u << MX_LOG_ERROR;
    mx_atomic_set(&base_log_settings.levels, levels);
    mx_atomic_set(&base_log_settings.ms_timestamp, config->ms_timestamp);
    mx_atomic_set(&base_log_settings.augmentation, config->augmentation);
    base_log_throttle_set(&config->throttling);
}

static bool
is_same_file(const char *path)
{
    if (path == NULL || sink.path == NULL) {
        return path == sink.path;
    }
    return sink.fd >= 0 && strcmp(path, sink.path) == 0;
}

static int
use_sinks(const struct base_log_config *config, struct mx_err *err)
{
    int rc = 0;
    (void)pthread_mutex_lock(&sink.io_lock);
    if (!is_same_file(config->path)) {
        int fd = config->path != NULL ? open_file(config->path, err) : -1;
        if (config->path != NULL && fd < 0) {
            rc = -1;
            goto out;
        }
        close_file("File closed because logging goes elsewhere.");
        free(sink.path);
        sink.path = config->path != NULL ? mx_strdup(config->path) : NULL;
        sink.fd = fd;
    }
    sink.to_stdout = config->to_stdout;
    sink.to_syslog = config->to_syslog;
out:
    (void)pthread_mutex_unlock(&sink.io_lock);
    return rc;
}

static int
start_writer(void)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)pthread_mutex_lock(&sink.lock);
    int rc = pthread_create(&sink.thread, NULL, writer, NULL);
    sink.is_running = rc == 0;
    (void)pthread_mutex_unlock(&sink.lock);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int
base_log_init(const struct base_log_config *config, struct mx_err *err)
{
    if (use_sinks(config, err) != 0) {
        return -1;
    }
    use_settings(config);
    for (int i = 0; i < 2; i++) {
        sink.buffer[i] = mx_alloc(BUFFER_LEN);
        sink.len[i] = 0;
    }
    sink.is_stopping = false;
    int rc = start_writer();
    if (rc != 0) {
        base_log_fini();
        return mx_err_text(err, "cannot start the thread that writes the log: %s",
                           strerrordesc_np(rc));
    }
    return 0;
}

int
base_log_change(const struct base_log_config *config, struct mx_err *err)
{
    base_log_flush();
    if (use_sinks(config, err) != 0) {
        return -1;
    }
    use_settings(config);
    return 0;
}

int
base_log_rotate(struct mx_err *err)
{
    int rc = 0;
    base_log_flush();
    (void)pthread_mutex_lock(&sink.io_lock);
    if (sink.path != NULL) {
        int fd = open_file(sink.path, err);
        if (fd >= 0) {
            close_file("File closed due to log rotation.");
            sink.fd = fd;
        } else {
            rc = -1;
        }
    }
    (void)pthread_mutex_unlock(&sink.io_lock);
    if (rc == 0) {
        mx_log_notice(NULL, "Log rotation complete");
    }
    return rc;
}

void
base_log_fini(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    bool was_running = sink.is_running;
    sink.is_stopping = true;
    (void)pthread_cond_signal(&sink.has_lines);
    (void)pthread_mutex_unlock(&sink.lock);
    if (was_running) {
        (void)pthread_join(sink.thread, NULL);
    }
    (void)pthread_mutex_lock(&sink.io_lock);
    (void)pthread_mutex_lock(&sink.lock);
    sink.is_running = false; /* from now on lines go to standard error */
    if (sink.len[sink.active] > 0) {
        write_batch(sink.buffer[sink.active], sink.len[sink.active]);
    }
    for (int i = 0; i < 2; i++) {
        free(sink.buffer[i]);
        sink.buffer[i] = NULL;
        sink.len[i] = 0;
    }
    (void)pthread_cond_broadcast(&sink.has_written);
    (void)pthread_mutex_unlock(&sink.lock);
    close_file("MariaDB MaxScale is shut down.");
    free(sink.path);
    sink.path = NULL;
    sink.to_stdout = false;
    sink.to_syslog = false;
    (void)pthread_mutex_unlock(&sink.io_lock);
}

/*
 * The lock, and the writer done with its block; but whoever crashed may hold the one, and the disk
 * may hold up the other: after a quarter of a second it goes without what waits.
 */
static bool
crash_lock(void)
{
    const struct timespec step = {.tv_nsec = 1000000};
    for (int i = 0; i < 250; i++) {
        if (pthread_mutex_trylock(&sink.lock) == 0) {
            if (sink.len[1 - sink.active] == 0) {
                return true;
            }
            (void)pthread_mutex_unlock(&sink.lock);
        }
        (void)nanosleep(&step, NULL);
    }
    return false;
}

static void
crash_write_waiting(void)
{
    const uint8_t *buffer = sink.buffer[sink.active];
    size_t len = sink.len[sink.active];
    for (size_t at = 0; buffer != NULL && at + sizeof(struct entry) <= len;) {
        struct entry entry;
        memcpy(&entry, buffer + at, sizeof(entry));
        if (entry.size == 0 || entry.size > len - at || entry.len > entry.size) {
            break; /* the crash may have come from memory that is no longer sound */
        }
        (void)write_all(sink.fd, (const char *)buffer + at + sizeof(entry), entry.len);
        at += entry.size;
    }
    sink.len[sink.active] = 0;
}

void
base_log_crash(const char *text)
{
    if (sink.fd >= 0) {
        if (crash_lock()) {
            crash_write_waiting();
            (void)pthread_mutex_unlock(&sink.lock);
        }
    }
    base_log_crash_more(text);
}

void
base_log_crash_more(const char *text)
{
    if (sink.fd >= 0) {
        (void)write_all(sink.fd, text, strlen(text));
    }
    (void)write_all(STDERR_FILENO, text, strlen(text));
}
