/* The round: one small state machine per server, driven by one poll loop. */
#include "observe.h"

#include "mx/timer.h"
#include "observe_connect.h"
#include "resolve.h"

#include <errmsg.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define RESOLVE_POLL_MS     5
#define REPL_USER_EVERY_MS  10000
#define TABLES_EVERY_MS     ((int64_t)10 * 60 * 1000)
#define REFRESH_EVERY_MS    10000
#define UNKNOWN_TABLE_ERROR 1109u

enum stage {
    STAGE_IDLE = 0,
    STAGE_RESOLVE,
    STAGE_CONNECT,
    STAGE_PING,
    STAGE_QUERY,
    STAGE_STORE,
    STAGE_KNOCK,
};

struct probe {
    struct mon_observer *observer;
    size_t index;
    struct mx_monitor_target target;
    MYSQL *conn;
    bool is_connected;
    enum stage stage;
    int wait; /* MYSQL_WAIT_... of the operation under way */
    int64_t deadline_ms;
    int64_t began_us;
    char address[MON_ADDRESS_MAX];
    bool use_extra_port;
    int attempts;
    bool lost_connection; /* the kept connection broke in this round */
    int knock_fd;
    enum mon_query query;
    bool quick;
    bool refresh;  /* connect anew before the next round */
    bool no_disks; /* the plugin is not there */
    uint64_t grants_at_connect;
    bool grants_compared;
    int64_t refreshed_ms;
    int64_t due_ms[MON_QUERY_COUNT]; /* rare statements: next time */
    bool was_reported;               /* the present failure is in the log */
};

struct mon_observer {
    struct mx_monitor *monitor;
    const struct mon_settings *settings;
    struct mx_monitor_settings common;
    struct mon_resolver *resolver;
    struct mon_observation obs;
    struct probe *probes;
    bool again;
};

static struct mx_log_ctx
log_ctx(const struct probe *p)
{
    return (struct mx_log_ctx){.module = "mariadbmon", .object = p->target.name};
}

static struct mon_server_obs *
obs_of(struct probe *p)
{
    return &p->observer->obs.servers[p->index];
}

static int
port_of(const struct probe *p)
{
    return p->use_extra_port ? p->target.extra_port : p->target.port;
}

/* ------------------------------------------------------------------ life cycle */

struct mon_observer *
mon_observer_new(struct mx_monitor *monitor, const struct mon_settings *settings)
{
    struct mon_observer *o = mx_calloc(1, sizeof(*o));
    o->monitor = monitor;
    o->settings = settings;
    mx_monitor_settings(monitor, &o->common);
    o->resolver = mon_resolver_new();
    o->obs.count = settings->count;
    o->obs.servers = mx_calloc(settings->count + 1, sizeof(*o->obs.servers));
    o->probes = mx_calloc(settings->count + 1, sizeof(*o->probes));
    for (size_t i = 0; i < settings->count; i++) {
        struct mon_server_obs *s = &o->obs.servers[i];
        s->link = MON_LINK_FAILED;
        s->server_id = -1;
        s->uptime_s = -1;
        s->nontransactional_tables = -1;
        o->probes[i].observer = o;
        o->probes[i].index = i;
        o->probes[i].knock_fd = -1;
        mx_monitor_target(monitor, i, &o->probes[i].target);
    }
    return o;
}

static void
disconnect(struct probe *p)
{
    if (p->conn != NULL) {
        mysql_close(p->conn);
    }
    p->conn = NULL;
    p->is_connected = false;
}

static void
close_knock(struct probe *p)
{
    if (p->knock_fd >= 0) {
        (void)close(p->knock_fd);
    }
    p->knock_fd = -1;
}

void
mon_observer_free(struct mon_observer *o)
{
    if (o == NULL) {
        return;
    }
    for (size_t i = 0; i < o->obs.count; i++) {
        disconnect(&o->probes[i]);
        close_knock(&o->probes[i]);
        mon_obs_fini(&o->obs.servers[i]);
    }
    mon_resolver_free(o->resolver);
    free(o->obs.servers);
    free(o->probes);
    free(o);
}

/* --------------------------------------------------------------------- verdict */

