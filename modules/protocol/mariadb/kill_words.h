/* The words of a KILL statement. Pure. */
#ifndef MARIADB_KILL_WORDS_H
#define MARIADB_KILL_WORDS_H

#include "mx/base.h"

#define KILL_NAME_MAX 384u

enum kill_what {
    KILL_SESSION = 0, /* [CONNECTION | QUERY] id */
    KILL_QUERY_ID,    /* QUERY ID id */
    KILL_USER,        /* [CONNECTION | QUERY] USER name[@host] */
};

enum kill_number {
    KILL_NUMBER_GIVEN = 0,
    KILL_NUMBER_OWN,         /* CONNECTION_ID() */
    KILL_NUMBER_PLACEHOLDER, /* ? */
};

struct kill_words {
    uint8_t what;   /* kill_what */
    uint8_t number; /* kill_number */
    bool query_only;
    bool hard;
    bool has_host;
    bool own_user; /* CURRENT_USER */
    uint64_t id;
    char user[KILL_NAME_MAX];
    char host[KILL_NAME_MAX];
};

/* The text behind the word KILL. -1: not understood; a number must be a number, not a formula. */
MX_MUST_USE int kill_words_parse(const char *text, size_t len, struct kill_words *out);

#endif
