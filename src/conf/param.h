/*
 * What parameter rows mean: from text or JSON to the member of a configuration struct and back,
 * for every type. A configuration struct is called a block here: memory described by rows.
 */
#ifndef CONF_PARAM_H
#define CONF_PARAM_H

#include "conf/diag.h"
#include "conf/model.h"
#include "conf/secrets.h"
#include "mx/param.h"

#include <jansson.h>

/* Rows that describe one block. */
struct conf_rows {
    const struct mx_param *rows;
    size_t count;
};

/* What values are read against; all-zero: paths stay as they are, passwords are plain. */
struct conf_context {
    const char *module_configdir;       /* base of relative paths */
    const struct conf_secrets *secrets; /* NULL or without key: passwords are plain text */
};

/* Why a value is not good, or what is odd about it. */
struct conf_why {
    char text[512];
    char hint[512];
};

/*
 * Reads a value into the member of the row. 0: done; `why` then holds a warning, or an empty text.
 * -1: refused, the member is as before.
 */
MX_MUST_USE int conf_param_set_text(const struct mx_param *row, void *block, const char *text,
                                    const struct conf_context *context, struct conf_why *why);
/* The same from JSON; null puts in the default. */
MX_MUST_USE int conf_param_set_json(const struct mx_param *row, void *block, const json_t *json,
                                    const struct conf_context *context, struct conf_why *why);

/* The value as REST shows it; passwords are hidden. A new reference. */
json_t *conf_param_json(const struct mx_param *row, const void *block);

/*
 * The value as it is written to a configuration file, to be freed; passwords encrypted when there
 * is a key. Empty values give an empty text.
 */
char *conf_param_text(const struct mx_param *row, const void *block,
                      const struct conf_context *context);

/* Equal values. */
bool conf_param_equal(const struct mx_param *row, const void *a, const void *b);
/* The value is the default of the row. */
bool conf_param_is_default(const struct mx_param *row, const void *block);

/* The word for the type in REST output. */
const char *conf_param_type_name(const struct mx_param *row);
/* The value is text (and JSON null when empty). */
bool conf_param_is_text(enum mx_param_type type);
/* The value is a list of texts, char **. */
bool conf_param_is_list(enum mx_param_type type);

/* One entry of the parameter list of GET /maxscale/modules. A new reference. */
json_t *conf_param_schema(const struct conf_rows *rows, const struct mx_param *row);

/* ------------------------------------------------------------------ blocks */

/* The row of the name, NULL when there is none. Aliases are not followed. */
const struct mx_param *conf_rows_find(const struct conf_rows *rows, const char *name);
/* The row that an alias stands for, or the row itself. */
const struct mx_param *conf_rows_target(const struct conf_rows *rows, const struct mx_param *row);

/* Fills a zeroed block with the defaults. */
void conf_block_init(const struct conf_rows *rows, void *block);
void conf_block_free(const struct conf_rows *rows, void *block);
/* to is a zeroed block. */
void conf_block_copy(const struct conf_rows *rows, void *to, const void *from);
bool conf_block_equal(const struct conf_rows *rows, const void *a, const void *b);

/*
 * Applies the keys of the section whose name has a row: sets values, reports everything wrong.
 * prefix: keys are named "<prefix>.<row>"; NULL: as the row. used: one entry per key of the
 * section, set to true for those taken (may be NULL).
 */
void conf_block_apply(const struct conf_rows *rows, void *block, const struct conf_section *section,
                      const char *prefix, const struct conf_context *context, bool *used,
                      struct conf_diag *diag);

/* Errors for mandatory parameters that the section does not give. */
void conf_block_check_mandatory(const struct conf_rows *rows, const struct conf_section *section,
                                struct conf_diag *diag);

/* Warnings for rows marked inert whose value is not the default. */
void conf_block_check_inert(const struct conf_rows *rows, const void *block,
                            const struct conf_section *section, struct conf_diag *diag);

#endif