static void
log_failure(struct probe *p, enum mon_link link, const char *text)
{
    const struct mon_server_obs *s = obs_of(p);
    bool changed = s->link != link && (s->link == MON_LINK_UP || link == MON_LINK_DENIED);
    if (p->was_reported && !changed) {
        return;
    }
    p->was_reported = true;
    struct mx_log_ctx ctx = log_ctx(p);
    const char *address = p->target.address != NULL ? p->target.address : p->target.socket;
    if (link == MON_LINK_DENIED) {
        mx_log_error(
            &ctx,
            "Server '%s' [%s]:%d does not let the monitor user '%s' in: %s. Check user and "
            "password of monitor '%s' and the account on the server.",
            p->target.name, address, p->target.port, p->target.user, text,
            mx_monitor_name(p->observer->monitor));
    } else {
        mx_log_error(&ctx, "Monitor was unable to connect to server %s[%s:%d] : '%s'",
                     p->target.name, address, p->target.port, text);
    }
}

static void
finish_down(struct probe *p, enum mon_link link, const char *text)
{
    struct mon_server_obs *s = obs_of(p);
    log_failure(p, link, text);
    disconnect(p);
    close_knock(p);
    s->link = link;
    (void)snprintf(s->error, sizeof(s->error), "%s", text);
    p->stage = STAGE_IDLE;
}

static void
finish_up(struct probe *p)
{
    obs_of(p)->link = MON_LINK_UP;
    obs_of(p)->error[0] = '\0';
    p->was_reported = false;
    p->stage = STAGE_IDLE;
}

/* ----------------------------------------------------------------- asynchrony */

static void begin_connect(struct probe *p);
static void connect_failed(struct probe *p, unsigned error, const char *text);
static void next_query(struct probe *p);

/* Takes note of what an operation waits for; false when it has ended already. */
static bool
waits(struct probe *p, int status)
{
    p->wait = status;
    if (status == 0) {
        return false;
    }
    p->deadline_ms = 0;
    if ((status & MYSQL_WAIT_TIMEOUT) != 0) {
        p->deadline_ms = mx_now_ms() + (int64_t)mysql_get_timeout_value_ms(p->conn);
    }
    return true;
}

static bool
is_connection_error(unsigned error)
{
    return error >= CR_MIN_ERROR && error <= CR_MAX_ERROR;
}

static bool
is_denied(unsigned error)
{
    /* access denied, no password, host not allowed, account locked */
    return error == 1045 || error == 1698 || error == 1130 || error == 4151 || error == 1044;
}

static void
lost(struct probe *p)
{
    char text[MON_ERROR_MAX];
    (void)snprintf(text, sizeof(text), "%s", mysql_error(p->conn));
    disconnect(p);
    if (p->lost_connection) {
        finish_down(p, MON_LINK_FAILED, text);
        return;
    }
    /* it may have restarted: one new connection in the same round tells */
    p->lost_connection = true;
    p->attempts = 0;
    begin_connect(p);
}

/* ----------------------------------------------------------------- connecting */

static void
connected(struct probe *p)
{
    p->is_connected = true;
    p->attempts = 0;
    p->refresh = false;
    p->grants_compared = false;
    p->no_disks = false;
    obs_of(p)->permission_error = false;
    memset(p->due_ms, 0, sizeof(p->due_ms));
    mon_connection_note(p->conn, &p->target, obs_of(p));
    if (obs_of(p)->version < MON_VERSION_BASIC) {
        finish_down(p, MON_LINK_FAILED, "its version is not supported");
        return;
    }
    p->query = MON_QUERY_VARIABLES;
    next_query(p);
}

static void
after_connect(struct probe *p, const MYSQL *done)
{
    const char *flaw = done != NULL ? mon_connection_flaw(p->conn, &p->target) : NULL;
    if (flaw != NULL) {
        disconnect(p);
        finish_down(p, MON_LINK_FAILED, flaw);
    } else if (done != NULL) {
        connected(p);
    } else {
        char text[MON_ERROR_MAX];
        unsigned error = mysql_errno(p->conn);
        (void)snprintf(text, sizeof(text), "%s", mysql_error(p->conn));
        disconnect(p);
        connect_failed(p, error, text);
    }
}

