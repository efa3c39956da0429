/* Every parameter type: text in, text and JSON out, JSON in, and what is refused. */
#include "conf/param.h"
#include "conf/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

union member {
    int64_t number;
    bool flag;
    char *text;
    char **list;
    struct mx_throttling throttling;
};

static const struct mx_enum_value colours[] = {{"none", 0},  {"red", 1},  {"rot", 1},
                                               {"green", 2}, {"both", 3}, {NULL, 0}};
static const struct mx_enum_value words[] = {{"auto", 0}, {NULL, 0}};

struct rule {
    enum mx_param_type type;
    const char *in;
    const char *json; /* NULL: refused */
    const char *out;  /* as text; NULL: as `in` */
    uint32_t flags;
    bool warns;
};

static struct mx_param
row_of(const struct rule *rule)
{
    bool is_enum = rule->type == MX_PARAM_ENUM || rule->type == MX_PARAM_ENUM_MASK ||
                   rule->type == MX_PARAM_ENUM_LIST;
    return (struct mx_param){.name = "p",
                             .type = rule->type,
                             .flags = rule->flags,
                             .values = is_enum ? colours : NULL,
                             .doc = "A parameter."};
}

static void
drop(const struct mx_param *row, union member *block)
{
    const struct conf_rows rows = {.rows = row, .count = 1};
    conf_block_free(&rows, block);
}

static void
check_rule(const struct rule *rule)
{
    const struct conf_context context = {.module_configdir = "/base"};
    struct mx_param row = row_of(rule);
    union member block;
    union member again;
    struct conf_why why;
    memset(&block, 0, sizeof(block));
    memset(&again, 0, sizeof(again));
    int rc = conf_param_set_text(&row, &block, rule->in, &context, &why);
    if (rule->json == NULL) {
        if (rc != -1 || why.text[0] == '\0') {
            fail_msg("'%s' is accepted as %s", rule->in, conf_param_type_name(&row));
        }
        return;
    }
    if (rc != 0) {
        fail_msg("'%s' is refused as %s: %s", rule->in, conf_param_type_name(&row), why.text);
    }
    assert_int_equal(why.text[0] != '\0', rule->warns);
    json_t *json = conf_param_json(&row, &block);
    char *dumped = json_dumps(json, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_string_equal(dumped, rule->json);
    free(dumped);

    /* What is printed reads back as the same. */
    char *text = conf_param_text(&row, &block, NULL);
    assert_string_equal(text, rule->out != NULL ? rule->out : rule->in);
    assert_int_equal(conf_param_set_text(&row, &again, text, &context, &why), 0);
    assert_true(conf_param_equal(&row, &block, &again));
    if (rule->type != MX_PARAM_PASSWORD && rule->type != MX_PARAM_HOSTLIST) {
        assert_int_equal(conf_param_set_json(&row, &again, json, &context, &why), 0);
        if (!conf_param_equal(&row, &block, &again)) {
            fail_msg("'%s' changes on its way through JSON", rule->in);
        }
    }
    free(text);
    json_decref(json);
    drop(&row, &block);
    drop(&row, &again);
}

static void
check_rules(const struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_rule(&rules[i]);
    }
}

static void
test_bool(void **state MX_UNUSED)
{
    static const struct rule rules[] = {
        {.type = MX_PARAM_BOOL, .in = "true", .json = "true"},
        {.type = MX_PARAM_BOOL, .in = "ON", .json = "true", .out = "true"},
        {.type = MX_PARAM_BOOL, .in = "yes", .json = "true", .out = "true"},
        {.type = MX_PARAM_BOOL, .in = "1", .json = "true", .out = "true"},
        {.type = MX_PARAM_BOOL, .in = "False", .json = "false", .out = "false"},
        {.type = MX_PARAM_BOOL, .in = "off", .json = "false", .out = "false"},
        {.type = MX_PARAM_BOOL, .in = "no", .json = "false", .out = "false"},
        {.type = MX_PARAM_BOOL, .in = "0", .json = "false", .out = "false"},
        {.type = MX_PARAM_BOOL, .in = "maybe"},
        {.type = MX_PARAM_BOOL, .in = ""},
        {.type = MX_PARAM_BOOL, .in = "2"},
    };
    check_rules(rules, MX_COUNT(rules));
}

