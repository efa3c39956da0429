/* See id_rows.h. */
#include "id_rows.h"

#include <stdlib.h>

#define CAPACITY_MIN 4u

/* A free place for a number that is not there. */
static void *
take_place(struct id_rows *rows, size_t row_size, uint32_t number)
{
    uint32_t mask = rows->capacity - 1;
    uint32_t place = number & mask;
    while (id_rows_number(rows, row_size, place) != 0) {
        place = (place + 1) & mask;
    }
    return rows->bytes + place * row_size;
}

static void
grow(struct id_rows *rows, size_t row_size)
{
    struct id_rows bigger = {.count = rows->count,
                             .capacity = rows->capacity == 0 ? CAPACITY_MIN : rows->capacity * 2};
    bigger.bytes = mx_calloc(bigger.capacity, row_size);
    for (uint32_t place = 0; place < rows->capacity; place++) {
        uint32_t number = id_rows_number(rows, row_size, place);
        if (number != 0) {
            memcpy(take_place(&bigger, row_size, number), rows->bytes + place * row_size, row_size);
        }
    }
    free(rows->bytes);
    *rows = bigger;
}

void *
id_rows_add(struct id_rows *rows, size_t row_size, uint32_t number)
{
    uint8_t *row = id_rows_find(rows, row_size, number);
    if (row == NULL) {
        if (rows->count >= rows->capacity / 4 * 3) {
            grow(rows, row_size);
        }
        row = take_place(rows, row_size, number);
        rows->count++;
    }
    memset(row, 0, row_size);
    memcpy(row, &number, sizeof(number));
    return row;
}

/* Rows behind a place that has become free would not be found any more: each that may lie there
 * does. */
void
id_rows_remove(struct id_rows *rows, size_t row_size, uint32_t number)
{
    const uint8_t *row = id_rows_find(rows, row_size, number);
    if (row == NULL) {
        return;
    }
    uint32_t mask = rows->capacity - 1;
    uint32_t hole = (uint32_t)((size_t)(row - rows->bytes) / row_size);
    for (uint32_t place = (hole + 1) & mask; id_rows_number(rows, row_size, place) != 0;
         place = (place + 1) & mask) {
        uint32_t home = id_rows_number(rows, row_size, place) & mask;
        if (((place - home) & mask) >= ((place - hole) & mask)) {
            memcpy(rows->bytes + hole * row_size, rows->bytes + place * row_size, row_size);
            hole = place;
        }
    }
    memset(rows->bytes + hole * row_size, 0, row_size);
    rows->count--;
}

void *
id_rows_next(const struct id_rows *rows, size_t row_size, const void *after)
{
    uint32_t place = 0;
    if (after != NULL) {
        place = (uint32_t)((size_t)((const uint8_t *)after - rows->bytes) / row_size) + 1;
    }
    while (place < rows->capacity && id_rows_number(rows, row_size, place) == 0) {
        place++;
    }
    return place < rows->capacity ? rows->bytes + place * row_size : NULL;
}

void
id_rows_clear(struct id_rows *rows, size_t row_size)
{
    if (rows->count > 0) {
        memset(rows->bytes, 0, rows->capacity * row_size);
        rows->count = 0;
    }
}

void
id_rows_free(struct id_rows *rows)
{
    free(rows->bytes);
    *rows = (struct id_rows){0};
}
