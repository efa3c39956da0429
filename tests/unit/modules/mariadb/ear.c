/* What is heard is kept until a decoder takes it; every decoder may say that it needs more. */
#include "ear.h"

#include "bare_codec.h"
#include "mariadb.h"
#include "net/proxy.h"
#include "wire/reply.h"
#include "wire/request.h"

#include <stdarg.h>
#include <stdio.h>

#define DUES_MAX    16u
#define STMTS_MAX   16u
#define INFLATE_MAX 4096u

enum ear_state {
    EAR_OPENING, /* a PROXY header may come, and the greeting */
    EAR_LOGIN,   /* the handshake response */
    EAR_LOGIN_ANSWER,
    EAR_COMMANDS,
};

struct side {
    uint8_t *kept;
    size_t kept_len;
    struct compress *compress;
};

struct ear {
    uint8_t state; /* ear_state */
    bool greeted;
    bool authenticates; /* a packet of the client is no command */
    struct side sides[2];
    uint32_t caps;
    uint32_t ext_caps;
    struct mariadb_client client; /* of client_stream.c */
    struct wire_reply reply;
    struct wire_reply_sink sink;
    uint8_t dues[DUES_MAX];
    size_t due_count;
    uint16_t parameters[STMTS_MAX]; /* by id */
    uint64_t file_len;
    uint64_t files;
    uint32_t file_digest;
    struct packet_count count;
    uint32_t renumbered; /* digest */
    size_t heard;
    size_t len;
    size_t events;
    size_t at[EAR_EVENTS_MAX];
    size_t len_at[EAR_EVENTS_MAX];
    char text[EAR_TEXT_MAX];
};

static void tell(struct ear *ear, const char *format, ...) MX_PRINTF(2, 3);

static void
tell(struct ear *ear, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(ear->text + ear->len, sizeof(ear->text) - ear->len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(ear->text) - ear->len || ear->events == EAR_EVENTS_MAX) {
        abort();
    }
    ear->len += (size_t)n;
    ear->at[ear->events] = ear->heard;
    ear->len_at[ear->events] = ear->len;
    ear->events++;
}

static uint32_t
digest(uint32_t sum, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ data[i]) * 16777619u;
    }
    return sum;
}

/* ------------------------------------------------------------ what client_stream.c calls */

static struct ear *listening;

void *
mx_session_client(const struct mx_session *session MX_UNUSED)
{
    return &listening->client;
}

void
mx_session_quit(struct mx_session *session MX_UNUSED)
{
    tell(listening, "replica goes\n");
}

bool
client_flush_answer(struct mx_session *session MX_UNUSED)
{
    tell(listening, "file of %llu bytes %08x\n", (unsigned long long)listening->file_len,
         (unsigned)listening->file_digest);
    return false;
}

void
backend_send_raw(struct mx_endpoint *endpoint MX_UNUSED, const uint8_t *bytes, size_t len,
                 bool begins MX_UNUSED)
{
    listening->file_len += len;
    listening->file_digest = digest(listening->file_digest, bytes, len);
}

/* ------------------------------------------------------------ the client */

static size_t
hear_proxy(struct ear *ear, const uint8_t *data, size_t len)
{
    struct net_proxy proxy;
    struct mx_err err;
    char address[64];
    switch (net_proxy_decode(data, len, &proxy, &err)) {
    case NET_PROXY_NONE:
        ear->state = EAR_LOGIN;
        return 0;
    case NET_PROXY_MORE:
        return 0;
    case NET_PROXY_BAD:
        tell(ear, "BAD PROXY header: %s\n", err.text);
        return len;
    case NET_PROXY_LOCAL:
    case NET_PROXY_CLIENT:
        break;
    }
    tell(ear, "proxy for %s:%u\n", net_peer_text(&proxy.client, address, sizeof(address)),
         (unsigned)proxy.client.port);
    ear->state = EAR_LOGIN;
    return proxy.size;
}

static void
hear_login(struct ear *ear, const struct wire_packet *packet)
{
    struct wire_login login;
    enum wire_login_result result = wire_login_decode(packet->payload.data, packet->payload.len,
                                                      ear->caps, ear->ext_caps, &login);
    if (result != WIRE_LOGIN_OK) {
        tell(ear, "BAD login\n");
        return;
    }
    ear->caps = login.caps;
    ear->ext_caps = login.ext_caps;
    tell(ear, "login %.*s %.*s token of %zu attributes of %zu caps %08x %08x\n",
         (int)login.user.len, (const char *)login.user.data, (int)login.plugin.len,
         (const char *)login.plugin.data, login.token.len, login.attrs.len, (unsigned)login.caps,
         (unsigned)login.ext_caps);
    ear->state = EAR_LOGIN_ANSWER;
}

