/*
 * A server that answers everything at once: any login with OK, any query with the same result set,
 * or OK when it begins with a letter of SET, BEGIN, COMMIT, INSERT and so on. It costs little
 * enough to keep a proxy busy.
 *
 *   load_server --port 3306 [--rows 1] [--bytes 12]     bytes: size of the one column of a row
 */
#include "load.h"
#include "wire/caps.h"
#include "wire/cmd.h"
#include "wire/greeting.h"
#include "wire/ok_err_eof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_MAX 65536u
#define STATUS     WIRE_STATUS_AUTOCOMMIT
#define CAPS                                                                                      \
    (WIRE_CAP_FOUND_ROWS | WIRE_CAP_LONG_FLAG | WIRE_CAP_CONNECT_WITH_DB | WIRE_CAP_PROTOCOL_41 | \
     WIRE_CAP_TRANSACTIONS | WIRE_CAP_SECURE_CONNECTION | WIRE_CAP_MULTI_STATEMENTS |             \
     WIRE_CAP_MULTI_RESULTS | WIRE_CAP_PS_MULTI_RESULTS | WIRE_CAP_PLUGIN_AUTH |                  \
     WIRE_CAP_CONNECT_ATTRS | WIRE_CAP_AUTH_LENENC_DATA | WIRE_CAP_SESSION_TRACK |                \
     WIRE_CAP_DEPRECATE_EOF)

struct peer {
    int fd;
    bool has_login;
    uint32_t caps;
    uint32_t statements; /* that it has prepared */
    size_t have;         /* bytes of a packet that is not whole yet */
    uint8_t bytes[1024];
};

/* Answers, made once for clients with and without DEPRECATE_EOF. */
struct answers {
    struct wire_writer rows[2];
    struct wire_writer binary[2];
    struct wire_writer prepared[2];
    uint8_t ok[64];
    size_t ok_len;
};

static struct answers answers;
static uint8_t scratch[LOAD_READ_SIZE];
static int epoll_fd;

/* ------------------------------------------------------------ answers */

static uint8_t
add_column(struct wire_writer *w, uint8_t sequence)
{
    size_t mark = wire_packet_begin(w);
    wire_write_lenenc_bytes(w, wire_slice_of("def"));
    for (int i = 0; i < 3; i++) {
        wire_write_lenenc_bytes(w, wire_slice_of("")); /* schema, table, table */
    }
    wire_write_lenenc_bytes(w, wire_slice_of("c"));
    wire_write_lenenc_bytes(w, wire_slice_of(""));
    wire_write_u8(w, 0x0c);
    wire_write_u16(w, 33);      /* utf8 */
    wire_write_u32(w, 1 << 20); /* width */
    wire_write_u8(w, 0xfd);     /* VAR_STRING */
    wire_write_u16(w, 0);
    wire_write_u8(w, 0);
    wire_write_u16(w, 0);
    (void)wire_packet_end(w, mark, sequence);
    return (uint8_t)(sequence + 1);
}

static void
make_result(struct wire_writer *w, uint32_t caps, long rows, size_t bytes, bool binary)
{
    struct wire_ok end = {.status = STATUS};
    size_t cap = 1024 + (size_t)rows * (bytes + 32);
    wire_writer_init(w, mx_alloc(cap), cap);
    size_t mark = wire_packet_begin(w);
    wire_write_lenenc(w, 1);
    (void)wire_packet_end(w, mark, 1);
    uint8_t sequence = add_column(w, 2);
    if ((caps & WIRE_CAP_DEPRECATE_EOF) == 0) {
        (void)wire_eof_encode(w, sequence++, STATUS, 0);
    }
    uint8_t *value = mx_alloc(bytes + 1);
    memset(value, 'x', bytes);
    for (long i = 0; i < rows; i++) {
        mark = wire_packet_begin(w);
        if (binary) {
            wire_write_u16(w, 0); /* mark, and bits of NULLs */
        }
        wire_write_lenenc_bytes(w, (struct wire_slice){value, bytes});
        (void)wire_packet_end(w, mark, sequence++);
    }
    free(value);
    (void)wire_end_encode(w, sequence, caps, &end);
    if (w->failed) {
        load_die("the result does not fit; rows must be below 16 MiB each");
    }
}

static void
make_prepared(struct wire_writer *w, uint32_t caps)
{
    wire_writer_init(w, mx_alloc(512), 512);
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, 0);
    wire_write_u32(w, 1); /* id, put in when it is sent */
    wire_write_u16(w, 1); /* columns */
    wire_write_u16(w, 0); /* parameters */
    wire_write_u8(w, 0);
    wire_write_u16(w, 0);
    (void)wire_packet_end(w, mark, 1);
    uint8_t sequence = add_column(w, 2);
    if ((caps & WIRE_CAP_DEPRECATE_EOF) == 0) {
        (void)wire_eof_encode(w, sequence, STATUS, 0);
    }
}

