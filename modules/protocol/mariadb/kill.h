/*
 * KILL: from the words of the statement to sessions that end and servers that are told.
 *
 *   kill_words.c  the words
 *   kill.c        whose number it is, may he, do it, answer
 *   kill_ask.c    questions to servers, on connections made for that alone
 *   kill_stmt.c   prepared statements that are a KILL
 */
#ifndef MARIADB_KILL_H
#define MARIADB_KILL_H

#include "kill_words.h"
#include "mariadb.h"

/* The text of a COM_QUERY that begins with KILL. False: not for the proxy alone. */
bool kill_query(struct mx_session *session, const char *text, const struct mx_sql *sql);
/* The client waits, reading nothing more, until this is answered. */
void kill_start(struct mx_session *session, const struct kill_words *words);

/* ------------------------------------------------------------ questions to servers */

enum kill_said {
    KILL_SAID_OK = 0,
    KILL_SAID_ERROR,   /* err is the server's */
    KILL_SAID_NOTHING, /* it could not be asked; err says why */
};

struct kill_reply {
    enum kill_said said;
    uint64_t affected; /* rows, of OK */
    struct mx_err err;
};
typedef void (*kill_replied_fn)(void *arg, const struct kill_reply *reply);

/*
 * Runs one statement, which must be answered with OK or an error, on a server of the session's
 * service as the session's user. `replied` comes once on this worker, never before the call has
 * returned, even when the session has gone.
 */
void kill_ask(struct mx_session *session, struct mx_server *server, const char *sql,
              kill_replied_fn replied, void *arg);

/* KILL [HARD | SOFT] [CONNECTION | QUERY] number, as servers have it; returns out. */
const char *kill_sql(char *out, size_t size, const struct kill_words *words, uint64_t thread_id);

/* ------------------------------------------------------------ prepared statements */

/* True: the text is a KILL and its PREPARE has been answered; it never reaches a server. */
bool kill_prepare(struct mx_session *session, const char *text, const struct mx_sql *sql);
/* The statement that a COM_STMT_... means, when it is a KILL; else NULL. */
struct mariadb_stmt *kill_stmt_of(const struct mx_session *session, const uint8_t *payload,
                                  size_t len);
/* COM_STMT_... of such a statement: answered, if it has an answer. */
void kill_stmt_command(struct mx_session *session, struct mariadb_stmt *stmt,
                       const uint8_t *payload, size_t len);

#endif
