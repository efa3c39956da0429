/*
 * The MariaDB protocol, client's side and servers' side.
 *
 *   module.c         descriptor and parameter rows
 *   client.c         a client's connection: open, states, pauses, end
 *   greet.c          the greeting and the OK packet of a login
 *   client_auth.c    login, COM_CHANGE_USER: who is it
 *   client_verdict.c what servers think of a client
 *   client_cmd.c     commands: framing, what is answered here, what goes down the chain
 *   client_stream.c  what a client sends that is no command: a file, a replica's answers
 *   client_reply.c   replies and answers on their way to the client, and what they change
 *   stmt.c           prepared statements of a client and of each server connection
 *   backend.c        a server's connection: open, send, queue, end
 *   backend_login.c  login to a server
 *   backend_reply.c  replies of a server, one after the other
 *   compress.c       the compressed protocol, on either side
 *   pooled.c         server connections between two sessions
 *   leftovers.c      what a statement leaves behind that a reset does not clear
 *   pins.c           what a statement leaves behind that the history does not bring back
 *   lend.c           server connections that running sessions share
 *   queue.c          what waits in a server's connection, and is answered when it is killed there
 *   kill.h           KILL: understanding it, whom it means, telling it to servers
 *
 * Invariants. A client is read only while `pauses` is 0. Commands are offered to the chain one
 * after the other; a held one stays in the connection's buffer. A command that changes who or what
 * the session is (change of user, reset, default database, options) waits until nothing is due and
 * the next command waits until it is answered (`exclusive`). On a server's connection `dues` holds
 * one entry per reply that will come, in order.
 */
#ifndef MARIADB_H
#define MARIADB_H

#include "compress.h"
#include "id_rows.h"
#include "mx/atomic.h"
#include "mx/buf.h"
#include "mx/protocol.h"
#include "mx/timer.h"
#include "wire/caps.h"
#include "wire/cmd.h"
#include "wire/greeting.h"
#include "wire/ok_err_eof.h"
#include "wire/packet.h"
#include "wire/prepared.h"
#include "wire/reply.h"

struct mariadb_config {
    bool allow_replication;
};

/* Who the client is, as servers are told. One allocation; the pointers lead into it. Shared with
 * the pool: never changed. */
struct mariadb_identity {
    struct mx_ref refs; /* sessions move between workers */
    const char *user;
    const char *server_user; /* what servers are told: user, unless he is mapped */
    const char *database;
    struct mx_authenticators *authenticators;     /* reference held */
    const struct mx_authenticator *authenticator; /* one of them, which made the token */
    const uint8_t *attrs;                         /* raw, as the client sent them */
    uint32_t attrs_len;
    uint32_t token_len;
    uint16_t collation;
    bool token_is_password;
    bool is_super;
    bool has_roles;    /* may SET ROLE, which a reset of the connection does not undo */
    bool has_default;  /* a login sets a role */
    uint64_t accounts; /* version of the accounts that let him in */
    uint64_t kind;     /* his part of pool_kind */
    uint8_t bytes[];   /* token first */
};

/* ------------------------------------------------------------ client */

enum client_state {
    CLIENT_LOGIN = 0, /* the handshake response, or the request for TLS, is awaited */
    CLIENT_TLS_LOGIN, /* the handshake response inside of TLS is awaited */
    CLIENT_EXCHANGE,  /* the answer to a switch request or the like */
    CLIENT_ACCOUNTS,  /* accounts are read again */
    CLIENT_JOB,       /* a job of the authenticator runs */
    CLIENT_MAPPING,   /* the groups of the user are looked up */
    CLIENT_TRUSTING,  /* the first server's verdict is awaited */
    CLIENT_COMMAND,
    CLIENT_INFILE, /* data of LOAD DATA LOCAL */
    CLIENT_DUMP,   /* a replica that is sent the binary log */
    CLIENT_DEAD,   /* nothing is read any more */
};

enum client_pause {
    PAUSE_HELD = 1 << 0,   /* a stage has said HELD */
    PAUSE_FULL = 1 << 1,   /* a server does not take what the client sends */
    PAUSE_ORDER = 1 << 2,  /* replies that are due come first */
    PAUSE_LOGIN = 1 << 3,  /* accounts are read again, or a job runs */
    PAUSE_KILL = 1 << 4,   /* other workers are asked */
    PAUSE_UNREAD = 1 << 5, /* the client does not read the answers made here */
};

/* What a command changes when its reply says OK. */
enum client_change {
    CHANGE_NONE = 0,
    CHANGE_DATABASE,
    CHANGE_USER,
    CHANGE_RESET,
    CHANGE_OPTION,
};

