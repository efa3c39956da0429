/*
 * Sends a line to the journal's socket: one datagram of FIELD=value lines, as described by
 * systemd's "Native Journal Protocol". Values have no newlines here, so no length form is needed.
 */
#include "base/log_journal.h"

#include "base/log_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#ifndef JOURNAL_PATH /* the test has its own */
#define JOURNAL_PATH "/run/systemd/journal/socket"
#endif

struct datagram {
    size_t len;
    char bytes[BASE_LOG_LINE_MAX + 4096];
};

static void MX_PRINTF(2, 3) add(struct datagram *d, const char *format, ...)
{
    va_list args;
    size_t room = sizeof(d->bytes) - d->len;
    va_start(args, format);
    int len = vsnprintf(d->bytes + d->len, room, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < room) {
        d->len += (size_t)len;
    }
}

static void
fill(struct datagram *d, const struct base_log_line *line)
{
    char timestamp[40];
    (void)base_log_timestamp(line->wall_ms, timestamp, sizeof(timestamp));
    d->len = 0;
    add(d, "PRIORITY=%d\nSYSLOG_IDENTIFIER=maxscale\nTIMESTAMP=%s\n", (int)line->level, timestamp);
    if (line->session != 0) {
        add(d, "SESSION=%" PRIu64 "\n", line->session);
    }
    if (line->module != NULL) {
        add(d, "MODULE=%s\n", line->module);
    }
    if (line->object != NULL) {
        add(d, "OBJECT=%s\n", line->object);
    }
    /* The text ends with its newline. */
    add(d, "MESSAGE=%.*s", (int)(line->len - line->message), line->text + line->message);
}

void
base_log_journal_send(const struct base_log_line *line)
{
    static int fd = -1;
    static const struct sockaddr_un journal = {.sun_family = AF_UNIX, .sun_path = JOURNAL_PATH};
    struct datagram d;
    if (fd < 0) {
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    fill(&d, line);
    if (fd < 0 || sendto(fd, d.bytes, d.len, MSG_NOSIGNAL, (const struct sockaddr *)&journal,
                         sizeof(journal)) < 0) {
        openlog("maxscale", LOG_PID, LOG_USER);
        syslog((int)line->level, "%.*s", (int)(line->len - line->message - 1),
               line->text + line->message);
    }
}