static void
begin_login(struct probe *p)
{
    MYSQL *done = NULL;
    /* a name is only needed where the certificate is checked against it */
    const char *host = mon_connection_checks_name(&p->target) ? p->target.address : p->address;
    p->stage = STAGE_CONNECT;
    p->attempts++;
    p->conn = mon_connection_new(&p->target, &p->observer->common, true);
    int status = mysql_real_connect_start(
        &done, p->conn, p->target.address != NULL ? host : NULL, p->target.user,
        p->target.password != NULL ? p->target.password : "", NULL, (unsigned)port_of(p),
        p->target.socket, CLIENT_MULTI_STATEMENTS);
    if (!waits(p, status)) {
        after_connect(p, done);
    }
}

static void
resolve(struct probe *p)
{
    switch (mon_resolver_get(p->observer->resolver, p->target.address, mx_now_ms(), p->address)) {
    case MON_LOOKUP_DONE:
        begin_login(p);
        return;
    case MON_LOOKUP_PENDING:
        if (mx_now_ms() < p->deadline_ms) {
            return;
        }
        finish_down(p, MON_LINK_FAILED, "its host name could not be resolved in time");
        return;
    case MON_LOOKUP_FAILED:
        finish_down(p, MON_LINK_FAILED, "its host name could not be resolved");
        return;
    }
}

static void
begin_connect(struct probe *p)
{
    if (p->target.address == NULL) {
        begin_login(p);
        return;
    }
    p->stage = STAGE_RESOLVE;
    p->wait = 0;
    p->deadline_ms = mx_now_ms() + p->observer->common.connect_timeout_ms;
    resolve(p);
}

static void
after_knock(struct probe *p, int error)
{
    char text[MON_ERROR_MAX];
    bool refused = mon_knock_is_refusal(error);
    close_knock(p);
    if (!refused && p->attempts < (int)p->observer->common.connect_attempts) {
        begin_connect(p);
        return;
    }
    if (error != 0) {
        (void)snprintf(text, sizeof(text), "Can't connect to server on '%s' (%d: %s)",
                       p->target.address != NULL ? p->target.address : p->target.socket, error,
                       strerrordesc_np(error));
    } else {
        (void)snprintf(text, sizeof(text), "%s", obs_of(p)->error);
    }
    finish_down(p, refused ? MON_LINK_REFUSED : MON_LINK_FAILED, text);
}

static void
connect_failed(struct probe *p, unsigned error, const char *text)
{
    if (is_denied(error)) {
        finish_down(p, MON_LINK_DENIED, text);
        return;
    }
    if (p->use_extra_port && (error == 1040 || is_connection_error(error))) {
        struct mx_log_ctx ctx = log_ctx(p);
        mx_log_warning(&ctx, "Server '%s' cannot be reached at extra_port %d, trying port %d: %s",
                       p->target.name, p->target.extra_port, p->target.port, text);
        p->use_extra_port = false;
        begin_connect(p);
        return;
    }
    if (!is_connection_error(error)) {
        finish_down(p, MON_LINK_FAILED, text);
        return;
    }
    (void)snprintf(obs_of(p)->error, sizeof(obs_of(p)->error), "%s", text);
    int fault = 0;
    p->stage = STAGE_KNOCK;
    p->knock_fd = mon_knock_begin(p->target.address != NULL ? p->address : NULL, port_of(p),
                                  p->target.socket, &fault);
    if (p->knock_fd < 0 || fault != EINPROGRESS) {
        after_knock(p, fault);
        return;
    }
    p->wait = MYSQL_WAIT_WRITE;
    p->deadline_ms = mx_now_ms() + p->observer->common.connect_timeout_ms;
}

/* ------------------------------------------------------------------ statements */

