/* Findings: their text, their order, suggestions. */
#include "conf/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
test_text(void **state MX_UNUSED)
{
    struct conf_diag diag = {0};
    const struct conf_about about = {
        .place = {.file = "f.cnf", .line = 3}, .object = "S", .param = "p"};
    conf_diag_add(&diag, true, &about, "Mend it.", "It is %s.", "wrong");
    conf_diag_add(&diag, false, NULL, NULL, "Odd.");
    char *text = conf_finding_text(&diag.items[0]);
    assert_string_equal(text, "f.cnf:3: [S] p: It is wrong. Hint: Mend it.");
    free(text);
    text = conf_finding_text(&diag.items[1]);
    assert_string_equal(text, "Odd.");
    free(text);
    assert_int_equal(diag.error_count, 1);
    conf_diag_free(&diag);
}

static void
test_order(void **state MX_UNUSED)
{
    static const int lines[] = {5, 1, 5, 3};
    static const int sorted[] = {1, 3, 5, 5};
    struct conf_diag diag = {0};
    for (size_t i = 0; i < MX_COUNT(lines); i++) {
        const struct conf_about about = {.place = {.file = "f", .line = lines[i]}};
        conf_diag_add(&diag, true, &about, NULL, "%zu", i);
    }
    conf_diag_sort(&diag);
    for (size_t i = 0; i < MX_COUNT(sorted); i++) {
        assert_int_equal(diag.items[i].line, sorted[i]);
    }
    assert_string_equal(diag.items[2].text, "0");
    assert_string_equal(diag.items[3].text, "2");
    conf_diag_free(&diag);
}

static void
test_suggestions(void **state MX_UNUSED)
{
    static const char *const names[] = {"readwritesplit", "readconnroute", "user", "port", NULL};
    assert_string_equal(conf_suggest("readwritesplt", names), "readwritesplit");
    assert_string_equal(conf_suggest("ReadConnRoute", names), "readconnroute");
    assert_string_equal(conf_suggest("usr", names), "user");
    assert_string_equal(conf_suggest("prot", names), "port");
    assert_null(conf_suggest("something_else", names));
    assert_null(conf_suggest("x", names));
    assert_null(conf_suggest("", names));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
