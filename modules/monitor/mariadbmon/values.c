/* Life cycle of the plain values: history, messages, observations. */
#include "mariadbmon.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
mon_history_init(struct mon_history *history, size_t count)
{
    memset(history, 0, sizeof(*history));
    history->count = count;
    history->servers = mx_calloc(count + 1, sizeof(*history->servers));
    history->master = MON_NONE;
    history->next_master = MON_NONE;
}

void
mon_history_fini(struct mon_history *history)
{
    free(history->servers);
    memset(history, 0, sizeof(*history));
}

static void MX_PRINTF(4, 0) add_message(struct mon_messages *messages, enum mx_log_level level,
                                        bool sticky, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        MX_BUG("no memory for a message");
    }
    if (messages->count == messages->capacity) {
        messages->capacity = messages->capacity == 0 ? 8 : messages->capacity * 2;
        messages->items =
            mx_realloc(messages->items, messages->capacity * sizeof(*messages->items));
    }
    messages->items[messages->count++] = (struct mon_message){level, sticky, text};
}

void
mon_say(struct mon_messages *messages, enum mx_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_message(messages, level, false, format, args);
    va_end(args);
}

void
mon_say_sticky(struct mon_messages *messages, enum mx_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_message(messages, level, true, format, args);
    va_end(args);
}

void
mon_messages_fini(struct mon_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        free(messages->items[i].text);
    }
    free(messages->items);
    memset(messages, 0, sizeof(*messages));
}

void
mon_obs_fini(struct mon_server_obs *obs)
{
    for (size_t i = 0; i < obs->event_count; i++) {
        free(obs->events[i].name);
        free(obs->events[i].definer);
    }
    free(obs->events);
    free(obs->slaves);
    obs->events = NULL;
    obs->slaves = NULL;
    obs->event_count = 0;
    obs->slave_count = 0;
}
