/* A core of a few lines for the router's tests: servers, a service, one session, endpoints that
 * note what was sent to them. */
#ifndef FAKE_CORE_H
#define FAKE_CORE_H

#include "mx/trx.h"
#include "rwsplit.h"

#define FAKE_SERVERS  3
#define FAKE_SENT_MAX 64

struct mx_server {
    char name[16];
    uint32_t status;
    int64_t lag_s;
    int rank;
    int64_t connections;
    int64_t operations;
    int64_t response_us;
    bool refuses; /* mx_endpoint_open fails */
};

struct mx_endpoint {
    struct mx_server *server;
    void *owner;
    uint32_t pending;
    uint32_t discards; /* of those; they come first */
    bool open;
    bool connecting;
};

struct fake_sent {
    const struct mx_server *server;
    uint8_t command;
    uint32_t flags;
    char text[64];
};

struct fake_core {
    struct mx_server servers[FAKE_SERVERS];
    size_t server_count;
    struct mx_endpoint endpoints[FAKE_SERVERS * 8];
    size_t endpoint_count;
    struct fake_sent sent[FAKE_SENT_MAX];
    size_t sent_count;
    struct rws_config config;
    struct rws_instance instance;
    struct rws_counters counters;
    struct mx_trx trx;
    uint64_t history;
    bool can_recover;
    bool resumed;
    uint32_t timer_ms;
    uint16_t error_code; /* of mx_session_reply_error */
    char killed[256];    /* "" while alive */
};

extern struct fake_core fake;

/* Primary, replica, replica; documented defaults. */
void fake_reset(void);
struct rws_session *fake_session(void);
/* Routes COM_QUERY with the verdict given; text decides nothing. */
enum mx_verdict fake_query(struct rws_session *rs, const char *text, uint32_t type, uint32_t facts,
                           enum mx_sql_op op);
enum mx_verdict fake_command(struct rws_session *rs, uint8_t command, uint32_t stmt_id,
                             const char *bytes, size_t len, const struct mx_sql *sql);
/* The reply that the endpoint of this server owes, complete; false: an error packet. */
void fake_reply(struct rws_session *rs, size_t server, bool ok, uint16_t status);
/* The error of a statement that was never sent: it overtakes the replies that are discarded. */
void fake_interrupt(struct rws_session *rs, size_t server);
/* Answers whatever is outstanding everywhere. */
void fake_reply_all(struct rws_session *rs);
enum mx_verdict fake_lose(struct rws_session *rs, size_t server, bool permanent);
/* The same before it was there. */
enum mx_verdict fake_refuse(struct rws_session *rs, size_t server);
struct mx_endpoint *fake_endpoint(size_t server); /* open one, or NULL */
/* Server of the last statement that was not discarded. */
int fake_last_server(void);

#endif
