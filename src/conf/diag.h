/*
 * What a configuration check found: errors and warnings with file, line, object, parameter, text
 * and a hint how to mend it. Everything is collected first and shown together: a file with twenty
 * mistakes is answered with twenty lines.
 */
#ifndef CONF_DIAG_H
#define CONF_DIAG_H

#include "mx/base.h"

#include <stdarg.h>

/* Where something is written. file NULL: not from a file (REST); line 0: the file as a whole. */
struct conf_place {
    const char *file;
    int line;
};

/* What a finding is about; every member may be NULL. */
struct conf_about {
    struct conf_place place;
    const char *object; /* section name */
    const char *param;
};

struct conf_finding {
    bool error; /* false: warning */
    char *file;
    int line;
    char *object;
    char *param;
    char *text; /* without the place */
    char *hint; /* NULL: none */
};

/* All-zero is a valid empty list. */
struct conf_diag {
    struct conf_finding *items;
    size_t count;
    size_t capacity;
    size_t error_count;
};

/* about and hint may be NULL; everything is copied. */
void conf_diag_add(struct conf_diag *diag, bool error, const struct conf_about *about,
                   const char *hint, const char *format, ...) MX_PRINTF(5, 6);

/* Orders by file and line; findings of one line keep their order. */
void conf_diag_sort(struct conf_diag *diag);

/* "file:line: [object] param: text Hint: hint" with the parts that are there; free() it. */
char *conf_finding_text(const struct conf_finding *finding);

/* Writes every finding to the log: errors as errors, warnings as warnings. */
void conf_diag_log(const struct conf_diag *diag);

void conf_diag_free(struct conf_diag *diag);

/*
 * The name of `names` (ends with NULL) that `word` was most likely meant to be, or NULL when none
 * is near. Case does not count.
 */
const char *conf_suggest(const char *word, const char *const *names);

#endif
