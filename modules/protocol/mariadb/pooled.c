/*
 * Server connections between two sessions. A connection enters the pool only between two commands,
 * outside of transactions. It is handed to the same user with a reset in front of his first
 * command, to anybody else only when it was made clean before, and then with COM_CHANGE_USER.
 * docs/decisions/0008-a-reset-may-travel-with-the-first-statement.md has the reasons.
 */
#include "mariadb.h"
#include "wire/request.h"

#include <stdlib.h>
#include <string.h>

#define RESET_SINCE 100204u /* the first MariaDB that knows COM_RESET_CONNECTION */

enum pooled_reset {
    POOLED_OWED = 0, /* the last user's state is still there */
    POOLED_SENT,
    POOLED_CLEAN,
};

struct pooled {
    struct mx_pooled core; /* first */
    struct mx_conn *conn;
    struct mariadb_identity *identity; /* a reference */
    struct backend_login login;
    uint8_t reset;       /* pooled_reset */
    uint8_t answers_due; /* to the commands of pooled_settle */
    bool only_reset;     /* what is answered was the reset alone, for a session that went */
    bool plain;          /* the default database and the user are those of the login */
    bool proven;         /* has answered a reset with OK */
    char remote[];       /* the client's address, then its database */
};

static const char *
database_of(const struct pooled *pooled)
{
    return pooled->remote + strlen(pooled->remote) + 1;
}

static void
pooled_free(struct pooled *pooled)
{
    mariadb_identity_free(pooled->identity);
    free(pooled);
}

/* ------------------------------------------------------------ while it is idle */

static bool
takes_answer(struct pooled *pooled, const struct wire_packet *packet)
{
    if (pooled->answers_due == 0 || packet->payload.len == 0 ||
        packet->payload.data[0] != WIRE_MARK_OK) {
        return false;
    }
    pooled->answers_due--;
    if (pooled->answers_due == 0) {
        pooled->reset = pooled->only_reset ? POOLED_OWED : POOLED_CLEAN;
        pooled->only_reset = false;
        pooled->proven = true;
    }
    return true;
}

/* OK to what pooled_settle asked for; with anything else the connection has no future. */
static size_t
idle_data(struct mx_conn *conn, void *owner, uint8_t *data, size_t len)
{
    struct pooled *pooled = owner;
    struct wire_packet packet;
    size_t used = 0;
    while (used < len && wire_packet_next(data + used, len - used, &packet) == 0 &&
           takes_answer(pooled, &packet)) {
        used += packet.size;
    }
    if (used == len || wire_packet_next(data + used, len - used, &packet) != 0) {
        return used;
    }
    mx_pooled_broken(&pooled->core);
    mx_conn_abort(conn);
    pooled_free(pooled);
    return len;
}

static void
idle_closed(struct mx_conn *conn MX_UNUSED, void *owner, const struct mx_err *why MX_UNUSED)
{
    struct pooled *pooled = owner;
    mx_pooled_broken(&pooled->core);
    pooled_free(pooled);
}

static const struct mx_conn_ops idle_ops = {.data = idle_data, .closed = idle_closed};

static void
ask(struct pooled *pooled, uint8_t command, const char *text)
{
    uint8_t bytes[80];
    struct wire_writer w;
    wire_writer_init(&w, bytes, sizeof(bytes));
    int rc = wire_request_encode(&w, command, wire_slice_of(text));
    MX_ASSERT(rc == 0);
    compress_mark(pooled->login.compress, pooled->conn, 0);
    mx_conn_write(pooled->conn, bytes, w.len);
    pooled->answers_due++;
}

/*
 * Role and recorded profiles outlive both COM_RESET_CONNECTION and COM_CHANGE_USER: without these
 * statements the next user would have the role of the one before.
 */
