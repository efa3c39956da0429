/* See placement.h. Thresholds and how they were found: docs/decisions/0006. */
#include "core/placement.h"

#define GROW_AT     70 /* percent of a processor: queues grow fast from here on */
#define SHRINK_TO   45 /* percent that each of those that stay would have at most */
#define ASKEW_BY    30 /* percent points */
#define HOT_LOOKS   2
#define ASKEW_LOOKS 2
#define CALM_LOOKS  8
#define ALL         256u

static int
busiest(const struct core_placement_load *loads, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++) {
        best = loads[i].percent > loads[best].percent ? i : best;
    }
    return best;
}

static int
idlest(const struct core_placement_load *loads, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++) {
        best = loads[i].percent < loads[best].percent ? i : best;
    }
    return best;
}

static uint32_t
sum_of(const struct core_placement_load *loads, int count)
{
    uint32_t sum = 0;
    for (int i = 0; i < count; i++) {
        sum += loads[i].percent;
    }
    return sum;
}

/* A sign counts when it was seen several times in a row; then it begins anew. */
static bool
lasts(uint32_t *looks, bool sign, uint32_t needed)
{
    *looks = sign ? *looks + 1 : 0;
    if (*looks < needed) {
        return false;
    }
    *looks = 0;
    return true;
}

/* One more worker takes an equal part from each of the others. */
static size_t
grow(struct core_placement *placement, struct core_move_order *out)
{
    int added = placement->active++;
    for (int i = 0; i < added; i++) {
        out[i] = (struct core_move_order){
            .from = i, .to = added, .share = ALL / (uint32_t)placement->active};
    }
    return (size_t)added;
}

/* Sessions that woke up on a worker that is no longer in use. */
static size_t
gather_stragglers(const struct core_placement *placement, const struct core_placement_load *loads,
                  int count, struct core_move_order *out)
{
    size_t orders = 0;
    int to = idlest(loads, placement->active);
    for (int i = placement->active; i < count; i++) {
        if (loads[i].percent > 0 && loads[i].sessions > 0) {
            out[orders++] = (struct core_move_order){.from = i, .to = to, .share = ALL};
        }
    }
    return orders;
}

/* Half the difference goes over. */
static struct core_move_order
order_to_level(const struct core_placement_load *loads, int from, int to)
{
    uint32_t difference = loads[from].percent - loads[to].percent;
    return (struct core_move_order){
        .from = from, .to = to, .share = difference * ALL / 2 / loads[from].percent};
}

size_t
core_placement_gather(struct core_placement *placement, const struct core_placement_load *loads,
                      int count, struct core_move_order *out)
{
    int active = placement->active;
    int most = busiest(loads, active);
    int least = idlest(loads, active);
    bool is_hot = active < count && loads[most].percent >= GROW_AT;
    bool is_calm = active > 1 && sum_of(loads, count) <= (uint32_t)(active - 1) * SHRINK_TO;
    bool is_askew = loads[most].percent - loads[least].percent >= ASKEW_BY;
    if (lasts(&placement->hot, is_hot, HOT_LOOKS)) {
        placement->calm = 0;
        placement->askew = 0;
        return grow(placement, out);
    }
    if (lasts(&placement->calm, is_calm, CALM_LOOKS)) {
        placement->active--;
        placement->askew = 0;
    } else if (lasts(&placement->askew, is_askew, ASKEW_LOOKS)) {
        out[0] = order_to_level(loads, most, least);
        return 1 + gather_stragglers(placement, loads, count, out + 1);
    }
    return gather_stragglers(placement, loads, count, out);
}

bool
core_placement_level(const struct core_placement_load *loads, int count, uint32_t threshold,
                     struct core_move_order *out)
{
    int most = busiest(loads, count);
    int least = idlest(loads, count);
    if (loads[most].percent - loads[least].percent <= threshold) {
        return false;
    }
    *out = order_to_level(loads, most, least);
    return true;
}
