/* The dialect of the configuration file, rule by rule. */
#include "conf/files.h"
#include "conf/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct reading {
    struct conf_model model;
    struct conf_diag diag;
};

static void
read_text(struct reading *r, const char *text)
{
    memset(r, 0, sizeof(*r));
    conf_ini_read(&r->model, text, strlen(text), "test.cnf", CONF_ORIGIN_MAIN, &r->diag);
}

static void
drop(struct reading *r)
{
    conf_model_free(&r->model);
    conf_diag_free(&r->diag);
}

/* Text, and the value of key `k` in section `s` that must come out; NULL: an error must. */
struct rule {
    const char *text;
    const char *value;
};

static void
test_values(void **state MX_UNUSED)
{
    static const struct rule rules[] = {
        {"[s]\nk=v\n", "v"},
        {"[s]\r\nk = v \r\n", "v"},
        {"\xef\xbb\xbf[s]\nk=v", "v"},
        {"# c\n; c\n[s]\n  # c\nk=v\n", "v"},
        {"[s]\nk=v # not a comment\n", "v # not a comment"},
        {"[s]\nk:v=w\n", "v=w"},
        {"[s]\nk=v:w\n", "v:w"},
        {"[s]\nk\n", ""},
        {"[s]\nk=\n", ""},
        {"[s]\nk=a\n  b\n", "ab"},
        {"[s]\nk=a,\n\tb,\n\tc\n", "a,b,c"},
        {"[s]\nk=a\n\n# c\n  b\n", "ab"},
        {"[s]\nk=a\n  [x]\n", "a[x]"},
        {"[s]\nk=a\n  j=b\n", "aj=b"},
        {"[s]\n  k=a\n", "a"},
        {"[s]\nk=a\n[t]\n  k=b\n", "a"},
        {"[s]\nk=a\nk=b\n", "ab"},
        {"[s] # words\nk=a\n", "a"},
        {"[s]\nk='a b'\n", "'a b'"},
        {"[s]\nk=a\nj=1\nk=b\n", NULL},
        {"[s]\nk=a\n\nk=b\n", NULL},
        {"[s]\nk=a\n[s]\n", NULL},
        {"[s\nk=a\n", NULL},
        {"[]\nk=a\n", NULL},
        {"[ ]\nk=a\n", NULL},
        {"k=a\n[s]\n", NULL},
        {"[s]\n=a\n", NULL},
    };
    for (size_t i = 0; i < MX_COUNT(rules); i++) {
        struct reading r;
        read_text(&r, rules[i].text);
        if (rules[i].value == NULL) {
            assert_int_equal(r.diag.error_count, 1);
        } else {
            const struct conf_section *section = conf_model_find(&r.model, "s");
            assert_int_equal(r.diag.error_count, 0);
            assert_non_null(section);
            assert_string_equal(conf_section_value(section, "k"), rules[i].value);
        }
        drop(&r);
    }
}

static void
test_places_of_keys(void **state MX_UNUSED)
{
    struct reading r;
    read_text(&r, "# one\n[s]\n\nk=a\n  b\nj=c\n");
    const struct conf_section *section = conf_model_find(&r.model, "s");
    assert_int_equal(section->line, 2);
    assert_int_equal(conf_section_key(section, "k")->line, 4);
    assert_int_equal(conf_section_key(section, "j")->line, 6);
    assert_string_equal(conf_section_key(section, "j")->file, "test.cnf");
    drop(&r);
}

static void
test_every_mistake_is_reported(void **state MX_UNUSED)
{
    struct reading r;
    read_text(&r, "x=1\n[a\n[b]\nk=1\nj=2\nk=3\n[b]\n=4\n[]\n");
    assert_int_equal(r.diag.error_count, 5);
    const int lines[] = {1, 2, 6, 7, 9};
    for (size_t i = 0; i < MX_COUNT(lines); i++) {
        assert_int_equal(r.diag.items[i].line, lines[i]);
        assert_non_null(r.diag.items[i].hint);
    }
    drop(&r);
}

static void
test_name_lengths(void **state MX_UNUSED)
{
    char text[2200];
    struct reading r;
    for (size_t len = 1022; len <= 1024; len++) {
        memset(text, 'n', sizeof(text));
        text[0] = '[';
        memcpy(text + 1 + len, "]\nk=v\n", 7);
        read_text(&r, text);
        assert_int_equal(r.diag.error_count, len <= 1023 ? 0 : 1);
        drop(&r);
    }
}

static void
test_binary_line_is_refused(void **state MX_UNUSED)
{
    static const char text[] = "[s]\nk=a\0b\nj=1\n";
    struct reading r = {0};
    conf_ini_read(&r.model, text, sizeof(text) - 1, "test.cnf", CONF_ORIGIN_MAIN, &r.diag);
    assert_int_equal(r.diag.error_count, 1);
    assert_string_equal(conf_section_value(conf_model_find(&r.model, "s"), "j"), "1");
    drop(&r);
}

