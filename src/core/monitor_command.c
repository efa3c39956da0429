/* The command slot of a monitor: one command at a time, run by the monitor's thread after a tick.
 */
#include "core/monitor_run.h"

#include "mx/log.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
core_monitor_command_clear(struct core_command *command)
{
    free(command->name);
    json_decref(command->arguments);
    json_decref(command->result);
    json_decref(command->errors);
    uint64_t sequence = command->sequence;
    *command = (struct core_command){.sequence = sequence};
}

static void
finish(struct core_monitor_runtime *rt, int rc, json_t *result, json_t *errors)
{
    struct core_command *command = &rt->command;
    command->state = CORE_COMMAND_DONE;
    command->rc = rc;
    command->result = result;
    command->errors = errors;
    (void)pthread_cond_broadcast(&rt->changed);
}

static void
add_error(json_t *errors, const char *text)
{
    if (errors != NULL) {
        (void)json_array_append_new(errors, json_string(text));
    }
}

bool
core_monitor_command_run(struct mx_monitor *monitor)
{
    struct core_monitor_runtime *rt = monitor->rt;
    (void)pthread_mutex_lock(&rt->lock);
    bool pending = rt->command.state == CORE_COMMAND_PENDING;
    if (pending) {
        rt->command.state = CORE_COMMAND_RUNNING;
        mx_atomic_set(&rt->is_cancelled, mx_atomic_get(&rt->is_stopping));
    }
    char *name = pending ? mx_strdup(rt->command.name) : NULL;
    json_t *arguments = pending ? json_incref(rt->command.arguments) : NULL;
    (void)pthread_mutex_unlock(&rt->lock);
    if (!pending) {
        return false;
    }
    json_t *result = NULL;
    json_t *errors = json_array();
    int rc = -1;
    if (monitor->module->monitor->command != NULL) {
        rc = monitor->module->monitor->command(rt->instance, name, arguments, &result, errors);
    }
    mx_monitor_set_state(monitor, "Idle");
    (void)pthread_mutex_lock(&rt->lock);
    finish(rt, rc, result, errors);
    mx_atomic_set(&rt->is_cancelled, mx_atomic_get(&rt->is_stopping));
    json_decref(arguments); /* shared with the command: jansson's count wants the lock */
    (void)pthread_mutex_unlock(&rt->lock);
    free(name);
    return true;
}

void
core_monitor_command_abort(struct core_monitor_runtime *rt)
{
    (void)pthread_mutex_lock(&rt->lock);
    if (rt->command.state == CORE_COMMAND_PENDING || rt->command.state == CORE_COMMAND_RUNNING) {
        json_t *errors = json_array();
        add_error(errors, "The monitor was stopped before the command had run.");
        finish(rt, -1, NULL, errors);
    }
    (void)pthread_cond_broadcast(&rt->changed);
    (void)pthread_mutex_unlock(&rt->lock);
}

/* The running monitor of that module with a reference to it, or NULL and a text. */
static struct mx_monitor *
find_monitor(const char *module, const char *name, json_t *errors)
{
    char text[256];
    const struct core_registry *registry = core_registry_ref();
    struct mx_monitor *found = registry != NULL ? core_registry_monitor(registry, name) : NULL;
    if (found != NULL) {
        core_monitor_ref(found);
    }
    if (registry != NULL) {
        core_registry_unref(registry);
    }
    if (found == NULL) {
        (void)snprintf(text, sizeof(text), "There is no monitor '%s'.", name);
    } else if (strcasecmp(found->module->name, module) != 0) {
        (void)snprintf(text, sizeof(text), "Monitor '%s' is of module '%s', not '%s'.", name,
                       found->module->name, module);
    } else if (!core_monitor_running(found)) {
        (void)snprintf(text, sizeof(text),
                       "Monitor '%s' is stopped. Start it first: maxctrl start monitor %s", name,
                       name);
    } else {
        return found;
    }
    add_error(errors, text);
    if (found != NULL) {
        core_monitor_unref(found);
    }
    return NULL;
}

