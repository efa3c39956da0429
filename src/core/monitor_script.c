/*
 * Scripts that monitors run on events: the command line with its placeholders, the process, its
 * output in the log, its end.
 */
#include "core/monitor_run.h"

#include "mx/log.h"
#include "mx/str.h"
#include "mx/timer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX  256
#define LINE_MAX_BYTES 4096

/* --------------------------------------------------------------- placeholders */

static void
add_address(struct mx_str *out, const struct mx_server *server, const char *credentials)
{
    if (out->len > 0) {
        mx_str_add(out, ",");
    }
    mx_str_printf(out, "%s[%s]:%" PRId64, credentials,
                  server->config.address != NULL ? server->config.address : server->config.socket,
                  server->config.port);
}

/* Servers that have one of the bits (0: all). */
static void
add_list(struct mx_str *out, const struct mx_monitor *monitor, uint32_t bits)
{
    struct mx_str list = {0};
    for (size_t i = 0; i < monitor->server_count; i++) {
        uint32_t status = (uint32_t)mx_atomic_get(&monitor->servers[i]->rt->status);
        bool running = bits == 0 || (status & MX_STATUS_RUNNING) != 0;
        if (running && (bits == 0 || (status & bits) != 0)) {
            add_address(&list, monitor->servers[i], "");
        }
    }
    mx_str_add(out, mx_str_text(&list));
    mx_str_free(&list);
}

static void
add_credentials(struct mx_str *out, const struct mx_monitor *monitor)
{
    struct mx_str list = {0};
    for (size_t i = 0; i < monitor->server_count; i++) {
        struct mx_monitor_target target;
        mx_monitor_target(monitor, i, &target);
        char *login =
            mx_asprintf("%s:%s@", target.user, target.password != NULL ? target.password : "");
        add_address(&list, monitor->servers[i], login);
        free(login);
    }
    mx_str_add(out, mx_str_text(&list));
    mx_str_free(&list);
}

/* Servers whose `member` id equals `id`: the parent or the children of the initiator. */
static void
add_relatives(struct mx_str *out, const struct mx_monitor *monitor, int64_t id, bool children)
{
    struct mx_str list = {0};
    for (size_t i = 0; i < monitor->server_count && id > 0; i++) {
        struct core_server_runtime *rt = monitor->servers[i]->rt;
        if (mx_atomic_get(children ? &rt->master_id : &rt->node_id) == id) {
            add_address(&list, monitor->servers[i], "");
        }
    }
    mx_str_add(out, mx_str_text(&list));
    mx_str_free(&list);
}

static void
add_value(struct mx_str *out, const struct mx_monitor *monitor, const struct mx_server *server,
          const char *name, const char *event)
{
    if (strcmp(name, "$INITIATOR") == 0) {
        struct mx_str one = {0};
        add_address(&one, server, "");
        mx_str_add(out, mx_str_text(&one));
        mx_str_free(&one);
    } else if (strcmp(name, "$PARENT") == 0) {
        add_relatives(out, monitor, mx_atomic_get(&server->rt->master_id), false);
    } else if (strcmp(name, "$CHILDREN") == 0) {
        add_relatives(out, monitor, mx_atomic_get(&server->rt->node_id), true);
    } else if (strcmp(name, "$EVENT") == 0) {
        mx_str_add(out, event);
    } else if (strcmp(name, "$CREDENTIALS") == 0) {
        add_credentials(out, monitor);
    } else if (strcmp(name, "$NODELIST") == 0) {
        add_list(out, monitor, MX_STATUS_RUNNING);
    } else if (strcmp(name, "$LIST") == 0) {
        add_list(out, monitor, 0);
    } else if (strcmp(name, "$MASTERLIST") == 0) {
        add_list(out, monitor, MX_STATUS_MASTER);
    } else if (strcmp(name, "$SLAVELIST") == 0) {
        add_list(out, monitor, MX_STATUS_SLAVE);
    } else if (strcmp(name, "$SYNCEDLIST") == 0) {
        add_list(out, monitor, MX_STATUS_JOINED);
    }
}

