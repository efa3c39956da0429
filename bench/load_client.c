/*
 * Many clients in one thread, each sending its next statement when it has the answer to the last.
 * Prints one line of JSON: statements, seconds, rate, percentiles of the latency, errors.
 *
 *   load_client --port 4006 [--user app] [--password app] [--database test]
 *               [--clients 16] [--seconds 5 | --statements 100000] [--sql "SELECT 1"]
 *               [--mode text|prepared|connect] [--prepared 1] [--tls protocol|raw] [--resume 1]
 *               [--staged 1]
 *
 * prepared: each client prepares so many statements (--prepared) and executes one after the other.
 * connect: log in, one statement, quit, again and again; a statement is then all of this.
 * --tls: asked for within the protocol, or around it from the first byte; --resume 1: handshakes
 * but the first resume a session.
 * --staged 1, for text and prepared: all log in, run one statement, and wait; a report is printed.
 * Each empty line of standard input makes them go on as without --staged; then there is another
 * report. Connections are held until standard input ends. So what logins take can be told from what
 * statements take.
 */
#include "load.h"
#include "load_tls.h"
#include "native.h"
#include "wire/caps.h"
#include "wire/greeting.h"
#include "wire/reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CAPS                                                                           \
    (WIRE_CAP_LONG_FLAG | WIRE_CAP_PROTOCOL_41 | WIRE_CAP_TRANSACTIONS |               \
     WIRE_CAP_SECURE_CONNECTION | WIRE_CAP_MULTI_RESULTS | WIRE_CAP_PS_MULTI_RESULTS | \
     WIRE_CAP_PLUGIN_AUTH | WIRE_CAP_CLIENT_MYSQL)
#define LOGINS_AT_ONCE 256 /* when they are a stage of their own */
/* Latencies: 32 steps between powers of two, from 1 us to an hour. */
#define STEPS   32u
#define BUCKETS (32u * STEPS)

enum phase {
    PHASE_GREETING = 0,
    PHASE_HANDSHAKE,
    PHASE_LOGIN,
    PHASE_PREPARE,
    PHASE_RUN,
    PHASE_GONE,
};

enum mode {
    MODE_TEXT = 0,
    MODE_PREPARED,
    MODE_CONNECT,
};

enum tls {
    TLS_OFF = 0,
    TLS_PROTOCOL,
    TLS_RAW,
};

struct client {
    int fd;
    uint8_t phase;
    uint8_t sequence; /* of the login */
    uint8_t token[NATIVE_SIZE];
    uint32_t caps;
    uint32_t *stmt_ids; /* of what it has prepared */
    uint32_t prepared;
    uint32_t turn; /* which of them is next */
    SSL *tls;
    int64_t sent_ns;
    struct wire_reply reply;
    size_t have; /* of a packet of the login that is not whole yet */
    uint8_t bytes[512];
};

static struct {
    uint16_t port;
    enum mode mode;
    enum tls tls;
    bool resume;
    bool staged;
    bool hold; /* a client that has run a statement waits: the first stage */
    const char *user;
    const char *password;
    const char *database;
    const char *sql;
    uint32_t prepared; /* statements of each client */
    long limit;        /* statements; 0: none */
    int64_t for_ns;
    int64_t end_ns;
    int epoll_fd;
    long done;
    long errors;
    long open;
    struct client *clients;
    long count;
    long begun;
    uint64_t latency[BUCKETS];
} run;

static uint8_t scratch[LOAD_READ_SIZE];

/* ------------------------------------------------------------ latencies */

static size_t
bucket_of(int64_t us)
{
    uint64_t value = us < 1 ? 1 : (uint64_t)us;
    uint32_t power = 63u - (uint32_t)__builtin_clzll(value);
    uint64_t rest = value - (UINT64_C(1) << power);
    size_t step = power >= 5 ? (size_t)(rest >> (power - 5)) : (size_t)(rest << (5 - power));
    return power >= 32 ? BUCKETS - 1 : power * STEPS + step;
}

static double
value_of(size_t bucket)
{
    double base = (double)(UINT64_C(1) << (bucket / STEPS));
    return base + base * (double)(bucket % STEPS) / STEPS;
}