/* A statement the client has prepared. */
struct mariadb_stmt {
    uint32_t id;
    uint16_t parameters;
    uint16_t types_version; /* 0: no types yet */
    uint8_t *types;     /* 2 bytes per parameter, as sent with the last execution that had any */
    struct mx_sql *sql; /* of the text; NULL when nobody needs it */
    struct kill_words *kill; /* it is a KILL, which no server knows of */
};

/* PREPARE name FROM '...': what EXECUTE name will do. */
struct mariadb_name {
    struct mariadb_name *next;
    struct mx_sql sql;
    char name[];
};

struct mariadb_stmts {
    struct id_rows rows;  /* struct mariadb_stmt */
    uint32_t last_id;     /* given out */
    uint32_t last_usable; /* what the number -1 means; 0: nothing */
    uint32_t kills;       /* rows that are a KILL */
    bool last_is_kill;    /* of those prepared */
    struct mariadb_name *names;
};

/* Where the walk over a command's packets is. */
struct client_walk {
    uint32_t left;    /* payload bytes of the current packet still to come */
    uint8_t sequence; /* of the last packet begun */
    bool goes_on;     /* the current packet is of the largest size: another one follows */
};

/*
 * Numbers packets anew. In the compressed protocol servers count the packets inside in a way of
 * their own, and nobody looks; whoever is not compressed does.
 */
struct packet_count {
    uint32_t left;     /* payload bytes of the current packet still to come */
    uint8_t header[3]; /* of a header that is cut */
    uint8_t have;
    uint8_t next; /* number of the next packet */
};
void packet_renumber(struct packet_count *count, uint8_t *data, size_t len);

struct mariadb_attempt; /* client_auth.c: a login or change of user under way */

struct mariadb_client {
    uint8_t state; /* client_state */
    uint8_t pauses;
    uint8_t change;      /* client_change of the exclusive command under way */
    uint8_t option;      /* of COM_SET_OPTION */
    bool exclusive;      /* the next command waits */
    bool streaming;      /* in the middle of a command */
    bool swallow;        /* ... that was answered already */
    bool infile_drop;    /* the data is not wanted any more */
    bool infile_goes_on; /* the last packet was of the largest size */
    bool infile_ended;   /* nothing was said to the client since */
    bool out_aligned;    /* what was sent ends between two packets */
    uint8_t out_sequence;
    uint8_t stream_command;
    bool unlendable; /* the history does not tell what the session is (idle_session_pool_time) */
    uint16_t status; /* server status seen last */
    uint32_t stream_stmt;
    uint32_t caps;
    uint32_t ext_caps;
    uint32_t infile_left;
    struct client_walk walk;
    uint8_t scramble[WIRE_SCRAMBLE_SIZE];
    struct mariadb_identity *identity;
    struct mariadb_identity *next_identity; /* COM_CHANGE_USER: after the servers' OK */
    struct mariadb_attempt *attempt;
    struct mariadb_stmts *stmts;
    char *next_database;
    struct compress *compress;  /* of the connection; NULL: not compressed */
    struct mx_endpoint *infile; /* that asked for the file, or sends the binary log */
    struct mx_err *answer;      /* made here, waits for its place */
    struct mx_err *refusal;     /* what a server said of his account last; NULL: it was let in */
    bool answer_is_for_next;
};

void client_open(struct mx_session *session);
void client_free(struct mx_session *session);
void client_pause(struct mx_session *session, enum client_pause why);
void client_unpause(struct mx_session *session, enum client_pause why);
void client_resume(struct mx_session *session);
bool client_is_quiet(const struct mx_session *session);
/* queue.c */
bool client_interrupt(struct mx_session *session);

/* greet.c */
void client_greet(struct mx_session *session);
void greet_login_ok(struct mx_session *session, uint8_t sequence, uint16_t collation);

/* client_auth.c. Each returns the bytes consumed, 0: more are needed. */
size_t client_login_data(struct mx_session *session, uint8_t *data, size_t len);
void client_change_user(struct mx_session *session, const uint8_t *payload, size_t len);
void client_accounts(struct mx_session *session);
bool client_job(struct mx_session *session, void *job);
void client_job_late(struct mx_session *session, const struct mx_err *err, const char *reason);
void client_mapped(struct mx_session *session);
/* Takes over the identity. */
void client_become(struct mx_session *session, struct mariadb_identity *identity);
/* Returns the identity. */
struct mariadb_identity *mariadb_identity_ref(struct mariadb_identity *identity);
void mariadb_identity_free(struct mariadb_identity *identity);
void client_attempt_free(struct mariadb_client *client);
json_t *client_attributes(struct mx_session *session);

