/* Names of clients in their character sets. */
#include "charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_collations_name_their_character_set(void **state MX_UNUSED)
{
    static const struct {
        uint16_t collation;
        const char *charset;
    } cases[] = {{8, "latin1"},     {45, "utf8mb4"},   {192, "utf8mb3"},  {84, "big5"},
                 {88, "sjis"},      {96, "cp932"},     {1025, "big5"},    {1069, "utf8mb4"},
                 {1270, "utf8mb4"}, {2048, "utf8mb3"}, {2304, "utf8mb4"}, {3072, "utf32"}};
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        assert_string_equal(charset_of(cases[i].collation), cases[i].charset);
    }
    assert_string_equal(charset_of(1), "big5");
    assert_string_equal(charset_of(3327), "utf32");
    assert_null(charset_of(3328));
    assert_null(charset_of(0));
    assert_null(charset_of(17));
    assert_null(charset_of(255));
    assert_null(charset_of(65535));
}

static void
test_wide_ones_are_known(void **state MX_UNUSED)
{
    static const uint16_t wide[] = {35, 54, 56, 60, 62, 90, 101, 128, 151, 159, 160, 183, 640};
    for (size_t i = 0; i < MX_COUNT(wide); i++) {
        assert_true(charset_is_wide(charset_of(wide[i])));
    }
    assert_false(charset_is_wide(charset_of(8)));
    assert_false(charset_is_wide(charset_of(45)));
    assert_false(charset_is_wide(charset_of(17)));
}

static void
assert_names(const char *charset, const char *sent, const char *utf8)
{
    char *there = charset_to_utf8(charset, sent, strlen(sent));
    assert_string_equal(there != NULL ? there : sent, utf8);
    free(there);
}

static void
test_to_utf8(void **state MX_UNUSED)
{
    assert_names("latin1", "\xfcser", "\xc3\xbcser");
    assert_names("latin1", "\x80", "\xe2\x82\xac"); /* what servers call latin1 has the euro */
    assert_names("cp1251", "\xe8\xec\xff", "\xd0\xb8\xd0\xbc\xd1\x8f");
    assert_names("gbk", "\xc4\xe3\xba\xc3", "\xe4\xbd\xa0\xe5\xa5\xbd");
    assert_names("sjis", "\x83\x5c", "\xe3\x82\xbd");
    assert_names("utf8mb4", "\xc3\xbcser\xf0\x9f\x98\x80", "\xc3\xbcser\xf0\x9f\x98\x80");
    assert_names("utf8mb4", "\xff\xfex", "??x");
    assert_names("utf8mb4", "x\xc3", "x?");
    assert_names("sjis", "a\x83", "a?");
    /* Nothing to do, or nothing that could be done. */
    assert_null(charset_to_utf8("latin1", "app", 3));
    assert_null(charset_to_utf8("latin1", "", 0));
    assert_null(charset_to_utf8("keybcs2", "\xff", 1));
    assert_null(charset_to_utf8("binary", "\xff", 1));
    assert_null(charset_to_utf8(NULL, "\xff", 1));
}

static void
test_from_utf8(void **state MX_UNUSED)
{
    char *latin1 = charset_from_utf8("latin1", "\xc3\xbcser \xd0\xb8 \xe2\x82\xac");
    assert_string_equal(latin1, "\xfcser ? \x80");
    free(latin1);
    assert_null(charset_from_utf8("latin1", "app"));
    assert_null(charset_from_utf8("keybcs2", "\xc3\xbc"));
}

/* Every text of two bytes in every character set: no more room than there is. */
static void
test_any_bytes_fit(void **state MX_UNUSED)
{
    for (uint16_t collation = 1; collation < 100; collation++) {
        const char *charset = charset_of(collation);
        for (int both = 0; both < 0x10000; both += 29) {
            char text[3] = {(char)(both >> 8), (char)(both & 0xff), '\0'};
            char *there = charset_to_utf8(charset, text, 2);
            if (there != NULL) {
                assert_true(strlen(there) <= (size_t)2 * CHARSET_GROWTH_MAX);
                char *back = charset_from_utf8(charset, there);
                free(back);
                free(there);
            }
        }
        collation = (uint16_t)(collation + 6); /* some of them are enough */
    }
}

static void
test_cut_between_characters(void **state MX_UNUSED)
{
    assert_int_equal(charset_utf8_cut("", 3), 0);
    assert_int_equal(charset_utf8_cut("abc", 3), 3);
    assert_int_equal(charset_utf8_cut("abcd", 3), 3);
    assert_int_equal(charset_utf8_cut("\xc3\xbc\xe2\x82\xac\xc3\xbc", 2), 5);
    assert_int_equal(charset_utf8_cut("\xc3\xbc\xe2\x82\xac\xc3\xbc", 3), 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collations_name_their_character_set),
        cmocka_unit_test(test_wide_ones_are_known),
        cmocka_unit_test(test_to_utf8),
        cmocka_unit_test(test_from_utf8),
        cmocka_unit_test(test_any_bytes_fit),
        cmocka_unit_test(test_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