/* Puts the command into the slot; false when it is taken. */
static bool
occupy(struct core_monitor_runtime *rt, const char *name, const json_t *arguments, bool wait,
       json_t *errors)
{
    char text[256];
    struct core_command *command = &rt->command;
    if (command->state == CORE_COMMAND_PENDING || command->state == CORE_COMMAND_RUNNING ||
        (command->state == CORE_COMMAND_DONE && command->is_waited)) {
        (void)snprintf(text, sizeof(text),
                       "Cannot run '%s' because '%s' is still pending or running. See 'maxctrl "
                       "call command mariadbmon fetch-cmd-result' and 'cancel-cmd'.",
                       name, command->name);
        add_error(errors, text);
        return false;
    }
    core_monitor_command_clear(command);
    command->sequence++;
    command->state = CORE_COMMAND_PENDING;
    command->is_waited = wait;
    command->name = mx_strdup(name);
    command->arguments = arguments != NULL ? json_deep_copy(arguments) : json_object();
    return true;
}

/* Waits for the end and takes the result. */
static int
take_result(struct core_monitor_runtime *rt, json_t **out_json, json_t *out_errors)
{
    struct core_command *command = &rt->command;
    uint64_t sequence = command->sequence;
    while (command->sequence == sequence && command->state != CORE_COMMAND_DONE) {
        (void)pthread_cond_wait(&rt->changed, &rt->lock);
    }
    int rc = command->rc;
    if (out_json != NULL) {
        *out_json = command->result;
        command->result = NULL;
    }
    if (out_errors != NULL && command->errors != NULL) {
        (void)json_array_extend(out_errors, command->errors);
    }
    core_monitor_command_clear(command);
    return rc;
}

int
mx_monitor_command(const char *module, const char *monitor, const char *name,
                   const json_t *arguments, bool wait, json_t **out_json, json_t *out_errors)
{
    struct mx_monitor *found = find_monitor(module, monitor, out_errors);
    if (found == NULL) {
        return -1;
    }
    int rc = -1;
    (void)pthread_mutex_lock(&found->rt->lock);
    if (occupy(found->rt, name, arguments, wait, out_errors)) {
        core_monitor_wake(found);
        rc = wait ? take_result(found->rt, out_json, out_errors) : 0;
    }
    (void)pthread_mutex_unlock(&found->rt->lock);
    core_monitor_unref(found);
    return rc;
}

static int
show_result(struct core_command *command, json_t **out_json, json_t *out_errors)
{
    char text[256];
    if (command->state == CORE_COMMAND_NONE || command->is_waited) {
        add_error(out_errors, "There is no result of an earlier command.");
        return -1;
    }
    if (command->state != CORE_COMMAND_DONE) {
        (void)snprintf(text, sizeof(text), "%s is still %s.", command->name,
                       command->state == CORE_COMMAND_PENDING ? "pending" : "running");
        *out_json = json_string(text);
        return 0;
    }
    if (command->rc != 0) {
        if (json_array_size(command->errors) == 0) {
            (void)snprintf(text, sizeof(text), "%s failed.", command->name);
            add_error(out_errors, text);
        } else {
            (void)json_array_extend(out_errors, command->errors);
        }
        return -1;
    }
    (void)snprintf(text, sizeof(text), "%s completed successfully.", command->name);
    *out_json = command->result != NULL ? json_deep_copy(command->result) : json_string(text);
    return 0;
}

int
mx_monitor_command_result(const char *module, const char *monitor, json_t **out_json,
                          json_t *out_errors)
{
    struct mx_monitor *found = find_monitor(module, monitor, out_errors);
    if (found == NULL) {
        return -1;
    }
    (void)pthread_mutex_lock(&found->rt->lock);
    int rc = show_result(&found->rt->command, out_json, out_errors);
    (void)pthread_mutex_unlock(&found->rt->lock);
    core_monitor_unref(found);
    return rc;
}

int
mx_monitor_command_cancel(const char *module, const char *monitor, json_t *out_errors)
{
    struct mx_monitor *found = find_monitor(module, monitor, out_errors);
    if (found == NULL) {
        return -1;
    }
    int rc = 0;
    struct core_monitor_runtime *rt = found->rt;
    (void)pthread_mutex_lock(&rt->lock);
    if (rt->command.state == CORE_COMMAND_PENDING) {
        json_t *errors = json_array();
        add_error(errors, "The command was cancelled before it started.");
        finish(rt, -1, NULL, errors);
    } else if (rt->command.state == CORE_COMMAND_RUNNING) {
        mx_atomic_set(&rt->is_cancelled, 1);
    } else {
        add_error(out_errors, "No command is pending or running.");
        rc = -1;
    }
    (void)pthread_mutex_unlock(&rt->lock);
    core_monitor_unref(found);
    return rc;
}
