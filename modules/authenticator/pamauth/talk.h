/*
 * How the proxy and the helper program talk, over one socket: records of a kind, a length of two
 * bytes (low one first) and that many bytes of text.
 *
 *   proxy:  USER, SERVICE, REMOTE, then ANSWER to each QUESTION
 *   helper: any number of MESSAGE and QUESTION, then DONE (the user's name) or FAILED
 *
 * Only libc is used here: the helper program is made of this file, too.
 */
#ifndef PAMAUTH_TALK_H
#define PAMAUTH_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALK_TEXT_MAX    1023u
#define TALK_HEADER_SIZE 3u
#define TALK_RECORD_MAX  (TALK_HEADER_SIZE + TALK_TEXT_MAX)

enum talk_kind {
    TALK_USER = 'U',
    TALK_SERVICE = 'S',
    TALK_REMOTE = 'R',
    TALK_ANSWER = 'A',
    TALK_QUESTION_HIDDEN = 'H',
    TALK_QUESTION_SHOWN = 'Q',
    TALK_MESSAGE = 'M',
    TALK_DONE = 'D',
    TALK_DENIED = 'N', /* it is not him */
    TALK_FAILED = 'F', /* could not be found out */
};

struct talk_record {
    enum talk_kind kind;
    char text[TALK_TEXT_MAX + 1];
};

/* Writes a record; a longer text is cut. Returns its size, at most TALK_RECORD_MAX. */
size_t talk_put(uint8_t *out, enum talk_kind kind, const char *text);

/* Bytes taken, 0: more are needed, -1: not a record (too long, a NUL inside). */
int talk_take(const uint8_t *in, size_t len, struct talk_record *out);

/* Both block. False: the other end has gone, or sent something that is not a record. */
bool talk_send(int fd, enum talk_kind kind, const char *text);
bool talk_receive(int fd, int timeout_ms, struct talk_record *out);

#endif