/* credentials: false leaves that placeholder as it is, for the log. */
static char *
fill_in(const struct mx_monitor *monitor, const struct mx_server *server, const char *event,
        bool credentials)
{
    static const char *const names[] = {"$INITIATOR",   "$PARENT",    "$CHILDREN", "$EVENT",
                                        "$CREDENTIALS", "$NODELIST",  "$LIST",     "$MASTERLIST",
                                        "$SLAVELIST",   "$SYNCEDLIST"};
    struct mx_str out = {0};
    const char *p = monitor->config.script;
    while (*p != '\0') {
        const char *name = NULL;
        for (size_t i = 0; *p == '$' && name == NULL && i < MX_COUNT(names); i++) {
            name = strncmp(p, names[i], strlen(names[i])) == 0 ? names[i] : NULL;
        }
        if (name == NULL || (!credentials && strcmp(name, "$CREDENTIALS") == 0)) {
            mx_str_add_char(&out, *p++);
        } else {
            add_value(&out, monitor, server, name, event);
            p += strlen(name);
        }
    }
    return mx_str_give(&out);
}

/* Blanks separate words, quotes keep them together, a backslash keeps the next character. */
char **
core_monitor_script_split(const char *command)
{
    char **words = mx_calloc(ARGUMENTS_MAX + 1, sizeof(*words));
    size_t count = 0;
    const char *p = command;
    while (count < ARGUMENTS_MAX) {
        struct mx_str word = {0};
        bool any = false;
        char quote = '\0';
        while (isspace((unsigned char)*p)) {
            p++;
        }
        for (; *p != '\0' && (quote != '\0' || !isspace((unsigned char)*p)); p++) {
            any = true;
            if (*p == '\\' && p[1] != '\0') {
                mx_str_add_char(&word, *p++);
                mx_str_add_char(&word, *p);
            } else if (quote != '\0' && *p == quote) {
                quote = '\0';
            } else if (quote == '\0' && (*p == '\'' || *p == '"')) {
                quote = *p;
            } else {
                mx_str_add_char(&word, *p);
            }
        }
        if (!any) {
            mx_str_free(&word);
            break;
        }
        words[count++] = mx_str_give(&word);
    }
    return words;
}

/* --------------------------------------------------------------------- output */

static enum mx_log_level
level_of(const char **line)
{
    static const struct {
        const char *word;
        enum mx_log_level level;
    } words[] = {{"alert", MX_LOG_ALERT},   {"error", MX_LOG_ERROR}, {"warning", MX_LOG_WARNING},
                 {"notice", MX_LOG_NOTICE}, {"info", MX_LOG_INFO},   {"debug", MX_LOG_INFO}};
    const char *p = *line;
    while (isspace((unsigned char)*p)) {
        p++;
    }
    for (size_t i = 0; i < MX_COUNT(words); i++) {
        size_t len = strlen(words[i].word);
        if (strncasecmp(p, words[i].word, len) == 0) {
            const char *after = p + len;
            while (isspace((unsigned char)*after)) {
                after++;
            }
            if (*after == ':') {
                after++;
                while (isspace((unsigned char)*after)) {
                    after++;
                }
                *line = after;
                return words[i].level;
            }
        }
    }
    return MX_LOG_NOTICE;
}

static void
log_line(const struct mx_monitor *monitor, const char *command, const char *line)
{
    struct mx_log_ctx ctx = {.object = monitor->name};
    enum mx_log_level level = level_of(&line);
    if (line[0] != '\0') {
        mx_log_at(level, &ctx, "%s: %s", command, line);
    }
}

/* Logs the complete lines in the buffer; what is left moves to its beginning. */
static size_t
log_lines(const struct mx_monitor *monitor, const char *command, char *buffer, size_t used,
          bool all)
{
    size_t start = 0;
    for (size_t i = 0; i < used; i++) {
        if (buffer[i] == '\n') {
            buffer[i] = '\0';
            log_line(monitor, command, buffer + start);
            start = i + 1;
        }
    }
    if (start < used && (all || used - start >= LINE_MAX_BYTES - 1)) {
        buffer[used] = '\0';
        log_line(monitor, command, buffer + start);
        start = used;
    }
    memmove(buffer, buffer + start, used - start);
    return used - start;
}

/* -------------------------------------------------------------------- process */

/* The program takes its signals in one thread and blocks them elsewhere; a script starts without.
 */
