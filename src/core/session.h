/*
 * Sessions from the inside: the struct, its life on its worker, and the list of all sessions that
 * REST and KILL look through. Stages and protocols use mx/session.h and mx/protocol.h.
 *
 *   CREATED -- mx_session_start --> STARTED
 *   CREATED, STARTED -- mx_session_end, mx_session_kill --> STOPPING -- end of the turn --> freed
 *
 * An idle session is this struct, the protocol's part behind it, and one small allocation each for
 * the user's and the database's name, the chain and the router.
 */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "core/objects.h"
#include "mx/filter.h"
#include "mx/list.h"
#include "mx/protocol.h"
#include "mx/router.h"
#include "mx/timer.h"
#include "mx/worker.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum core_session_state {
    CORE_SESSION_CREATED = 0,
    CORE_SESSION_STARTED,
    CORE_SESSION_STOPPING,
};

/* One filter in the chain of a session. */
struct core_stage {
    struct core_filter *filter; /* reference held */
    void *state;
};

struct core_history;
struct core_statements;

#define CORE_SESSION_MAGIC 0x53455353u
struct mx_session {
    uint32_t magic;
    uint8_t state;        /* core_session_state */
    bool in_route;        /* the chain is looking at a query */
    bool route_last;      /* that query is complete with this piece */
    bool held;            /* a stage said HELD */
    bool killed;          /* by a fault or a KILL */
    bool reply_open;      /* a part of a reply went to the client */
    bool waits_accounts;  /* or for the host name */
    bool accounts_read;   /* again, for this login */
    bool host_name_known; /* looked up, see host_name */
    bool is_super;        /* the account may KILL sessions of others */
    bool groups_known;    /* looked up for this login, see mapped */
    bool proxied;         /* a PROXY header has been taken */
    bool ends_well;       /* COM_QUIT, or the end of the program */
    uint8_t held_stage;
    bool move_deferred; /* it will be tried at the end of this loop turn */
    uint16_t move_to;   /* number of a worker + 1: to go there when nothing is under way; 0: stay */
    uint32_t due;       /* replies the client waits for */
    uint32_t needs;
    uint64_t id;
    uint64_t slots;                 /* of endpoints, taken ones are 1 */
    struct mx_list node;            /* of the worker's list */
    struct mx_session *same_bucket; /* of the worker's table of ids, see session_ids.h */
    struct mx_service *service;
    struct core_listener *listener;
    struct mx_conn *conn;
    const struct mx_protocol_ops *protocol;
    struct mx_list endpoints;
    void *rs; /* of the router */
    struct core_stage *stages;
    size_t stage_count;
    struct core_history *history;       /* NULL until used */
    struct core_statements *statements; /* NULL: none are retained */
    char *user;
    char *database;
    char *remote;
    char *host_name; /* of the client; NULL: none, or nothing has asked for it */
    const struct core_mapped_user *mapped; /* by groups; of the listener's mapping */
    struct mx_timer router_timer;
    struct mx_timer idle_timer; /* login limit, wait_timeout, net_write_timeout, keepalive */
    struct mx_log_ctx log;
    struct mx_trx trx;
    struct mx_sql_options sql_options;
    int64_t connected_ms; /* mx_now_ms() */
    int64_t last_query_ms;
    uint64_t io_activity; /* queries and replies so far */
};

/* The protocol's part lies behind the struct. */
#define CORE_SESSION_SIZE \
    ((sizeof(struct mx_session) + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1))

/* A client that was accepted; made by the listener, consumed by core_session_new. */
struct core_accepted {
    int fd;
    bool has_peer; /* false: unix socket */
    struct sockaddr_storage peer;
    struct core_listener *listener; /* references go to the session */
    struct mx_service *service;
};

/* On the worker that is to carry it. Refuses with an error packet, or makes it wait, when it must.
 */
void core_session_new(struct core_accepted *accepted);

/* End of a session for a reason found inside; text as for mx_session_kill. */
void core_session_kill(struct mx_session *session, const struct mx_err *err);

/*
 * The id of the number-th session, from 1 on. Its low 32 bits, which the greeting has room for, are
 * never below CORE_SESSION_ID_FIRST: servers count their connections from 1, so that a number in a
 * KILL tells whose id it is (docs/decisions, "Whose number a KILL names").
 */
#define CORE_SESSION_ID_FIRST (UINT64_C(1) << 30)
uint64_t core_session_id(uint64_t number);

/* The list of the calling worker. add gives the session its id. */
void core_session_list_add(struct mx_session *session);
void core_session_list_remove(struct mx_session *session);
/* NULL session starts. */
struct mx_session *core_session_next(const struct mx_session *session);
struct mx_session *core_session_find(uint64_t id);

/* What the status of a complete reply tells about transaction and lexing. */
void core_session_note_reply(struct mx_session *session, const struct mx_reply *reply);

/* The client has an IP address: its own, or that of a PROXY header. */
bool core_session_has_address(const struct mx_session *session);

/* session_tls.c: NULL, or why the connection is not what the account demands. */
struct core_users_account;
const char *core_session_tls_problem(const struct mx_session *session,
                                     const struct core_users_account *account);

/* flow.c: the chain of a session. */
int core_flow_build(struct mx_session *session, struct mx_err *err);
void core_flow_free(struct mx_session *session);

/*
 * For REST, from any thread that is no session worker: an array of JSON objects, one per session,
 * as `attributes` and so on of rest-api.md 4.6 without links. id 0: all.
 */
json_t *core_sessions_json(uint64_t id);
/* Text of any character set; what is not UTF-8 is shown without the bytes that JSON cannot hold. */
json_t *core_text_json(const char *text, size_t len);
/* Bytes that the sessions of the worker take, their buffers and histories included. Not from a
 * session worker. */
int64_t core_sessions_memory(int worker);
/* True when there was one; closed at once. From the main thread or an admin thread. */
bool core_sessions_kill(uint64_t id);
/* At shutdown, from the main thread. */
void core_sessions_kill_all(void);
/* Of mx_errand_begin that have not ended. */
int64_t core_errands_count(void);
/* Sessions of all workers. */
int64_t core_sessions_count(void);

/* A server changed its status: routers of sessions that use it are told. Any thread. */
void core_sessions_server_changed(const char *server_name);
/* It cannot be used any more: every connection to it is broken, which routers see as lost. */
void core_sessions_server_hangup(const char *server_name);

/*
 * auth_jobs.c: work(arg) on a thread, then done(session, arg) on the session's worker. When that
 * returns false, or the session has gone, drop(arg) is called, on any thread. A job that takes
 * longer than the limit of logins is given up: client_job_late of the protocol, and drop(arg) when
 * it ends after all.
 */
struct core_job_ops {
    void (*work)(void *arg);
    bool (*done)(struct mx_session *session, void *arg);
    void (*drop)(void *arg);
};
void core_job_run(const struct mx_session *session, const struct core_job_ops *ops, void *arg);
/* The session's time is over. False: it does not wait for a job. */
bool core_job_give_up(struct mx_session *session);

/* session_block.c: addresses with too many failed logins; shared by all workers. */
/* -1 and the error for the client: it is blocked. */
int core_block_check(const char *address, struct mx_err *err);
/* True: this failure has brought it over the limit and it is blocked for a minute. */
bool core_block_failed(const char *address, int64_t limit);
void core_block_passed(const char *address);

#endif