static void
hear_execute(struct ear *ear, const struct wire_packet *packet, uint32_t id)
{
    struct wire_execute ex;
    uint16_t parameters = id < STMTS_MAX ? ear->parameters[id] : 0;
    if (wire_execute_decode(packet->payload.data, packet->payload.len, parameters, &ex) != 0) {
        tell(ear, "BAD execution\n");
        return;
    }
    tell(ear, "  execution flags %u types of %zu values of %zu\n", ex.flags, ex.types_len,
         packet->payload.len - ex.values_at);
}

static void
hear_change_user(struct ear *ear, const struct wire_packet *packet)
{
    struct wire_login login;
    if (wire_change_user_decode(packet->payload.data, packet->payload.len, ear->caps, &login) !=
        0) {
        tell(ear, "BAD change of user\n");
        return;
    }
    tell(ear, "  to %.*s in %.*s token of %zu\n", (int)login.user.len,
         (const char *)login.user.data, (int)login.db.len, (const char *)login.db.data,
         login.token.len);
}

static void
begin_reply(struct ear *ear)
{
    if (ear->due_count > 0) {
        wire_reply_start(&ear->reply, ear->dues[0], ear->caps, ear->ext_caps, &ear->sink);
        ear->count = (struct packet_count){.next = 1};
    }
}

static void
hear_command(struct ear *ear, const struct wire_packet *packet)
{
    struct wire_request request;
    if (wire_request_look(packet->payload.data, packet->payload.len, &request) != 0) {
        tell(ear, "BAD command\n");
        return;
    }
    const char *name = wire_command_name(request.command);
    tell(ear, "%s of %zu statement %u\n", name == NULL ? "unknown" : name, packet->payload.len,
         (unsigned)request.statement_id);
    if (request.command == WIRE_COM_STMT_EXECUTE || request.command == WIRE_COM_STMT_BULK_EXECUTE) {
        hear_execute(ear, packet, request.statement_id);
    } else if (request.command == WIRE_COM_CHANGE_USER) {
        hear_change_user(ear, packet);
    }
    if (!request.has_reply && request.known) {
        return;
    }
    if (ear->due_count == DUES_MAX) {
        abort();
    }
    ear->dues[ear->due_count++] = request.command;
    if (ear->due_count == 1) {
        begin_reply(ear);
    }
}

static size_t
hear_packet(struct ear *ear, const uint8_t *data, size_t len)
{
    struct wire_packet packet;
    size_t total = 0;
    if (wire_packet_whole(data, len, &packet, &total) != 0) {
        return 0;
    }
    if (ear->authenticates) {
        ear->authenticates = false;
        tell(ear, "answer of %zu number %u\n", packet.payload.len, packet.sequence);
    } else if (ear->state == EAR_LOGIN) {
        hear_login(ear, &packet);
    } else {
        hear_command(ear, &packet);
    }
    return total;
}

static size_t
from_client(struct ear *ear, uint8_t *data, size_t len)
{
    if (ear->state == EAR_OPENING) {
        return hear_proxy(ear, data, len);
    }
    switch ((enum client_state)ear->client.state) {
    case CLIENT_INFILE:
        return client_infile_data(NULL, data, len);
    case CLIENT_DUMP:
        return client_dump_data(NULL, data, len);
    case CLIENT_DEAD:
        return len;
    default:
        return hear_packet(ear, data, len);
    }
}

/* ------------------------------------------------------------ the server */

static void
hear_ok(void *ctx, const struct wire_ok *ok)
{
    struct ear *ear = ctx;
    struct wire_track track;
    struct wire_track_item item;
    tell(ear, "  ok %u %u status %04x %.*s\n", (unsigned)ok->affected, (unsigned)ok->insert_id,
         ok->status, (int)ok->info.len, (const char *)ok->info.data);
    wire_track_init(&track, ok->state);
    while (wire_track_next(&track, &item)) {
        tell(ear, "  state %u %.*s=%.*s\n", item.kind, (int)item.name.len,
             (const char *)item.name.data, (int)item.value.len, (const char *)item.value.data);
    }
    if (wire_track_failed(&track)) {
        tell(ear, "BAD session state\n");
    }
}

