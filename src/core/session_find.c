/*
 * Finding sessions wherever they are. A session may be on any worker, and may be on its way from
 * one to another; so every worker is asked, one after the other, and again when any has moved
 * meanwhile.
 */
#include "core/session.h"
#include "core/session_move.h"

#include <stdlib.h>

/* Part of the process object. */
static struct mx_atomic errands;

void
mx_errand_begin(void)
{
    (void)mx_atomic_add(&errands, 1);
}

void
mx_errand_end(void)
{
    (void)mx_atomic_add(&errands, -1);
}

int64_t
core_errands_count(void)
{
    return mx_atomic_get(&errands);
}

/* ------------------------------------------------------------ one */

struct telling {
    uint64_t id;
    void (*fn)(struct mx_session *session, void *arg);
    void *arg;
    int next; /* worker */
    int64_t stamp;
};

/* A session that is closing counts as none: it will not move any more. */
static void
tell_here(void *arg)
{
    struct telling *telling = arg;
    struct mx_session *session = core_session_find(telling->id);
    bool is_closing = session != NULL && !mx_session_is_open(session);
    if (session == NULL && telling->next == mx_worker_count() &&
        !core_moves_settled(telling->stamp)) {
        telling->stamp = core_moves_stamp();
        telling->next = 0;
    }
    if (session == NULL && telling->next < mx_worker_count()) {
        mx_worker_post(mx_worker_get(telling->next++), tell_here, telling);
        return;
    }
    telling->fn(is_closing ? NULL : session, telling->arg);
    free(telling);
    mx_errand_end();
}

void
mx_session_tell(uint64_t id, void (*fn)(struct mx_session *session, void *arg), void *arg)
{
    struct telling *telling = mx_calloc(1, sizeof(*telling));
    *telling = (struct telling){.id = id, .fn = fn, .arg = arg, .stamp = core_moves_stamp()};
    mx_errand_begin();
    /* Most often it is here. */
    mx_worker_post(mx_worker_self(), tell_here, telling);
}

/* ------------------------------------------------------------ all */

struct visiting {
    struct mx_session_visit visit;
    int next; /* worker */
    int64_t stamp;
};

static void visit_here(void *arg);

static void
visit_begin(struct visiting *visiting)
{
    visiting->stamp = core_moves_stamp();
    visiting->next = 1;
    mx_worker_post(mx_worker_get(0), visit_here, visiting);
}

static void
visit_here(void *arg)
{
    struct visiting *visiting = arg;
    struct mx_session *next = NULL;
    if (visiting->next == 1) {
        visiting->visit.begin(visiting->visit.arg);
    }
    for (struct mx_session *session = core_session_next(NULL); session != NULL; session = next) {
        next = core_session_next(session);
        if (mx_session_is_open(session)) {
            visiting->visit.look(session, visiting->visit.arg);
        }
    }
    if (visiting->next < mx_worker_count()) {
        mx_worker_post(mx_worker_get(visiting->next++), visit_here, visiting);
        return;
    }
    if (!core_moves_settled(visiting->stamp)) {
        visit_begin(visiting);
        return;
    }
    visiting->visit.done(visiting->visit.arg);
    free(visiting);
    mx_errand_end();
}

void
mx_sessions_visit(const struct mx_session_visit *visit)
{
    struct visiting *visiting = mx_calloc(1, sizeof(*visiting));
    visiting->visit = *visit;
    mx_errand_begin();
    visit_begin(visiting);
}
