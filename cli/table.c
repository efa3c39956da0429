/* Layout of tables. Cells may come from a server: control characters never reach the terminal. */
#include "table.h"

#include "width.h"

#include <stdlib.h>
#include <string.h>

#define CYAN   "\x1b[36m"
#define NORMAL "\x1b[39m"

void
cli_table_init(struct cli_table *table, size_t columns)
{
    MX_ASSERT(columns > 0);
    *table = (struct cli_table){.columns = columns};
}

void
cli_table_fini(struct cli_table *table)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct cli_table){0};
}

char *
cli_printable(const char *text)
{
    struct cli_text out = {0};
    size_t len = strlen(text);
    size_t pos = 0;
    while (pos < len) {
        uint32_t code;
        bool ok;
        size_t used = cli_utf8_next(text + pos, len - pos, &code, &ok);
        if (code == '\t' || code == '\r') {
            cli_text_char(&out, ' ');
        } else if (!ok || (code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0)) {
            cli_text_add(&out, "\xef\xbf\xbd");
        } else {
            cli_text_append(&out, text + pos, used);
        }
        pos += used;
    }
    return cli_text_take(&out);
}

void
cli_table_give(struct cli_table *table, char *cell)
{
    size_t count = table->cell_count;
    /* Grow at powers of two. */
    if ((count & (count - 1)) == 0) {
        table->cells =
            mx_realloc(table->cells, (count == 0 ? 1 : count * 2) * sizeof(*table->cells));
    }
    table->cells[table->cell_count++] = cli_printable(cell);
    free(cell);
}

void
cli_table_add(struct cli_table *table, const char *cell)
{
    cli_table_give(table, mx_strdup(cell));
}

/* The line of a cell that starts at *pos; moves *pos behind it. False when there is none left. */
static bool
next_line(const char *cell, size_t *pos, const char **out_line, size_t *out_len)
{
    if (*pos == SIZE_MAX) {
        *out_line = "";
        *out_len = 0;
        return false;
    }
    const char *line = cell + *pos;
    const char *end = strchr(line, '\n');
    *out_line = line;
    *out_len = end != NULL ? (size_t)(end - line) : strlen(line);
    *pos = end != NULL ? *pos + *out_len + 1 : SIZE_MAX;
    return true;
}

static size_t
cell_width(const char *cell)
{
    size_t width = 0;
    size_t pos = 0;
    const char *line;
    size_t len;
    while (next_line(cell, &pos, &line, &len)) {
        width = mx_max_size(width, cli_width(line, len));
    }
    return width;
}

static void
draw_border(const struct cli_table *table, const size_t *widths, const char *const marks[3],
            struct cli_text *out)
{
    for (size_t c = 0; c < table->columns; c++) {
        cli_text_add(out, c == 0 ? marks[0] : marks[1]);
        cli_text_repeat(out, "─", widths[c] + 2);
    }
    cli_text_add(out, marks[2]);
    cli_text_char(out, '\n');
}

static size_t
count_lines(const char *cell)
{
    size_t lines = 1;
    for (const char *p = strchr(cell, '\n'); p != NULL; p = strchr(p + 1, '\n')) {
        lines++;
    }
    return lines;
}

static void
draw_row(const struct cli_table *table, size_t row, const size_t *widths, size_t painted,
         struct cli_text *out)
{
    char **cells = table->cells + row * table->columns;
    size_t lines = 1;
    size_t *at = mx_calloc(table->columns, sizeof(*at));
    for (size_t c = 0; c < table->columns; c++) {
        lines = mx_max_size(lines, count_lines(cells[c]));
    }
    for (size_t i = 0; i < lines; i++) {
        for (size_t c = 0; c < table->columns; c++) {
            const char *line;
            size_t len;
            (void)next_line(cells[c], &at[c], &line, &len);
            bool paint = c < painted && len > 0;
            cli_text_add(out, "│ ");
            cli_text_add(out, paint ? CYAN : "");
            cli_text_append(out, line, len);
            cli_text_add(out, paint ? NORMAL : "");
            cli_text_repeat(out, " ", widths[c] - cli_width(line, len) + 1);
        }
        cli_text_add(out, "│\n");
    }
    free(at);
}

void
cli_table_draw(const struct cli_table *table, enum cli_table_head head, bool color,
               struct cli_text *out)
{
    static const char *const top[3] = {"┌", "┬", "┐"};
    static const char *const middle[3] = {"├", "┼", "┤"};
    static const char *const bottom[3] = {"└", "┴", "┘"};
    MX_ASSERT(table->cell_count % table->columns == 0);
    size_t rows = table->cell_count / table->columns;
    size_t *widths = mx_calloc(table->columns, sizeof(*widths));
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t c = i % table->columns;
        widths[c] = mx_max_size(widths[c], cell_width(table->cells[i]));
    }
    draw_border(table, widths, top, out);
    for (size_t row = 0; row < rows; row++) {
        size_t painted = 0;
        if (color && head == CLI_HEAD_ROW && row == 0) {
            painted = table->columns;
        } else if (color && head == CLI_HEAD_COLUMN) {
            painted = 1;
        }
        if (row > 0) {
            draw_border(table, widths, middle, out);
        }
        draw_row(table, row, widths, painted, out);
    }
    draw_border(table, widths, bottom, out);
    free(widths);
}

static void
add_squeezed(const char *cell, struct cli_text *out)
{
    bool blank = false;
    for (const char *p = cell; *p != '\0'; p++) {
        if (strchr(" \t\r\n\v\f", *p) != NULL) {
            blank = true;
            continue;
        }
        if (blank) {
            cli_text_char(out, ' ');
        }
        blank = false;
        cli_text_char(out, *p);
    }
}

void
cli_table_tsv(const struct cli_table *table, enum cli_table_head head, struct cli_text *out)
{
    size_t first = head == CLI_HEAD_ROW ? table->columns : 0;
    for (size_t i = first; i < table->cell_count; i++) {
        add_squeezed(table->cells[i], out);
        cli_text_char(out, (i + 1) % table->columns == 0 ? '\n' : '\t');
    }
}