static void
hear_greeting(struct ear *ear, const struct wire_packet *packet)
{
    struct wire_greeting greeting;
    if (wire_greeting_decode(packet->payload.data, packet->payload.len, &greeting) !=
        WIRE_GREETING_OK) {
        tell(ear, "BAD greeting\n");
        return;
    }
    ear->greeted = true;
    ear->caps = greeting.caps;
    ear->ext_caps = greeting.ext_caps;
    tell(ear, "greeting %.*s %.*s\n", (int)greeting.version.len,
         (const char *)greeting.version.data, (int)greeting.plugin.len,
         (const char *)greeting.plugin.data);
}

static void
hear_verdict(struct ear *ear, const struct wire_packet *packet)
{
    struct wire_auth_switch request;
    const uint8_t *data = packet->payload.data;
    size_t len = packet->payload.len;
    if (len > 0 && data[0] == WIRE_MARK_OK) {
        struct wire_ok ok;
        if (wire_ok_decode(data, len, ear->caps, &ok) != 0) {
            tell(ear, "BAD ok\n");
            return;
        }
        tell(ear, "let in\n");
        ear->state = EAR_COMMANDS;
        if ((ear->caps & WIRE_CAP_COMPRESS) != 0) {
            ear->sides[0].compress = compress_new(COMPRESS_ANSWERS);
            ear->sides[1].compress = compress_new(COMPRESS_ASKS);
        }
    } else if (wire_auth_switch_decode(data, len, &request) == 0) {
        tell(ear, "switch to %.*s with %zu bytes\n", (int)request.plugin.len,
             (const char *)request.plugin.data, request.data.len);
        ear->authenticates = true;
    } else {
        tell(ear, "BAD answer to a login\n");
    }
}

static void
reply_text(struct ear *ear)
{
    const struct wire_reply *p = &ear->reply;
    tell(ear,
         "  reply kind %u rows %llu columns %u/%u results %u packets %u statement %u parameters %u "
         "status %04x warnings %u error %u %s %.*s number %u\n",
         p->kind, (unsigned long long)p->rows, (unsigned)p->first_columns, (unsigned)p->columns,
         (unsigned)p->results, (unsigned)p->packets, (unsigned)p->statement_id, p->parameters,
         p->status, p->warnings, p->error_code, p->sqlstate, p->message_len, wire_reply_message(p),
         p->sequence);
}

/* Writes a byte, so that the number of its packet is the last one; the number is given back. */
static uint8_t
number_of_written(struct compress *c)
{
    static const uint8_t byte = 0;
    struct mx_buf out = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)&byte, .iov_len = 1};
    (void)compress_codec.encode(c, &iov, 1, &out);
    uint8_t number = out.bytes[3];
    mx_buf_free(&out);
    return number;
}

/* The client's packets go on behind those of the server that was recorded. */
static void
file_goes_on(struct ear *ear)
{
    bare_written = ear->files++;
    compress_mark_answer(ear->sides[1].compress, NULL);
    uint8_t next = number_of_written(ear->sides[1].compress);
    compress_mark_at(ear->sides[0].compress, bare_written, (uint8_t)(next - 1));
    (void)number_of_written(ear->sides[0].compress);
}

static void
file_is_asked(struct ear *ear)
{
    ear->client.state = CLIENT_INFILE;
    ear->client.compress = ear->sides[0].compress;
    ear->client.walk.sequence = ear->reply.sequence;
    ear->client.infile = (struct mx_endpoint *)ear; /* somebody; never looked into */
    ear->file_len = 0;
    ear->file_digest = 2166136261u;
    tell(ear, "  file is asked for\n");
    if (ear->client.compress != NULL) {
        file_goes_on(ear);
    }
}

static size_t
hear_reply(struct ear *ear, uint8_t *data, size_t len)
{
    struct wire_reply *reply = &ear->reply;
    if (ear->due_count == 0) {
        tell(ear, "BAD: nothing was asked\n");
        return len;
    }
    bool asked = reply->awaits_client;
    size_t used = wire_reply_feed(reply, data, len);
    if (reply->broken) {
        tell(ear, "BAD reply\n");
        return len;
    }
    packet_renumber(&ear->count, data, used);
    ear->renumbered = digest(ear->renumbered, data, used);
    if (reply->awaits_client && !asked) {
        if (reply->part == WIRE_PART_LOCAL_INFILE) {
            file_is_asked(ear);
        } else {
            tell(ear, "  answer is asked for\n");
            ear->authenticates = true;
        }
    }
    if (!reply->complete && wire_command_answer(reply->command) == WIRE_ANSWER_STREAM) {
        ear->client.state = CLIENT_DUMP;
    }
    if (reply->complete) {
        reply_text(ear);
        if (reply->kind == WIRE_REPLY_PREPARED && reply->statement_id < STMTS_MAX) {
            ear->parameters[reply->statement_id] = reply->parameters;
        }
        tell(ear, "  renumbered %08x\n", (unsigned)ear->renumbered);
        ear->due_count--;
        memmove(ear->dues, ear->dues + 1, ear->due_count);
        begin_reply(ear);
    }
    return used;
}

