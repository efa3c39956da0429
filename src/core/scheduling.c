/* See scheduling.h. Thresholds and how they were found: docs/decisions/0022. */
#include "core/scheduling.h"

#define BUSY_PERCENT    15 /* of a processor: below there is nothing to gather */
#define CROWDED_PERCENT 3  /* of the time spent waiting: below nobody is interrupted either */
/* Waiting this many times as long as running is no queue of one's own clients and servers. */
#define STALLED_TIMES   6
#define STALLED_PERCENT 5
#define STALLED_LOOKS   2  /* the end of a load looks the same, once */
#define QUIET_LOOKS     20 /* a load that comes back within these finds things as it left them */
#define TRIAL_LOOKS     8
#define HOLD_FIRST      40 /* looks: ten seconds of work */
#define HOLD_MOST       240
/* Of the usual policy's: processor time per event at most, events in the same time at least. */
#define WINS_BELOW  0.90
#define KEEPS_BELOW 0.95
#define SLOWEST     0.80

static bool
is_share(int64_t part_us, int64_t percent, int64_t whole_us)
{
    return part_us * 100 >= whole_us * percent;
}

/* Usual, batch, batch, usual, and again: a load that grows or falls evenly favours neither. */
static bool
trial_is_batch(uint32_t trial)
{
    return trial % 4 == 2 || trial % 4 == 3;
}

static void
hold(struct core_scheduling *scheduling, bool has_won)
{
    bool is_same = scheduling->hold > 0 && has_won == scheduling->has_won;
    uint32_t looks = is_same ? scheduling->hold * 2 : HOLD_FIRST;
    scheduling->hold = looks > HOLD_MOST ? HOLD_MOST : looks;
    scheduling->left = scheduling->hold;
    scheduling->has_won = has_won;
    scheduling->trial = 0;
    scheduling->is_batch = has_won;
}

/*
 * Processor time per event tells what is saved, at a given rate as well, and scatters less than
 * anything else. Fewer events in the same time are what clients lose that wait for their answers.
 */
static bool
batch_wins(const struct core_scheduling *scheduling)
{
    const struct core_scheduling_sum *usual = &scheduling->sums[0];
    const struct core_scheduling_sum *batch = &scheduling->sums[1];
    double limit = scheduling->has_won ? KEEPS_BELOW : WINS_BELOW;
    return batch->ran_us * usual->reads <= usual->ran_us * batch->reads * limit &&
           batch->reads >= usual->reads * SLOWEST;
}

static void
go_on_trying(struct core_scheduling *scheduling, const struct core_scheduling_look *look)
{
    struct core_scheduling_sum *sum = &scheduling->sums[trial_is_batch(scheduling->trial)];
    sum->ran_us += (double)look->ran_us;
    sum->reads += (double)look->reads;
    if (scheduling->trial == TRIAL_LOOKS) {
        hold(scheduling, batch_wins(scheduling));
        return;
    }
    scheduling->trial++;
    scheduling->is_batch = trial_is_batch(scheduling->trial);
}

static void
begin_trial(struct core_scheduling *scheduling)
{
    scheduling->sums[0] = (struct core_scheduling_sum){0};
    scheduling->sums[1] = (struct core_scheduling_sum){0};
    scheduling->trial = 1;
    scheduling->is_batch = trial_is_batch(1);
}

static void
count_stalls(struct core_scheduling *scheduling, const struct core_scheduling_look *look)
{
    bool waits = look->waited_us > look->ran_us * STALLED_TIMES &&
                 is_share(look->waited_us, STALLED_PERCENT, look->passed_us);
    scheduling->stalls = waits ? scheduling->stalls + 1 : 0;
}

static void
count_quiet(struct core_scheduling *scheduling, const struct core_scheduling_look *look)
{
    bool is_busy = is_share(look->ran_us, BUSY_PERCENT, look->passed_us);
    scheduling->quiet = is_busy ? 0 : scheduling->quiet + 1;
}

static void
rest(struct core_scheduling *scheduling)
{
    scheduling->trial = 0;
    scheduling->is_batch =
        scheduling->is_batch && scheduling->has_won && scheduling->quiet < QUIET_LOOKS;
}

bool
core_scheduling_decide(struct core_scheduling *scheduling, const struct core_scheduling_look *look)
{
    if (scheduling->is_batch) {
        count_stalls(scheduling, look);
    }
    count_quiet(scheduling, look);
    if (scheduling->stalls >= STALLED_LOOKS) {
        scheduling->stalls = 0;
        hold(scheduling, false);
    } else if (scheduling->quiet > 0) {
        rest(scheduling);
    } else if (scheduling->trial > 0) {
        go_on_trying(scheduling, look);
    } else if (scheduling->left > 0) {
        scheduling->left--;
        scheduling->is_batch = scheduling->has_won;
    } else if (is_share(look->waited_us, CROWDED_PERCENT, look->passed_us)) {
        begin_trial(scheduling);
    }
    return scheduling->is_batch;
}
