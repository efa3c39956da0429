/*
 * Read-only view of a configured server for modules. A `struct mx_server` is one immutable version
 * of its configuration; what changes (status, lag, counters) is shared by all versions.
 */
#ifndef MX_SERVER_H
#define MX_SERVER_H

#include "mx/base.h"

struct mx_server;

/* The bits and their numbers are part of the contract (docs/user/servers.md). */
enum mx_status {
    MX_STATUS_RUNNING = 1 << 0,
    MX_STATUS_MAINT = 1 << 1,
    MX_STATUS_AUTH_ERROR = 1 << 2,
    MX_STATUS_MASTER = 1 << 3,
    MX_STATUS_SLAVE = 1 << 4,
    MX_STATUS_DRAINING = 1 << 5,
    MX_STATUS_DISK_SPACE_EXHAUSTED = 1 << 6,
    MX_STATUS_NEED_DNS = 1 << 7,
    MX_STATUS_RELAY = 1 << 11,
    MX_STATUS_BLR = 1 << 12,
    MX_STATUS_JOINED = 1 << 20,
};

#define MX_LAG_UNKNOWN (-1)

MX_API const char *mx_server_name(const struct mx_server *server);
/* NULL when the server is reached by socket. */
MX_API const char *mx_server_address(const struct mx_server *server);
MX_API int mx_server_port(const struct mx_server *server);
MX_API const char *mx_server_socket(const struct mx_server *server);
MX_API uint32_t mx_server_status(const struct mx_server *server);
/* Seconds behind the primary, MX_LAG_UNKNOWN when not known. */
MX_API int64_t mx_server_lag_s(const struct mx_server *server);
/* 0 primary, 1 secondary. */
MX_API int mx_server_rank(const struct mx_server *server);
/* 101106 for 10.11.6; 0 when never contacted. */
MX_API uint32_t mx_server_version(const struct mx_server *server);
/* Connections of this proxy to the server, all workers. */
MX_API int64_t mx_server_connections(const struct mx_server *server);
/* Statements now running there, sent by the calling worker. */
MX_API int64_t mx_server_operations(const struct mx_server *server);
/* Mean time of a read there in microseconds, as measured by this proxy; the ping time until there
 * is a measurement. */
MX_API int64_t mx_server_response_us(const struct mx_server *server);
MX_API void mx_server_note_response_us(const struct mx_server *server, int64_t average_us);
/*
 * It refuses connections from this host until somebody has mended that: it goes into maintenance,
 * and the log says so once. why: what it said.
 */
MX_API void mx_server_host_blocked(struct mx_server *server, const char *why);
/* Its parameter `compression`. */
MX_API bool mx_server_compression(const struct mx_server *server);
/* Two versions of the same server. */
MX_API bool mx_server_same(const struct mx_server *a, const struct mx_server *b);
/* New connections may be made: Running and none of Maintenance, Draining, Need DNS lookup. */
MX_API bool mx_server_connectable(const struct mx_server *server);
/* Existing connections may be used: Running and not Maintenance. */
MX_API bool mx_server_usable(const struct mx_server *server);
MX_API bool mx_server_is_master(const struct mx_server *server);
MX_API bool mx_server_is_slave(const struct mx_server *server);
MX_API bool mx_server_is_relay(const struct mx_server *server);

#endif
