/* The log: form of a line, levels, throttling, rotation, limits, and a full buffer. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log_sink.h"
#include "base/log_trace.h"
#include "mx/str.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct files {
    char folder[64];
    char path[96];
    char old[96];
    struct base_log_config config;
};

static int
setup(void **state)
{
    struct files *f = mx_calloc(1, sizeof(*f));
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/mx-test-log-XXXXXX");
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    (void)snprintf(f->path, sizeof(f->path), "%s/maxscale.log", f->folder);
    (void)snprintf(f->old, sizeof(f->old), "%s/old.log", f->folder);
    f->config = (struct base_log_config){
        .path = f->path, .levels = BASE_LOG_LEVELS_DEFAULT, .throttling = {10, 1000, 10000}};
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct files *f = *state;
    base_log_fini();
    base_clock_cache(0);
    (void)unlink(f->path);
    (void)unlink(f->old);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

static void
start(struct files *f)
{
    struct mx_err err;
    assert_int_equal(base_log_init(&f->config, &err), 0);
}

/* Not inlined: gcc 12 with a sanitizer then takes the text for its own local variable. */
__attribute__((noinline)) static char *
content(const char *path)
{
    char *text = NULL;
    assert_int_equal(base_file_read(path, 100000000, &text, NULL, NULL), 0);
    return text;
}

/* What is behind the header's dashes. */
static char *
lines(const char *path)
{
    char *text = content(path);
    const char *header_end = strstr(text, "---\n");
    assert_non_null(header_end);
    size_t header_len = (size_t)(header_end - text) + 4;
    memmove(text, text + header_len, strlen(text + header_len) + 1);
    return text;
}

/* Not with strstr: the sanitizer's looks at the whole rest of the text each time. */
static size_t
count(const char *text, const char *what)
{
    size_t found = 0;
    size_t len = strlen(what);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == what[0] && strncmp(at, what, len) == 0) {
            found++;
        }
    }
    return found;
}

static void
test_line_has_the_documented_form(void **state)
{
    struct files *f = *state;
    const struct mx_log_ctx ctx = {.session = 12, .module = "readwritesplit", .object = "RW"};
    start(f);
    mx_log_notice(NULL, "started with %d threads.", 3);
    mx_log_error(&ctx, "two\nlines");
    base_log_flush();
    char *text = lines(f->path);
    int year = 0;
    int end = 0;
    assert_int_equal(sscanf(text, "%4d-%*2d-%*2d %*2d:%*2d:%*2d%n", &year, &end), 1);
    assert_int_equal(end, 19);
    assert_memory_equal(text + 19, "   notice : started with 3 threads.\n", 36);
    assert_non_null(strstr(text, "   error  : (12) [readwritesplit] (RW); two\\nlines\n"));
    free(text);
    text = content(f->path);
    assert_memory_equal(text, "\n\nMariaDB MaxScale  /", 21);
    free(text);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0664);
}

static void
test_milliseconds_and_function_when_asked_for(void **state)
{
    struct files *f = *state;
    f->config.ms_timestamp = true;
    f->config.augmentation = true;
    start(f);
    mx_log_warning(NULL, "here");
    base_log_flush();
    char *text = lines(f->path);
    assert_int_equal(text[19], '.');
    assert_memory_equal(text + 23,
                        "   warning: (test_milliseconds_and_function_when_asked_for): "
                        "here\n",
                        66);
    free(text);
}

static void
test_only_levels_that_are_on_are_written(void **state)
{
    struct files *f = *state;
    const struct mx_log_ctx chatty = {.session = 1, .levels = 1u << MX_LOG_INFO};
    f->config.levels = 0;
    start(f);
    mx_log_notice(NULL, "no notice");
    mx_log_info(NULL, "no info");
    mx_log_info(&chatty, "this info");
    mx_log_alert(NULL, "an alert");
    f->config.levels = 1u << MX_LOG_NOTICE;
    assert_int_equal(base_log_change(&f->config, NULL), 0);
    mx_log_notice(NULL, "this notice");
    base_log_flush();
    char *text = lines(f->path);
    assert_null(strstr(text, "no notice"));
    assert_null(strstr(text, "no info"));
    assert_non_null(strstr(text, "info   : (1) this info"));
    assert_non_null(strstr(text, "alert  : an alert"));
    assert_non_null(strstr(text, "this notice"));
    free(text);
}