static void
test_numbers(void **state MX_UNUSED)
{
    static const struct rule rules[] = {
        {.type = MX_PARAM_COUNT, .in = "0", .json = "0"},
        {.type = MX_PARAM_COUNT, .in = "42", .json = "42"},
        {.type = MX_PARAM_COUNT, .in = "-1"},
        {.type = MX_PARAM_COUNT, .in = "abc"},
        {.type = MX_PARAM_COUNT, .in = "50%"},
        {.type = MX_PARAM_COUNT, .in = "1 2"},
        {.type = MX_PARAM_COUNT, .in = "0x10"},
        {.type = MX_PARAM_COUNT, .in = "99999999999999999999"},
        {.type = MX_PARAM_INT, .in = "-5", .json = "-5"},
        {.type = MX_PARAM_INT, .in = "--5"},
        {.type = MX_PARAM_INT, .in = ""},
        {.type = MX_PARAM_PERCENT, .in = "50%", .json = "\"50%\""},
        {.type = MX_PARAM_PERCENT, .in = "50"},
        {.type = MX_PARAM_PERCENT, .in = "%"},
        {.type = MX_PARAM_SIZE, .in = "10", .json = "10"},
        {.type = MX_PARAM_SIZE, .in = "1k", .json = "1000", .out = "1000"},
        {.type = MX_PARAM_SIZE, .in = "1Ki", .json = "1024", .out = "1024"},
        {.type = MX_PARAM_SIZE, .in = "2mI", .json = "2097152", .out = "2097152"},
        {.type = MX_PARAM_SIZE, .in = "1G", .json = "1000000000", .out = "1000000000"},
        {.type = MX_PARAM_SIZE, .in = "1Ti", .json = "1099511627776", .out = "1099511627776"},
        {.type = MX_PARAM_SIZE, .in = "1MB"},
        {.type = MX_PARAM_SIZE, .in = "1Q"},
        {.type = MX_PARAM_SIZE, .in = "-1"},
        {.type = MX_PARAM_SIZE, .in = "9999999999T"},
        {.type = MX_PARAM_SIZE, .in = "k"},
    };
    check_rules(rules, MX_COUNT(rules));
}

static void
test_durations(void **state MX_UNUSED)
{
    static const struct rule rules[] = {
        {.type = MX_PARAM_DURATION, .in = "10ms", .json = "\"10ms\""},
        {.type = MX_PARAM_DURATION, .in = "10s", .json = "\"10000ms\"", .out = "10000ms"},
        {.type = MX_PARAM_DURATION, .in = "2m", .json = "\"120000ms\"", .out = "120000ms"},
        {.type = MX_PARAM_DURATION, .in = "2MIN", .json = "\"120000ms\"", .out = "120000ms"},
        {.type = MX_PARAM_DURATION, .in = "1h", .json = "\"3600000ms\"", .out = "3600000ms"},
        {.type = MX_PARAM_DURATION, .in = "1m30s", .json = "\"90000ms\"", .out = "90000ms"},
        {.type = MX_PARAM_DURATION, .in = "1h2m3s4ms", .json = "\"3723004ms\"", .out = "3723004ms"},
        {.type = MX_PARAM_DURATION, .in = "30s1m"},
        {.type = MX_PARAM_DURATION, .in = "1s1s"},
        {.type = MX_PARAM_DURATION, .in = "2000"},
        {.type = MX_PARAM_DURATION, .in = "0"},
        {.type = MX_PARAM_DURATION, .in = "5x"},
        {.type = MX_PARAM_DURATION, .in = "s"},
        {.type = MX_PARAM_DURATION, .in = ""},
        {.type = MX_PARAM_DURATION, .in = "-1ms"},
        {.type = MX_PARAM_DURATION, .in = "99999999999999999h"},
        {.type = MX_PARAM_DURATION, .in = "-1ms", .json = "\"-1ms\"", .flags = MX_PARAM_SIGNED},
        {.type = MX_PARAM_SECONDS, .in = "3s", .json = "\"3000ms\"", .out = "3000ms"},
        {.type = MX_PARAM_SECONDS, .in = "0s", .json = "\"0ms\"", .out = "0ms"},
        {.type = MX_PARAM_SECONDS,
         .in = "1500ms",
         .json = "\"1000ms\"",
         .out = "1000ms",
         .warns = true},
        {.type = MX_PARAM_SECONDS, .in = "500ms"},
        {.type = MX_PARAM_SECONDS,
         .in = "-1",
         .json = "\"2147483647000ms\"",
         .out = "2147483647000ms",
         .flags = MX_PARAM_SIGNED},
    };
    check_rules(rules, MX_COUNT(rules));
}

