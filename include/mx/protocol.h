/*
 * What a protocol module implements, and what it may ask of the core. A protocol speaks with the
 * client on one side and with the servers on the other; the core owns the objects in between
 * (session, endpoints, chain of stages, history) and their ends. Everything runs on the session's
 * worker unless a line says otherwise.
 *
 *   client bytes -> client side -> mx_flow_query -> filters, router -> mx_endpoint_send
 *                -> backend_send -> server bytes -> backend side -> mx_flow_reply
 *                -> router, filters -> client_reply -> client bytes
 */
#ifndef MX_PROTOCOL_H
#define MX_PROTOCOL_H

#include "mx/authenticator.h"
#include "mx/conn.h"
#include "mx/endpoint.h"
#include "mx/list.h"
#include "mx/module.h"
#include "mx/session.h"

enum mx_answer_time {
    MX_ANSWER_NOW = 0,       /* after the replies that are still due */
    MX_ANSWER_AFTER_COMMAND, /* the client is still sending its command */
    MX_ANSWER_NEXT,          /* nothing is under way: to the next command that has a reply */
};

/*
 * A server's connection that no session uses now. The protocol makes it (as the first member of a
 * struct of its own) and knows who it was logged in for; the core keeps it for the next session.
 */
struct mx_pooled {
    struct mx_list node;
    struct mx_list same; /* those whose kind may be the same */
    uint64_t kind;       /* pool_kind() of the endpoint that it comes from */
    const struct mx_protocol_ops *protocol;
    struct mx_server *server; /* the version it was opened for; reference held */
    int64_t since_ms;         /* mx_now_ms() */
};

enum mx_pool_fit {
    MX_POOL_UNFIT = 0,
    MX_POOL_LOGIN, /* must become another user's first */
    MX_POOL_RESET, /* the same user's: a reset will do */
};

/* What stands in the way of giving a session's connection to another one. */
enum mx_lend {
    MX_LEND_NOT = 1u << 0,   /* it holds what no other connection can get */
    MX_LEND_LATER = 1u << 1, /* the session may ask about its last statement, a moment longer */
    MX_LEND_ASK = 1u << 2,   /* backend_ask first */
};

struct mx_protocol_ops {
    const char *default_authenticator;
    size_t client_size;  /* zeroed bytes behind each session: mx_session_client() */
    size_t backend_size; /* zeroed bytes behind each endpoint: mx_endpoint_backend() */

    /* An ERR packet for one whom no session is made for, before any greeting; its length. */
    size_t (*refuse)(uint8_t *out, size_t cap, const struct mx_err *err);

    /* ---- the client's side; the connection is mx_session_conn(), owned by the core ---- */
    /* Takes the connection (mx_conn_set_ops) and greets. */
    void (*client_open)(struct mx_session *session);
    /* The session is about to be freed; the connection has gone already. */
    void (*client_free)(struct mx_session *session);
    /* A piece of a reply goes out. */
    void (*client_reply)(struct mx_session *session, struct mx_endpoint *endpoint,
                         const struct mx_reply *reply);
    /* An answer made in the proxy: an ERR packet, or OK when err->code is 0. */
    void (*client_answer)(struct mx_session *session, const struct mx_err *err,
                          enum mx_answer_time when);
    /* Last words, if the place in the stream allows any. */
    void (*client_killed)(struct mx_session *session, const struct mx_err *err);
    /* Offer the held query again. */
    void (*client_resume)(struct mx_session *session);
    /* What MX_LOGIN_WAIT waited for is there: check the waiting client once more. */
    void (*client_accounts)(struct mx_session *session);
    /* A job of an authenticator has ended. False: nobody waits for it any more, drop it. */
    bool (*client_job)(struct mx_session *session, void *job);
    /* What the client waits for (an authenticator's job, a mapped user) does not come in time: the
     * login fails with `err`, and `reason` is for the log. */
    void (*client_job_late)(struct mx_session *session, const struct mx_err *err,
                            const char *reason);
    /*
     * A KILL QUERY: when no server has been sent the statement that the client waits for, it is
     * answered with error 1317 and never sent. False: it has been sent, or there is none.
     */
    bool (*client_interrupt)(struct mx_session *session);
    /* Nothing is under way with the client: the session may change its worker. */
    bool (*client_is_quiet)(const struct mx_session *session);
    /* What mx_session_map_user waited for is there. */
    void (*client_mapped)(struct mx_session *session);
    /* Attributes of the connection as a JSON object, for REST. */
    json_t *(*client_attributes)(struct mx_session *session);

