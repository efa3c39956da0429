/* The model servers and the world act changes them through. */
#include "model.h"

uint32_t
model_random(struct model *model, uint32_t below)
{
    model->random ^= model->random << 13;
    model->random ^= model->random >> 7;
    model->random ^= model->random << 17;
    return (uint32_t)((model->random >> 16) % below);
}

void
model_note(struct model *model, uint64_t what)
{
    model->trace = (model->trace ^ what ^ (uint64_t)model->now_ms) * UINT64_C(1099511628211);
}

void
model_init(struct model *model, uint64_t seed, size_t count, bool single_fault)
{
    memset(model, 0, sizeof(*model));
    model->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    model->now_ms = 1000000;
    model->count = count;
    model->single_fault = single_fault;
    for (size_t i = 0; i < count; i++) {
        struct model_node *n = &model->nodes[i];
        n->is_up = true;
        n->is_reachable = true;
        n->is_read_only = i > 0;
        n->source = i > 0 ? 0 : MON_NONE;
        n->io = n->sql = i > 0;
        n->log[0] = (struct model_entry){1, 1, 0};
        n->applied = n->received = n->acked = 1;
    }
    model->transactions = 1;
}

static void
commit(struct model *model, size_t master)
{
    struct model_node *m = &model->nodes[master];
    if (m->applied >= MODEL_LOG || model->transactions >= MODEL_LOG) {
        return;
    }
    m->log[m->applied] = (struct model_entry){
        (uint32_t)master + 1, m->log[m->applied - 1].sequence + 1, model->transactions++};
    m->applied++;
    m->received = m->applied;
}

/* The source's log continues the replica's: otherwise the IO thread stops with an error. */
static bool
continues(const struct model_node *source, const struct model_node *replica)
{
    return replica->received <= source->applied &&
           memcmp(&source->log[replica->received - 1], &replica->log[replica->received - 1],
                  sizeof(source->log[0])) == 0;
}

static void
receive(struct model *model, struct model_node *r)
{
    struct model_node *s = &model->nodes[r->source];
    if (!s->is_up || !r->io) {
        return;
    }
    if (!continues(s, r)) {
        r->io = false;
        r->io_errno = 1236;
        return;
    }
    size_t n = model_random(model, 6);
    while (n-- > 0 && r->received < s->applied) {
        r->log[r->received] = s->log[r->received];
        r->received++;
    }
    r->last_data_ms = model->now_ms;
    /* the acknowledgement: the client is told that its transaction is safe */
    while (s->acked < r->received) {
        model->acknowledged[s->log[s->acked].transaction] = true;
        s->acked++;
    }
}

void
model_pass(struct model *model, int64_t ms, int master)
{
    model->now_ms += ms;
    if (master != MON_NONE) {
        const struct model_node *m = &model->nodes[master];
        for (uint32_t n = model_random(model, 3);
             n > 0 && m->is_up && m->is_reachable && !m->is_read_only; n--) {
            commit(model, (size_t)master);
        }
    }
    for (size_t i = 0; i < model->count; i++) {
        struct model_node *n = &model->nodes[i];
        if (!n->is_up || n->source == MON_NONE) {
            continue;
        }
        receive(model, n);
        for (size_t k = model_random(model, 6); n->sql && k > 0 && n->applied < n->received; k--) {
            n->applied++;
        }
    }
}

void
model_crash(struct model *model, size_t node)
{
    model->nodes[node].is_up = false;
    model->nodes[node].down_at_ms = model->now_ms;
    model_note(model, 100 + node);
}

void
model_restart(struct model *model, size_t node)
{
    struct model_node *n = &model->nodes[node];
    if (n->source == MON_NONE && n->acked < n->applied) {
        /* semi-sync recovery: what no replica confirmed is rolled back */
        n->applied = n->received = n->acked;
    }
    n->is_up = true;
    n->is_read_only = n->source != MON_NONE;
    n->io = n->sql = n->source != MON_NONE;
    model_note(model, 200 + node);
}

bool
model_is_healthy(const struct model *model, int master)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct model_node *n = &model->nodes[i];
        bool follows = (int)i == master || (n->source == master && n->io && n->sql);
        if (master == MON_NONE || !n->is_up || !n->is_reachable || !follows) {
            return false;
        }
    }
    return true;
}

bool
model_is_settled(const struct model *model, int master)
{
    for (size_t i = 0; i < model->count && master != MON_NONE; i++) {
        const struct model_node *n = &model->nodes[i];
        if ((int)i != master && n->applied != model->nodes[master].applied) {
            return false;
        }
    }
    return model_is_healthy(model, master);
}

/* ---------------------------------------------------------------- observation */

static void
position(const struct model_node *n, size_t len, struct mon_gtid_list *out)
{
    out->count = 1;
    out->items[0] = (struct mon_gtid){0, n->log[len - 1].server_id, n->log[len - 1].sequence};
}

static void
binlog_state(const struct model_node *n, struct mon_gtid_list *out)
{
    out->count = 0;
    for (size_t i = 0; i < n->applied; i++) {
        size_t k = 0;
        while (k < out->count && out->items[k].server_id != n->log[i].server_id) {
            k++;
        }
        out->items[k] = (struct mon_gtid){0, n->log[i].server_id, n->log[i].sequence};
        out->count = k == out->count ? k + 1 : out->count;
    }
}

