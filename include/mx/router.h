/*
 * What a router module implements. instance: per service; rs: per session. Between two statements,
 * with no timer of mx_session_timer running, a session may move to another worker: rs must not be
 * bound to one.
 */
#ifndef MX_ROUTER_H
#define MX_ROUTER_H

#include "mx/endpoint.h"
#include "mx/module.h"
#include "mx/session.h"

/* Servers of the service, this version, in the order of the configuration. */
MX_API size_t mx_service_server_count(const struct mx_service *service);
MX_API struct mx_server *mx_service_server(const struct mx_service *service, size_t index);
MX_API const char *mx_service_name(const struct mx_service *service);
/* The router's configuration block of this version. */
MX_API const void *mx_service_router_config(const struct mx_service *service);
/* What instance_new returned; shared by all versions of the service. */
MX_API void *mx_service_router_instance(const struct mx_service *service);

struct mx_router_ops {
    uint32_t needs; /* mx_need bits */
    /* Optional: state shared by all sessions of the service (any worker: atomics only). */
    void *(*instance_new)(const char *service_name);
    void (*instance_free)(void *instance);
    json_t *(*diagnostics)(void *instance, const struct mx_service *service);

    /* -1: no session; err goes to the client. The client has been authenticated. */
    int (*session_new)(struct mx_session *session, void **out_rs, struct mx_err *err);
    void (*session_free)(void *rs);
    /* A query for the servers: PASS (sent), HELD, DONE (answered by mx_session_reply_...), FAIL. */
    enum mx_verdict (*route)(void *rs, struct mx_query *query);
    /* A piece of a reply from an endpoint: PASS on to the client, DONE swallow it, FAIL. */
    enum mx_verdict (*reply)(void *rs, struct mx_endpoint *endpoint, struct mx_reply *reply);
    /* Optional: login and history done, statements go out directly from now on. */
    void (*ready)(void *rs, struct mx_endpoint *endpoint);
    /*
     * The endpoint broke (or could not be opened); it is gone after the call. sent_to_client: part
     * of a reply from it had been passed on. permanent: no use in trying this server again in this
     * session (access denied, history mismatch). Returns PASS (session goes on) or FAIL.
     */
    enum mx_verdict (*lost)(void *rs, struct mx_endpoint *endpoint, const struct mx_err *why,
                            bool sent_to_client, bool permanent);
    /* Optional: a server of the service changed its status (called with a status change only). */
    void (*server_changed)(void *rs, struct mx_server *server);
    /* Optional: mx_session_timer() ran out. */
    enum mx_verdict (*timeout)(void *rs);
    /* Optional: a KILL QUERY. A statement that waits for a server to appear is answered with error
     * 1317. False: none does. */
    bool (*interrupt)(void *rs);
    /* Optional: COM_CHANGE_USER or COM_RESET_CONNECTION went through: drop session state. */
    void (*session_reset)(void *rs);
};

#endif