    /* ---- a server's side ---- */
    /* Begins to connect. -1: refused at once. */
    int (*backend_open)(struct mx_endpoint *endpoint, struct mx_err *err);
    void (*backend_send)(struct mx_endpoint *endpoint, const struct mx_query *query,
                         uint32_t flags);
    /* No further callback; says goodbye when that makes sense, and frees what it holds. */
    void (*backend_close)(struct mx_endpoint *endpoint);
    /* An unused connection must not be forgotten by the server. */
    void (*backend_ping)(struct mx_endpoint *endpoint);
    /* Breaks the connection; mx_endpoint_lost follows at the end of the loop turn. */
    void (*backend_fail)(struct mx_endpoint *endpoint, const struct mx_err *err, bool permanent);
    struct mx_conn *(*backend_conn)(struct mx_endpoint *endpoint);
    /* Nothing is under way with the server, nothing waits for it, and what is kept for it is bound
     * to no worker. */
    bool (*backend_is_quiet)(const struct mx_endpoint *endpoint);
    /* The server's number for this connection; 0 before its greeting. */
    uint64_t (*backend_id)(const struct mx_endpoint *endpoint);
    /* A KILL of the session: tell the servers, on connections of its own, as the session's user. */
    void (*backend_kill)(struct mx_endpoint *endpoint, bool query_only, bool hard);

    /* ---- connections that outlive their session; NULL in protocols without a pool ---- */
    /* Takes the connection out of the endpoint. NULL: it is in no state to be used again. */
    struct mx_pooled *(*backend_release)(struct mx_endpoint *endpoint);
    /* Of whose connections this endpoint may have one with no more than a reset. The same number
     * may mean another kind: it only says where looking is worth while. */
    uint64_t (*pool_kind)(const struct mx_endpoint *endpoint);
    enum mx_pool_fit (*pooled_fit)(const struct mx_pooled *pooled,
                                   const struct mx_endpoint *endpoint);
    /* Instead of backend_open; takes over `pooled`. May be ready at once. */
    void (*backend_adopt)(struct mx_endpoint *endpoint, struct mx_pooled *pooled,
                          enum mx_pool_fit fit);
    /* ---- connections that running sessions share; NULL in protocols without ---- */
    /* mx_lend bits. The core has looked at everything that it knows of: nothing is under way. */
    uint32_t (*backend_may_lend)(const struct mx_endpoint *endpoint);
    /* The server is asked for what it alone knows; mx_endpoint_asked follows. */
    void (*backend_ask)(struct mx_endpoint *endpoint);
    /* As backend_release, and the endpoint stays: what is sent waits for backend_open or _adopt. */
    struct mx_pooled *(*backend_lend)(struct mx_endpoint *endpoint);
    /* The endpoint begins without a connection. */
    void (*backend_park)(struct mx_endpoint *endpoint);

    /* What its last user left there is cleared now if that has not been done. */
    void (*pooled_settle)(struct mx_pooled *pooled);
    /* Says goodbye and frees; mx_pooled_broken() is not called. */
    void (*pooled_close)(struct mx_pooled *pooled);
};

/* ------------------------------------------------------------ session */

MX_API void *mx_session_client(const struct mx_session *session) MX_ARITHMETIC;
/* NULL once it was closed. */
MX_API struct mx_conn *mx_session_conn(const struct mx_session *session);
/* Bits of mx_need that some stage of the chain has asked for; 0 before mx_session_start. */
MX_API uint32_t mx_session_needs(const struct mx_session *session);
MX_API bool mx_session_is_started(const struct mx_session *session);
/* False: it is being closed, and nothing may be sent any more. */
MX_API bool mx_session_is_open(const struct mx_session *session);
MX_API const struct mx_protocol_ops *mx_session_protocol(const struct mx_session *session);
/* The listener's configuration block of the protocol. */
MX_API const void *mx_session_protocol_config(const struct mx_session *session);
MX_API const char *mx_session_listener_name(const struct mx_session *session);

