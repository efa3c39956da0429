/* See session_trace.h. */
#include "core/session_trace.h"

#include "base/log_sink.h"
#include "base/log_trace.h"
#include "conf/regex.h"
#include "conf/value.h"
#include "core/endpoint.h"
#include "wire/cmd.h"

/* Lines per session of a service that wants them when the global number is 0. */
#define LINES_DEFAULT 100
/* Of the text of a statement. */
#define TEXT_MAX 500

struct mx_log_trace *
core_trace_new(const struct mx_service *service)
{
    int64_t max = core_registry_mine()->globals->session_trace;
    if (max <= 0 && service->config.session_trace) {
        max = LINES_DEFAULT;
    }
    return max <= 0 ? NULL : base_log_trace_new((size_t)max);
}

/* ------------------------------------------------------------ lines */

void
core_trace_query(const struct mx_endpoint *endpoint, const struct mx_query *query, uint32_t flags)
{
    size_t len = query->text == NULL ? 0 : query->text_len;
    mx_log_info(&endpoint->session->log, "To server '%s' (%s): %s%s%.*s%s", endpoint->server->name,
                (flags & MX_SEND_WRITE) != 0 ? "write" : "read", wire_command_name(query->command),
                len > 0 ? " " : "", (int)mx_min_size(len, TEXT_MAX), len > 0 ? query->text : "",
                len > TEXT_MAX ? "..." : "");
}

void
core_trace_reply(const struct mx_endpoint *endpoint, const struct mx_reply *reply, bool discard)
{
    const struct mx_log_ctx *log = &endpoint->session->log;
    const char *name = endpoint->server->name;
    const char *whose = discard ? ", not for the client" : "";
    if (reply->error_code != 0) {
        mx_log_info(log, "From server '%s'%s: %s: error %u (%s): %s", name, whose,
                    wire_command_name(reply->command), (unsigned)reply->error_code,
                    reply->error_sqlstate, reply->error_text == NULL ? "" : reply->error_text);
    } else {
        mx_log_info(log, "From server '%s'%s: %s: %s", name, whose,
                    wire_command_name(reply->command),
                    reply->kind == MX_REPLY_ROWS ? "a result" : "done");
    }
}

/* ------------------------------------------------------------ to the log */

void
core_trace_dump(struct mx_session *session, const char *why)
{
    struct mx_log_trace *trace = session->log.trace;
    if (trace == NULL || trace->fresh == 0) {
        return;
    }
    struct mx_log_ctx log = session->log; /* these lines are not kept again */
    log.trace = NULL;
    log.levels |= 1u << MX_LOG_NOTICE;
    size_t old = trace->count - trace->fresh;
    mx_log_notice(&log,
                  "Session trace of '%s'@'%s', %zu lines, because %s:", mx_session_user(session),
                  session->remote, trace->fresh, why);
    mx_list_each (node, &trace->lines) {
        if (old > 0) {
            old--;
        } else {
            mx_log_notice(&log, "Trace: %s", base_log_kept_of(node)->text);
        }
    }
    trace->fresh = 0;
}

static bool
has_match(const struct mx_log_trace *trace, const char *pattern)
{
    /* At the end of a session, and by those only who look for something: not worth a cache. */
    struct conf_why why;
    struct conf_regex *regex = conf_regex_new(pattern, &why);
    bool found = false;
    if (regex == NULL) {
        return false;
    }
    mx_list_each (node, &trace->lines) {
        const struct base_log_kept *line = base_log_kept_of(node);
        found = found || conf_regex_match(regex, line->text, line->len);
    }
    conf_regex_free(regex);
    return found;
}

void
core_trace_end(struct mx_session *session)
{
    const struct mx_log_trace *trace = session->log.trace;
    const char *pattern = core_registry_mine()->globals->session_trace_match;
    if (trace == NULL) {
        return;
    }
    if (session->rs != NULL && !session->ends_well) {
        core_trace_dump(session, "the client did not say good-bye (COM_QUIT)");
    } else if (pattern != NULL && pattern[0] != '\0' && has_match(trace, pattern)) {
        core_trace_dump(session, "a line matches session_trace_match");
    }
}

/* ------------------------------------------------------------ views */

json_t *
core_trace_json(const struct mx_session *session)
{
    json_t *lines = json_array();
    struct mx_log_trace *trace = session->log.trace;
    if (trace == NULL) {
        return lines;
    }
    mx_list_each (node, &trace->lines) {
        const struct base_log_kept *line = base_log_kept_of(node);
        json_array_append_new(lines, core_text_json(line->text, line->len));
    }
    return lines;
}

size_t
core_trace_bytes(const struct mx_session *session)
{
    return base_log_trace_bytes(session->log.trace);
}

void
core_traces_crash(void)
{
    if (mx_worker_self() == NULL || mx_worker_index(mx_worker_self()) < 0) {
        return;
    }
    for (struct mx_session *session = core_session_next(NULL); session != NULL;
         session = core_session_next(session)) {
        struct mx_log_trace *trace = session->log.trace;
        if (trace == NULL) {
            continue;
        }
        mx_list_each (node, &trace->lines) {
            base_log_crash_more("Trace: ");
            base_log_crash_more(base_log_kept_of(node)->text);
            base_log_crash_more("\n");
        }
    }
}
