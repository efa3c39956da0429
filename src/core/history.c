/* Session commands; see history.h. */
#include "core/history.h"

#include "core/session.h"
#include "wire/cmd.h"
#include "wire/packet.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void
entry_free(struct core_history *history, struct core_history_entry *entry)
{
    while (entry != NULL) {
        struct core_history_entry *former = entry->former;
        history->bytes -= entry->view.len;
        free(entry);
        entry = former;
    }
}

void
core_history_free(struct core_history *history)
{
    if (history == NULL) {
        return;
    }
    for (size_t i = 0; i < history->count; i++) {
        entry_free(history, history->entries[i]);
    }
    free(history->entries);
    free(history);
}

static struct core_history_entry *
take_out(struct core_history *history, size_t at)
{
    struct core_history_entry *entry = history->entries[at];
    history->count--;
    memmove(&history->entries[at], &history->entries[at + 1],
            (history->count - at) * sizeof(struct core_history_entry *));
    return entry;
}

static void
remove_at(struct core_history *history, size_t at)
{
    entry_free(history, take_out(history, at));
}

/* Ids only grow. The index of the first entry with an id of at least `id`. */
static size_t
lower_bound(const struct core_history *history, uint64_t id)
{
    size_t low = 0;
    size_t high = history->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (history->entries[middle]->view.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct core_history_entry *
core_history_find(const struct core_history *history, uint64_t id)
{
    if (history == NULL) {
        return NULL;
    }
    size_t at = lower_bound(history, id);
    if (at < history->count && history->entries[at]->view.id == id) {
        return history->entries[at];
    }
    return NULL;
}

void
core_history_drop_slot(struct core_history *history, int slot)
{
    uint64_t keep = ~(UINT64_C(1) << slot);
    for (size_t i = 0; history != NULL && i < history->count; i++) {
        history->entries[i]->said_ok &= keep;
        history->entries[i]->said_err &= keep;
    }
}

/*
 * What it does may depend on those before: it is prepared under their settings, or there is a
 * variable or a function anywhere but on the left of an assignment.
 */
static bool
looks_back(const struct mx_history_entry *view)
{
    const char *text = (const char *)view->data + WIRE_HEADER_SIZE + 1;
    if (view->command != WIRE_COM_QUERY || view->len <= WIRE_HEADER_SIZE + 1) {
        return view->command == WIRE_COM_STMT_PREPARE;
    }
    size_t len = view->len - WIRE_HEADER_SIZE - 1;
    char before = ' ';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '(' || (text[i] == '@' && before == '=')) {
            return true;
        }
        if (text[i] != ' ') {
            before = text[i];
        }
    }
    return strncasecmp(text, "PREPARE", mx_min_size(len, 7)) == 0 ||
           strncasecmp(text, "EXECUTE", mx_min_size(len, 7)) == 0;
}

/*
 * The same command once more moves to the end; a statement that was prepared has its own id. The
 * one before is returned: it counts again should the new one be withdrawn. One that was never
 * answered is as good as the new one.
 */
static struct core_history_entry *
take_same(struct core_history *history, const struct mx_query *query)
{
    if (query->command == WIRE_COM_STMT_PREPARE) {
        return NULL;
    }
    for (size_t i = history->count; i > 0; i--) {
        const struct mx_history_entry *view = &history->entries[i - 1]->view;
        if (view->len == query->len && memcmp(view->data, query->data, query->len) == 0) {
            struct core_history_entry *same = take_out(history, i - 1);
            struct core_history_entry *former = same;
            if (same->view.result < 0) {
                former = same->former;
                same->former = NULL;
                entry_free(history, same);
            }
            return former;
        }
        if (looks_back(view)) {
            return NULL;
        }
    }
    return NULL;
}

static void
make_room(struct core_history *history, const struct core_service_config *config)
{
    size_t limit = config->disable_sescmd_history ? 0 : (size_t)config->max_sescmd_history;
    if (history->count < limit) {
        return;
    }
    if (limit > 0 && config->prune_sescmd_history) {
        while (history->count >= limit) {
            remove_at(history, 0);
        }
        history->is_pruned = true;
        return;
    }
    history->is_off = true;
    while (history->count > 0) {
        remove_at(history, history->count - 1);
    }
}

