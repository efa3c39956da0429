/* show thread, show threads: statistics of workers, a column for each and one for all. */
#include "commands.h"

#include "../json_path.h"
#include "../json_text.h"

#include <stdlib.h>

enum sum_kind {
    SUM_NONE, /* N/A */
    SUM_TOTAL,
    SUM_AVERAGE,
    SUM_MAXIMUM,
};

static const struct row {
    const char *title;
    const char *path;
    enum sum_kind sum;
} rows[] = {
    {"State", "attributes.stats.state", SUM_NONE},
    {"Listening", "attributes.stats.listening", SUM_NONE},
    {"Accepts", "attributes.stats.accepts", SUM_TOTAL},
    {"Reads", "attributes.stats.reads", SUM_TOTAL},
    {"Writes", "attributes.stats.writes", SUM_TOTAL},
    {"Hangups", "attributes.stats.hangups", SUM_TOTAL},
    {"Errors", "attributes.stats.errors", SUM_TOTAL},
    {"Avg event queue length", "attributes.stats.avg_event_queue_length", SUM_AVERAGE},
    {"Max event queue length", "attributes.stats.max_event_queue_length", SUM_MAXIMUM},
    {"Max exec time", "attributes.stats.max_exec_time", SUM_MAXIMUM},
    {"Max queue time", "attributes.stats.max_queue_time", SUM_MAXIMUM},
    {"Current FDs", "attributes.stats.current_descriptors", SUM_TOTAL},
    {"Total FDs", "attributes.stats.total_descriptors", SUM_TOTAL},
    {"Load (1s)", "attributes.stats.load.last_second", SUM_AVERAGE},
    {"Load (1m)", "attributes.stats.load.last_minute", SUM_AVERAGE},
    {"Load (1h)", "attributes.stats.load.last_hour", SUM_AVERAGE},
    {"QC cache size", "attributes.stats.query_classifier_cache.size", SUM_TOTAL},
    {"QC cache inserts", "attributes.stats.query_classifier_cache.inserts", SUM_TOTAL},
    {"QC cache hits", "attributes.stats.query_classifier_cache.hits", SUM_TOTAL},
    {"QC cache misses", "attributes.stats.query_classifier_cache.misses", SUM_TOTAL},
    {"QC cache evictions", "attributes.stats.query_classifier_cache.evictions", SUM_TOTAL},
    {"Sessions", "attributes.stats.sessions", SUM_TOTAL},
    {"Zombies", "attributes.stats.zombies", SUM_TOTAL},
    {"Memory", "attributes.stats.memory.total", SUM_TOTAL},
};

static char *
sum_up(const struct row *row, json_t *threads)
{
    double total = 0;
    double maximum = 0;
    size_t count = json_array_size(threads);
    struct cli_text text = {0};
    if (row->sum == SUM_NONE || count == 0) {
        return mx_strdup("N/A");
    }
    for (size_t i = 0; i < count; i++) {
        json_t *value = cli_json_path(json_array_get(threads, i), row->path);
        double number = json_number_value(value);
        json_decref(value);
        total += number;
        maximum = i == 0 || number > maximum ? number : maximum;
    }
    if (row->sum == SUM_AVERAGE) {
        cli_text_format(&text, "%.1f", total / (double)count);
    } else {
        cli_json_number(&text, row->sum == SUM_TOTAL ? total : maximum);
    }
    return cli_text_take(&text);
}

static void
add_row(struct cli_table *table, const char *title, const char *path, json_t *threads)
{
    cli_table_add(table, title);
    size_t i;
    json_t *thread;
    json_array_foreach(threads, i, thread)
    {
        json_t *value = cli_json_path(thread, path);
        cli_table_give(table, cli_list_cell(value));
        json_decref(value);
    }
}

static void
print_threads(struct cli *cli, json_t *threads, bool with_all)
{
    struct cli_table table;
    cli_table_init(&table, 1 + json_array_size(threads) + (with_all ? 1 : 0));
    add_row(&table, "Id", "id", threads);
    if (with_all) {
        cli_table_add(&table, "All");
    }
    for (size_t r = 0; r < MX_COUNT(rows); r++) {
        add_row(&table, rows[r].title, rows[r].path, threads);
        if (with_all) {
            cli_table_give(&table, sum_up(&rows[r], threads));
        }
    }
    cli_print_table(cli, &table, CLI_HEAD_COLUMN);
    cli_table_fini(&table);
}

int
cli_show_thread_run(struct cli *cli, const struct cli_args *args)
{
    json_t *answer = NULL;
    char *url = cli_url_object("maxscale/threads", args->words[0]);
    int rc = cli_get(cli, url, &answer);
    if (rc == 0) {
        json_t *one = json_array();
        (void)json_array_append(one, json_object_get(answer, "data"));
        print_threads(cli, one, false);
        json_decref(one);
    }
    json_decref(answer);
    free(url);
    return rc;
}

int
cli_show_threads_run(struct cli *cli, const struct cli_args *args MX_UNUSED)
{
    json_t *answer = NULL;
    int rc = cli_get(cli, "maxscale/threads", &answer);
    if (rc == 0) {
        print_threads(cli, json_object_get(answer, "data"), true);
    }
    json_decref(answer);
    return rc;
}
