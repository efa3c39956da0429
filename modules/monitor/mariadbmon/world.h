/*
 * The real world for act: statements over connections that are opened for one operation (fresh
 * rights, longer timeouts than those of the probes) and closed at its end.
 */
#ifndef MARIADBMON_WORLD_H
#define MARIADBMON_WORLD_H

#include "act.h"
#include "observe.h"

/* Steps that change what clients see of a server's role. */
typedef void (*mon_role_fn)(void *context, const struct mon_step *step);

struct mon_real_world;

struct mon_real_world *mon_world_new(struct mx_monitor *monitor,
                                     const struct mon_settings *settings,
                                     struct mon_observer *observer, int64_t timeout_ms,
                                     mon_role_fn role, void *context);
void mon_world_free(struct mon_real_world *world);
/* What act calls. */
void mon_world_bind(struct mon_real_world *world, struct mon_world *out);

#endif