static double
percentile(double share)
{
    uint64_t all = 0;
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        all += run.latency[i];
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += run.latency[i];
        if (seen > 0 && (double)seen >= share * (double)all) {
            return value_of(i);
        }
    }
    return 0;
}

/* ------------------------------------------------------------ a client */

static void send_login(struct client *client);

static bool
put(struct client *client, const void *bytes, size_t len)
{
    return client->tls != NULL ? load_tls_write(client->tls, bytes, len)
                               : load_write(client->fd, bytes, len);
}

static void
handshake(struct client *client)
{
    enum load_tls_step step = load_tls_handshake(client->tls);
    if (step == LOAD_TLS_FAILED) {
        load_die("the TLS handshake failed");
    }
    if (step == LOAD_TLS_AGAIN) {
        return;
    }
    if (run.tls == TLS_RAW) {
        client->phase = PHASE_GREETING;
    } else {
        send_login(client);
    }
}

static void
start_tls(struct client *client)
{
    client->phase = PHASE_HANDSHAKE;
    client->tls = load_tls_new(client->fd);
    handshake(client);
}

static void
begin(struct client *client)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    client->sent_ns = load_now_ns();
    client->phase = PHASE_GREETING;
    client->have = 0;
    client->fd = load_connect(run.port);
    (void)epoll_ctl(run.epoll_fd, EPOLL_CTL_ADD, client->fd, &event);
    if (run.tls == TLS_RAW) {
        start_tls(client);
    }
}

/* Clients that are to hold their connections log in some at a time; those that are to resume a
 * session wait for the first, which gets it. */
static long
at_once(void)
{
    if (run.hold) {
        return run.done + LOGINS_AT_ONCE;
    }
    return run.resume && run.done == 0 ? 1 : run.count;
}

static void
begin_more(void)
{
    while (run.begun < run.count && run.begun < at_once()) {
        begin(&run.clients[run.begun++]);
    }
}

static void
hang_up(struct client *client)
{
    load_tls_free(client->tls);
    client->tls = NULL;
    (void)close(client->fd);
}

static void
gone(struct client *client)
{
    hang_up(client);
    client->phase = PHASE_GONE;
    run.open--;
}

static void
send_command(struct client *client, uint8_t command, const void *body, size_t len)
{
    uint8_t bytes[16384];
    if (len + WIRE_HEADER_SIZE + 1 > sizeof(bytes)) {
        load_die("the statement is too long");
    }
    wire_header_store(bytes, (uint32_t)len + 1, 0);
    bytes[WIRE_HEADER_SIZE] = command;
    memcpy(bytes + WIRE_HEADER_SIZE + 1, body, len);
    wire_reply_start(&client->reply, command, client->caps, 0, NULL);
    if (!put(client, bytes, WIRE_HEADER_SIZE + 1 + len)) {
        load_die("the connection was closed");
    }
}

static void
send_statement(struct client *client)
{
    if (run.mode != MODE_CONNECT) {
        client->sent_ns = load_now_ns();
    }
    client->phase = PHASE_RUN;
    if (run.mode == MODE_PREPARED) {
        uint8_t body[9] = {0};
        wire_store_u32(body, client->stmt_ids[client->turn]);
        client->turn = (client->turn + 1) % run.prepared;
        body[5] = 1; /* iterations */
        send_command(client, WIRE_COM_STMT_EXECUTE, body, sizeof(body));
    } else {
        send_command(client, WIRE_COM_QUERY, run.sql, strlen(run.sql));
    }
}

static bool
may_go_on(void)
{
    return run.limit > 0 ? run.done < run.limit : load_now_ns() < run.end_ns;
}

static void
statement_done(struct client *client)
{
    run.done++;
    run.errors += client->reply.error_code != 0;
    run.latency[bucket_of((load_now_ns() - client->sent_ns) / 1000)]++;
    if (run.mode == MODE_CONNECT) {
        static const uint8_t quit[] = {1, 0, 0, 0, WIRE_COM_QUIT};
        (void)put(client, quit, sizeof(quit));
        hang_up(client);
        if (may_go_on()) {
            begin(client);
        } else {
            client->phase = PHASE_GONE;
            run.open--;
        }
    } else if (!run.hold && may_go_on()) {
        send_statement(client);
    } else if (run.staged) {
        run.open--;
    } else {
        gone(client);
    }
}