static void
test_any_prefix_is_read_without_harm(void **state MX_UNUSED)
{
    static const char text[] = "\xef\xbb\xbf[s]\nk = a,\n  b\n# c\n[t]\n@include=s\nj:1\nj:2\n[u\n";
    for (size_t len = 0; len < sizeof(text); len++) {
        struct reading r = {0};
        char *copy = mx_strndup(text, len);
        conf_ini_read(&r.model, copy, len, "test.cnf", CONF_ORIGIN_MAIN, &r.diag);
        conf_include_resolve(&r.model, &r.diag);
        conf_names_check(&r.model, &r.diag);
        drop(&r);
        free(copy);
    }
}

static void
test_include(void **state MX_UNUSED)
{
    struct reading r;
    read_text(&r, "[A]\ntype=include\nuser=a\nport=1\n"
                  "[B]\ntype=include\nuser=b\n"
                  "[s]\n@include=A, B\ntype=server\nport=2\n");
    conf_include_resolve(&r.model, &r.diag);
    assert_int_equal(r.diag.count, 0);
    const struct conf_section *section = conf_model_find(&r.model, "s");
    assert_string_equal(conf_section_value(section, "user"), "b");
    assert_string_equal(conf_section_value(section, "port"), "2");
    assert_string_equal(conf_section_value(section, "type"), "server");
    assert_null(conf_section_value(section, "@include"));
    assert_null(conf_model_find(&r.model, "A"));
    assert_int_equal(conf_section_key(section, "user")->line, 7);
    drop(&r);
}

static void
test_include_mistakes(void **state MX_UNUSED)
{
    static const struct {
        const char *text;
        size_t errors;
        size_t warnings;
    } cases[] = {
        {"[s]\ntype=server\n@include=X\n", 1, 0},
        {"[t]\ntype=server\n[s]\ntype=server\n@include=t\n", 1, 0},
        {"[A]\ntype=include\n@include=B\n[B]\ntype=include\n[s]\ntype=server\n@include=A,B\n", 1,
         0},
        {"[A]\ntype=include\n[s]\n@include=A\n", 1, 0},
        {"[A]\ntype=include\n", 0, 1},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct reading r;
        read_text(&r, cases[i].text);
        conf_include_resolve(&r.model, &r.diag);
        assert_int_equal(r.diag.error_count, cases[i].errors);
        assert_int_equal(r.diag.count, cases[i].errors + cases[i].warnings);
        drop(&r);
    }
}

static void
test_environment(void **state MX_UNUSED)
{
    struct reading r;
    assert_int_equal(setenv("CONF_TEST_VALUE", "from outside", 1), 0);
    assert_int_equal(unsetenv("CONF_TEST_MISSING"), 0);
    read_text(
        &r,
        "[maxscale]\nsubstitute_variables=1\n[s]\nk=$CONF_TEST_VALUE\nj=$\ni=a$CONF_TEST_VALUE\n"
        "h=$CONF_TEST_MISSING\n");
    conf_env_substitute(&r.model, &r.diag);
    const struct conf_section *section = conf_model_find(&r.model, "s");
    assert_string_equal(conf_section_value(section, "k"), "from outside");
    assert_string_equal(conf_section_value(section, "j"), "$");
    assert_string_equal(conf_section_value(section, "i"), "a$CONF_TEST_VALUE");
    assert_int_equal(r.diag.error_count, 1);
    assert_int_equal(r.diag.items[0].line, 7);
    drop(&r);

    read_text(&r, "[s]\nk=$CONF_TEST_VALUE\n");
    conf_env_substitute(&r.model, &r.diag);
    section = conf_model_find(&r.model, "s");
    assert_string_equal(conf_section_value(section, "k"), "$CONF_TEST_VALUE");
    drop(&r);
}

static void
test_names(void **state MX_UNUSED)
{
    struct reading r;
    read_text(&r, "[a b]\n[@@x]\n[caf\xc3\xa9]\n[fine-1_2.3~4]\n");
    conf_names_check(&r.model, &r.diag);
    assert_int_equal(r.diag.error_count, 2);
    assert_int_equal(r.diag.count, 3);
    drop(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_places_of_keys),
        cmocka_unit_test(test_every_mistake_is_reported),
        cmocka_unit_test(test_name_lengths),
        cmocka_unit_test(test_binary_line_is_refused),
        cmocka_unit_test(test_any_prefix_is_read_without_harm),
        cmocka_unit_test(test_include),
        cmocka_unit_test(test_include_mistakes),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