void
pooled_settle(struct mx_pooled *core)
{
    struct pooled *pooled = mx_container_of(core, struct pooled, core);
    if (pooled->reset == POOLED_OWED) {
        pooled->reset = POOLED_SENT;
        ask(pooled, WIRE_COM_QUERY, "SET profiling=1, profiling_history_size=0");
        ask(pooled, WIRE_COM_QUERY, "SET ROLE NONE");
        ask(pooled, WIRE_COM_RESET_CONNECTION, "");
    }
}

void
pooled_close(struct mx_pooled *core)
{
    static const uint8_t quit[] = {1, 0, 0, 0, WIRE_COM_QUIT};
    struct pooled *pooled = mx_container_of(core, struct pooled, core);
    compress_mark(pooled->login.compress, pooled->conn, 0);
    mx_conn_write(pooled->conn, quit, sizeof(quit));
    mx_conn_close(pooled->conn);
    pooled_free(pooled);
}

/* ------------------------------------------------------------ in */

static bool
is_between_commands(const struct mx_endpoint *endpoint)
{
    const struct mariadb_backend *backend = backend_of(endpoint);
    const struct mariadb_client *client = client_of(mx_endpoint_session(endpoint));
    bool is_idle = backend->state == BACKEND_READY && backend->due_count == 0;
    return (is_idle || backend->state == BACKEND_RESETTING) && backend->queue.len == 0 &&
           !backend->paused && !backend->full && client->infile == NULL && !client->streaming &&
           !(client->exclusive && client->change == CHANGE_USER) &&
           mx_conn_is_open(backend->conn) && mx_conn_queued(backend->conn) == 0;
}

bool
backend_may_release(const struct mx_endpoint *endpoint)
{
    const struct mariadb_backend *backend = backend_of(endpoint);
    uint32_t version = mx_server_version(mx_endpoint_server(endpoint));
    return backend->may_pool && !backend->unfit && backend->conn != NULL &&
           client_of(mx_endpoint_session(endpoint))->identity != NULL &&
           is_between_commands(endpoint) && (backend->status & WIRE_STATUS_IN_TRANS) == 0 &&
           (version == 0 || version >= RESET_SINCE);
}

struct mx_pooled *
backend_release(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    const struct mx_session *session = mx_endpoint_session(endpoint);
    struct mariadb_identity *identity = client_of(session)->identity;
    if (!backend_may_release(endpoint)) {
        return NULL;
    }
    size_t remote_size = strlen(mx_session_remote(session)) + 1;
    size_t database_size = strlen(mx_session_database(session)) + 1;
    struct pooled *pooled = mx_calloc(1, sizeof(*pooled) + remote_size + database_size);
    memcpy(pooled->remote, mx_session_remote(session), remote_size);
    memcpy(pooled->remote + remote_size, mx_session_database(session), database_size);
    pooled->conn = backend->conn;
    pooled->identity = mariadb_identity_ref(identity);
    pooled->login = backend->login;
    pooled->plain = backend->plain;
    pooled->proven = backend->proven;
    backend->conn = NULL;
    backend_watch_end(backend);
    mx_conn_set_ops(pooled->conn, &idle_ops, pooled);
    if (backend->state == BACKEND_RESETTING) {
        pooled->reset = POOLED_SENT;
        pooled->answers_due = 1;
        pooled->only_reset = true;
    } else if (backend->clean) {
        pooled->reset = POOLED_CLEAN;
    } else if (!pooled->plain || (backend->status & WIRE_STATUS_AUTOCOMMIT) == 0) {
        pooled_settle(&pooled->core); /* locks and the like are not kept from others meanwhile */
    }
    return &pooled->core;
}

/* ------------------------------------------------------------ out */

static bool
is_same_user(const struct mariadb_identity *a, const struct mariadb_identity *b)
{
    return a == b ||
           (a->accounts == b->accounts && a->token_len == b->token_len &&
            memcmp(a->bytes, b->bytes, a->token_len) == 0 && strcmp(a->user, b->user) == 0 &&
            strcmp(a->server_user, b->server_user) == 0 && a->collation == b->collation);
}

