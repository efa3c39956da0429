/*
 * The manual's tables, from the same rows that the reader uses: docs/user/parameters.md holds them,
 * and a test compares.
 */
#include "app/app.h"
#include "core/authenticators.h"
#include "core/modload.h"
#include "core/params_json.h"
#include "core/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_values(const struct mx_param *row)
{
    bool is_words = row->type == MX_PARAM_ENUM || row->type == MX_PARAM_ENUM_MASK ||
                    row->type == MX_PARAM_ENUM_LIST;
    for (const struct mx_enum_value *v = row->values; v != NULL && v->name != NULL; v++) {
        (void)printf("%s`%s`", v == row->values ? "" : " ", v->name);
    }
    if (!is_words && row->min < row->max) {
        (void)printf("%s%lld and more", row->values != NULL ? ", " : "", (long long)row->min);
        if (row->max < INT32_MAX) {
            (void)printf(", at most %lld", (long long)row->max);
        }
    }
}

/* A bar would end the cell. */
static void
print_cell(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            (void)putchar('\\');
        }
        (void)putchar(*text);
    }
}

static void
print_row(const struct conf_rows *rows, const struct mx_param *row)
{
    const struct mx_param *target = conf_rows_target(rows, row);
    bool is_alias = row != target;
    bool is_mandatory = (row->flags & MX_PARAM_MANDATORY) != 0;
    (void)printf("| %s | %s | ", row->name, conf_param_type_name(target));
    if (is_mandatory) {
        (void)printf("mandatory");
    } else if (!is_alias && row->value_default != NULL) {
        (void)printf("`%s`", row->value_default);
    }
    (void)printf(" | ");
    print_values(row);
    (void)printf(" | ");
    print_cell(row->doc);
    (void)printf("%s%s |\n", (row->flags & MX_PARAM_DEPRECATED) != 0 ? " Deprecated." : "",
                 (row->flags & MX_PARAM_INERT) != 0 ? " Without effect in this version." : "");
}

static void
print_table(const char *title, const struct conf_rows *rows)
{
    (void)printf(
        "### %s\n\n| Parameter | Type | Default | Values | Meaning |\n|---|---|---|---|---|\n",
        title);
    for (size_t i = 0; i < rows->count; i++) {
        print_row(rows, &rows->rows[i]);
    }
    (void)printf("\n");
}

int
app_docs_print(const struct app *app)
{
    print_table("Global section `[maxscale]`", &core_global_rows);
    print_table("Servers, `type=server`", &core_server_rows);
    print_table("Monitors, `type=monitor`", &core_monitor_rows);
    print_table("Services, `type=service`", &core_service_rows);
    print_table("Filters, `type=filter`", &core_filter_rows);
    print_table("Listeners, `type=listener`", &core_listener_rows);
    print_table("Listeners, `authenticator_options` of every authenticator",
                &core_auth_option_rows);
    core_modload_init(app->dirs[APP_DIR_LIB]);
    for (int kind = MX_MODULE_PROTOCOL; kind < MX_MODULE_KIND_COUNT; kind++) {
        char **names = core_modload_names((enum mx_module_kind)kind);
        for (size_t i = 0; names[i] != NULL; i++) {
            const struct mx_module *module = core_modload_find(names[i]);
            const struct conf_rows rows = core_module_rows(module);
            char *title = mx_asprintf("%s `%s`: %s", core_modload_kind_word(module->kind),
                                      module->name, module->doc);
            if (rows.count > 0) {
                print_table(title, &rows);
            }
            free(title);
            free(names[i]);
        }
        free(names);
    }
    core_modload_fini(!app->debug.keep_modules);
    return APP_EXIT_OK;
}
