/* What stages and protocols may see and change of a session. */
#include "core/endpoint.h"
#include "core/history.h"
#include "core/session.h"
#include "mx_build.h"

#include <stdlib.h>
#include <string.h>

uint64_t
mx_session_id(const struct mx_session *session)
{
    return session->id;
}

const struct mx_log_ctx *
mx_session_log(const struct mx_session *session)
{
    return &session->log;
}

const struct mx_service *
mx_session_service(const struct mx_session *session)
{
    return session->service;
}

const char *
mx_session_user(const struct mx_session *session)
{
    return session->user == NULL ? "" : session->user;
}

const char *
mx_session_remote(const struct mx_session *session)
{
    return session->remote;
}

const char *
mx_session_database(const struct mx_session *session)
{
    return session->database == NULL ? "" : session->database;
}

struct mx_trx *
mx_session_trx(struct mx_session *session)
{
    return &session->trx;
}

const struct mx_sql_options *
mx_session_sql_options(const struct mx_session *session)
{
    return &session->sql_options;
}

struct mx_sql_options *
mx_session_sql_options_edit(struct mx_session *session)
{
    return &session->sql_options;
}

void *
mx_session_client(const struct mx_session *session)
{
    uintptr_t at = (uintptr_t)session + CORE_SESSION_SIZE;
    return (void *)at;
}

struct mx_conn *
mx_session_conn(const struct mx_session *session)
{
    return session->conn;
}

uint32_t
mx_session_needs(const struct mx_session *session)
{
    return session->needs;
}

bool
mx_session_is_started(const struct mx_session *session)
{
    return session->state == CORE_SESSION_STARTED;
}

bool
mx_session_is_open(const struct mx_session *session)
{
    return session->state != CORE_SESSION_STOPPING;
}

const struct mx_protocol_ops *
mx_session_protocol(const struct mx_session *session)
{
    return session->protocol;
}

const void *
mx_session_protocol_config(const struct mx_session *session)
{
    return session->listener->protocol_config;
}

const char *
mx_session_listener_name(const struct mx_session *session)
{
    return session->listener->name;
}

uint32_t
mx_session_due(const struct mx_session *session)
{
    return session->due;
}

char *const *
mx_session_metadata(const struct mx_session *session)
{
    return session->listener->config.connection_metadata;
}

char *const *
mx_session_init_sql(const struct mx_session *session)
{
    return session->listener->init_sql;
}

static const struct mx_server *
metadata_server(const struct mx_service *service)
{
    const struct mx_server *first = NULL;
    const struct mx_server *replica = NULL;
    for (size_t i = 0; i < service->server_count; i++) {
        const struct mx_server *server = service->servers[i];
        if (mx_server_is_master(server)) {
            return server;
        }
        if (replica == NULL && mx_server_is_slave(server)) {
            replica = server;
        }
        if (first == NULL && mx_server_usable(server)) {
            first = server;
        }
    }
    return replica != NULL ? replica : first;
}

static const char *
variable_of(const struct mx_server_variables *variables, const char *name)
{
    const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"max_allowed_packet", variables->max_allowed_packet},
        {"system_time_zone", variables->system_time_zone},
        {"time_zone", variables->time_zone},
        {"tx_isolation", variables->tx_isolation},
    };
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].value;
        }
    }
    return "";
}

bool
mx_session_server_variable(const struct mx_session *session, const char **name, char *out,
                           size_t size)
{
    const struct mx_server *server = metadata_server(session->service);
    if (server == NULL) {
        return false;
    }
    struct core_server_runtime *rt = server->rt;
    pthread_mutex_lock(&rt->lock);
    (void)snprintf(out, size, "%s", variable_of(&rt->info.variables, *name));
    pthread_mutex_unlock(&rt->lock);
    if (strcmp(*name, "tx_isolation") == 0 && mx_atomic_get(&rt->is_mariadb) != 0 &&
        mx_server_version(server) >= 110000) {
        *name = "transaction_isolation";
    }
    return out[0] != '\0';
}

bool
mx_session_compression(const struct mx_session *session)
{
    return session->listener->config.compression;
}

const char *
mx_program_version(void)
{
    return MX_VERSION;
}

int64_t
mx_service_clients(const struct mx_service *service)
{
    return mx_atomic_get(&service->rt->clients);
}

void
mx_session_set_user(struct mx_session *session, const char *user)
{
    char *copy = mx_strdup(user);
    free(session->user);
    session->user = copy;
}

void
mx_session_set_database(struct mx_session *session, const char *name, size_t len)
{
    char *copy = len == 0 ? NULL : mx_strndup(name, len);
    free(session->database);
    session->database = copy;
}

void
mx_session_was_reset(struct mx_session *session)
{
    mx_session_history_clear(session);
    mx_trx_init(&session->trx);
    const struct mx_router_ops *router = session->service->router->router;
    if (router->session_reset != NULL && session->rs != NULL) {
        router->session_reset(session->rs);
    }
}

void
core_session_note_reply(struct mx_session *session, const struct mx_reply *reply)
{
    if (reply->has_status) {
        mx_trx_note_status(&session->trx, reply->status);
    }
}

/* ------------------------------------------------------------ what a greeting says */

/* The lower versions decide; servers that were never contacted say nothing. */
static void
add_server(const struct mx_server *server, struct mx_greeting_facts *out)
{
    struct core_server_runtime *rt = server->rt;
    uint64_t caps = (uint64_t)mx_atomic_get(&rt->capabilities);
    uint32_t version = (uint32_t)mx_atomic_get(&rt->version);
    if (version == 0) {
        out->unknown = true;
        return;
    }
    out->caps &= (uint32_t)caps;
    out->ext_caps &= (uint32_t)(caps >> 32);
    out->all_mariadb = out->all_mariadb && mx_atomic_get(&rt->is_mariadb) != 0;
    if (out->version != 0 && version >= out->version) {
        return;
    }
    out->version = version;
    out->collation = (uint8_t)mx_atomic_get(&rt->charset);
    if (!out->version_is_set) {
        pthread_mutex_lock(&rt->lock);
        const char *text = rt->info.version_string;
        (void)snprintf(out->version_text, sizeof(out->version_text), "%s",
                       text == NULL ? "" : text);
        pthread_mutex_unlock(&rt->lock);
    }
}

void
mx_session_greeting_facts(const struct mx_session *session, struct mx_greeting_facts *out)
{
    *out =
        (struct mx_greeting_facts){.caps = UINT32_MAX, .ext_caps = UINT32_MAX, .all_mariadb = true};
    const struct mx_service *service = session->service;
    if (service->config.version_string != NULL) {
        out->version_is_set = true;
        (void)snprintf(out->version_text, sizeof(out->version_text), "%s",
                       service->config.version_string);
    }
    for (size_t i = 0; i < service->server_count; i++) {
        if (mx_server_usable(service->servers[i])) {
            add_server(service->servers[i], out);
        }
    }
}