static void
insert(struct core_history *history, size_t at, struct core_history_entry *entry)
{
    if (history->count == history->capacity) {
        history->capacity = history->capacity == 0 ? 4 : history->capacity * 2;
        history->entries =
            mx_realloc(history->entries, history->capacity * sizeof(struct core_history_entry *));
    }
    memmove(&history->entries[at + 1], &history->entries[at],
            (history->count - at) * sizeof(struct core_history_entry *));
    history->entries[at] = entry;
    history->count++;
}

static void
append(struct core_history *history, const struct mx_query *query,
       struct core_history_entry *former)
{
    struct core_history_entry *entry = mx_alloc(sizeof(*entry) + query->len);
    memcpy(entry->bytes, query->data, query->len);
    entry->former = former;
    entry->said_ok = 0;
    entry->said_err = 0;
    entry->view = (struct mx_history_entry){.id = history->last_id,
                                            .data = entry->bytes,
                                            .len = query->len,
                                            .command = query->command,
                                            .stmt_id = query->stmt_id,
                                            .result = -1};
    insert(history, history->count, entry);
    history->bytes += query->len;
}

uint64_t
mx_session_history_add(struct mx_session *session, struct mx_query *query)
{
    const struct core_service_config *config = &session->service->config;
    if (session->history == NULL) {
        session->history = mx_calloc(1, sizeof(*session->history));
    }
    struct core_history *history = session->history;
    history->last_id++;
    query->history_id = history->last_id;
    /* What cannot be kept whole cannot be repeated either. */
    if (!mx_query_is_whole(query)) {
        history->is_off = true;
    }
    struct core_history_entry *former = NULL;
    if (!history->is_off) {
        if (config->prune_sescmd_history) {
            former = take_same(history, query);
        }
        make_room(history, config);
    }
    if (history->is_off) {
        entry_free(history, former);
    } else {
        append(history, query, former);
    }
    return history->last_id;
}

void
core_history_answered(struct core_history *history, struct core_history_entry *entry, bool ok)
{
    entry->view.result = ok ? 1 : 0;
    entry_free(history, entry->former);
    entry->former = NULL;
}

void
mx_session_history_withdraw(struct mx_session *session, uint64_t id)
{
    struct core_history *history = session->history;
    struct core_history_entry *entry = core_history_find(history, id);
    if (entry == NULL) {
        return;
    }
    struct core_history_entry *former = entry->former;
    entry->former = NULL;
    remove_at(history, lower_bound(history, id));
    if (former != NULL) {
        insert(history, lower_bound(history, former->view.id), former);
    }
}

void
mx_session_history_clear(struct mx_session *session)
{
    struct core_history *history = session->history;
    if (history == NULL) {
        return;
    }
    while (history->count > 0) {
        remove_at(history, history->count - 1);
    }
    free(history->entries);
    history->entries = NULL;
    history->capacity = 0;
    history->is_pruned = false;
    history->is_off = false;
}

void
mx_session_history_forget(struct mx_session *session, uint32_t stmt_id)
{
    struct core_history *history = session->history;
    for (size_t i = 0; history != NULL && i < history->count; i++) {
        const struct mx_history_entry *view = &history->entries[i]->view;
        if (view->command == WIRE_COM_STMT_PREPARE && view->stmt_id == stmt_id) {
            remove_at(history, i);
            return;
        }
    }
}

bool
mx_session_history_next(const struct mx_session *session, uint64_t after_id,
                        struct mx_history_entry *out)
{
    const struct core_history *history = session->history;
    if (history == NULL) {
        return false;
    }
    size_t at = lower_bound(history, after_id + 1);
    if (at >= history->count) {
        return false;
    }
    *out = history->entries[at]->view;
    return true;
}

bool
core_history_is_whole(const struct core_history *history)
{
    return history == NULL || (!history->is_off && !history->is_pruned);
}

bool
mx_session_history_is_whole(const struct mx_session *session)
{
    return core_history_is_whole(session->history);
}

bool
mx_session_can_recover(const struct mx_session *session)
{
    const struct core_history *history = session->history;
    if (history == NULL || history->last_id == 0) {
        return true;
    }
    return !history->is_off;
}