MX_API void mx_session_set_user(struct mx_session *session, const char *user);
MX_API void mx_session_set_database(struct mx_session *session, const char *name, size_t len);
/* Lexing options that the answers of servers or SET statements have changed. */
MX_API struct mx_sql_options *mx_session_sql_options_edit(struct mx_session *session);

/*
 * The login is done: the chain is built and the router's session made. -1: err goes to the client,
 * and the session must be ended.
 */
MX_API MX_MUST_USE int mx_session_start(struct mx_session *session, struct mx_err *err);
/* COM_QUIT. */
MX_API void mx_session_quit(struct mx_session *session);
/* Another orderly end (a refused login). What was written still leaves. Harmless when repeated. */
MX_API void mx_session_end(struct mx_session *session);
/* The client's connection has closed: to be called from its `closed`. */
MX_API void mx_session_gone(struct mx_session *session);
/* Time limit of the login, for clients that stall; ended by mx_session_start. */
MX_API void mx_session_expect_login(struct mx_session *session);
/* The limit itself (auth_connect_timeout), which holds for logins at servers too. */
MX_API int64_t mx_session_login_limit_ms(void);
/* COM_CHANGE_USER or COM_RESET_CONNECTION went through. */
MX_API void mx_session_was_reset(struct mx_session *session);
/* Replies that the client waits for. */
MX_API uint32_t mx_session_due(const struct mx_session *session);

/*
 * A PROXY header, which may stand in front of the client's first packet. Looks at the first bytes;
 * when a header is there and may be, the client's address is the one it names from here on.
 */
enum mx_proxy_verdict {
    MX_PROXY_NONE = 0, /* what comes is the client's own */
    MX_PROXY_MORE,     /* the header's end is not there yet */
    MX_PROXY_TAKEN,    /* *out_size bytes of header; those behind are the client's own */
    MX_PROXY_REFUSED,  /* err goes to the client, and the session must be ended */
};
MX_API enum mx_proxy_verdict mx_session_proxy_header(struct mx_session *session,
                                                     const uint8_t *data, size_t len,
                                                     size_t *out_size, struct mx_err *err);

/* ------------------------------------------------------------ what a greeting says */

struct mx_greeting_facts {
    uint32_t caps;     /* and of all servers that were ever contacted; all bits when none was */
    uint32_t ext_caps; /* the same for the upper half */
    uint32_t version;  /* the lowest one, 101106; 0: none known */
    bool all_mariadb;
    bool unknown;          /* a usable server was never contacted */
    uint8_t collation;     /* of the server with the lowest version; 0: not known */
    char version_text[96]; /* the service's version_string, or that server's; "" when not known */
    bool version_is_set;   /* by version_string */
};
MX_API void mx_session_greeting_facts(const struct mx_session *session,
                                      struct mx_greeting_facts *out);
/* Client connections of the service now, all workers. */
MX_API int64_t mx_service_clients(const struct mx_service *service);
/* Entries "name=value" of connection_metadata; ends with NULL; may be NULL. */
MX_API char *const *mx_session_metadata(const struct mx_session *session);
/* Statements that every new connection to a server begins with; NULL behind the last, or NULL. */
MX_API char *const *mx_session_init_sql(const struct mx_session *session);
/*
 * A global variable for connection_metadata, of the first usable server that is the primary, else
 * of the first replica, else of the first one. False: not known. The name may be changed: later
 * versions have another one for tx_isolation.
 */
MX_API bool mx_session_server_variable(const struct mx_session *session, const char **name,
                                       char *out, size_t size);
/* The listener's parameter `compression`. */
MX_API bool mx_session_compression(const struct mx_session *session);
/* Version of this program. */
MX_API const char *mx_program_version(void);

/* ------------------------------------------------------------ accounts */

enum mx_login_verdict {
    MX_LOGIN_FOUND = 0,
    MX_LOGIN_DENIED, /* no such account; err is the answer */
    MX_LOGIN_WAIT,   /* for accounts or the client's host name: client_accounts follows */
};

/* One authenticator of a listener with its part of authenticator_options. */
struct mx_authenticator {
    const struct mx_authenticator_ops *ops;
    const char *name;
    const void *config;
    void *instance; /* NULL: it makes none */
};

/*
 * All of a listener, in the order of `authenticator`, and the one of the protocol for passwords
 * that none of them can use. Counted, because a login to a server may outlast the session it is
 * for.
 */