/* client_verdict.c */
bool client_waits_for_verdict(const struct mx_session *session);
/* Instead of OK, before the session starts. */
void client_ask_servers(struct mx_session *session);
/* A server has let him in. */
void client_let_in(struct mx_session *session);
/* A login to a server has failed; by_server: err is what the server said, word for word. */
void client_refused(struct mx_session *session, const char *server, const struct mx_err *err,
                    bool by_server);

/* client_cmd.c */
size_t client_command_data(struct mx_session *session, uint8_t *data, size_t len);
/* The chain is asked (again) to take the change of user. */
void client_route_change_user(struct mx_session *session);

/* client_stream.c */
size_t client_infile_data(struct mx_session *session, uint8_t *data, size_t len);
size_t client_dump_data(struct mx_session *session, const uint8_t *data, size_t len);

/* client_reply.c */
void client_reply(struct mx_session *session, struct mx_endpoint *endpoint,
                  const struct mx_reply *reply);
void client_answer(struct mx_session *session, const struct mx_err *err, enum mx_answer_time when);
void client_killed(struct mx_session *session, const struct mx_err *err);
/* An answer that had to wait may go now. True: one has gone. */
bool client_flush_answer(struct mx_session *session);
/* At once, after the client's last packet. err->code 0: OK. */
void client_write_answer(struct mx_session *session, const struct mx_err *err);
/* A whole answer, made and numbered by the caller. */
void client_write_packets(struct mx_session *session, const uint8_t *bytes, size_t len);
void client_write_ok(struct mx_session *session, uint64_t affected);
void client_exclusive_done(struct mx_session *session, bool ok);

/* ------------------------------------------------------------ statements */

struct mariadb_stmt *stmt_add(struct mariadb_client *client);
/* The same with an id of at least `first`. */
struct mariadb_stmt *stmt_add_from(struct mariadb_client *client, uint32_t first);
struct mariadb_stmt *stmt_find(const struct mariadb_client *client, uint32_t id);
void stmt_remove(struct mariadb_client *client, uint32_t id);
void stmt_clear(struct mariadb_client *client);
/* COM_STMT_EXECUTE: remembers parameter types. payload may be the start of a longer one. */
void stmt_note_types(struct mariadb_stmt *stmt, const uint8_t *payload, size_t len);
void stmt_set_sql(struct mariadb_stmt *stmt, const struct mx_sql *sql);
/* Text PREPARE and EXECUTE. */
void stmt_note_name(struct mx_session *session, const char *text, size_t len,
                    const struct mx_sql *sql);
const struct mx_sql *stmt_sql_of_name(const struct mariadb_client *client, const char *text,
                                      const struct mx_sql *sql);

/* ------------------------------------------------------------ backend */

enum backend_state {
    BACKEND_LOGIN = 0,
    BACKEND_RESETTING, /* from the pool: the answer to the reset is awaited */
    BACKEND_REPLAY,
    BACKEND_READY,
    BACKEND_PARKED, /* no connection; what is sent waits for one */
    BACKEND_BROKEN,
};

enum due_kind {
    DUE_CLIENT = 0, /* passed on */
    DUE_DISCARD,    /* the router is told of its end */
    DUE_REPLAY,     /* history */
    DUE_INIT,       /* a statement of connection_init_sql_file */
    DUE_PING,
    DUE_RESET, /* of a connection from the pool */
    DUE_ASK,   /* see lend.c */
};

struct backend_due {
    uint64_t history_id;
    uint32_t stmt_id;
    uint32_t sent; /* bytes of the command, headers included */
    uint8_t command;
    uint8_t kind;
};

/* A client's statement on this server. */
struct backend_stmt {
    uint32_t id;
    uint32_t server_id;
    uint16_t types_version; /* of the types this server knows */
    bool has_cursor;        /* these two are kept for sharing only */
    bool has_data;          /* long data that waits for the execution */
};

enum login_phase {
    LOGIN_GREETING = 0,
    LOGIN_ANSWER,
    LOGIN_DONE,
};

enum login_result {
    LOGIN_MORE = 0,
    LOGIN_OK,
    LOGIN_FAILED,
};

/* What a server asked for that a login packet does not answer. */
struct login_exchange {
    const struct mx_authenticator *by; /* NULL: nobody can answer */
    void *state;
    uint32_t round;
    char plugin[64];
};

