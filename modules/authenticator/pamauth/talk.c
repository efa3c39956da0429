/* Records between the proxy and the helper program; see talk.h. */
#include "talk.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

size_t
talk_put(uint8_t *out, enum talk_kind kind, const char *text)
{
    size_t len = strnlen(text, TALK_TEXT_MAX);
    out[0] = (uint8_t)kind;
    out[1] = (uint8_t)(len & 0xff);
    out[2] = (uint8_t)(len >> 8);
    memcpy(out + TALK_HEADER_SIZE, text, len);
    return TALK_HEADER_SIZE + len;
}

int
talk_take(const uint8_t *in, size_t len, struct talk_record *out)
{
    if (len < TALK_HEADER_SIZE) {
        return 0;
    }
    size_t size = (size_t)in[1] | (size_t)in[2] << 8;
    if (size > TALK_TEXT_MAX) {
        return -1;
    }
    if (len - TALK_HEADER_SIZE < size) {
        return 0;
    }
    if (memchr(in + TALK_HEADER_SIZE, '\0', size) != NULL) {
        return -1;
    }
    out->kind = (enum talk_kind)in[0];
    memcpy(out->text, in + TALK_HEADER_SIZE, size);
    out->text[size] = '\0';
    return (int)(TALK_HEADER_SIZE + size);
}

bool
talk_send(int fd, enum talk_kind kind, const char *text)
{
    uint8_t bytes[TALK_RECORD_MAX];
    size_t size = talk_put(bytes, kind, text);
    size_t sent = 0;
    while (sent < size) {
        ssize_t n = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        sent += (size_t)n;
    }
    explicit_bzero(bytes, sizeof(bytes));
    return sent == size;
}

/* Exactly `want` bytes. */
static bool
receive_all(int fd, int timeout_ms, uint8_t *bytes, size_t want)
{
    size_t got = 0;
    while (got < want) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        int ready = poll(&poller, 1, timeout_ms);
        if (ready == 0) {
            return false;
        }
        ssize_t n = ready < 0 ? -1 : recv(fd, bytes + got, want - got, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        got += (size_t)n;
    }
    return true;
}

bool
talk_receive(int fd, int timeout_ms, struct talk_record *out)
{
    uint8_t bytes[TALK_RECORD_MAX];
    if (!receive_all(fd, timeout_ms, bytes, TALK_HEADER_SIZE)) {
        return false;
    }
    size_t size = (size_t)bytes[1] | (size_t)bytes[2] << 8;
    bool good = size <= TALK_TEXT_MAX &&
                receive_all(fd, timeout_ms, bytes + TALK_HEADER_SIZE, size) &&
                talk_take(bytes, TALK_HEADER_SIZE + size, out) > 0;
    explicit_bzero(bytes, sizeof(bytes));
    return good;
}
