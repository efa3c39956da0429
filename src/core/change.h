/*
 * Changes of the configured objects while the program runs. A change is made on the text: the
 * section is made, altered or removed in a copy of the configuration, a new registry is built from
 * that copy with the same checks as at the start (what has not changed is taken over), the file in
 * persistdir is written, and only then the new registry is published. So a change is done as a
 * whole or not at all, and sessions keep the versions they began with.
 */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include "conf/param.h"
#include "core/objects.h"

enum core_change_what {
    CORE_CHANGE_CREATE = 0,
    CORE_CHANGE_ALTER,
    CORE_CHANGE_DESTROY,
};

struct core_change {
    enum core_change_what what;
    const char *type; /* "listener": as in the section */
    const char *name;
    const json_t *parameters; /* of CREATE and ALTER: an object */
    /* What came of it. */
    struct conf_diag diag; /* errors: nothing was changed */
    char *warning;         /* for the operator; NULL: none */
};

/* From any thread that is no session worker. 0; -1 with errors in diag; CORE_MAIN_CLOSED. */
int core_change_apply(struct core_change *change);
void core_change_fini(struct core_change *change);

/* Main thread, before the first change. The models belong to the caller, who keeps them. */
struct core_change_base {
    struct conf_model *model;              /* in force; changes replace what is in it */
    const struct conf_model *static_model; /* without the persisted files */
    struct conf_context context;
    size_t worker_count;
    bool allow_duplicate_servers;
};
void core_change_init(const struct core_change_base *with);

#endif