static void
make_answers(long rows, size_t bytes)
{
    struct wire_writer ok;
    wire_writer_init(&ok, answers.ok, sizeof(answers.ok));
    (void)wire_ok_encode(&ok, 1, 0, &(struct wire_ok){.status = STATUS});
    answers.ok_len = ok.len;
    for (int i = 0; i < 2; i++) {
        uint32_t caps = i == 1 ? WIRE_CAP_DEPRECATE_EOF : 0;
        make_result(&answers.rows[i], caps, rows, bytes, false);
        make_result(&answers.binary[i], caps, rows, bytes, true);
        make_prepared(&answers.prepared[i], caps);
    }
}

/* ------------------------------------------------------------ peers */

static void
greet(const struct peer *peer)
{
    uint8_t bytes[256];
    struct wire_writer w;
    struct wire_greeting greeting = {.version = wire_slice_of("5.5.5-10.11.6-MariaDB-load"),
                                     .plugin = wire_slice_of(WIRE_PLUGIN_NATIVE),
                                     .thread_id = (uint32_t)peer->fd,
                                     .caps = CAPS,
                                     .status = STATUS,
                                     .collation = 45};
    memset(greeting.scramble, 'a', sizeof(greeting.scramble));
    wire_writer_init(&w, bytes, sizeof(bytes));
    (void)wire_greeting_encode(&w, 0, &greeting);
    (void)load_write(peer->fd, bytes, w.len);
}

static bool
take_login(struct peer *peer, const struct wire_packet *packet)
{
    struct wire_login login;
    uint8_t bytes[64];
    struct wire_writer w;
    if (wire_login_decode(packet->payload.data, packet->payload.len, CAPS, 0, &login) !=
        WIRE_LOGIN_OK) {
        return false;
    }
    peer->caps = login.caps;
    peer->has_login = true;
    wire_writer_init(&w, bytes, sizeof(bytes));
    (void)wire_ok_encode(&w, (uint8_t)(packet->sequence + 1), peer->caps,
                         &(struct wire_ok){.status = STATUS});
    return load_write(peer->fd, bytes, w.len);
}

static bool
is_rows(const struct wire_packet *packet)
{
    return packet->payload.len >= 7 &&
           strncasecmp((const char *)packet->payload.data + 1, "SELECT", 6) == 0;
}

static const struct wire_writer *
prepare(struct peer *peer, size_t kind)
{
    const struct wire_writer *answer = &answers.prepared[kind];
    wire_store_u32(answer->out + WIRE_HEADER_SIZE + 1, ++peer->statements);
    return answer;
}

static bool
take_command(struct peer *peer, const struct wire_packet *packet)
{
    size_t kind = (peer->caps & WIRE_CAP_DEPRECATE_EOF) != 0;
    const struct wire_writer *answer = NULL;
    switch (packet->payload.len == 0 ? WIRE_COM_QUIT : packet->payload.data[0]) {
    case WIRE_COM_QUIT:
        return false;
    case WIRE_COM_STMT_CLOSE:
        return true;
    case WIRE_COM_QUERY:
        answer = is_rows(packet) ? &answers.rows[kind] : NULL;
        break;
    case WIRE_COM_STMT_PREPARE:
        answer = prepare(peer, kind);
        break;
    case WIRE_COM_STMT_EXECUTE:
        answer = &answers.binary[kind];
        break;
    default:
        break;
    }
    return answer == NULL ? load_write(peer->fd, answers.ok, answers.ok_len)
                          : load_write(peer->fd, answer->out, answer->len);
}

static bool
take(struct peer *peer, const uint8_t *bytes, size_t len)
{
    struct wire_packet packet;
    while (len > 0 && wire_packet_next(bytes, len, &packet) == 0) {
        if (!(peer->has_login ? take_command(peer, &packet) : take_login(peer, &packet))) {
            return false;
        }
        bytes += packet.size;
        len -= packet.size;
    }
    if (len > sizeof(peer->bytes)) {
        return false;
    }
    memmove(peer->bytes, bytes, len);
    peer->have = len;
    return true;
}

static void
serve(struct peer *peer)
{
    memcpy(scratch, peer->bytes, peer->have);
    ssize_t got = recv(peer->fd, scratch + peer->have, sizeof(scratch) - peer->have, 0);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0 || !take(peer, scratch, peer->have + (size_t)got)) {
        (void)close(peer->fd);
        free(peer);
    }
}

static void
accept_all(int listening)
{
    int fd = -1;
    while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct peer *peer = mx_calloc(1, sizeof(*peer));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
        load_prepare_socket(fd);
        peer->fd = fd;
        (void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
        greet(peer);
    }
}

int
main(int argc, char **argv)
{
    struct epoll_event events[128];
    int listening = load_listen((uint16_t)load_number(argc, argv, "--port", 3306));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    make_answers(load_number(argc, argv, "--rows", 1),
                 (size_t)load_number(argc, argv, "--bytes", 12));
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    (void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listening, &event);
    for (;;) {
        int count = epoll_wait(epoll_fd, events, MX_COUNT(events), -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL) {
                accept_all(listening);
            } else {
                serve(events[i].data.ptr);
            }
        }
    }
}
