/* The systemd journal, spoken to in its own datagram form; syslog(3) where there is no journal. */
#ifndef BASE_LOG_JOURNAL_H
#define BASE_LOG_JOURNAL_H

struct base_log_line;

/* Called by the log's writer only. A message that cannot be sent is lost. */
void base_log_journal_send(const struct base_log_line *line);

#endif