/* ------------------------------------------------------------ login */

static struct wire_login
login_of(const struct client *client)
{
    return (struct wire_login){
        .user = wire_slice_of(run.user),
        .token = {client->token, run.password[0] != '\0' ? sizeof(client->token) : 0},
        .db = wire_slice_of(run.database),
        .plugin = wire_slice_of(WIRE_PLUGIN_NATIVE),
        .caps = client->caps,
        .max_packet = 1 << 24,
        .collation = 45,
    };
}

static void
send_login(struct client *client)
{
    uint8_t bytes[512];
    struct wire_writer w;
    struct wire_login login = login_of(client);
    wire_writer_init(&w, bytes, sizeof(bytes));
    if (wire_login_encode(&w, client->sequence, &login) != 0 || !put(client, bytes, w.len)) {
        load_die("the login could not be sent");
    }
    client->phase = PHASE_LOGIN;
}

static void
ask_for_tls(struct client *client)
{
    uint8_t bytes[64];
    struct wire_writer w;
    client->caps |= WIRE_CAP_SSL;
    struct wire_login login = login_of(client);
    wire_writer_init(&w, bytes, sizeof(bytes));
    if (wire_ssl_request_encode(&w, client->sequence, &login) != 0 ||
        !load_write(client->fd, bytes, w.len)) {
        load_die("TLS could not be asked for");
    }
    client->sequence++;
    start_tls(client);
}

static void
answer_greeting(struct client *client, const struct wire_packet *packet)
{
    struct wire_greeting greeting;
    uint8_t proof[NATIVE_SIZE];
    if (wire_greeting_decode(packet->payload.data, packet->payload.len, &greeting) !=
        WIRE_GREETING_OK) {
        load_die("no greeting: is this a MariaDB server, and does it take so many connections?");
    }
    native_sum((const uint8_t *)run.password, strlen(run.password), proof);
    native_answer(proof, greeting.scramble, client->token);
    client->caps = (CAPS | (run.database[0] != '\0' ? WIRE_CAP_CONNECT_WITH_DB : 0) |
                    (greeting.caps & WIRE_CAP_DEPRECATE_EOF)) &
                   (greeting.caps | WIRE_CAP_CLIENT_MYSQL);
    client->sequence = (uint8_t)(packet->sequence + 1);
    if (run.tls != TLS_PROTOCOL) {
        send_login(client);
    } else if ((greeting.caps & WIRE_CAP_SSL) == 0) {
        load_die("TLS is not offered here");
    } else {
        ask_for_tls(client);
    }
}

static void
take_login(struct client *client, const struct wire_packet *packet)
{
    if (client->phase == PHASE_GREETING) {
        answer_greeting(client, packet);
        return;
    }
    if (packet->payload.len == 0 || packet->payload.data[0] != 0) {
        load_die("the login of '%s' was refused", run.user);
    }
    if (run.mode == MODE_PREPARED) {
        client->phase = PHASE_PREPARE;
        client->stmt_ids = mx_calloc(run.prepared, sizeof(*client->stmt_ids));
        send_command(client, WIRE_COM_STMT_PREPARE, run.sql, strlen(run.sql));
    } else {
        send_statement(client);
    }
}

/* ------------------------------------------------------------ bytes */

static void
take_reply(struct client *client, const uint8_t *bytes, size_t len)
{
    (void)wire_reply_feed(&client->reply, bytes, len);
    if (client->reply.broken) {
        load_die("the answer makes no sense");
    }
    if (!client->reply.complete) {
        return;
    }
    if (client->phase == PHASE_RUN) {
        statement_done(client);
        return;
    }
    if (client->reply.kind != WIRE_REPLY_PREPARED) {
        load_die("the statement could not be prepared: %s", wire_reply_message(&client->reply));
    }
    client->stmt_ids[client->prepared++] = client->reply.statement_id;
    if (client->prepared < run.prepared) {
        send_command(client, WIRE_COM_STMT_PREPARE, run.sql, strlen(run.sql));
    } else {
        send_statement(client);
    }
}

