/*
 * Rows that are found by a number: prepared statements, which every execution looks up. Open
 * addressing: the place of a row is its number modulo the capacity, or one of those behind it.
 * Numbers are given out one after the other, so a row lies in its own place as a rule, however many
 * there are.
 *
 * A row begins with its number, a uint32_t; 0 marks a free place. Adding and removing move rows.
 */
#ifndef MARIADB_ID_ROWS_H
#define MARIADB_ID_ROWS_H

#include "mx/base.h"

#include <string.h>

struct id_rows {
    uint8_t *bytes;
    uint32_t count;
    uint32_t capacity; /* power of two, or 0; a quarter is free */
};

static inline uint32_t
id_rows_number(const struct id_rows *rows, size_t row_size, uint32_t place)
{
    uint32_t number = 0;
    memcpy(&number, rows->bytes + place * row_size, sizeof(number));
    return number;
}

/* The row with this number, or NULL. */
static inline void *
id_rows_find(const struct id_rows *rows, size_t row_size, uint32_t number)
{
    if (rows->count == 0 || number == 0) {
        return NULL;
    }
    uint32_t mask = rows->capacity - 1;
    for (uint32_t place = number & mask;; place = (place + 1) & mask) {
        uint32_t here = id_rows_number(rows, row_size, place);
        if (here == number) {
            return rows->bytes + place * row_size;
        }
        if (here == 0) {
            return NULL;
        }
    }
}

/* An empty row for the number, which is not 0; one that was there is emptied. */
void *id_rows_add(struct id_rows *rows, size_t row_size, uint32_t number);
void id_rows_remove(struct id_rows *rows, size_t row_size, uint32_t number);
/* Goes through all rows: the first with after NULL; NULL at the end. */
void *id_rows_next(const struct id_rows *rows, size_t row_size, const void *after);
/* Keeps the memory for new ones. */
void id_rows_clear(struct id_rows *rows, size_t row_size);
void id_rows_free(struct id_rows *rows);

#endif
