/*
 * What waits in a server's connection: for the login, the history, a place, or the id of a
 * statement. A piece of a command each, behind a struct that tells what it is.
 */
#ifndef MARIADB_QUEUE_H
#define MARIADB_QUEUE_H

#include "mariadb.h"

struct queue_record {
    uint64_t history_id;
    uint32_t len;
    uint32_t stmt_id;
    uint8_t command;
    bool first;
    bool last;
    bool expects_reply;
    bool spread; /* other servers are sent it too */
    bool discard;
};

void queue_append(struct mx_buf *queue, const struct queue_record *record, const uint8_t *data);
bool queue_has(const struct mx_buf *queue, uint64_t history_id);

#endif
