/*
 * The REST service as its parts see it. Made by admin_start; does not change while requests are
 * served but for what its members guard themselves.
 */
#ifndef ADMIN_STATE_H
#define ADMIN_STATE_H

#include "admin/etag.h"
#include "admin/token.h"
#include "admin/users.h"

#include <pthread.h>
#include <time.h>

struct admin_http;

struct admin {
    struct admin_users *users;
    struct admin_tokens *tokens;
    struct admin_changes *changes;
    struct admin_http *http;
    time_t started;
    pthread_mutex_t open_lock;
    bool is_open; /* the main loop runs: objects are started, and may be looked at */
};

/*
 * Waits until the start of the program is complete, which also makes what it wrote visible to the
 * calling thread. False: the program is stopping.
 */
bool admin_wait_open(struct admin *admin);

#endif