static void
query_failed(struct probe *p)
{
    struct mon_server_obs *s = obs_of(p);
    unsigned error = mysql_errno(p->conn);
    struct mx_log_ctx ctx = log_ctx(p);
    if (is_connection_error(error)) {
        lost(p);
        return;
    }
    if (p->query == MON_QUERY_DISKS) {
        p->no_disks = error == UNKNOWN_TABLE_ERROR;
        mx_log_error(&ctx, "Disk space of '%s' cannot be read: %s.%s", p->target.name,
                     mysql_error(p->conn),
                     p->no_disks ? " Install the plugin there: INSTALL SONAME 'disks';" : "");
    } else if (p->query == MON_QUERY_VARIABLES || p->query == MON_QUERY_SLAVES ||
               p->query == MON_QUERY_EVENTS) {
        if (strcmp(s->query_error, mysql_error(p->conn)) != 0) {
            (void)snprintf(s->query_error, sizeof(s->query_error), "%s", mysql_error(p->conn));
            mx_log_warning(&ctx, "A statement of the monitor failed on '%s': %s", p->target.name,
                           s->query_error);
        }
        s->permission_error |= p->query == MON_QUERY_SLAVES;
        p->refresh |= mx_now_ms() - p->refreshed_ms >= REFRESH_EVERY_MS;
    }
    p->query++;
    next_query(p);
}

static void
note_success(struct probe *p)
{
    struct mon_server_obs *s = obs_of(p);
    if (p->query == MON_QUERY_SLAVES) {
        s->permission_error = false;
        s->is_fresh = true;
        s->query_error[0] = '\0';
    } else if (p->query == MON_QUERY_GRANTS) {
        /* the session keeps the rights it logged in with */
        if (p->grants_compared && p->grants_at_connect != s->grants) {
            p->refresh = true;
            p->observer->again = true;
        }
        p->grants_at_connect = s->grants;
        p->grants_compared = true;
    }
}

static void
after_store(struct probe *p, MYSQL_RES *result)
{
    if (result == NULL) {
        query_failed(p);
        return;
    }
    char collation[sizeof(obs_of(p)->collation)];
    memcpy(collation, obs_of(p)->collation, sizeof(collation));
    mon_query_parse(p->query, result, obs_of(p), mx_now_ms(), p->target.disk_limits);
    mysql_free_result(result);
    if (strcmp(collation, obs_of(p)->collation) != 0) {
        struct mx_log_ctx ctx = {.object = p->target.name};
        mx_log_notice(&ctx, "Server '%s' charset: %s", p->target.name, obs_of(p)->collation);
    }
    note_success(p);
    p->query++;
    next_query(p);
}

static void
after_query(struct probe *p, int rc)
{
    MYSQL_RES *result = NULL;
    if (rc != 0) {
        query_failed(p);
        return;
    }
    p->stage = STAGE_STORE;
    int status = mysql_store_result_start(&result, p->conn);
    if (!waits(p, status)) {
        after_store(p, result);
    }
}

/* Rare statements have a time of their own; a quick round asks only for what decides. */
static bool
is_due(struct probe *p, enum mon_query query)
{
    static const int64_t every_ms[MON_QUERY_COUNT] = {
        [MON_QUERY_REPL_USER] = REPL_USER_EVERY_MS,
        [MON_QUERY_TABLES] = TABLES_EVERY_MS,
    };
    int64_t period_ms = every_ms[query];
    int64_t now_ms = mx_now_ms();
    if (p->quick) {
        return query == MON_QUERY_VARIABLES || query == MON_QUERY_SLAVES;
    }
    if (query == MON_QUERY_DISKS) {
        period_ms = p->observer->common.disk_check_interval_ms;
        if (period_ms <= 0 || p->target.disk_limits == NULL || p->no_disks ||
            (obs_of(p)->held_status & MX_STATUS_MAINT) != 0) {
            return false;
        }
    }
    if (period_ms > 0 && now_ms < p->due_ms[query]) {
        return false;
    }
    p->due_ms[query] = now_ms + period_ms;
    return true;
}

static void
next_query(struct probe *p)
{
    char *text = NULL;
    while (p->query < MON_QUERY_COUNT && text == NULL) {
        if (is_due(p, p->query)) {
            text = mon_query_text(p->query, obs_of(p), p->observer->settings);
        }
        p->query += text == NULL ? 1 : 0;
    }
    if (text == NULL) {
        finish_up(p);
        return;
    }
    int rc = 0;
    p->stage = STAGE_QUERY;
    int status = mysql_real_query_start(&rc, p->conn, text, (unsigned long)strlen(text));
    free(text); /* the library has copied it into its send buffer */
    if (!waits(p, status)) {
        after_query(p, rc);
    }
}

static void
after_ping(struct probe *p, int rc)
{
    if (rc != 0) {
        lost(p);
        return;
    }
    obs_of(p)->ping_us = mx_clock_us() - p->began_us;
    p->query = MON_QUERY_VARIABLES;
    next_query(p);
}

