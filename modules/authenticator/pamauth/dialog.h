/*
 * The payloads of the client plugins `dialog` and `mysql_clear_password`.
 *
 *   question = kind, text           kind: 2 shown while typed, 4 hidden; plus 1 when it is the last
 *   answer   = text [, NUL]
 *
 * A MariaDB server names the plugin without a question and takes the password first; when its PAM
 * begins with the question "Password: " that one is not asked any more.
 *
 * Source: mariadb.com/kb, "Authentication Plugin - PAM", and what MariaDB 10.11 and its clients
 * send.
 */
#ifndef PAMAUTH_DIALOG_H
#define PAMAUTH_DIALOG_H

#include "answers.h"
#include "mx/buf.h"

#define DIALOG_PLUGIN "dialog"
#define CLEAR_PLUGIN  "mysql_clear_password"

/* Longest question that is sent or taken; PAM's own limit is half of it. */
#define DIALOG_QUESTION_MAX 1023u

/* Appends a question; what is too long loses its beginning. -1: the buffer is full. */
MX_MUST_USE int dialog_put_question(struct mx_buf *out, bool shown, const char *text);

/* The text of a question, NUL behind it. -1: not a question. */
MX_MUST_USE int dialog_take_question(const uint8_t *in, size_t len,
                                     char text[DIALOG_QUESTION_MAX + 1]);

/* The text of an answer, NUL behind it. -1: too long, or a NUL inside. */
MX_MUST_USE int dialog_take_answer(const uint8_t *in, size_t len, char text[ANSWERS_TEXT_MAX + 1]);

#endif
