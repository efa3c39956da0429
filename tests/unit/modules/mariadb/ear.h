/*
 * Listens to a conversation of a client with a server, in whatever pieces it comes, with the
 * decoders that the proxy uses: PROXY header, compression, framing, greeting, login, commands,
 * files, replies. What it understood is a text, one line each.
 */
#ifndef TESTS_MARIADB_EAR_H
#define TESTS_MARIADB_EAR_H

#include "mx/base.h"

#define EAR_TEXT_MAX   16384u
#define EAR_EVENTS_MAX 256u

struct ear;

struct ear *ear_new(void);
void ear_free(struct ear *ear);
/* The bytes are copied into memory of exactly their size. */
void ear_hear(struct ear *ear, bool from_client, const uint8_t *bytes, size_t len);

const char *ear_text(const struct ear *ear);
/* Length of the text after so many bytes of the conversation. */
size_t ear_text_len(const struct ear *ear, size_t heard);
/* Replies that are not finished, and bytes that are not understood yet. */
bool ear_is_waiting(const struct ear *ear);

#endif
