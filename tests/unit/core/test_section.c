/* Sections for runtime changes: values from JSON, the text of a persisted file, comparison. */
#include "core/section.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct conf_context context;

static struct conf_section *
server(struct conf_model *model)
{
    const char *file = conf_model_file(model, "/etc/x.cnf");
    struct conf_section *section = conf_model_add(model, "s1", file, 3, CONF_ORIGIN_MAIN);
    conf_section_add(section, "type", "server", file, 4);
    conf_section_add(section, "address", "10.0.0.1", file, 5);
    conf_section_add(section, "ssl_ca_cert", "", file, 6);
    conf_section_add(section, "protocol", "MariaDBBackend", file, 7);
    return section;
}

/* Errors of setting the values; the first one's parameter and text. */
static size_t
set(struct conf_section *section, const char *json, const char *param, const char *text)
{
    struct conf_diag diag = {0};
    json_t *values = json_loads(json, 0, NULL);
    assert_non_null(values);
    core_section_set(section, values, true, &context, &diag);
    size_t errors = diag.error_count;
    if (errors > 0 && param != NULL) {
        assert_string_equal(diag.items[0].param, param);
        assert_non_null(strstr(diag.items[0].text, text));
    }
    conf_diag_free(&diag);
    json_decref(values);
    return errors;
}

static void
test_values(void **state)
{
    struct conf_model model = {0};
    struct conf_section *section = server(&model);
    (void)state;
    assert_int_equal(set(section,
                         "{\"port\": 3307, \"proxy_protocol\": true, \"persistmaxtime\": \"1m\", "
                         "\"monitoruser\": null, \"rank\": \"secondary\"}",
                         NULL, NULL),
                     0);
    assert_string_equal(conf_section_value(section, "port"), "3307");
    assert_string_equal(conf_section_value(section, "proxy_protocol"), "true");
    assert_string_equal(conf_section_value(section, "persistmaxtime"), "60000ms");
    assert_string_equal(conf_section_value(section, "rank"), "secondary");
    assert_null(conf_section_key(section, "monitoruser"));
    /* Its former name goes when the new one comes. */
    assert_int_equal(set(section, "{\"ssl_ca_cert\": \"\"}", NULL, NULL), 0);
    assert_null(conf_section_key(section, "ssl_ca_cert"));
    assert_non_null(conf_section_key(section, "ssl_ca"));
    conf_model_free(&model);
}

static void
test_wrong_values(void **state)
{
    struct conf_model model = {0};
    struct conf_section *section = server(&model);
    (void)state;
    assert_int_equal(set(section, "{\"prot\": 1}", "prot", "no such parameter"), 1);
    assert_int_equal(set(section, "{\"port\": \"many\"}", "port", ""), 1);
    assert_int_equal(set(section, "{\"port\": 70000}", "port", ""), 1);
    assert_int_equal(set(section, "{\"proxy_protocol\": \"yes\"}", "proxy_protocol", ""), 1);
    assert_int_equal(set(section, "{\"type\": \"service\"}", "type", "cannot be modified"), 1);
    assert_int_equal(set(section, "{\"type\": \"server\"}", NULL, NULL), 0);
    assert_int_equal(set(section, "{\"monitoruser\": \"a\\n[b]\"}", "monitoruser", "one line"), 1);
    assert_int_equal(set(section, "{\"port\": {\"a\": 1}, \"rank\": \"x\"}", "port", ""), 2);
    assert_null(conf_section_key(section, "port"));
    assert_null(conf_section_key(section, "monitoruser"));
    conf_model_free(&model);
}

static void
test_text(void **state)
{
    struct conf_model model = {0};
    struct conf_model again = {0};
    struct conf_section *section = server(&model);
    struct conf_diag diag = {0};
    struct mx_err err;
    (void)state;
    char *text = core_section_text(section, &context, &context, &err);
    assert_string_equal(text, "[s1]\naddress=10.0.0.1\ntype=server\n");
    free(text);
    /* Values at their defaults are not written, odd ones survive being read again. */
    assert_int_equal(set(section,
                         "{\"port\": 3306, \"monitoruser\": \" 'a' \", \"monitorpw\": \"p#;w\"}",
                         NULL, NULL),
                     0);
    text = core_section_text(section, &context, &context, &err);
    assert_null(strstr(text, "port="));
    conf_ini_read(&again, text, strlen(text), "x", CONF_ORIGIN_PERSISTED, &diag);
    assert_int_equal(diag.error_count, 0);
    char *second = core_section_text(conf_model_find(&again, "s1"), &context, &context, &err);
    assert_string_equal(second, text);
    free(second);
    free(text);
    conf_diag_free(&diag);
    conf_model_free(&model);
    conf_model_free(&again);
}

static void
test_unknown_kind(void **state)
{
    struct conf_model model = {0};
    struct conf_section *section = server(&model);
    struct mx_err err;
    (void)state;
    conf_section_remove_key(section, "type");
    assert_null(core_section_text(section, &context, NULL, &err));
    assert_int_equal(set(section, "{\"port\": 1}", NULL, NULL), 1);
    conf_model_free(&model);
}

static void
test_equal(void **state)
{
    struct conf_model a = {0};
    struct conf_model b = {0};
    struct conf_section *one = server(&a);
    struct conf_section *two = server(&b);
    (void)state;
    assert_true(core_section_equal(one, two));
    conf_section_remove_key(two, "address");
    assert_false(core_section_equal(one, two));
    conf_section_add(two, "address", "10.0.0.2", two->file, 1);
    assert_false(core_section_equal(one, two));
    conf_section_remove_key(two, "address");
    conf_section_add(two, "address", "10.0.0.1", two->file, 1);
    assert_true(core_section_equal(one, two)); /* the order does not count */
    conf_model_free(&a);
    conf_model_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_text),   cmocka_unit_test(test_unknown_kind),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
