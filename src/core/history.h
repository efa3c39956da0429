/*
 * Commands that made the session what it is, to be repeated on connections that join later. Each
 * entry also knows how the answering server took it (OK or error), and which endpoints have said
 * what so far: whoever differs is no longer the same session and is closed.
 */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "mx/protocol.h"

struct core_history_entry {
    struct mx_history_entry view;      /* data points behind this struct */
    struct core_history_entry *former; /* the same command before, until this one is answered */
    uint64_t said_ok;                  /* bits: slots of endpoints */
    uint64_t said_err;
    uint8_t bytes[];
};

struct core_history {
    struct core_history_entry **entries; /* oldest first */
    size_t count;
    size_t capacity;
    size_t bytes; /* of all commands, former ones included */
    uint64_t last_id;
    bool is_pruned;
    bool is_off; /* the limit was reached and pruning is not allowed */
};

void core_history_free(struct core_history *history);
/* The entry with this id, or NULL. */
struct core_history_entry *core_history_find(const struct core_history *history, uint64_t id);
/* How the answering server took it. */
void core_history_answered(struct core_history *history, struct core_history_entry *entry, bool ok);
/* A new connection gets all of it: nothing was dropped, and all is answered. NULL: nothing is
 * there. */
bool core_history_is_whole(const struct core_history *history);
/* An endpoint has gone; its place in the masks may be taken by another. history may be NULL. */
void core_history_drop_slot(struct core_history *history, int slot);

#endif
