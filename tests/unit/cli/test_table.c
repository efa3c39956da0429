/* cli/table.c and cli/width.c: tables and the width of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../cli/table.h"
#include "../../../cli/width.h"

static struct cli_table table;
static struct cli_text out;

static void
fill(size_t columns, const char *const *cells, size_t count)
{
    cli_table_init(&table, columns);
    for (size_t i = 0; i < count; i++) {
        cli_table_add(&table, cells[i]);
    }
}

static void
expect(const char *text)
{
    assert_string_equal(cli_text_string(&out), text);
    cli_text_fini(&out);
    cli_table_fini(&table);
}

static void
test_cells_of_several_lines(void **state)
{
    static const char *const cells[] = {"a", "long title", "x\ny\n", ""};
    (void)state;
    fill(2, cells, MX_COUNT(cells));
    cli_table_draw(&table, CLI_HEAD_ROW, false, &out);
    expect("┌───┬────────────┐\n"
           "│ a │ long title │\n"
           "├───┼────────────┤\n"
           "│ x │            │\n"
           "│ y │            │\n"
           "│   │            │\n"
           "└───┴────────────┘\n");
}

static void
test_colour_is_outside_of_the_padding(void **state)
{
    static const char *const cells[] = {"ab", "c", "d", "e"};
    (void)state;
    fill(2, cells, MX_COUNT(cells));
    cli_table_draw(&table, CLI_HEAD_COLUMN, true, &out);
    expect("┌────┬───┐\n"
           "│ \x1b[36mab\x1b[39m │ c │\n"
           "├────┼───┤\n"
           "│ \x1b[36md\x1b[39m  │ e │\n"
           "└────┴───┘\n");
}

static void
test_empty_table_has_a_frame(void **state)
{
    (void)state;
    cli_table_init(&table, 2);
    cli_table_draw(&table, CLI_HEAD_NONE, false, &out);
    expect("┌──┬──┐\n└──┴──┘\n");
}

static void
test_control_characters_are_replaced(void **state)
{
    static const char *const cells[] = {"a\x1b[0m\tb\r\xff\xc2\x9b"};
    (void)state;
    fill(1, cells, 1);
    cli_table_draw(&table, CLI_HEAD_NONE, false, &out);
    expect("┌────────────┐\n"
           "│ a\xef\xbf\xbd[0m b \xef\xbf\xbd\xef\xbf\xbd │\n"
           "└────────────┘\n");
}

static void
test_tsv_squeezes_and_leaves_out_the_head(void **state)
{
    static const char *const cells[] = {"A", "B", "{\n    \"x\": 1\n}", "", "  y \n z  ", "w"};
    (void)state;
    fill(2, cells, MX_COUNT(cells));
    cli_table_tsv(&table, CLI_HEAD_ROW, &out);
    expect("{ \"x\": 1 }\t\n y z\tw\n");
}

static void
test_width(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {{"", 0},
                 {"abc", 3},
                 {"日本", 4},
                 {"e\xcc\x81", 1},
                 {"ﾊ", 1},
                 {"Ａ", 2},
                 {"한", 2},
                 {"\xf0\x9f\x98\x80", 2},
                 {"\xff\xfe", 2},
                 {"\xe6\x97", 2},
                 {"─", 1},
                 {"\xed\xa0\x80", 3},
                 {"\xc0\x80", 2},
                 {"\xf4\x90\x80\x80", 4},
                 {"\xe2\x80\x8b", 0}};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        assert_int_equal(cli_width(cases[i].text, strlen(cases[i].text)), cases[i].width);
    }
}

static void
test_prefix_never_cuts_a_character(void **state)
{
    static const char text[] = "a日e\xcc\x81本";
    static const size_t bytes[] = {0, 1, 1, 4, 7, 7, 10, 10};
    (void)state;
    for (size_t columns = 0; columns < MX_COUNT(bytes); columns++) {
        assert_int_equal(cli_width_prefix(text, strlen(text), columns), bytes[columns]);
    }
}

/* Cut anywhere, decoding ends and uses every byte. */
static void
test_any_cut_of_bytes_is_walked(void **state)
{
    char bytes[64];
    (void)state;
    for (size_t seed = 0; seed < 2000; seed++) {
        uint32_t x = (uint32_t)seed * 2654435761u + 1;
        for (size_t i = 0; i < sizeof(bytes); i++) {
            x = x * 1664525u + 1013904223u;
            bytes[i] = (char)(x >> 24);
        }
        size_t len = seed % (sizeof(bytes) + 1);
        assert_true(cli_width(bytes, len) <= 2 * len);
        assert_true(cli_width_prefix(bytes, len, seed % 40) <= len);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_of_several_lines),
        cmocka_unit_test(test_colour_is_outside_of_the_padding),
        cmocka_unit_test(test_empty_table_has_a_frame),
        cmocka_unit_test(test_control_characters_are_replaced),
        cmocka_unit_test(test_tsv_squeezes_and_leaves_out_the_head),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_prefix_never_cuts_a_character),
        cmocka_unit_test(test_any_cut_of_bytes_is_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
