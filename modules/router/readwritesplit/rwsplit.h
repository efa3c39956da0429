/*
 * readwritesplit: writes and transactions to the primary, reads to replicas, session commands to
 * every server of the session.
 *
 *   module.c   parameter rows, what they imply, diagnostics
 *   target.c   which class of servers a statement goes to: pure
 *   choose.c   which server of the class: pure over the session's backends
 *   backend.c  the session's endpoints: open, close, find
 *   route.c    a query on its way down
 *   reply.c    replies on their way up, the end of a statement
 *   lost.c     broken endpoints, retries, changed roles
 *   session.c  start and end of a session
 *
 * Invariants: at most one statement is under way that the client waits for (`stmt.active`); the
 * next one is held in the client's connection until it has ended. `primary` is NULL or a backend
 * with an endpoint. A backend that is `barred` is never opened again in this session.
 */
#ifndef RWSPLIT_H
#define RWSPLIT_H

#include "mx/atomic.h"
#include "mx/buf.h"
#include "mx/command.h"
#include "mx/router.h"
#include "mx/router_stats.h"

enum rws_uservars {
    RWS_USERVARS_ALL = 0,
    RWS_USERVARS_MASTER,
};

enum rws_criteria {
    RWS_LEAST_OPERATIONS = 0,
    RWS_LEAST_LAG,
    RWS_LEAST_ROUTER_CONNECTIONS,
    RWS_LEAST_GLOBAL_CONNECTIONS,
    RWS_ADAPTIVE,
};

enum rws_failure_mode {
    RWS_FAIL_INSTANTLY = 0,
    RWS_FAIL_ON_WRITE,
    RWS_ERROR_ON_WRITE,
};

struct rws_config {
    int64_t max_slave_connections;
    int64_t slave_connections;
    int64_t max_replication_lag_ms; /* 0: any */
    int64_t use_sql_variables_in;   /* rws_uservars */
    int64_t slave_selection_criteria;
    int64_t master_failure_mode;
    int64_t delayed_retry_timeout_ms;
    bool master_reconnection;
    bool master_accept_reads;
    bool strict_multi_stmt;
    bool strict_sp_calls;
    bool strict_tmp_tables;
    bool retry_failed_reads;
    bool delayed_retry;
    bool lazy_connect;
    /* Declared for the REST output; of a later version (see README.md). */
    bool transaction_replay;
    int64_t transaction_replay_max_size;
    int64_t transaction_replay_attempts;
    int64_t transaction_replay_timeout_ms;
    bool transaction_replay_retry_on_deadlock;
    bool transaction_replay_retry_on_mismatch;
    bool transaction_replay_safe_commit;
    int64_t transaction_replay_checksum;
    int64_t causal_reads;
    int64_t causal_reads_timeout_ms;
};

struct rws_counters {
    struct mx_atomic queries;
    struct mx_atomic route_master;
    struct mx_atomic route_slave;
    struct mx_atomic route_all;
    struct mx_atomic rw_transactions;
    struct mx_atomic ro_transactions;
} __attribute__((aligned(64)));

struct rws_instance {
    struct mx_router_stats *stats;
    size_t worker_count;
    struct rws_counters *counters; /* [worker_count], each written by its worker only */
};

enum rws_target {
    RWS_PRIMARY = 0,
    RWS_REPLICA,
    RWS_ALL,
    RWS_LAST,
};

struct rws_backend {
    struct mx_server *server;
    struct mx_endpoint *endpoint; /* NULL: not connected */
    struct mx_router_use use;
    uint32_t index;        /* of the server in the service */
    uint32_t unread;       /* replies outstanding that nobody waits for */
    bool barred;           /* no use in trying again in this session */
    bool skipped;          /* refused a moment ago: not for this statement */
    int64_t rest_until_ms; /* a connection could not be made: mx_now_ms() of the next try */
};

/* The statement the client waits for. */
struct rws_stmt {
    bool active;
    bool is_session_command;
    bool is_read; /* sent as a read: may be sent again elsewhere */
    bool is_write;
    bool kept;           /* `copy` holds all of it */
    bool delivered;      /* a part of the reply has gone to the client */
    bool again;          /* sent, or tried to, for the second time */
    bool read_only_type; /* for the kind of transaction it is part of */
    uint8_t command;
    uint16_t sql_op; /* of the verdict: what the transaction state needs when it has succeeded */
    uint32_t sql_type;
    uint32_t sql_facts;
    uint32_t stmt_id;
    uint32_t retries;
    uint64_t history_id;
    struct rws_backend *backend; /* that answers; NULL while waiting for a retry */
};

/* Which server holds an open cursor or half sent long data. */
struct rws_stmt_home {
    uint32_t stmt_id;
    uint32_t backend;
    bool long_data; /* parameters wait there for the next execute; else an open cursor does */
};

