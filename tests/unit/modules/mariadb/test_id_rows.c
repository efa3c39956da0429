/* Rows found by their number, against a plain list of numbers. */
#include "id_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUMBERS 5000u

struct row {
    uint32_t number;
    uint32_t value;
    bool flag;
};

static bool there[NUMBERS + 1];

static struct row *
find(const struct id_rows *rows, uint32_t number)
{
    return id_rows_find(rows, sizeof(struct row), number);
}

static void
add(struct id_rows *rows, uint32_t number)
{
    struct row *row = id_rows_add(rows, sizeof(*row), number);
    assert_int_equal(row->number, number);
    assert_int_equal(row->value, 0);
    row->value = number * 3;
    there[number] = true;
}

static void
check(const struct id_rows *rows)
{
    uint32_t count = 0;
    for (uint32_t number = 1; number <= NUMBERS; number++) {
        const struct row *row = find(rows, number);
        assert_int_equal(row != NULL, there[number]);
        assert_true(row == NULL || row->value == number * 3);
        count += there[number] ? 1 : 0;
    }
    assert_int_equal(rows->count, count);
    for (const struct row *row = NULL; (row = id_rows_next(rows, sizeof(*row), row)) != NULL;) {
        assert_true(there[row->number]);
        count--;
    }
    assert_int_equal(count, 0);
}

static void
test_rows_are_found_whatever_was_removed(void **state MX_UNUSED)
{
    struct id_rows rows = {0};
    uint32_t seed = 7;
    memset(there, 0, sizeof(there));
    check(&rows);
    for (uint32_t step = 0; step < 40000; step++) {
        seed = seed * 1664525u + 1013904223u;
        /* Few numbers, so that many share a place; then ever more. */
        uint32_t number =
            1 + (seed >> 8) % (step < 10000 ? NUMBERS / 64 : NUMBERS) * (step < 10000 ? 64 : 1);
        if (((seed >> 4) & 1) != 0) {
            add(&rows, number);
        } else {
            id_rows_remove(&rows, sizeof(struct row), number);
            there[number] = false;
        }
        if (step % 1000 == 0) {
            check(&rows);
        }
    }
    check(&rows);
    id_rows_free(&rows);
}

static void
test_a_row_that_is_added_again_is_empty(void **state MX_UNUSED)
{
    struct id_rows rows = {0};
    add(&rows, 9);
    find(&rows, 9)->flag = true;
    add(&rows, 9);
    assert_false(find(&rows, 9)->flag);
    assert_int_equal(rows.count, 1);
    id_rows_free(&rows);
}

static void
test_nothing_is_left_when_it_was_cleared(void **state MX_UNUSED)
{
    struct id_rows rows = {0};
    id_rows_clear(&rows, sizeof(struct row));
    for (uint32_t number = 1; number <= 100; number++) {
        add(&rows, number);
    }
    uint32_t capacity = rows.capacity;
    id_rows_clear(&rows, sizeof(struct row));
    memset(there, 0, sizeof(there));
    check(&rows);
    assert_int_equal(rows.capacity, capacity);
    add(&rows, 5);
    check(&rows);
    id_rows_free(&rows);
    memset(there, 0, sizeof(there));
    check(&rows);
}

/* Numbers given out one after the other lie in their own places: finding one is one look. */
static void
test_numbers_in_a_row_do_not_share_places(void **state MX_UNUSED)
{
    struct id_rows rows = {0};
    for (uint32_t number = 1; number <= 1000; number++) {
        add(&rows, number);
        if (number > 500) {
            id_rows_remove(&rows, sizeof(struct row), number - 500);
        }
    }
    for (uint32_t number = 501; number <= 1000; number++) {
        const uint8_t *own = rows.bytes + (number & (rows.capacity - 1)) * sizeof(struct row);
        assert_ptr_equal(find(&rows, number), own);
    }
    id_rows_free(&rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_found_whatever_was_removed),
        cmocka_unit_test(test_a_row_that_is_added_again_is_empty),
        cmocka_unit_test(test_nothing_is_left_when_it_was_cleared),
        cmocka_unit_test(test_numbers_in_a_row_do_not_share_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
