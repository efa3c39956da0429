/* Fields of JSON objects become cells of tables. */
#include "output.h"

#include "dates.h"
#include "json_path.h"
#include "json_text.h"
#include "width.h"

#include <stdlib.h>
#include <string.h>

#define GREEN       "\x1b[32m"
#define NORMAL      "\x1b[39m"
#define CUT_MINIMUM 30
#define INDENT      4

json_t *
cli_field_value(json_t *object, const struct cli_field *field)
{
    json_t *value =
        field->value != NULL ? field->value(object) : cli_json_path(object, field->path);
    if (field->is_date && json_is_string(value)) {
        struct cli_text text = {0};
        cli_date_local(&text, json_string_value(value));
        json_decref(value);
        value = json_string_nocheck(cli_text_string(&text));
        cli_text_fini(&text);
    } else if (field->is_date) {
        json_decref(value);
        value = NULL;
    }
    return value;
}

static bool
has_containers(json_t *array)
{
    size_t i;
    json_t *element;
    json_array_foreach(array, i, element)
    {
        if (json_is_object(element) || json_is_array(element)) {
            return true;
        }
    }
    return false;
}

static void
join(struct cli_text *out, json_t *array, const char *separator, size_t columns)
{
    struct cli_text line = {0};
    size_t i;
    json_t *element;
    json_array_foreach(array, i, element)
    {
        cli_text_clear(&line);
        if (!json_is_null(element)) {
            cli_json_plain(&line, element);
        }
        cli_text_add(out, i > 0 ? separator : "");
        if (columns > 0 && cli_width(cli_text_string(&line), line.len) > columns) {
            size_t len = cli_width_prefix(line.data, line.len, columns - 3);
            cli_text_append(out, line.data, len);
            cli_text_add(out, "...");
        } else {
            cli_text_add(out, cli_text_string(&line));
        }
    }
    cli_text_fini(&line);
}

char *
cli_list_cell(json_t *value)
{
    struct cli_text text = {0};
    if (json_is_array(value)) {
        join(&text, value, ", ", 0);
    } else if (value != NULL && !json_is_null(value)) {
        cli_json_plain(&text, value);
    }
    return cli_text_take(&text);
}

/* Columns left for the value beside titles of `title_width` and the frame around both. */
static size_t
value_columns(const struct cli *cli, size_t title_width)
{
    if (cli->columns == 0) {
        return 0;
    }
    size_t frame = title_width + 7;
    size_t left = cli->columns > frame ? cli->columns - frame : 0;
    return mx_max_size(left, CUT_MINIMUM);
}

static char *
object_cell(const struct cli *cli, json_t *value, size_t title_width)
{
    struct cli_text text = {0};
    if (json_is_array(value) && !has_containers(value)) {
        if (cli->settings.tsv) {
            join(&text, value, ", ", 0);
        } else {
            join(&text, value, "\n", value_columns(cli, title_width));
        }
    } else if (json_is_string(value)) {
        cli_json_plain(&text, value);
    } else if (value != NULL) {
        cli_json_text(&text, value, INDENT);
    }
    return cli_text_take(&text);
}

void
cli_print_table(struct cli *cli, const struct cli_table *table, enum cli_table_head head)
{
    if (cli->settings.tsv) {
        cli_table_tsv(table, head, &cli->out);
    } else {
        cli_table_draw(table, head, cli->is_terminal, &cli->out);
    }
}

void
cli_print_list(struct cli *cli, json_t *objects, const struct cli_fields *fields)
{
    struct cli_table table;
    cli_table_init(&table, fields->count);
    for (size_t f = 0; f < fields->count; f++) {
        cli_table_add(&table, fields->fields[f].title);
    }
    size_t i;
    json_t *object;
    json_array_foreach(objects, i, object)
    {
        for (size_t f = 0; f < fields->count; f++) {
            json_t *value = cli_field_value(object, &fields->fields[f]);
            cli_table_give(&table, cli_list_cell(value));
            json_decref(value);
        }
    }
    cli_print_table(cli, &table, CLI_HEAD_ROW);
    cli_table_fini(&table);
}

void
cli_print_object(struct cli *cli, json_t *object, const struct cli_fields *fields)
{
    struct cli_table table;
    size_t title_width = 0;
    cli_table_init(&table, 2);
    for (size_t f = 0; f < fields->count; f++) {
        const char *title = fields->fields[f].title;
        title_width = mx_max_size(title_width, cli_width(title, strlen(title)));
    }
    for (size_t f = 0; f < fields->count; f++) {
        json_t *value = cli_field_value(object, &fields->fields[f]);
        cli_table_add(&table, fields->fields[f].title);
        cli_table_give(&table, object_cell(cli, value, title_width));
        json_decref(value);
    }
    cli_print_table(cli, &table, CLI_HEAD_COLUMN);
    cli_table_fini(&table);
}

void
cli_print_objects(struct cli *cli, json_t *objects, const struct cli_fields *fields)
{
    size_t i;
    json_t *object;
    json_array_foreach(objects, i, object)
    {
        cli_print_object(cli, object, fields);
    }
}

void
cli_print_ok(struct cli *cli)
{
    cli_text_add(&cli->out, cli->is_terminal ? GREEN "OK" NORMAL "\n" : "OK\n");
}

void
cli_print_json(struct cli *cli, json_t *value, size_t indent)
{
    cli_json_text(&cli->out, value, indent);
    cli_text_char(&cli->out, '\n');
}

void
cli_print_line(struct cli *cli, const char *text)
{
    cli_text_add(&cli->out, text);
    cli_text_char(&cli->out, '\n');
}