struct rws_session {
    struct mx_session *session;
    struct rws_instance *instance;
    const struct rws_config *config;
    struct rws_backend *primary;     /* backend used for writes; NULL: none now */
    struct rws_backend *last;        /* answered the statement before */
    struct rws_backend *trx_backend; /* of the open transaction; NULL: none */
    struct rws_backend *stream;      /* where the rest of a streamed command goes */
    struct rws_stmt stmt;
    struct mx_buf copy;          /* of the statement under way, while it may have to be repeated */
    struct rws_stmt_home *homes; /* NULL: none */
    char **tmp_tables;           /* "db.table" in lower case */
    uint32_t home_count;
    uint32_t tmp_count;
    uint32_t backend_count;
    bool stream_all;      /* the streamed command goes to all */
    bool locked;          /* everything goes to the primary from now on */
    bool tables_locked;   /* LOCK TABLES and the like: until they are unlocked */
    bool waiting;         /* the statement waits for a server to appear */
    bool next_trx;        /* SET TRANSACTION waits for its transaction on the primary */
    bool vars_on_primary; /* user variables may differ: their reads go to the primary */
    bool trx_had_write;
    bool was_in_trx;
    struct rws_backend backends[]; /* in the order of the service's servers */
};

/* ---- target.c */
struct rws_target_context {
    bool trx_open;
    bool trx_read_only;
    bool locked;   /* for the rest of the session: everything goes to the primary */
    bool pinned;   /* for a while: reads go to the primary, session commands still to all */
    bool vars_all; /* user variables are kept on all servers */
    bool vars_on_primary;
};
enum rws_target rws_target_of(const struct mx_query *query, const struct rws_target_context *ctx);
bool rws_is_read_only_type(const struct mx_sql *sql);

/* ---- choose.c */
/* The server writes should go to now: lowest rank, then fewest connections. NULL: none. */
struct rws_backend *rws_choose_primary(struct rws_session *rs);
/* For a read; may be the primary when no replica qualifies. NULL: none at all. */
struct rws_backend *rws_choose_replica(struct rws_session *rs);
/* Whether the backend can be used as it is or opened. */
bool rws_backend_available(const struct rws_session *rs, const struct rws_backend *backend);
uint32_t rws_open_replicas(const struct rws_session *rs);

/* ---- backend.c */
/* Opens the endpoint unless it is open. -1: cannot. */
int rws_backend_open(struct rws_session *rs, struct rws_backend *backend, struct mx_err *err);
void rws_backend_close(struct rws_session *rs, struct rws_backend *backend);
struct rws_backend *rws_backend_for_server(struct rws_session *rs, const struct mx_server *server);
/* At the end of a statement: lets go of connections that must not be used any more. */
void rws_backends_tidy(struct rws_session *rs);
uint32_t rws_backends_open_count(const struct rws_session *rs);

/* ---- route.c */
enum mx_verdict rws_route(void *ptr, struct mx_query *query);
/* Sends the kept statement again; used by retries. */
enum mx_verdict rws_resend(struct rws_session *rs);
struct rws_counters *rws_my_counters(const struct rws_session *rs);

/* ---- tmptable.c */
void rws_tmp_tables_note(struct rws_session *rs, const struct mx_query *query);
bool rws_tmp_tables_touched(const struct rws_session *rs, const struct mx_query *query);
void rws_tmp_tables_clear(struct rws_session *rs);

/* ---- home.c */
/* Where a statement's long data, or else its cursor, lives; NULL: it has none. */
struct rws_backend *rws_home_find(struct rws_session *rs, uint32_t stmt_id, bool long_data);
void rws_home_set(struct rws_session *rs, uint32_t stmt_id, const struct rws_backend *backend,
                  bool long_data);
void rws_home_drop(struct rws_session *rs, uint32_t stmt_id);
void rws_home_drop_backend(struct rws_session *rs, const struct rws_backend *backend);

/* ---- reply.c */
enum mx_verdict rws_reply(void *ptr, struct mx_endpoint *endpoint, struct mx_reply *reply);
/* The client has its answer (or the statement was given up). */
void rws_stmt_finish(struct rws_session *rs);

/* ---- lost.c */
enum mx_verdict rws_lost(void *ptr, struct mx_endpoint *endpoint, const struct mx_err *why,
                         bool sent_to_client, bool permanent);
enum mx_verdict rws_timeout(void *ptr);
bool rws_interrupt(void *ptr);
void rws_server_changed(void *ptr, struct mx_server *server);
/* No server for the statement in hand: what the configuration says about it. */
enum mx_verdict rws_no_server(struct rws_session *rs, struct mx_query *query,
                              enum rws_target target, const struct mx_err *err);

/* ---- session.c */
int rws_session_new(struct mx_session *session, void **out_rs, struct mx_err *err);
void rws_session_free(void *ptr);
void rws_session_reset(void *ptr);

#endif