static void
test_words(void **state MX_UNUSED)
{
    static const struct rule rules[] = {
        {.type = MX_PARAM_ENUM, .in = "red", .json = "\"red\""},
        {.type = MX_PARAM_ENUM, .in = "rot", .json = "\"red\"", .out = "red"},
        {.type = MX_PARAM_ENUM, .in = "Red"},
        {.type = MX_PARAM_ENUM, .in = "blue"},
        {.type = MX_PARAM_ENUM_MASK, .in = "red", .json = "\"red\""},
        {.type = MX_PARAM_ENUM_MASK,
         .in = "red, green",
         .json = "\"red,green,both\"",
         .out = "red,green,both"},
        {.type = MX_PARAM_ENUM_MASK, .in = "red,blue"},
        {.type = MX_PARAM_ENUM_LIST, .in = "green,red", .json = "[\"green\", \"red\"]"},
        {.type = MX_PARAM_ENUM_LIST, .in = "green,blue"},
    };
    check_rules(rules, MX_COUNT(rules));
}

static void
test_texts(void **state MX_UNUSED)
{
    static const struct rule rules[] = {
        {.type = MX_PARAM_STRING, .in = "a b", .json = "\"a b\""},
        {.type = MX_PARAM_STRING, .in = "'a b'", .json = "\"a b\"", .out = "a b"},
        {.type = MX_PARAM_STRING, .in = "\"'a'\"", .json = "\"'a'\""},
        {.type = MX_PARAM_STRING, .in = "'a", .json = "\"'a\""},
        {.type = MX_PARAM_STRING, .in = "", .json = "null"},
        {.type = MX_PARAM_STRINGLIST,
         .in = "a, b ,,c",
         .json = "[\"a\", \"b\", \"c\"]",
         .out = "a,b,c"},
        {.type = MX_PARAM_STRINGLIST, .in = "", .json = "[]"},
        {.type = MX_PARAM_PATH, .in = "/x/y", .json = "\"/x/y\""},
        {.type = MX_PARAM_PATH, .in = "y", .json = "\"/base/y\"", .out = "/base/y"},
        {.type = MX_PARAM_PATH, .in = "/does/not/exist", .flags = MX_PARAM_PATH_R},
        {.type = MX_PARAM_PATH, .in = "/", .json = "\"/\"", .flags = MX_PARAM_PATH_R},
        {.type = MX_PARAM_PATHLIST,
         .in = "/a:b",
         .json = "[\"/a\", \"/base/b\"]",
         .out = "/a:/base/b"},
        {.type = MX_PARAM_REGEX, .in = "/a.*b/", .json = "\"/a.*b/\""},
        {.type = MX_PARAM_REGEX,
         .in = "a.*b",
         .json = "\"/a.*b/\"",
         .out = "/a.*b/",
         .warns = true},
        {.type = MX_PARAM_REGEX, .in = "/(/"},
        {.type = MX_PARAM_PASSWORD, .in = "secret", .json = "\"*****\""},
        {.type = MX_PARAM_PASSWORD, .in = "", .json = "null"},
        {.type = MX_PARAM_SERVERLIST, .in = "s1,s2", .json = "\"s1,s2\""},
        {.type = MX_PARAM_SERVERLIST, .in = "", .json = "null"},
        {.type = MX_PARAM_FILTERLIST, .in = "f1 | f2", .json = "[\"f1\", \"f2\"]", .out = "f1|f2"},
        {.type = MX_PARAM_HOST, .in = "h:1", .json = "\"h:1\""},
        {.type = MX_PARAM_HOST, .in = "[::1]:3306", .json = "\"[::1]:3306\""},
        {.type = MX_PARAM_HOST, .in = "h"},
        {.type = MX_PARAM_HOST, .in = "h:0"},
        {.type = MX_PARAM_HOST, .in = "h:70000"},
        {.type = MX_PARAM_HOSTLIST, .in = "%", .json = "\"%\""},
        {.type = MX_PARAM_HOSTLIST, .in = "10.0.0.0/8,::1", .json = "\"10.0.0.0/8,::1\""},
        {.type = MX_PARAM_HOSTLIST, .in = "%,10.0.0.1"},
        {.type = MX_PARAM_HOSTLIST, .in = "a b"},
        {.type = MX_PARAM_DISK_LIMITS, .in = "/a:80,*:90", .json = "{\"*\": 90, \"/a\": 80}"},
        {.type = MX_PARAM_DISK_LIMITS, .in = "", .json = "null"},
        {.type = MX_PARAM_DISK_LIMITS, .in = "/a:101"},
        {.type = MX_PARAM_DISK_LIMITS, .in = "/a"},
        {.type = MX_PARAM_THROTTLING,
         .in = "10, 1000ms, 10s",
         .json = "{\"count\": 10, \"suppress\": 10000, \"window\": 1000}",
         .out = "10,1000ms,10000ms"},
        {.type = MX_PARAM_THROTTLING,
         .in = "",
         .json = "{\"count\": 0, \"suppress\": 0, \"window\": 0}",
         .out = "0,0ms,0ms"},
        {.type = MX_PARAM_THROTTLING, .in = "10, 1000, 10s"},
        {.type = MX_PARAM_THROTTLING, .in = "10, 1s"},
    };
    check_rules(rules, MX_COUNT(rules));
}

