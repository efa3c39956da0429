/*
 * JSON objects as tables. A field is one row of a const table: its title, where the value is, and
 * in which form it is wanted; lists, single objects and the manual come from the same rows.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli.h"
#include "table.h"

#include <jansson.h>

/* A value that is not simply found at a path: new reference, NULL for nothing. */
typedef json_t *(*cli_field_fn)(json_t *object);

struct cli_field {
    const char *title;
    const char *path;   /* see json_path.h; used when value is NULL */
    cli_field_fn value; /* NULL: path */
    bool is_date;       /* shown in the user's locale */
};

/* Fields of one kind of object. */
struct cli_fields {
    const struct cli_field *fields;
    size_t count;
};

/* One row per element of `objects` (an array; anything else counts as none), a head row above. */
void cli_print_list(struct cli *cli, json_t *objects, const struct cli_fields *fields);

/* Two columns: title and value. */
void cli_print_object(struct cli *cli, json_t *object, const struct cli_fields *fields);

/* The same for every element of `objects`. */
void cli_print_objects(struct cli *cli, json_t *objects, const struct cli_fields *fields);

/* Draws the table in the form the settings ask for. */
void cli_print_table(struct cli *cli, const struct cli_table *table, enum cli_table_head head);

void cli_print_ok(struct cli *cli);
void cli_print_json(struct cli *cli, json_t *value, size_t indent);
void cli_print_line(struct cli *cli, const char *text);

/* The value of a field: new reference, NULL for nothing. */
json_t *cli_field_value(json_t *object, const struct cli_field *field);

/* One cell of a list: arrays joined by ", ". Free it. */
char *cli_list_cell(json_t *value);

#endif