struct mx_authenticators;
MX_API struct mx_authenticators *mx_session_authenticators(const struct mx_session *session);
MX_API struct mx_authenticators *mx_authenticators_ref(struct mx_authenticators *set);
MX_API void mx_authenticators_unref(struct mx_authenticators *set);
/*
 * Who answers a server that wants `plugin`: `own`, which made the token; another one only when the
 * token is a password. NULL: nobody can.
 */
MX_API const struct mx_authenticator *
mx_authenticators_for_server(const struct mx_authenticators *set,
                             const struct mx_authenticator *own, bool token_is_password,
                             const char *plugin);

/* The texts belong to the list of accounts, which may be replaced at any time: `from` keeps it. */
struct core_users;
struct mx_login_account {
    struct core_users *from; /* NULL: the texts are somebody else's */
    const char *user;        /* "" for an anonymous account */
    const char *plugin;      /* "" when the account names none */
    const char *secret;      /* its authentication string */
    uint64_t version;        /* of the accounts: another one when anything in them has changed */
    bool is_super;
    bool has_roles; /* some role was granted to the name */
    bool has_default_role;
    struct mx_err *database_error; /* NULL: the database may be used; told after a good password */
    const char *tls_problem; /* what the account demands of the connection and it has not; the same
                                as a wrong password, and told when the right one was */
    const struct mx_authenticator *authenticator; /* serves the plugin; NULL: none does */
};
MX_API void mx_login_account_free(struct mx_login_account *account);

/*
 * The account for `user` from the client's address. database may be NULL or "". again: this is the
 * check after a wait (which may end in one more, when accounts and host name are needed).
 */
MX_API enum mx_login_verdict mx_session_find_account(struct mx_session *session, const char *user,
                                                     const char *database, bool again,
                                                     struct mx_login_account *out,
                                                     struct mx_err *err);
/*
 * A login failed: logged once in the documented form, with the reason (a phrase, may be "") that
 * only the log tells; counts against the address when `counts`; a reload of the accounts is asked
 * for.
 */
MX_API void mx_session_login_failed(struct mx_session *session, const char *user,
                                    const struct mx_err *err, const char *reason, bool counts);
/* A login went through: forget earlier failures; a warning for super users when configured. */
MX_API void mx_session_login_done(struct mx_session *session, bool is_super);
/*
 * clear_pw_passthrough: no account is looked up, this one asks the client and the servers check.
 * NULL: not on this listener.
 */
MX_API const struct mx_authenticator *mx_session_passthrough(const struct mx_session *session);
/* As whom an authenticated client is logged in to servers. Texts are borrowed from the listener. */
struct mx_mapped_user {
    const char *user; /* NULL: as himself */
    const char *password;
    const struct mx_authenticator *authenticator;
};
/*
 * user_mapping_file. MX_LOGIN_FOUND, or MX_LOGIN_WAIT: client_mapped follows, and then this is
 * called once more with `again`.
 */
MX_API enum mx_login_verdict mx_session_map_user(struct mx_session *session, const char *user,
                                                 bool again, struct mx_mapped_user *out);
/* authenticator_options: the client is not to be checked. */
MX_API bool mx_session_skips_check(const struct mx_session *session);
/* log_auth_warnings of the service. */
MX_API bool mx_session_logs_auth(const struct mx_session *session);
/* For mx_auth_run: the client of this session, as long as it lives. */
struct mx_auth_wait {
    struct mx_session *session;
};
/* A server refused this user: the accounts may be stale. */
MX_API void mx_session_refresh_accounts(struct mx_session *session);

/* ------------------------------------------------------------ the flow */

/*
 * Hands a query (or the next piece of one) to the chain. PASS: on its way; HELD: keep it, offer it
 * again when client_resume comes; DONE: answered; FAIL: the session is being closed.
 */
MX_API enum mx_verdict mx_flow_query(struct mx_session *session, struct mx_query *query);
/* A piece of a reply. With MX_SEND_DISCARD only the end, with len 0. */
MX_API void mx_flow_reply(struct mx_endpoint *endpoint, struct mx_reply *reply, bool discard);

/* ------------------------------------------------------------ endpoints */

MX_API void *mx_endpoint_backend(const struct mx_endpoint *endpoint) MX_ARITHMETIC;
MX_API struct mx_session *mx_endpoint_session(const struct mx_endpoint *endpoint);
/* Of all endpoints of the session, in the order of opening; NULL starts; NULL ends. */
MX_API struct mx_endpoint *mx_endpoint_next(const struct mx_session *session,
                                            const struct mx_endpoint *endpoint);