static uint64_t
mix(uint64_t kind, uint64_t word)
{
    kind = (kind ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return kind ^ kind >> 32;
}

/* Its length and its last bytes: users, databases and addresses of one site differ there. */
static uint64_t
mix_text(uint64_t kind, const char *text)
{
    uint64_t word = 0;
    size_t len = strlen(text);
    size_t take = mx_min_size(len, sizeof(word));
    memcpy(&word, text + len - take, take);
    return mix(kind, word ^ len);
}

/* Nothing of the token: this stays in memory. */
uint64_t
pool_kind_of_user(const struct mx_session *session, const struct mariadb_identity *identity)
{
    return mix_text(mix_text(identity->accounts, identity->user), mx_session_remote(session));
}

/* Most of what must be the same for MX_POOL_RESET. */
uint64_t
pool_kind(const struct mx_endpoint *endpoint)
{
    const struct mx_session *session = mx_endpoint_session(endpoint);
    const struct mariadb_client *client = client_of(session);
    uint64_t caps = login_wanted(backend_caps(session));
    return mix_text(mix(client->identity->kind, caps | (uint64_t)client->ext_caps << 32),
                    mx_session_database(session));
}

enum mx_pool_fit
pooled_fit(const struct mx_pooled *core, const struct mx_endpoint *endpoint)
{
    const struct pooled *pooled = (const void *)core; /* its first member */
    const struct mx_session *session = mx_endpoint_session(endpoint);
    struct login_facts facts = backend_facts(endpoint);
    if (pooled->reset == POOLED_SENT || !login_would_agree(&pooled->login, &facts)) {
        return MX_POOL_UNFIT;
    }
    bool same_address = strcmp(pooled->remote, mx_session_remote(session)) == 0;
    if (mx_endpoint_tells_address(endpoint) && !same_address) {
        return MX_POOL_UNFIT; /* the server was told another one */
    }
    bool is_clean = pooled->reset == POOLED_CLEAN;
    /* Whose password only servers can check has to be logged in. */
    bool is_same = pooled->plain && !client_waits_for_verdict(session) &&
                   is_same_user(pooled->identity, facts.identity) && same_address &&
                   strcmp(database_of(pooled), facts.database) == 0;
    bool role_is_right = !facts.identity->has_roles || (is_clean && !facts.identity->has_default);
    if (is_same && role_is_right) {
        return MX_POOL_RESET;
    }
    return is_clean ? MX_POOL_LOGIN : MX_POOL_UNFIT;
}

static void
become(struct mx_endpoint *endpoint)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    struct login_facts facts = backend_facts(endpoint);
    struct mx_err err;
    backend->state = BACKEND_LOGIN;
    backend->login.phase = LOGIN_ANSWER;
    if (login_change_user(&backend->login, &facts, &err) != 0) {
        backend_fail(endpoint, &err, true);
    }
}

void
backend_adopt(struct mx_endpoint *endpoint, struct mx_pooled *core, enum mx_pool_fit fit)
{
    struct pooled *pooled = mx_container_of(core, struct pooled, core);
    struct mariadb_backend *backend = backend_of(endpoint);
    backend->login = pooled->login;
    backend->may_pool = mx_endpoint_may_pool(endpoint);
    backend->shares = mx_endpoint_shares(endpoint);
    backend->plain = true;
    backend->recycled = true;
    backend->clean = pooled->reset == POOLED_CLEAN && fit == MX_POOL_RESET;
    backend->status = WIRE_STATUS_AUTOCOMMIT;
    backend->proven = pooled->proven;
    backend->owes_reset = pooled->reset == POOLED_OWED;
    backend_take_over(endpoint, pooled->conn);
    pooled_free(pooled);
    if (fit == MX_POOL_LOGIN) {
        backend->owes_reset = false;
        backend_watch_begin(endpoint);
        become(endpoint);
    } else if (backend->owes_reset && !backend->proven) {
        backend->state = BACKEND_RESETTING;
        backend_watch_begin(endpoint);
        backend_pay_reset(backend);
    } else {
        backend_begin(endpoint);
    }
}