static void
complain(int times)
{
    for (int i = 0; i < times; i++) {
        mx_log_warning(NULL, "again");
    }
}

static void
test_repeated_warnings_of_one_source_line_are_suppressed(void **state)
{
    struct files *f = *state;
    f->config.throttling = (struct mx_throttling){3, 1000, 5000};
    base_clock_cache(100000);
    start(f);
    complain(5); /* 3 are written */
    mx_log_warning(NULL, "another place");
    base_clock_cache(100900);
    complain(1); /* in the window: suppressed until 105900 */
    base_clock_cache(105500);
    complain(1); /* still suppressed, does not extend */
    base_clock_cache(105901);
    complain(1);
    base_log_flush();
    char *text = lines(f->path);
    assert_int_equal(count(text, "again"), 4);
    assert_int_equal(count(text, "again (subsequent similar messages suppressed for 5000 "
                                 "milliseconds)\n"),
                     1);
    assert_int_equal(count(text, "again (4 similar messages were previously suppressed)\n"), 1);
    assert_int_equal(count(text, "another place\n"), 1);
    free(text);
}

static void
test_nothing_is_suppressed_while_info_is_on_or_a_limit_is_zero(void **state)
{
    struct files *f = *state;
    f->config.throttling = (struct mx_throttling){3, 1000, 5000};
    f->config.levels |= 1u << MX_LOG_INFO;
    start(f);
    complain(20);
    f->config.levels &= ~(1u << MX_LOG_INFO);
    f->config.throttling.window_ms = 0;
    assert_int_equal(base_log_change(&f->config, NULL), 0);
    complain(20);
    base_log_flush();
    char *text = lines(f->path);
    assert_int_equal(count(text, "again\n"), 40);
    free(text);
}

static void
test_long_message_is_cut_at_8192_bytes(void **state)
{
    struct files *f = *state;
    char *big = mx_calloc(1, 20001);
    memset(big, '\n', 20000);
    start(f);
    mx_log_notice(NULL, "%s", big);
    base_log_flush();
    char *text = lines(f->path);
    assert_true(strlen(text) <= 8192);
    assert_true(strlen(text) >= 8190);
    assert_int_equal(count(text, "\n"), 1);
    free(text);
    free(big);
}

static void
test_rotation_goes_on_in_a_new_file(void **state)
{
    struct files *f = *state;
    start(f);
    mx_log_notice(NULL, "before");
    assert_int_equal(rename(f->path, f->old), 0);
    assert_int_equal(base_log_rotate(NULL), 0);
    mx_log_notice(NULL, "after");
    base_log_fini();
    char *text = lines(f->old);
    assert_non_null(strstr(text, "notice : before\n"));
    assert_non_null(strstr(text, "   File closed due to log rotation.\n---"));
    assert_null(strstr(text, "after"));
    free(text);
    text = lines(f->path);
    assert_non_null(strstr(text, "notice : Log rotation complete\n"));
    assert_non_null(strstr(text, "notice : after\n"));
    assert_non_null(strstr(text, "   MariaDB MaxScale is shut down.\n---"));
    free(text);
}

static void
test_file_that_cannot_be_opened_is_an_error_with_its_path(void **state)
{
    struct files *f = *state;
    struct mx_err err = {0};
    f->config.path = "/nonexistent/folder/x.log";
    assert_int_equal(base_log_init(&f->config, &err), -1);
    assert_non_null(strstr(err.text, "/nonexistent/folder/x.log"));
    assert_non_null(strstr(err.text, "logdir"));
}

static void *
read_pipe(void *arg)
{
    struct mx_str *text = arg;
    int fd = (int)text->max; /* where the test put it */
    char block[65536];
    ssize_t got = 0;
    text->max = 0;
    (void)fcntl(fd, F_SETFL, 0);
    while ((got = read(fd, block, sizeof(block))) > 0) {
        mx_str_add_len(text, block, (size_t)got);
    }
    return NULL;
}