static void
test_bounds(void **state MX_UNUSED)
{
    struct mx_param row = {.name = "p", .type = MX_PARAM_COUNT, .min = 1, .max = 65535, .doc = "."};
    struct conf_why why;
    int64_t number = 7;
    assert_int_equal(conf_param_set_text(&row, &number, "0", NULL, &why), -1);
    assert_int_equal(conf_param_set_text(&row, &number, "99999", NULL, &why), -1);
    assert_non_null(strstr(why.hint, "65535"));
    assert_int_equal(number, 7);
    assert_int_equal(conf_param_set_text(&row, &number, "65535", NULL, &why), 0);
    row.values = words;
    assert_int_equal(conf_param_set_text(&row, &number, "Auto", NULL, &why), 0);
    assert_int_equal(number, 0);
    assert_int_equal(conf_param_set_text(&row, &number, "many", NULL, &why), -1);
}

static void
test_json_of_the_wrong_type(void **state MX_UNUSED)
{
    static const struct {
        enum mx_param_type type;
        const char *json;
    } cases[] = {
        {MX_PARAM_BOOL, "\"yes\""},
        {MX_PARAM_BOOL, "1"},
        {MX_PARAM_COUNT, "\"5\""},
        {MX_PARAM_COUNT, "5.5"},
        {MX_PARAM_COUNT, "true"},
        {MX_PARAM_STRING, "5"},
        {MX_PARAM_STRING, "\"a\\u0000b\""},
        {MX_PARAM_DURATION, "5"},
        {MX_PARAM_STRINGLIST, "[1]"},
        {MX_PARAM_STRINGLIST, "[\"a,b\"]"},
        {MX_PARAM_SIZE, "{}"},
        {MX_PARAM_THROTTLING, "{}"},
        {MX_PARAM_DISK_LIMITS, "{\"/a\": \"b\"}"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct mx_param row = {.name = "p", .type = cases[i].type, .doc = "."};
        union member block;
        struct conf_why why;
        memset(&block, 0, sizeof(block));
        json_t *json = json_loads(cases[i].json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(json);
        assert_int_equal(conf_param_set_json(&row, &block, json, NULL, &why), -1);
        assert_int_not_equal(why.text[0], '\0');
        json_decref(json);
    }
}

static void
test_json_null_is_the_default(void **state MX_UNUSED)
{
    struct mx_param row = {.name = "p", .type = MX_PARAM_COUNT, .value_default = "5", .doc = "."};
    struct conf_why why;
    int64_t number = 7;
    json_t *json = json_null();
    assert_int_equal(conf_param_set_json(&row, &number, json, NULL, &why), 0);
    assert_int_equal(number, 5);
}

struct block {
    int64_t count;
    char *name;
    char **list;
    bool flag;
};

static const struct mx_param block_rows[] = {
    {.name = "count",
     .type = MX_PARAM_COUNT,
     .flags = MX_PARAM_INERT,
     .offset = offsetof(struct block, count),
     .value_default = "3",
     .doc = "A count."},
    {.name = "name",
     .type = MX_PARAM_STRING,
     .flags = MX_PARAM_MANDATORY,
     .offset = offsetof(struct block, name),
     .doc = "A name."},
    {.name = "old_name",
     .type = MX_PARAM_STRING,
     .flags = MX_PARAM_ALIAS | MX_PARAM_DEPRECATED,
     .value_default = "name",
     .doc = "Former name of name."},
    {.name = "list",
     .type = MX_PARAM_STRINGLIST,
     .offset = offsetof(struct block, list),
     .value_default = "a,b",
     .doc = "A list."},
    {.name = "flag",
     .type = MX_PARAM_BOOL,
     .offset = offsetof(struct block, flag),
     .doc = "A flag."},
};
static const struct conf_rows block_table = {.rows = block_rows, .count = MX_COUNT(block_rows)};

static void
test_block(void **state MX_UNUSED)
{
    static const char text[] = "[s]\nold_name=x\ncount=4\nflag=perhaps\nother=1\n";
    struct conf_model model = {0};
    struct conf_diag diag = {0};
    struct block block = {0};
    struct block copy = {0};
    bool used[4] = {false};
    conf_ini_read(&model, text, strlen(text), "f", CONF_ORIGIN_MAIN, &diag);
    const struct conf_section *section = conf_model_find(&model, "s");
    conf_block_init(&block_table, &block);
    assert_int_equal(block.count, 3);
    assert_true(conf_param_is_default(&block_rows[0], &block));
    conf_block_apply(&block_table, &block, section, NULL, NULL, used, &diag);
    conf_block_check_inert(&block_table, &block, section, &diag);
    conf_block_check_mandatory(&block_table, section, &diag);
    assert_string_equal(block.name, "x");
    assert_int_equal(block.count, 4);
    assert_false(conf_param_is_default(&block_rows[0], &block));
    assert_true(used[0] && used[1] && used[2]);
    assert_false(used[3]);
    assert_int_equal(diag.error_count, 2); /* flag; and name itself is not given */
    assert_int_equal(diag.count, 4);       /* deprecated, inert */
    conf_block_copy(&block_table, &copy, &block);
    assert_true(conf_block_equal(&block_table, &copy, &block));
    copy.flag = true;
    assert_false(conf_block_equal(&block_table, &copy, &block));
    conf_block_free(&block_table, &block);
    conf_block_free(&block_table, &copy);
    conf_diag_free(&diag);
    conf_model_free(&model);
}

static void
test_schema(void **state MX_UNUSED)
{
    json_t *json = conf_param_schema(&block_table, &block_rows[3]);
    char *text = json_dumps(json, JSON_SORT_KEYS);
    assert_string_equal(text, "{\"default_value\": [\"a\", \"b\"], \"description\": \"A list.\", "
                              "\"mandatory\": false, \"modifiable\": false, \"name\": \"list\", "
                              "\"type\": \"stringlist\"}");
    free(text);
    json_decref(json);
    json = conf_param_schema(&block_table, &block_rows[2]);
    assert_null(json_object_get(json, "default_value"));
    assert_true(json_is_true(json_object_get(json, "deprecated")));
    json_decref(json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_json_of_the_wrong_type),
        cmocka_unit_test(test_json_null_is_the_default),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