/* Opens a connection to the endpoint's server for its own or a sibling's purposes. */
MX_API struct mx_conn *mx_endpoint_connect(const struct mx_endpoint *endpoint,
                                           const struct mx_conn_ops *ops, void *owner);
/* Login and replay are done; what was queued has been sent. */
MX_API void mx_endpoint_ready(struct mx_endpoint *endpoint);
/* What backend_ask wanted to know is known. */
MX_API void mx_endpoint_asked(struct mx_endpoint *endpoint);
/* The connection may be kept for another session when this one lets go of it. */
MX_API bool mx_endpoint_may_pool(const struct mx_endpoint *endpoint);
/* The server has been told the client's address (proxy_protocol): nobody else can use it. */
MX_API bool mx_endpoint_tells_address(const struct mx_endpoint *endpoint);
/* A connection of the pool has broken: the core forgets it; the protocol frees it. */
MX_API void mx_pooled_broken(struct mx_pooled *pooled);
/* The connection has broken: the router is told, and the endpoint is gone after the call. */
MX_API void mx_endpoint_lost(struct mx_endpoint *endpoint, const struct mx_err *why,
                             bool permanent);
/* What kind of answer a session command got on this endpoint; a difference closes it. */
MX_API void mx_endpoint_history_answer(struct mx_endpoint *endpoint, uint64_t history_id, bool ok);
/* The server has refused a login for a reason an operator must know; logged once. */
MX_API void mx_endpoint_count_failed_auth(struct mx_endpoint *endpoint);

/* The session's commands so far, oldest first; NULL ends. Valid until the history changes. */
struct mx_history_entry {
    uint64_t id;
    const uint8_t *data; /* packets with headers, as sent by the client */
    size_t len;
    uint8_t command;
    uint32_t stmt_id; /* of COM_STMT_PREPARE */
    int8_t result;    /* 1 OK, 0 error, -1 not known yet */
};
MX_API bool mx_session_history_next(const struct mx_session *session, uint64_t after_id,
                                    struct mx_history_entry *out);
/* Nothing was dropped from it: repeating it gives a new connection all of the session's state. */
MX_API bool mx_session_history_is_whole(const struct mx_session *session);
/* The command was taken back before any server had been sent it. */
MX_API void mx_session_history_withdraw(struct mx_session *session, uint64_t id);
/* COM_STMT_CLOSE: the entry that prepared the statement is not replayed any more. */
MX_API void mx_session_history_forget(struct mx_session *session, uint32_t stmt_id);

/* ------------------------------------------------------------ other sessions */

/*
 * Runs fn(session, arg) once on the worker that has the session of this id, never before the call
 * has returned; with NULL, on any worker, when there is none (any more). From any session worker.
 */
MX_API void mx_session_tell(uint64_t id, void (*fn)(struct mx_session *session, void *arg),
                            void *arg);

/*
 * Shows every open session of the process to `look`, on its worker, one worker after the other, so
 * that `arg` needs no lock; then calls done(arg) on the last of them. Begins again (`begin` each
 * time) when sessions were moving between workers meanwhile. From any session worker; nothing
 * happens before the call has returned.
 */
struct mx_session_visit {
    void (*begin)(void *arg);
    void (*look)(struct mx_session *session, void *arg);
    void (*done)(void *arg);
    void *arg;
};
MX_API void mx_sessions_visit(const struct mx_session_visit *visit);

/* Work that outlives its session, such as a question to a server: the program waits for its end, a
 * few seconds at most, before the workers stop. */
MX_API void mx_errand_begin(void);
MX_API void mx_errand_end(void);

/* Its servers are told (backend_kill); then it ends with error 1927, unless only the query is
 * meant. A query that waits and has not been sent is answered instead. On the session's worker. */
MX_API void mx_session_kill_at_once(struct mx_session *session, bool query_only, bool hard);

/* Opens a connection to a server of the session's service that is no endpoint of it. NULL: it takes
 * no connections, err says why. */
MX_API struct mx_conn *mx_session_connect(struct mx_session *session, struct mx_server *server,
                                          const struct mx_conn_ops *ops, void *owner,
                                          struct mx_err *err);

#endif
