/*
 * Looks at all servers at once over libmariadb's non-blocking interface: one poll loop drives all
 * connections, so that a server that hangs only costs itself. Keeps one connection per server open
 * between ticks, and says which descriptors tell that a server went away.
 */
#ifndef MARIADBMON_OBSERVE_H
#define MARIADBMON_OBSERVE_H

#include "mariadbmon.h"

#include <mysql.h>

struct mon_observer;

struct mon_observer *mon_observer_new(struct mx_monitor *monitor,
                                      const struct mon_settings *settings);
void mon_observer_free(struct mon_observer *observer);

/*
 * One round. quick: only what a failover needs (after a lost connection). Ends when every server
 * has answered or failed, at the latest after budget_ms: what hangs then goes on in the next round
 * and keeps its last verdict until its own timeout. Returns true when another round should follow
 * at once because new rights were found.
 */
bool mon_observer_look(struct mon_observer *observer, bool quick, int64_t budget_ms);
/* When the first server that did not answer yet reaches its timeout; 0: all have answered. */
int64_t mon_observer_deadline_ms(const struct mon_observer *observer);
/* What is known now; lives as long as the observer and changes with each round. */
const struct mon_observation *mon_observer_observation(const struct mon_observer *observer);

size_t mon_observer_watch(const struct mon_observer *observer, int *out_fds, size_t max);

/* Numeric address found for the server, for connections of operations; NULL: socket. */
const char *mon_observer_host(const struct mon_observer *observer, size_t server);
/* A statement was refused: connect anew before the next round, new rights count only then. */
void mon_observer_refresh(struct mon_observer *observer, size_t server);

/* observe_connect.c: a handle with all options set, not yet connected. */
MYSQL *mon_connection_new(const struct mx_monitor_target *target,
                          const struct mx_monitor_settings *settings, bool nonblocking);

/* The certificate is checked against the name that is connected to: it has to be the configured
 * one. */
bool mon_connection_checks_name(const struct mx_monitor_target *target);
/* Why a connection that was made must not be used; NULL: it may. */
const char *mon_connection_flaw(MYSQL *conn, const struct mx_monitor_target *target);
/* Takes down version, type and capabilities from the greeting; logs a version that is new. */
void mon_connection_note(MYSQL *conn, const struct mx_monitor_target *target,
                         struct mon_server_obs *s);

/* observe_parse.c: statements of a round and how their results are read. */
enum mon_query {
    MON_QUERY_VARIABLES = 0,
    MON_QUERY_SLAVES,
    MON_QUERY_STATUS,
    MON_QUERY_GRANTS,
    MON_QUERY_EVENTS,
    MON_QUERY_REPL_USER,
    MON_QUERY_TABLES,
    MON_QUERY_DISKS,
    MON_QUERY_COUNT,
};

/* Text of the statement for this server; NULL: not to be asked there. To be freed. */
char *mon_query_text(enum mon_query query, const struct mon_server_obs *obs,
                     const struct mon_settings *settings);
/* limits: "path:percent" list for MON_QUERY_DISKS. */
void mon_query_parse(enum mon_query query, MYSQL_RES *result, struct mon_server_obs *obs,
                     int64_t now_ms, char *const *limits);
/* One connection of SHOW [ALL] SLAVES STATUS from the present row. */
void mon_slave_parse(MYSQL_RES *result, MYSQL_ROW row, struct mon_slave *out);
#endif
