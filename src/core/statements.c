/* The last statements of a session; see statements.h. */
#include "core/statements.h"

#include "mx/timer.h"
#include "wire/cmd.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERVERS_MAX  8 /* whose answers are kept per statement */
#define LOG_TEXT_MAX 900

struct response {
    char *server;
    int64_t duration_ms;
};

struct statement {
    struct mx_list node;
    uint8_t command;
    bool is_done;
    int64_t received_ms; /* since 1970 */
    int64_t completed_ms;
    size_t len;
    size_t response_count;
    struct response responses[SERVERS_MAX];
    char text[];
};

struct core_statements {
    struct mx_list list; /* oldest first */
    size_t count;
    size_t max;
    size_t bytes;
};

struct core_statements *
core_statements_new(const struct mx_session *session)
{
    int64_t max = session->service->config.retain_last_statements;
    if (max < 0) {
        max = core_registry_mine()->globals->retain_last_statements;
    }
    if (max <= 0) {
        return NULL;
    }
    struct core_statements *statements = mx_calloc(1, sizeof(*statements));
    mx_list_init(&statements->list);
    statements->max = (size_t)max;
    return statements;
}

static struct statement *
statement_of(struct mx_list *node)
{
    return mx_container_of(node, struct statement, node);
}

static void
drop_oldest(struct core_statements *statements)
{
    struct statement *oldest = statement_of(statements->list.next);
    mx_list_remove(&oldest->node);
    statements->count--;
    statements->bytes -= sizeof(*oldest) + oldest->len;
    for (size_t i = 0; i < oldest->response_count; i++) {
        free(oldest->responses[i].server);
    }
    free(oldest);
}

void
core_statements_free(struct core_statements *statements)
{
    while (statements != NULL && statements->count > 0) {
        drop_oldest(statements);
    }
    free(statements);
}

void
core_statements_begin(struct core_statements *statements, const struct mx_query *query,
                      bool answered)
{
    size_t len = query->text == NULL ? 0 : query->text_len;
    struct statement *statement = mx_calloc(1, sizeof(*statement) + len + 1);
    if (len > 0) {
        memcpy(statement->text, query->text, len);
    }
    statement->len = len;
    statement->command = query->command;
    statement->received_ms = mx_wall_now();
    if (answered || !query->expects_reply) {
        statement->is_done = true;
        statement->completed_ms = statement->received_ms;
    }
    if (statements->count == statements->max) {
        drop_oldest(statements);
    }
    mx_list_append(&statements->list, &statement->node);
    statements->count++;
    statements->bytes += sizeof(*statement) + len;
}

/* Answers to the client come in order; of the others only the last statement can be meant. */
static struct statement *
find(struct core_statements *statements, bool is_answer)
{
    mx_list_each (node, &statements->list) {
        if (is_answer && !statement_of(node)->is_done) {
            return statement_of(node);
        }
    }
    return is_answer || statements->count == 0 ? NULL : statement_of(statements->list.prev);
}

void
core_statements_end(struct core_statements *statements, const struct mx_server *server,
                    bool is_answer)
{
    struct statement *statement = find(statements, is_answer);
    if (statement == NULL) {
        return; /* it has been forgotten */
    }
    int64_t now_ms = mx_wall_now();
    if (statement->response_count < SERVERS_MAX) {
        statement->responses[statement->response_count++] =
            (struct response){.server = mx_strdup(mx_server_name(server)),
                              .duration_ms = now_ms - statement->received_ms};
    }
    if (is_answer) {
        statement->is_done = true;
        statement->completed_ms = now_ms;
    }
}

/* ------------------------------------------------------------ showing */

static json_t *
time_json(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm when;
    char text[64];
    (void)gmtime_r(&seconds, &when);
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &when);
    (void)snprintf(text + len, sizeof(text) - len, ".%03d", (int)(wall_ms % 1000));
    return json_string(text);
}

static json_t *
statement_json(const struct statement *statement)
{
    json_t *responses = json_array();
    for (size_t i = 0; i < statement->response_count; i++) {
        const struct response *response = &statement->responses[i];
        json_array_append_new(responses, json_pack("{s:s, s:I}", "server", response->server,
                                                   "duration", (json_int_t)response->duration_ms));
    }
    json_t *out =
        json_pack("{s:s, s:o, s:o, s:o}", "command", wire_command_name(statement->command),
                  "statement", core_text_json(statement->text, statement->len), "received",
                  time_json(statement->received_ms), "responses", responses);
    if (statement->is_done) {
        json_object_set_new(out, "completed", time_json(statement->completed_ms));
    }
    return out;
}

json_t *
core_statements_json(const struct core_statements *statements)
{
    json_t *out = json_array();
    if (statements == NULL) {
        return out;
    }
    for (struct mx_list *node = statements->list.prev; node != &statements->list;
         node = node->prev) {
        json_array_append_new(out, statement_json(statement_of(node)));
    }
    return out;
}

void
core_statements_log(const struct core_statements *statements, const struct mx_session *session)
{
    size_t number = 1;
    if (statements == NULL) {
        return;
    }
    mx_list_each (node, &statements->list) {
        const struct statement *statement = statement_of(node);
        mx_log_notice(&session->log, "Stmt %zu: %s %.*s%s (%s)", number++,
                      wire_command_name(statement->command),
                      (int)mx_min_size(statement->len, LOG_TEXT_MAX), statement->text,
                      statement->len > LOG_TEXT_MAX ? "..." : "",
                      statement->is_done ? "answered" : "under way");
    }
}

size_t
core_statements_bytes(const struct core_statements *statements)
{
    return statements == NULL ? 0 : sizeof(*statements) + statements->bytes;
}
