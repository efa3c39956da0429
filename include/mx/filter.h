/*
 * What a filter module implements. The chain is an array owned by the session; a filter does not
 * know its neighbours. A direction without a hook costs nothing. Between two statements a session
 * may move to another worker: what session_new made must not be bound to one.
 */
#ifndef MX_FILTER_H
#define MX_FILTER_H

#include "mx/module.h"
#include "mx/session.h"

struct mx_filter_ops {
    uint32_t needs; /* mx_need bits */
    void *(*instance_new)(const char *filter_name, const void *config, struct mx_err *err);
    void (*instance_free)(void *instance);
    json_t *(*diagnostics)(void *instance);

    int (*session_new)(void *instance, struct mx_session *session, void **out_fs,
                       struct mx_err *err);
    void (*session_free)(void *fs);
    enum mx_verdict (*query)(void *fs, struct mx_query *query);
    enum mx_verdict (*reply)(void *fs, struct mx_reply *reply);
};

#endif
