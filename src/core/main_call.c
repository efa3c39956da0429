/*
 * Calls to the main thread that can be given up when it stops. A call lies on its caller's stack
 * and in the queue here; the message that is posted only says "look into the queue", so it does not
 * matter whether it is ever delivered.
 */
#include "core/main_call.h"

#include "mx/list.h"
#include "mx/worker.h"

#include <pthread.h>

enum call_state {
    CALL_WAITING = 0,
    CALL_DONE,
    CALL_GIVEN_UP,
};

struct call {
    struct mx_list node;
    enum call_state state;
    int (*fn)(void *arg);
    void *arg;
    int result;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_closed;
    struct mx_list waiting;
} door = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .changed = PTHREAD_COND_INITIALIZER,
    .waiting = {.next = &door.waiting, .prev = &door.waiting},
};

/* On the main thread. */
static void
run_waiting(void *unused)
{
    (void)unused;
    (void)pthread_mutex_lock(&door.lock);
    while (!mx_list_is_empty(&door.waiting)) {
        struct call *call = mx_container_of(door.waiting.next, struct call, node);
        mx_list_remove(&call->node);
        (void)pthread_mutex_unlock(&door.lock);
        call->result = call->fn(call->arg);
        (void)pthread_mutex_lock(&door.lock);
        call->state = CALL_DONE;
        (void)pthread_cond_broadcast(&door.changed);
    }
    (void)pthread_mutex_unlock(&door.lock);
}

int
core_main_call(int (*fn)(void *arg), void *arg)
{
    struct mx_worker *main_worker = mx_worker_get(MX_WORKER_MAIN);
    struct call call = {.fn = fn, .arg = arg, .result = CORE_MAIN_CLOSED};

    if (main_worker != NULL && mx_worker_self() == main_worker) {
        return fn(arg);
    }
    (void)pthread_mutex_lock(&door.lock);
    if (!door.is_closed && main_worker != NULL) {
        mx_list_append(&door.waiting, &call.node);
        mx_worker_post(main_worker, run_waiting, NULL);
        while (call.state == CALL_WAITING) {
            (void)pthread_cond_wait(&door.changed, &door.lock);
        }
    }
    (void)pthread_mutex_unlock(&door.lock);
    return call.result;
}

void
core_main_close(void)
{
    (void)pthread_mutex_lock(&door.lock);
    door.is_closed = true;
    while (!mx_list_is_empty(&door.waiting)) {
        struct call *call = mx_container_of(door.waiting.next, struct call, node);
        mx_list_remove(&call->node);
        call->state = CALL_GIVEN_UP;
    }
    (void)pthread_cond_broadcast(&door.changed);
    (void)pthread_mutex_unlock(&door.lock);
}
