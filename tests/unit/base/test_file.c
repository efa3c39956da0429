/* Whole files, random bytes and UTF-8. */
#include "base/file.h"
#include "base/rand.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_replaced_file_reads_back_with_its_mode(void **state)
{
    char folder[] = "/tmp/mx-test-file-XXXXXX";
    char path[64];
    char *text = NULL;
    size_t len = 0;
    struct mx_err err = {0};
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/f", folder);
    char *big = mx_calloc(1, 100000);
    assert_int_equal(base_file_replace(path, big, 100000, 0640, &err), 0);
    assert_int_equal(base_file_replace(path, "new", 3, 0600, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(base_file_read(path, 3, &text, &len, &err), 0);
    assert_int_equal(len, 3);
    assert_string_equal(text, "new");
    free(text);
    assert_int_equal(base_file_replace(path, big, 100000, 0640, &err), 0);
    assert_int_equal(base_file_read(path, 99999, &text, &len, &err), -1);
    assert_non_null(strstr(err.text, "larger than the 99999 bytes"));
    assert_int_equal(base_file_read(path, 100000, &text, &len, &err), 0);
    assert_int_equal(len, 100000);
    free(text);
    free(big);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing is left beside it */
}

static void
test_missing_file_and_folder_are_named(void **state)
{
    char *text = NULL;
    struct mx_err err = {0};
    (void)state;
    assert_int_equal(base_file_read("/nonexistent/x", 10, &text, NULL, &err), -1);
    assert_non_null(strstr(err.text, "'/nonexistent/x': No such file"));
    assert_int_equal(base_file_replace("/nonexistent/x", "a", 1, 0600, &err), -1);
    assert_non_null(strstr(err.text, "/nonexistent/x"));
}

static void
test_random_bytes_differ(void **state)
{
    (void)state;
    assert_int_not_equal(base_rand_u64(), base_rand_u64());
}

static void
test_utf8_knows_good_from_bad(void **state)
{
    static const char *const good[] = {"",
                                       "abc",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x41",
                                      "\xe0\x9f\xbf",
                                      "\xe0\xa0",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "ab\xe2\x82"};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(good); i++) {
        assert_true(base_utf8_is_valid(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < MX_COUNT(bad); i++) {
        assert_false(base_utf8_is_valid(bad[i], strlen(bad[i])));
    }
    assert_int_equal(base_utf8_valid_len("ab\xe2\x82", 4), 2);
    assert_int_equal(base_utf8_count("a\xc3\xa4\xe2\x82\xac", 6), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaced_file_reads_back_with_its_mode),
        cmocka_unit_test(test_missing_file_and_folder_are_named),
        cmocka_unit_test(test_random_bytes_differ),
        cmocka_unit_test(test_utf8_knows_good_from_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