/* A login to a server; also of the connections of kill.c. To be ended with login_fini. */
struct backend_login {
    uint8_t phase; /* login_phase */
    uint32_t thread_id;
    uint32_t wanted; /* capabilities that were asked for */
    uint32_t caps;   /* agreed on */
    uint32_t ext_caps;
    uint8_t scramble[WIRE_SCRAMBLE_SIZE];
    struct login_exchange *exchange; /* NULL: the login packet was enough so far */
    struct mx_err *refusal;          /* the server's error, as it was sent; NULL: none */
    struct compress *compress;       /* of the connection; NULL: not compressed */
};

/* What a login needs to know; all borrowed. */
struct login_facts {
    const struct mariadb_identity *identity;
    const char *database;
    const char *server_name;
    struct mx_conn *conn;
    uint32_t caps;     /* wanted */
    uint32_t ext_caps; /* wanted and needed */
    uint32_t needed;   /* the client was promised these */
    bool compress;     /* if the server can */
};

struct mariadb_backend {
    struct mx_conn *conn;
    uint8_t state;
    bool paused;     /* the client does not take what comes */
    bool full;       /* it does not take what the client sends */
    bool permanent;  /* of the fault it was broken with */
    bool tracks;     /* session state in OK packets is looked at */
    bool strips;     /* ... and taken out again: the client does not know it */
    bool may_pool;   /* what runs here is looked at, see leftovers.c */
    bool plain;      /* nothing ran that a reset does not clear */
    bool unfit;      /* something ran that nothing clears */
    bool clean;      /* from the pool, cleaned there, and nothing was sent since */
    bool owes_reset; /* from the pool: a reset goes in front of the first command */
    bool proven;     /* has answered a reset with OK */
    bool recycled;   /* from the pool, and nothing of this session has been answered yet */
    bool shares;     /* what runs here is looked at, see pins.c; the next four are about that */
    uint8_t pins;    /* enum pin */
    bool later;      /* the session may ask about its last statement */
    bool asks_id;    /* LAST_INSERT_ID() is not known */
    uint16_t status; /* server status seen last */
    uint32_t replays_left;
    uint64_t insert_id; /* LAST_INSERT_ID() of the session there, for the next connection */
    struct backend_login login;
    struct mx_timer watch;    /* of the login */
    struct backend_due *dues; /* ring */
    uint32_t due_head;
    uint32_t due_count;
    uint32_t due_capacity;     /* power of two */
    struct id_rows stmts;      /* struct backend_stmt */
    struct packet_count count; /* with compression */
    struct mx_buf queue;       /* records that wait for login, replay or a statement id */
    char *gtid;                /* last_gtid of the reply under way */
    struct wire_reply_sink sink;
    struct wire_reply reply;
};

/* The capabilities that its connections to servers are to have. */
uint32_t backend_caps(const struct mx_session *session);
int backend_open(struct mx_endpoint *endpoint, struct mx_err *err);
void backend_send(struct mx_endpoint *endpoint, const struct mx_query *query, uint32_t flags);
/* Bytes that are no command: LOAD DATA LOCAL, or (anew) a packet of a replica. */
void backend_send_raw(struct mx_endpoint *endpoint, const uint8_t *data, size_t len, bool anew);
void backend_close(struct mx_endpoint *endpoint);
void backend_ping(struct mx_endpoint *endpoint);
void backend_fail(struct mx_endpoint *endpoint, const struct mx_err *err, bool permanent);
struct mx_conn *backend_conn(struct mx_endpoint *endpoint);
bool backend_is_quiet(const struct mx_endpoint *endpoint);
uint64_t backend_id(const struct mx_endpoint *endpoint);
void backend_kill(struct mx_endpoint *endpoint, bool query_only, bool hard);
void backend_pause(struct mx_endpoint *endpoint);
void backend_unpause(struct mx_endpoint *endpoint);
/* The client is read only while every server of the session has room. */
void backend_check_room(struct mx_endpoint *endpoint);
/* Login is done, or a statement has got its id: what was queued may go. */
void backend_flush(struct mx_endpoint *endpoint);
void backend_replayed(struct mx_endpoint *endpoint);
/* One reply less is due: the client may be read again. */
void backend_reply_ended(struct mx_endpoint *endpoint);
struct backend_due *backend_push_due(struct mariadb_backend *backend, uint8_t command,
                                     uint8_t kind);
struct backend_stmt *backend_stmt_find(const struct mariadb_backend *backend, uint32_t id);
struct backend_stmt *backend_stmt_add(struct mariadb_backend *backend, uint32_t id,
                                      uint32_t server_id);
