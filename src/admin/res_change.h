/* Starting and stopping of objects: the part of a handler that runs on the main thread. */
#ifndef ADMIN_RES_CHANGE_H
#define ADMIN_RES_CHANGE_H

#include "admin/res.h"

struct admin_change {
    int (*fn)(struct admin_change *change); /* on the main thread; 0, or -1 and err */
    const struct core_registry *registry;
    struct mx_service *service;
    struct core_listener *listener;
    struct mx_monitor *monitor;
    struct mx_err err;
};

/* Runs it and fills the response: 204, 400 "Could not <verb> <kind> '<name>': ...", or 503. */
void admin_change_run(struct admin_change *change, const char *verb, const char *kind,
                      const char *name, struct admin_response *response);

/* Ends all sessions of the service. */
void admin_sessions_close(const char *service);

#endif
