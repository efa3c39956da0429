/*
 * Sections of the configuration as runtime changes see them: which parameter rows they are read by,
 * values from REST put in, and the text that a persisted file has. Main thread.
 */
#ifndef CORE_SECTION_H
#define CORE_SECTION_H

#include "conf/param.h"
#include "mx/err.h"
#include "mx/module.h"

/* One block and its rows. */
struct core_section_part {
    struct conf_rows rows;
    size_t size;
    const char *prefix; /* of the keys; NULL: none */
};

/* The core's rows of a type, and those of the module that the section names. */
struct core_section_parts {
    struct core_section_part part[2];
    size_t count;
};
/* -1: no such type, or the module is missing. */
MX_MUST_USE int core_section_parts(const struct conf_section *section,
                                   struct core_section_parts *out, struct mx_err *err);

/*
 * Puts the values of a JSON object into the section; null values are left out. With is_change only
 * parameters that may be changed at run time may get another value. Everything wrong goes to diag.
 */
void core_section_set(struct conf_section *section, const json_t *values, bool is_change,
                      const struct conf_context *context, struct conf_diag *diag);

/*
 * The complete configuration of the object as a file: mandatory parameters and whatever is not at
 * its default; free() it. Values are read with `context`, passwords are encrypted with that of
 * `out` (NULL: plain, which serves to compare). NULL and err when it cannot be written so.
 */
char *core_section_text(const struct conf_section *section, const struct conf_context *context,
                        const struct conf_context *out, struct mx_err *err);

/* The same keys with the same values. */
bool core_section_equal(const struct conf_section *a, const struct conf_section *b);

#endif