static void
begin(struct probe *p, bool quick)
{
    int rc = 0;
    p->quick = quick && obs_of(p)->known;
    p->lost_connection = false;
    p->attempts = 0;
    p->use_extra_port = p->target.extra_port > 0;
    if (p->refresh) {
        p->refreshed_ms = mx_now_ms();
        disconnect(p);
    }
    if (!p->is_connected) {
        begin_connect(p);
        return;
    }
    p->stage = STAGE_PING;
    p->began_us = mx_clock_us();
    int status = mysql_ping_start(&rc, p->conn);
    if (!waits(p, status)) {
        after_ping(p, rc);
    }
}

/* ------------------------------------------------------------------- poll loop */

/* The operation under way goes on with what happened. */
static void
go_on(struct probe *p, int ready)
{
    MYSQL *done = NULL;
    MYSQL_RES *result = NULL;
    int rc = 0;
    switch (p->stage) {
    case STAGE_IDLE:
        return;
    case STAGE_RESOLVE:
        resolve(p);
        return;
    case STAGE_KNOCK:
        after_knock(p,
                    (ready & MYSQL_WAIT_TIMEOUT) != 0 ? ETIMEDOUT : mon_knock_result(p->knock_fd));
        return;
    case STAGE_CONNECT:
        if (!waits(p, mysql_real_connect_cont(&done, p->conn, ready))) {
            after_connect(p, done);
        }
        return;
    case STAGE_PING:
        if (!waits(p, mysql_ping_cont(&rc, p->conn, ready))) {
            after_ping(p, rc);
        }
        return;
    case STAGE_QUERY:
        if (!waits(p, mysql_real_query_cont(&rc, p->conn, ready))) {
            after_query(p, rc);
        }
        return;
    case STAGE_STORE:
        if (!waits(p, mysql_store_result_cont(&result, p->conn, ready))) {
            after_store(p, result);
        }
        return;
    }
}