/* The log is a pipe that nobody reads: a disk that hangs. */
static void
test_hanging_disk_drops_and_counts_notices_but_never_errors(void **state)
{
    enum {
        ERRORS = 30
    };
    struct files *f = *state;
    struct mx_str text = {.len = 0};
    pthread_t reader;
    size_t notices = 0;
    char *big = mx_calloc(1, 7001);
    memset(big, 'x', 7000);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    text.max = (size_t)open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int fd = (int)text.max;
    f->config.throttling = (struct mx_throttling){0, 0, 0};
    start(f);
    uint64_t dropped_before = base_log_dropped();
    while (base_log_dropped() < dropped_before + 5) {
        mx_log_notice(NULL, "notice-line %s", big);
        assert_true(++notices < 1000);
    }
    for (int i = 0; i < ERRORS; i++) {
        mx_log_error(NULL, "error-line %s", big); /* the last quarter is theirs */
    }
    uint64_t dropped = base_log_dropped() - dropped_before;
    assert_int_equal(pthread_create(&reader, NULL, read_pipe, &text), 0);
    for (int i = 0; i < 10 * ERRORS; i++) {
        mx_log_error(NULL, "more-line %s", big); /* these wait for room */
    }
    base_log_fini();
    (void)pthread_join(reader, NULL);
    (void)close(fd);
    assert_int_equal(count(text.text, "error-line"), ERRORS);
    assert_int_equal(count(text.text, "more-line"), 10 * ERRORS);
    assert_int_equal(count(text.text, "notice-line") + dropped, notices);
    assert_int_equal(count(text.text, " log messages were dropped"), 1);
    mx_str_free(&text);
    free(big);
}

static void
test_crash_writes_what_waits_and_the_last_words(void **state)
{
    struct files *f = *state;
    start(f);
    mx_log_notice(NULL, "before the end");
    base_log_crash("the end\n");
    base_log_fini();
    char *text = lines(f->path);
    assert_non_null(strstr(text, "before the end\n"));
    assert_non_null(strstr(text, "the end\n"));
    free(text);
}

static void
test_trace_keeps_the_last_lines_of_every_level(void **state)
{
    struct files *f = *state;
    struct mx_log_ctx ctx = {.session = 7, .trace = base_log_trace_new(3)};
    const struct mx_log_ctx other = {.session = 8};
    f->config.throttling = (struct mx_throttling){1, 1000, 10000};
    start(f);
    mx_log_notice(&ctx, "forgotten");
    for (int i = 0; i < 2; i++) {
        mx_log_warning(&ctx, "warning %d", i); /* the second one is not written */
    }
    ctx.trace->fresh = 0;
    mx_log_debug(&ctx, "two\nlines");
    mx_log_notice(&other, "of another one");
    base_log_flush();
    char *text = lines(f->path);
    assert_non_null(strstr(text, "warning 0"));
    assert_null(strstr(text, "warning 1"));
    assert_null(strstr(text, "two"));
    free(text);
    static const char *const wanted[] = {"warning: (7) warning 0", "warning: (7) warning 1",
                                         "debug  : (7) two\\nlines"};
    size_t at = 0;
    mx_list_each (node, &ctx.trace->lines) {
        const struct base_log_kept *line = base_log_kept_of(node);
        assert_string_equal(line->text + 22, wanted[at++]);
        assert_int_equal(line->len, strlen(line->text));
    }
    assert_int_equal(at, 3);
    assert_int_equal(ctx.trace->fresh, 1);
    assert_true(base_log_trace_bytes(ctx.trace) > sizeof(*ctx.trace));
    base_log_trace_free(ctx.trace);
    assert_int_equal(base_log_trace_bytes(NULL), 0);
}

#define log_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        log_test(test_line_has_the_documented_form),
        log_test(test_milliseconds_and_function_when_asked_for),
        log_test(test_only_levels_that_are_on_are_written),
        log_test(test_repeated_warnings_of_one_source_line_are_suppressed),
        log_test(test_nothing_is_suppressed_while_info_is_on_or_a_limit_is_zero),
        log_test(test_long_message_is_cut_at_8192_bytes),
        log_test(test_rotation_goes_on_in_a_new_file),
        log_test(test_file_that_cannot_be_opened_is_an_error_with_its_path),
        log_test(test_hanging_disk_drops_and_counts_notices_but_never_errors),
        log_test(test_crash_writes_what_waits_and_the_last_words),
        log_test(test_trace_keeps_the_last_lines_of_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