static size_t
from_server(struct ear *ear, uint8_t *data, size_t len)
{
    struct wire_packet packet;
    if (ear->state == EAR_COMMANDS) {
        return hear_reply(ear, data, len);
    }
    if (wire_packet_next(data, len, &packet) != 0) {
        return 0;
    }
    if (!ear->greeted) {
        hear_greeting(ear, &packet);
    } else {
        hear_verdict(ear, &packet);
    }
    return packet.size;
}

/* ------------------------------------------------------------ pieces */

/* What was kept and the new bytes, in memory of exactly their size. */
static void
understand(struct ear *ear, size_t who, const uint8_t *bytes, size_t len)
{
    struct side *side = &ear->sides[who];
    uint8_t *all = malloc(side->kept_len + len + 1);
    if (all == NULL) {
        abort();
    }
    uint8_t *data = all + 1; /* never empty */
    if (side->kept_len > 0) {
        memcpy(data, side->kept, side->kept_len);
    }
    memcpy(data + side->kept_len, bytes, len);
    free(side->kept);
    size_t left = side->kept_len + len;
    for (;;) {
        uint8_t state = ear->state;
        size_t used = left == 0  ? 0
                      : who == 0 ? from_client(ear, data, left)
                                 : from_server(ear, data, left);
        data += used;
        left -= used;
        if (used == 0 && state == ear->state) {
            break;
        }
    }
    side->kept = malloc(left + 1);
    side->kept_len = left;
    if (side->kept == NULL) {
        abort();
    }
    memcpy(side->kept, data, left);
    free(all);
}

static void
inflate_and_understand(struct ear *ear, size_t who, const uint8_t *bytes, size_t len)
{
    struct compress *c = ear->sides[who].compress;
    struct mx_err err;
    size_t at = 0;
    for (;;) {
        struct mx_buf out = {0};
        size_t used = 0;
        size_t made = 0;
        if (bare_decode(c, bytes + at, len - at, &used, INFLATE_MAX, &out, &made, &err) != 0) {
            tell(ear, "BAD compression: %s\n", err.text);
        } else if (made > 0) {
            understand(ear, who, out.bytes, out.len);
        }
        mx_buf_free(&out);
        at += used;
        if (used == 0 && made == 0) {
            return;
        }
    }
}

void
ear_hear(struct ear *ear, bool from_client, const uint8_t *bytes, size_t len)
{
    size_t who = from_client ? 0 : 1;
    listening = ear;
    ear->heard += len;
    if (ear->sides[who].compress != NULL) {
        inflate_and_understand(ear, who, bytes, len);
    } else {
        understand(ear, who, bytes, len);
    }
}

struct ear *
ear_new(void)
{
    struct ear *ear = calloc(1, sizeof(*ear));
    if (ear == NULL) {
        abort();
    }
    ear->client.state = CLIENT_COMMAND;
    ear->sink = (struct wire_reply_sink){.ok_fn = hear_ok, .ctx = ear};
    return ear;
}

void
ear_free(struct ear *ear)
{
    for (size_t i = 0; i < MX_COUNT(ear->sides); i++) {
        free(ear->sides[i].kept);
        if (ear->sides[i].compress != NULL) {
            compress_codec.free(ear->sides[i].compress);
        }
    }
    free(ear);
}

const char *
ear_text(const struct ear *ear)
{
    return ear->text;
}

size_t
ear_text_len(const struct ear *ear, size_t heard)
{
    size_t len = 0;
    for (size_t i = 0; i < ear->events && ear->at[i] <= heard; i++) {
        len = ear->len_at[i];
    }
    return len;
}

bool
ear_is_waiting(const struct ear *ear)
{
    return ear->due_count > 0 || ear->sides[0].kept_len > 0 || ear->sides[1].kept_len > 0;
}