static void
observe_slave(const struct model *model, const struct model_node *n, struct fake *fake, size_t i)
{
    struct mon_server_obs *s = &fake->observed[i];
    fake_unfollow(fake, i);
    if (n->source == MON_NONE) {
        return;
    }
    fake_follow(fake, i, (size_t)n->source);
    struct mon_slave *slave = &s->slaves[0];
    bool source_up = model->nodes[n->source].is_up;
    slave->io = !n->io ? MON_IO_NO : source_up ? MON_IO_YES : MON_IO_CONNECTING;
    slave->sql = n->sql;
    slave->io_errno = n->io_errno;
    slave->last_data_ms = source_up && n->io ? model->now_ms : n->last_data_ms;
    position(n, n->received, &slave->gtid_io_pos);
}

void
model_observe(const struct model *model, struct fake *fake)
{
    fake->now_ms = model->now_ms;
    for (size_t i = 0; i < model->count; i++) {
        const struct model_node *n = &model->nodes[i];
        struct mon_server_obs *s = &fake->observed[i];
        s->link = !n->is_reachable ? MON_LINK_FAILED : n->is_up ? MON_LINK_UP : MON_LINK_REFUSED;
        s->is_fresh = s->link == MON_LINK_UP;
        if (s->link != MON_LINK_UP) {
            continue;
        }
        observe_slave(model, n, fake, i);
        s->read_only = n->is_read_only;
        position(n, n->applied, &s->gtid_binlog);
        position(n, n->applied, &s->gtid_current);
        binlog_state(n, &s->gtid_state);
    }
}

/* ---------------------------------------------------------------------- world */

static struct model_node *
reach(struct model *model, size_t server, char *error, size_t size)
{
    struct model_node *n = &model->nodes[server];
    if (n->is_up && n->is_reachable) {
        return n;
    }
    (void)snprintf(error, size, "the server is gone");
    return NULL;
}

static enum mon_result
run(void *context, const struct mon_step *step, int64_t limit_ms, char *error, size_t size)
{
    struct model *model = context;
    struct model_node *n = &model->nodes[step->server];
    (void)limit_ms;
    if (step->op == MON_OP_ROLE_OUT || step->op == MON_OP_ROLE_BACK || step->op == MON_OP_SUCCESS ||
        step->op == MON_OP_MAINTENANCE) {
        return MON_RESULT_OK;
    }
    if (reach(model, step->server, error, size) == NULL) {
        return MON_RESULT_RETRY;
    }
    model_note(model, (uint64_t)step->op * 10 + step->server);
    if (step->op == MON_OP_STOP_SLAVE) {
        n->io = n->sql = false;
    } else if (step->op == MON_OP_RESET_SLAVE) {
        n->source = MON_NONE;
        n->received = n->applied;
        n->acked = n->applied;
    } else if (step->op == MON_OP_CHANGE_MASTER) {
        if (n->io || n->sql) {
            (void)snprintf(error, size, "replication runs");
            return MON_RESULT_FAILED;
        }
        n->source = step->source;
        n->received = n->applied;
        n->io_errno = 0;
    } else if (step->op == MON_OP_START_SLAVE) {
        n->io = n->sql = n->source != MON_NONE;
    } else if (step->op == MON_OP_READ_ONLY_ON || step->op == MON_OP_READ_ONLY_OFF) {
        n->is_read_only = step->op == MON_OP_READ_ONLY_ON;
    }
    return MON_RESULT_OK;
}

static enum mon_result
positions(void *context, size_t server, struct mon_gtid_list *out_binlog,
          struct mon_gtid_list *out_current, char *error, size_t size)
{
    struct model_node *n = reach(context, server, error, size);
    if (n == NULL) {
        return MON_RESULT_RETRY;
    }
    position(n, n->applied, out_binlog);
    position(n, n->applied, out_current);
    return MON_RESULT_OK;
}

static enum mon_result
connection(void *context, size_t server, const char *name, bool *out_found, struct mon_slave *out,
           char *error, size_t size)
{
    struct model *model = context;
    struct model_node *n = reach(model, server, error, size);
    (void)name;
    if (n == NULL) {
        return MON_RESULT_RETRY;
    }
    *out_found = n->source != MON_NONE;
    memset(out, 0, sizeof(*out));
    out->sql = n->sql;
    out->io = !n->io                                        ? MON_IO_NO
              : *out_found && model->nodes[n->source].is_up ? MON_IO_YES
                                                            : MON_IO_CONNECTING;
    if (n->io_errno != 0) {
        (void)snprintf(out->io_error, sizeof(out->io_error), "diverged");
    }
    return MON_RESULT_OK;
}

static enum mon_result
kick(void *context, size_t server, size_t *out_count, char *error, size_t size)
{
    struct model *model = context;
    *out_count = model_random(model, 4) == 0 ? 1 : 0;
    return reach(model, server, error, size) != NULL ? MON_RESULT_OK : MON_RESULT_RETRY;
}

static int64_t
now_ms(void *context)
{
    return ((struct model *)context)->now_ms;
}

static bool
cancelled(void *context)
{
    (void)context;
    return false;
}

void
model_world(struct model *model, struct mon_world *out)
{
    *out = (struct mon_world){model, run, positions, connection, kick, now_ms, cancelled};
}
