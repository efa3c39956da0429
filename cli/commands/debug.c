/* debug stacktrace: samples of what every thread is doing, equal ones counted. */
#include "commands.h"

#include "../json_path.h"
#include "../json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct stack {
    char *frames; /* one per line */
    size_t count;
};

struct stacks {
    struct stack *all;
    size_t count;
};

static void
count_stack(struct stacks *stacks, char *frames)
{
    for (size_t i = 0; i < stacks->count; i++) {
        if (strcmp(stacks->all[i].frames, frames) == 0) {
            stacks->all[i].count++;
            free(frames);
            return;
        }
    }
    stacks->all = mx_realloc(stacks->all, (stacks->count + 1) * sizeof(*stacks->all));
    stacks->all[stacks->count++] = (struct stack){frames, 1};
}

/* A frame is text; the part that says where in a file, " [0x..]" or "(+0x..)", is left out of
 * symbols unless --raw. */
static void
add_frame(struct cli_text *out, json_t *frame, bool raw)
{
    struct cli_text text = {0};
    cli_json_plain(&text, frame);
    const char *line = cli_text_string(&text);
    size_t len = raw ? text.len : strcspn(line, "[");
    while (len > 0 && line[len - 1] == ' ') {
        len--;
    }
    if (out->len > 0) {
        cli_text_char(out, '\n');
    }
    cli_text_append(out, line, len);
    cli_text_fini(&text);
}

static char *
read_stack(json_t *stack, bool raw)
{
    struct cli_text frames = {0};
    if (json_is_array(stack)) {
        size_t i;
        json_t *frame;
        json_array_foreach(stack, i, frame)
        {
            add_frame(&frames, frame, raw);
        }
    } else {
        add_frame(&frames, stack, true);
    }
    return cli_text_take(&frames);
}

static int
take_sample(struct cli *cli, struct stacks *stacks, bool raw)
{
    json_t *answer = NULL;
    if (cli_get(cli, "maxscale/debug/stacktrace", &answer) != 0) {
        return -1;
    }
    json_t *profile = cli_json_path(answer, "data.attributes.profile");
    size_t i;
    json_t *stack;
    json_array_foreach(profile, i, stack)
    {
        count_stack(stacks, read_stack(stack, raw));
    }
    json_decref(profile);
    json_decref(answer);
    return 0;
}

static int
by_count(const void *a, const void *b)
{
    const struct stack *x = a;
    const struct stack *y = b;
    return (x->count < y->count) - (x->count > y->count);
}

/* f1;f2;f3, from the outermost to the innermost, as flame graph tools want it. */
static void
print_folded(struct cli_text *out, const struct stack *stack)
{
    const char *end = stack->frames + strlen(stack->frames);
    while (true) {
        const char *start = end;
        while (start > stack->frames && start[-1] != '\n') {
            start--;
        }
        cli_text_append(out, start, (size_t)(end - start));
        if (start == stack->frames) {
            break;
        }
        cli_text_char(out, ';');
        end = start - 1;
    }
    cli_text_format(out, " %zu\n", stack->count);
}

static void
print_stacks(struct cli *cli, struct stacks *stacks, bool fold)
{
    if (stacks->count > 0) {
        qsort(stacks->all, stacks->count, sizeof(*stacks->all), by_count);
    }
    for (size_t i = 0; i < stacks->count; i++) {
        if (fold) {
            print_folded(&cli->out, &stacks->all[i]);
        } else {
            cli_text_format(&cli->out, "%sCount: %zu\n%s\n", i > 0 ? "\n" : "",
                            stacks->all[i].count, stacks->all[i].frames);
        }
    }
}

static double
seconds_now(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int
cli_debug_stacktrace_run(struct cli *cli, const struct cli_args *args)
{
    struct stacks stacks = {0};
    long interval_ms = cli_args_number(args, "interval");
    double end = seconds_now() + (double)cli_args_number(args, "duration");
    int rc = take_sample(cli, &stacks, cli_args_flag(args, "raw"));
    while (rc == 0 && seconds_now() < end) {
        struct timespec pause = {.tv_sec = interval_ms / 1000,
                                 .tv_nsec = interval_ms % 1000 * 1000000};
        while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {
        }
        rc = take_sample(cli, &stacks, cli_args_flag(args, "raw"));
    }
    if (rc == 0) {
        print_stacks(cli, &stacks, cli_args_flag(args, "fold"));
    }
    for (size_t i = 0; i < stacks.count; i++) {
        free(stacks.all[i].frames);
    }
    free(stacks.all);
    return rc;
}
