/* GTID lists: text to value and back, comparisons. */
#include "fake.h"

static void
test_text_survives_a_round_trip(void **state)
{
    static const char *const texts[] = {"", "0-1-1", "0-1-18446744073709551615",
                                        "0-1-5,1-2-7,4294967295-4294967295-9"};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        struct mon_gtid_list list;
        char out[256];
        fake_gtid(&list, texts[i]);
        mon_gtid_print(&list, out, sizeof(out));
        assert_string_equal(out, texts[i]);
    }
}

static void
test_malformed_text_empties_the_list(void **state)
{
    static const char *const texts[] = {"0",
                                        "0-1",
                                        "0-1-",
                                        "0-1-2,",
                                        "a-1-2",
                                        "0-1-2-3",
                                        "0--1-2",
                                        "-1-1-2",
                                        "0-1-2 3",
                                        ",",
                                        "0-1-2,,",
                                        "0-1-2;1-1",
                                        "4294967296-1-1",
                                        "0-1-18446744073709551616"};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        struct mon_gtid_list list = {.count = 3};
        assert_int_equal(mon_gtid_parse(texts[i], &list), -1);
        assert_int_equal(list.count, 0);
    }
}

static void
test_too_long_list_is_malformed(void **state)
{
    char text[4096] = "";
    size_t used = 0;
    (void)state;
    for (size_t i = 0; i <= MON_GTID_MAX; i++) {
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s%zu-1-1", i > 0 ? "," : "", i);
    }
    struct mon_gtid_list list;
    assert_int_equal(mon_gtid_parse(text, &list), -1);
}

static void
test_printing_is_cut_at_the_end_of_the_buffer(void **state)
{
    struct mon_gtid_list list;
    char out[8];
    (void)state;
    fake_gtid(&list, "0-1-5,1-2-7");
    mon_gtid_print(&list, out, sizeof(out));
    assert_int_equal(strlen(out), 7);
}

static bool
can(const char *joiner, const char *source)
{
    struct mon_gtid_list a;
    struct mon_gtid_list b;
    fake_gtid(&a, joiner);
    fake_gtid(&b, source);
    return mon_gtid_can_replicate(&a, &b);
}

static void
test_joiner_must_not_be_ahead(void **state)
{
    (void)state;
    assert_true(can("0-1-5", "0-1-5"));
    assert_true(can("0-1-5", "0-2-9"));
    assert_false(can("0-1-6", "0-1-5"));
    assert_true(can("1-1-100", "0-1-5"));
    assert_false(can("0-1-5,1-1-3", "0-1-9,1-1-2"));
    assert_false(can("", "0-1-5"));
    assert_false(can("0-1-5", ""));
}

static size_t
extra(const char *joiner, const char *source, const char *log)
{
    struct mon_gtid_list a;
    struct mon_gtid_list b;
    struct mon_gtid_list c;
    struct mon_gtid_list out;
    fake_gtid(&a, joiner);
    fake_gtid(&b, source);
    fake_gtid(&c, log);
    return mon_gtid_extra(&a, &b, &c, &out);
}

static void
test_lost_transactions_show_in_the_binlog_state(void **state)
{
    (void)state;
    /* server 1 wrote 100, the new primary only has its 98 and went on by itself */
    assert_int_equal(extra("0-1-100", "0-2-105", "0-1-98,0-2-105"), 1);
    assert_int_equal(extra("0-1-98", "0-2-105", "0-1-98,0-2-105"), 0);
    /* a state that knows nothing of server 1 proves nothing */
    assert_int_equal(extra("0-1-100", "0-2-105", "0-2-105"), 0);
    assert_int_equal(extra("0-1-106", "0-2-105", ""), 1);
}

static void
test_unapplied_counts_what_is_missing(void **state)
{
    struct mon_gtid_list got;
    struct mon_gtid_list applied;
    (void)state;
    fake_gtid(&got, "0-1-10,1-1-5");
    fake_gtid(&applied, "0-1-7,2-1-9");
    assert_int_equal(mon_gtid_unapplied(&got, &applied), 3 + 5);
    assert_false(mon_gtid_reached(&applied, &got));
    assert_true(mon_gtid_reached(&got, &got));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_survives_a_round_trip),
        cmocka_unit_test(test_malformed_text_empties_the_list),
        cmocka_unit_test(test_too_long_list_is_malformed),
        cmocka_unit_test(test_printing_is_cut_at_the_end_of_the_buffer),
        cmocka_unit_test(test_joiner_must_not_be_ahead),
        cmocka_unit_test(test_lost_transactions_show_in_the_binlog_state),
        cmocka_unit_test(test_unapplied_counts_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