static struct pollfd
poll_of(const struct probe *p)
{
    struct pollfd entry = {.fd = -1};
    if (p->stage == STAGE_KNOCK) {
        entry.fd = p->knock_fd;
    } else if (p->stage != STAGE_IDLE && p->stage != STAGE_RESOLVE) {
        entry.fd = (int)mysql_get_socket(p->conn);
    }
    entry.events = (short)(((p->wait & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
                           ((p->wait & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                           ((p->wait & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
    return entry;
}

static int
ready_of(const struct probe *p, short revents)
{
    int ready = 0;
    bool broken = (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    if ((revents & POLLIN) != 0 || (broken && (p->wait & MYSQL_WAIT_READ) != 0)) {
        ready |= MYSQL_WAIT_READ;
    }
    if ((revents & POLLOUT) != 0 || (broken && (p->wait & MYSQL_WAIT_WRITE) != 0)) {
        ready |= MYSQL_WAIT_WRITE;
    }
    if ((revents & POLLPRI) != 0) {
        ready |= MYSQL_WAIT_EXCEPT;
    }
    return ready;
}

/* How long poll may sleep: until the first deadline of a probe or the end of the round. */
static int
sleep_ms(const struct mon_observer *o, int64_t now_ms, int64_t end_ms)
{
    int64_t until_ms = end_ms;
    for (size_t i = 0; i < o->obs.count; i++) {
        const struct probe *p = &o->probes[i];
        if (p->stage == STAGE_RESOLVE && now_ms + RESOLVE_POLL_MS < until_ms) {
            until_ms = now_ms + RESOLVE_POLL_MS;
        } else if (p->stage != STAGE_IDLE && p->deadline_ms > 0 && p->deadline_ms < until_ms) {
            until_ms = p->deadline_ms;
        }
    }
    return until_ms <= now_ms ? 0 : (int)(until_ms - now_ms);
}

static bool
is_any_busy(const struct mon_observer *o)
{
    for (size_t i = 0; i < o->obs.count; i++) {
        if (o->probes[i].stage != STAGE_IDLE) {
            return true;
        }
    }
    return false;
}

static void
run_round(struct mon_observer *o, int64_t end_ms)
{
    struct pollfd *polls = mx_calloc(o->obs.count + 1, sizeof(*polls));
    do {
        for (size_t i = 0; i < o->obs.count; i++) {
            polls[i] = poll_of(&o->probes[i]);
        }
        (void)poll(polls, o->obs.count, sleep_ms(o, mx_now_ms(), end_ms));
        int64_t now_ms = mx_now_ms();
        for (size_t i = 0; i < o->obs.count; i++) {
            struct probe *p = &o->probes[i];
            int ready = polls[i].fd >= 0 ? ready_of(p, polls[i].revents) : 0;
            if (ready == 0 && p->deadline_ms > 0 && now_ms >= p->deadline_ms) {
                ready = MYSQL_WAIT_TIMEOUT;
            }
            if (ready != 0 || p->stage == STAGE_RESOLVE) {
                go_on(p, ready);
            }
        }
    } while (is_any_busy(o) && mx_now_ms() < end_ms);
    free(polls);
}

/* Sources that are known under another name: compared by address. */
static void
match_sources(struct mon_observer *o, struct mon_slave *slave)
{
    char theirs[MON_ADDRESS_MAX];
    char ours[MON_ADDRESS_MAX];
    int64_t now_ms = mx_now_ms();
    slave->resolved_source = MON_NONE;
    for (size_t i = 0; i < o->obs.count; i++) {
        const struct mon_server_settings *server = &o->settings->servers[i];
        const char *names[] = {server->address, server->private_address};
        for (size_t k = 0; k < MX_COUNT(names) && slave->port == server->port; k++) {
            if (slave->host[0] != '\0' && names[k][0] != '\0' &&
                mon_resolver_get(o->resolver, slave->host, now_ms, theirs) == MON_LOOKUP_DONE &&
                mon_resolver_get(o->resolver, names[k], now_ms, ours) == MON_LOOKUP_DONE &&
                strcmp(theirs, ours) == 0) {
                slave->resolved_source = (int)i;
                return;
            }
        }
    }
}

bool
mon_observer_look(struct mon_observer *o, bool quick, int64_t budget_ms)
{
    o->again = false;
    mx_monitor_settings(o->monitor, &o->common);
    for (size_t i = 0; i < o->obs.count; i++) {
        o->obs.servers[i].is_fresh = false;
        o->obs.servers[i].held_status = mx_server_status(mx_monitor_server(o->monitor, i));
        if (o->probes[i].stage == STAGE_IDLE) {
            begin(&o->probes[i], quick);
        }
    }
    if (is_any_busy(o)) {
        run_round(o, mx_now_ms() + budget_ms);
    }
    for (size_t i = 0; i < o->obs.count; i++) {
        for (size_t k = 0; k < o->obs.servers[i].slave_count; k++) {
            match_sources(o, &o->obs.servers[i].slaves[k]);
        }
    }
    return o->again;
}

int64_t
mon_observer_deadline_ms(const struct mon_observer *o)
{
    int64_t first_ms = 0;
    for (size_t i = 0; i < o->obs.count; i++) {
        const struct probe *p = &o->probes[i];
        if (p->stage != STAGE_IDLE && p->deadline_ms > 0 &&
            (first_ms == 0 || p->deadline_ms < first_ms)) {
            first_ms = p->deadline_ms;
        }
    }
    return first_ms;
}

const struct mon_observation *
mon_observer_observation(const struct mon_observer *o)
{
    return &o->obs;
}

size_t
mon_observer_watch(const struct mon_observer *o, int *out_fds, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < o->obs.count && n < max; i++) {
        const struct probe *p = &o->probes[i];
        bool reads = p->stage == STAGE_IDLE || (p->wait & MYSQL_WAIT_READ) != 0;
        if (p->conn != NULL && reads) {
            out_fds[n++] = (int)mysql_get_socket(p->conn);
        }
    }
    return n;
}

const char *
mon_observer_host(const struct mon_observer *o, size_t server)
{
    const struct probe *p = &o->probes[server];
    bool by_name = mon_connection_checks_name(&p->target) || p->address[0] == '\0';
    return p->target.address == NULL || by_name ? p->target.address : p->address;
}

void
mon_observer_refresh(struct mon_observer *o, size_t server)
{
    o->probes[server].refresh = true;
}