static int
spawn_plain(pid_t *pid, char *const *words, const posix_spawn_file_actions_t *actions)
{
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t usual;
    int rc = posix_spawnattr_init(&attributes);
    if (rc != 0) {
        return rc;
    }
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    rc = posix_spawnattr_setsigmask(&attributes, &none);
    rc = rc != 0 ? rc : posix_spawnattr_setsigdefault(&attributes, &usual);
    rc = rc != 0 ? rc
                 : posix_spawnattr_setflags(&attributes,
                                            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = rc != 0 ? rc : posix_spawn(pid, words[0], actions, &attributes, words, environ);
    (void)posix_spawnattr_destroy(&attributes);
    return rc;
}

static pid_t
spawn(char *const *words, int output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return -1;
    }
    int rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, output, 1);
    rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, output, 2);
    rc = rc != 0 ? rc : spawn_plain(&pid, words, &actions);
    (void)posix_spawn_file_actions_destroy(&actions);
    errno = rc;
    return rc == 0 ? pid : -1;
}

/* Reads until the script closes its output and has ended; TERM, later KILL when it is late. */
static int
wait_for(const struct mx_monitor *monitor, const char *command, pid_t pid, int input)
{
    char buffer[LINE_MAX_BYTES];
    size_t used = 0;
    int status = 0;
    int signals = 0;
    int64_t timeout_ms = monitor->config.script_timeout_ms;
    int64_t began_ms = mx_now_ms();
    bool open = true;
    while (true) {
        struct pollfd poller = {.fd = input, .events = POLLIN};
        if (open && poll(&poller, 1, 100) > 0) {
            ssize_t n = read(input, buffer + used, sizeof(buffer) - 1 - used);
            open = n > 0;
            used = log_lines(monitor, command, buffer, used + (n > 0 ? (size_t)n : 0), !open);
            if (open) {
                continue;
            }
        } else if (!open) {
            (void)poll(NULL, 0, 20);
        }
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return status;
        }
        int64_t age_ms = mx_now_ms() - began_ms;
        if (signals < 2 && age_ms >= timeout_ms * (signals + 1)) {
            mx_log_warning(&(struct mx_log_ctx){.object = monitor->name},
                           "Script '%s' runs for %" PRId64 " s: it is sent %s.", command,
                           age_ms / 1000, signals == 0 ? "SIGTERM" : "SIGKILL");
            (void)kill(pid, signals++ == 0 ? SIGTERM : SIGKILL);
        }
    }
}

static void
run_words(const struct mx_monitor *monitor, char *const *words, const char *shown,
          const char *event)
{
    struct mx_log_ctx ctx = {.object = monitor->name};
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        mx_log_error(&ctx, "Script '%s' was not run, no pipe: %s", shown, strerrordesc_np(errno));
        return;
    }
    pid_t pid = spawn(words, fds[1]);
    int error = errno;
    (void)close(fds[1]);
    if (pid < 0) {
        mx_log_error(&ctx, "Script '%s' could not be started on event '%s': %s", shown, event,
                     strerrordesc_np(error));
    } else {
        int status = wait_for(monitor, shown, pid, fds[0]);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            mx_log_notice(&ctx, "Ran the script '%s' on event '%s'.", shown, event);
        } else if (WIFEXITED(status)) {
            mx_log_error(&ctx, "Script '%s' on event '%s' ended with code %d.", shown, event,
                         WEXITSTATUS(status));
        } else {
            mx_log_error(&ctx, "Script '%s' on event '%s' was ended by signal %d.", shown, event,
                         WTERMSIG(status));
        }
    }
    (void)close(fds[0]);
}

void
core_monitor_script_run(struct mx_monitor *monitor, size_t index, const char *event)
{
    struct mx_monitor_settings settings;
    mx_monitor_settings(monitor, &settings);
    if (monitor->config.script == NULL || settings.passive) {
        return;
    }
    char *command = fill_in(monitor, monitor->servers[index], event, true);
    char *shown = fill_in(monitor, monitor->servers[index], event, false);
    char **words = core_monitor_script_split(command);
    mx_monitor_set_state(monitor, "Executing scripts");
    if (words[0] != NULL) {
        run_words(monitor, words, shown, event);
    }
    mx_monitor_set_state(monitor, "Monitoring servers");
    for (size_t i = 0; words[i] != NULL; i++) {
        free(words[i]);
    }
    free(words);
    free(command);
    free(shown);
}