static void
serve(struct client *client)
{
    if (client->phase == PHASE_HANDSHAKE) {
        handshake(client);
        return;
    }
    ssize_t got = client->tls != NULL ? load_tls_read(client->tls, scratch, sizeof(scratch))
                                      : recv(client->fd, scratch, sizeof(scratch), 0);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        run.errors++;
        gone(client);
        return;
    }
    if (client->phase >= PHASE_PREPARE) {
        take_reply(client, scratch, (size_t)got);
        return;
    }
    struct wire_packet packet;
    size_t take = mx_min_size((size_t)got, sizeof(client->bytes) - client->have);
    memcpy(client->bytes + client->have, scratch, take);
    client->have += take;
    if (wire_packet_next(client->bytes, client->have, &packet) == 0) {
        client->have = 0; /* the other side waits for us: nothing can be behind it */
        take_login(client, &packet);
    }
}

static void
report(int64_t took_ns)
{
    double seconds = (double)took_ns / 1e9;
    printf("{\"statements\": %ld, \"errors\": %ld, \"seconds\": %.3f, \"rate\": %.0f, "
           "\"p50_us\": %.0f, \"p95_us\": %.0f, \"p99_us\": %.0f, \"p999_us\": %.0f, "
           "\"handshakes\": %ld, \"resumed\": %ld}\n",
           run.done, run.errors, seconds, (double)run.done / seconds, percentile(0.50),
           percentile(0.95), percentile(0.99), percentile(0.999), load_tls_handshakes(),
           load_tls_resumed());
    (void)fflush(stdout);
}

static size_t
choice(int argc, char **argv, const char *option, const char *const *names, size_t count)
{
    const char *wanted = load_option(argc, argv, option, names[0]);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wanted, names[i]) == 0) {
            return i;
        }
    }
    load_die("%s knows no '%s'", option, wanted);
}

static void
take_options(int argc, char **argv)
{
    static const char *const modes[] = {"text", "prepared", "connect"};
    static const char *const tls[] = {"off", "protocol", "raw"};
    run.mode = (enum mode)choice(argc, argv, "--mode", modes, MX_COUNT(modes));
    run.tls = (enum tls)choice(argc, argv, "--tls", tls, MX_COUNT(tls));
    run.count = load_number(argc, argv, "--clients", 16);
    run.port = (uint16_t)load_number(argc, argv, "--port", 4006);
    run.user = load_option(argc, argv, "--user", "app");
    run.password = load_option(argc, argv, "--password", "app");
    run.database = load_option(argc, argv, "--database", "");
    run.sql = load_option(argc, argv, "--sql", "SELECT 1");
    run.limit = load_number(argc, argv, "--statements", 0);
    run.prepared = (uint32_t)load_number(argc, argv, "--prepared", 1);
    run.for_ns = load_number(argc, argv, "--seconds", 5) * 1000000000;
    run.staged = load_number(argc, argv, "--staged", 0) != 0 && run.mode != MODE_CONNECT;
    run.hold = run.staged;
    if (run.tls != TLS_OFF) {
        run.resume = load_number(argc, argv, "--resume", 0) != 0;
        load_tls_init(run.resume);
    }
}

/* Until every client has done its part. */
static void
run_stage(void)
{
    struct epoll_event events[128];
    int64_t begun_ns = load_now_ns();
    run.end_ns = begun_ns + run.for_ns;
    run.open = run.count;
    for (long i = 0; i < run.begun; i++) { /* a later stage: they have waited */
        send_statement(&run.clients[i]);
    }
    while (run.open > 0) {
        begin_more();
        int ready = epoll_wait(run.epoll_fd, events, MX_COUNT(events), -1);
        for (int i = 0; i < ready; i++) {
            serve(events[i].data.ptr);
        }
    }
    report(load_now_ns() - begun_ns);
}

static void
more_stages(void)
{
    while (getchar() != EOF) {
        run.hold = false;
        run.done = 0;
        memset(run.latency, 0, sizeof(run.latency));
        run_stage();
    }
}

int
main(int argc, char **argv)
{
    take_options(argc, argv);
    run.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    run.clients = mx_calloc((size_t)run.count, sizeof(*run.clients));
    run_stage();
    if (run.staged) {
        more_stages();
    }
    for (long i = 0; i < run.count; i++) {
        free(run.clients[i].stmt_ids);
    }
    free(run.clients);
    return run.errors > 0 ? 1 : 0;
}
