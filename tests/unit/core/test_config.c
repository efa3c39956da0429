/* The parameter tables of the core objects, and the words of server states. */
#include "core/objects.h"
#include "core/params_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const struct conf_rows *rows;
    size_t size;
} tables[] = {
    {&core_global_rows, sizeof(struct core_global_config)},
    {&core_server_rows, sizeof(struct core_server_config)},
    {&core_service_rows, sizeof(struct core_service_config)},
    {&core_listener_rows, sizeof(struct core_listener_config)},
    {&core_monitor_rows, sizeof(struct core_monitor_config)},
    {&core_filter_rows, sizeof(struct core_filter_config)},
};

static void
test_rows_are_sound(void **state MX_UNUSED)
{
    for (size_t t = 0; t < MX_COUNT(tables); t++) {
        const struct conf_rows *rows = tables[t].rows;
        for (size_t i = 0; i < rows->count; i++) {
            const struct mx_param *row = &rows->rows[i];
            size_t len = strlen(row->doc);
            assert_true(len > 0 && row->doc[len - 1] == '.');
            assert_true(i == 0 || strcmp(rows->rows[i - 1].name, row->name) < 0);
            assert_non_null(conf_rows_target(rows, row));
            assert_true((row->flags & MX_PARAM_ALIAS) != 0 || row->offset < tables[t].size);
        }
    }
}

static void
test_defaults_are_values(void **state MX_UNUSED)
{
    for (size_t t = 0; t < MX_COUNT(tables); t++) {
        const struct conf_rows *rows = tables[t].rows;
        void *block = calloc(1, tables[t].size);
        void *copy = calloc(1, tables[t].size);
        conf_block_init(rows, block);
        conf_block_copy(rows, copy, block);
        assert_true(conf_block_equal(rows, block, copy));
        for (size_t i = 0; i < rows->count; i++) {
            const struct mx_param *row = &rows->rows[i];
            if ((row->flags & MX_PARAM_ALIAS) == 0) {
                assert_true(conf_param_is_default(row, block));
                json_t *json = conf_param_json(row, block);
                assert_non_null(json);
                json_decref(json);
            }
            json_t *schema = conf_param_schema(rows, row);
            assert_string_equal(json_string_value(json_object_get(schema, "name")), row->name);
            json_decref(schema);
        }
        conf_block_free(rows, block);
        conf_block_free(rows, copy);
        free(block);
        free(copy);
    }
}

static void
test_state_words(void **state MX_UNUSED)
{
    static const struct {
        uint32_t status;
        int64_t connections;
        const char *text;
    } cases[] = {
        {0, 0, "Down"},
        {MX_STATUS_RUNNING, 0, "Running"},
        {MX_STATUS_RUNNING | MX_STATUS_MASTER, 0, "Master, Running"},
        {MX_STATUS_RUNNING | MX_STATUS_SLAVE, 0, "Slave, Running"},
        {MX_STATUS_RUNNING | MX_STATUS_SLAVE | MX_STATUS_RELAY, 0, "Relay Master, Slave, Running"},
        {MX_STATUS_RUNNING | MX_STATUS_MASTER | MX_STATUS_MAINT, 0, "Maintenance, Running"},
        {MX_STATUS_RUNNING | MX_STATUS_SLAVE | MX_STATUS_DRAINING, 2, "Draining, Slave, Running"},
        {MX_STATUS_RUNNING | MX_STATUS_DRAINING, 0, "Drained, Running"},
        {MX_STATUS_RUNNING | MX_STATUS_MAINT | MX_STATUS_DRAINING, 0, "Maintenance, Running"},
        {MX_STATUS_MASTER, 0, "Down"},
        {MX_STATUS_AUTH_ERROR, 0, "Auth Error, Down"},
        {MX_STATUS_RUNNING | MX_STATUS_JOINED | MX_STATUS_SLAVE, 0, "Slave, Synced, Running"},
        {MX_STATUS_NEED_DNS, 0, "Need DNS lookup, Down"},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        char text[128];
        core_status_text(cases[i].status, cases[i].connections, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
    assert_int_equal(core_status_bit("Maintenance"), MX_STATUS_MAINT);
    assert_int_equal(core_status_bit("drain"), MX_STATUS_DRAINING);
    assert_int_equal(core_status_bit("bogus"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_defaults_are_values),
        cmocka_unit_test(test_state_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
