/*
 * Tables on a terminal: light box-drawing lines, a line between all rows, cells of several lines,
 * columns as wide as their widest line on display. Or tab separated, one row per line.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "text.h"

enum cli_table_head {
    CLI_HEAD_NONE,
    CLI_HEAD_ROW,    /* the first row */
    CLI_HEAD_COLUMN, /* the first column */
};

struct cli_table {
    char **cells; /* row by row */
    size_t columns;
    size_t cell_count;
};

/* columns must be at least 1. */
void cli_table_init(struct cli_table *table, size_t columns);
void cli_table_fini(struct cli_table *table);

/* Cells are filled from left to right, row by row. Takes the string over. */
void cli_table_give(struct cli_table *table, char *cell);
void cli_table_add(struct cli_table *table, const char *cell);

/* Box-drawn. The last row must be complete. */
void cli_table_draw(const struct cli_table *table, enum cli_table_head head, bool color,
                    struct cli_text *out);

/* Tab separated: white space in cells becomes one blank; a head row is left out. */
void cli_table_tsv(const struct cli_table *table, enum cli_table_head head, struct cli_text *out);

/* A copy that cannot disturb a terminal: line ends stay, tabs and returns become a blank, other
 * control characters and what is not UTF-8 U+FFFD. Free it. */
char *cli_printable(const char *text);

#endif