void backend_stmt_remove(struct mariadb_backend *backend, uint32_t id);
/* The server has: it was reset. */
void backend_stmts_forget(struct mariadb_backend *backend);

/* The login is done, or the pool's connection is this session's. */
void backend_begin(struct mx_endpoint *endpoint);
/* Login again, on a new connection: the one of the pool was of no use. Nothing was sent yet. */
void backend_reconnect(struct mx_endpoint *endpoint);
void backend_take_over(struct mx_endpoint *endpoint, struct mx_conn *conn);
struct login_facts backend_facts(const struct mx_endpoint *endpoint);
/* The reset that is owed goes first. */
void backend_pay_reset(struct mariadb_backend *backend);

/* Nothing is known of it any more: it has another connection, or none. */
void backend_begin_anew(struct mariadb_backend *backend);

/* lend.c */
void lend_note_query(struct mx_endpoint *endpoint, const struct mx_query *query);
void lend_note_statement(struct backend_stmt *stmt, uint8_t command, const uint8_t *data,
                         size_t len);
void lend_note_reply(struct mariadb_backend *backend, const struct backend_due *due, bool ok);
void lend_forget(struct mx_session *session);
/* True: something was sent behind the history. */
bool lend_restore(struct mariadb_backend *backend);
/* The answer to backend_ask; consumed bytes. */
size_t lend_answer_feed(struct mariadb_backend *backend, const uint8_t *data, size_t len);
void lend_answered(struct mx_endpoint *endpoint);
uint32_t backend_may_lend(const struct mx_endpoint *endpoint);
void backend_ask(struct mx_endpoint *endpoint);
struct mx_pooled *backend_lend(struct mx_endpoint *endpoint);
void backend_park(struct mx_endpoint *endpoint);

void backend_login_failed(struct mx_endpoint *endpoint, const struct mx_err *err, bool permanent);

/* backend_watch.c: the server must not be silent for auth_connect_timeout while it is logged in to.
 */
void backend_watch_begin(struct mx_endpoint *endpoint);
void backend_watch_end(struct mariadb_backend *backend);

/* pooled.c */
bool backend_may_release(const struct mx_endpoint *endpoint);
struct mx_pooled *backend_release(struct mx_endpoint *endpoint);
uint64_t pool_kind_of_user(const struct mx_session *session,
                           const struct mariadb_identity *identity);
uint64_t pool_kind(const struct mx_endpoint *endpoint);
enum mx_pool_fit pooled_fit(const struct mx_pooled *core, const struct mx_endpoint *endpoint);
void backend_adopt(struct mx_endpoint *endpoint, struct mx_pooled *core, enum mx_pool_fit fit);
void pooled_settle(struct mx_pooled *core);
void pooled_close(struct mx_pooled *core);

/* leftovers.c: pure. */
enum leftover {
    LEFTOVER_NONE = 0, /* whatever it leaves, COM_RESET_CONNECTION clears it */
    LEFTOVER_USER,     /* may leave another default database, role or user: COM_CHANGE_USER */
    LEFTOVER_FOREVER,  /* the connection is of no use to anybody else */
};
/* text: of COM_QUERY and COM_STMT_PREPARE; NULL when it is not there as a whole. */
enum leftover leftover_of(uint8_t command, const char *text, size_t len);

/* backend_reply.c: consumed bytes; 0: more are needed. */
size_t backend_reply_data(struct mx_endpoint *endpoint, uint8_t *data, size_t len);

/* backend_login.c. One packet of the server; on LOGIN_FAILED err is filled. */
enum login_result login_packet(struct backend_login *login, const struct login_facts *facts,
                               const struct wire_packet *packet, bool *out_permanent,
                               struct mx_err *err);
/* Lets go of an exchange that is under way; harmless when repeated. */
void login_fini(struct backend_login *login);
/* The capabilities that a login asks for. */
uint32_t login_wanted(uint32_t caps);
/* A login with these facts would have agreed on the same capabilities. */
bool login_would_agree(const struct backend_login *login, const struct login_facts *facts);
/* COM_CHANGE_USER for this connection. */
int login_change_user(struct backend_login *login, const struct login_facts *facts,
                      struct mx_err *err);

static inline struct mariadb_client *
client_of(const struct mx_session *session)
{
    return mx_session_client(session);
}

static inline struct mariadb_backend *
backend_of(const struct mx_endpoint *endpoint)
{
    return mx_endpoint_backend(endpoint);
}

#endif
