/* Builds clusters of plain values. */
#include "fake.h"

void
fake_gtid(struct mon_gtid_list *list, const char *text)
{
    assert_int_equal(mon_gtid_parse(text, list), 0);
}

void
fake_position(struct fake *fake, size_t server, const char *text)
{
    struct mon_server_obs *s = &fake->observed[server];
    fake_gtid(&s->gtid_binlog, text);
    fake_gtid(&s->gtid_current, text);
    for (size_t i = 0; i < s->slave_count; i++) {
        fake_gtid(&s->slaves[i].gtid_io_pos, text);
    }
}

static void
init_server(struct fake *fake, size_t i)
{
    struct mon_server_obs *s = &fake->observed[i];
    (void)snprintf(fake->names[i], sizeof(fake->names[i]), "server%zu", i + 1);
    fake->servers[i] = (struct mon_server_settings){
        .name = fake->names[i],
        .address = "127.0.0.1",
        .private_address = "",
        .port = 3001 + (int)i,
        .custom_options = "",
        .user = "mon",
    };
    *s = (struct mon_server_obs){
        .link = MON_LINK_UP,
        .known = true,
        .is_fresh = true,
        .type = MON_TYPE_MARIADB,
        .version = 101106,
        .server_id = (int64_t)i + 1,
        .log_bin = true,
        .log_slave_updates = true,
        .gtid_strict_mode = true,
        .event_scheduler = true,
        .semi_sync_master = true,
        .semi_sync_slave = true,
        .semi_sync_active = true,
        .semi_sync_clients = 1,
        .has_settings = true,
        .grants = (UINT64_C(1) << MON_GRANT_COUNT) - 1,
        .grants_known = true,
        .account = "'mon'@'%'",
        .nontransactional_tables = -1,
    };
    fake_position(fake, i, "0-1-10");
}

void
fake_init(struct fake *fake, size_t count)
{
    memset(fake, 0, sizeof(*fake));
    fake->config = (struct mon_config){
        .assume_unique_hostnames = true,
        .failcount = 5,
        .auto_failover = MON_FAILOVER_ON,
        .auto_rejoin = true,
        .verify_master_failure = true,
        .master_failure_timeout_ms = 10000,
        .failover_timeout_ms = 90000,
        .switchover_timeout_ms = 90000,
        .script_max_replication_lag = -1,
        .handle_events = true,
    };
    fake->settings = (struct mon_settings){
        .config = &fake->config,
        .count = count,
        .servers = fake->servers,
        .interval_ms = 2000,
        .replication_user = "mon",
        .replication_password = "secret",
    };
    fake->obs = (struct mon_observation){count, fake->observed};
    for (size_t i = 0; i < count; i++) {
        init_server(fake, i);
    }
    mon_history_init(&fake->history, count);
    fake->now_ms = 1000000;
}

void
fake_fini(struct fake *fake)
{
    for (size_t i = 0; i < fake->obs.count; i++) {
        mon_obs_fini(&fake->observed[i]);
    }
    mon_decision_fini(&fake->decision);
    mon_history_fini(&fake->history);
}

void
fake_unfollow(struct fake *fake, size_t replica)
{
    free(fake->observed[replica].slaves);
    fake->observed[replica].slaves = NULL;
    fake->observed[replica].slave_count = 0;
}

void
fake_follow(struct fake *fake, size_t replica, size_t source)
{
    struct mon_server_obs *s = &fake->observed[replica];
    s->slaves = mx_realloc(s->slaves, (s->slave_count + 1) * sizeof(*s->slaves));
    struct mon_slave *slave = &s->slaves[s->slave_count++];
    memset(slave, 0, sizeof(*slave));
    (void)snprintf(slave->host, sizeof(slave->host), "127.0.0.1");
    slave->port = fake->servers[source].port;
    slave->source_id = fake->observed[source].server_id;
    slave->io = MON_IO_YES;
    slave->sql = true;
    slave->gtid_mode = MON_GTID_SLAVE_POS;
    slave->seen_connected = true;
    slave->last_data_ms = fake->now_ms;
    slave->resolved_source = MON_NONE;
    slave->gtid_io_pos = s->gtid_current;
    s->read_only = true;
}

void
fake_down(struct fake *fake, size_t server, enum mon_link link)
{
    fake->observed[server].link = link;
    for (size_t i = 0; i < fake->obs.count; i++) {
        struct mon_server_obs *s = &fake->observed[i];
        for (size_t k = 0; k < s->slave_count; k++) {
            if (s->slaves[k].port == fake->servers[server].port && link == MON_LINK_REFUSED) {
                s->slaves[k].io = MON_IO_CONNECTING;
            }
        }
    }
}

void
fake_tick(struct fake *fake, int64_t later_ms)
{
    fake->now_ms += later_ms;
    mon_decision_fini(&fake->decision);
    mon_decide(&fake->settings, &fake->history, &fake->obs, fake->now_ms, true, &fake->decision);
    for (size_t i = 0; i < fake->obs.count; i++) {
        fake->observed[i].held_status = fake->decision.servers[i].status;
    }
}

bool
fake_said(const struct fake *fake, const char *part)
{
    for (size_t i = 0; i < fake->decision.messages.count; i++) {
        if (strstr(fake->decision.messages.items[i].text, part) != NULL) {
            return true;
        }
    }
    return false;
}

uint32_t
fake_status(const struct fake *fake, size_t server)
{
    return fake->decision.servers[server].status;
}

int
fake_step(const struct mon_plan *plan, enum mon_op op, size_t server)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        if (plan->steps.items[i].op == op && plan->steps.items[i].server == server) {
            return (int)i;
        }
    }
    return -1;
}

void
fake_healthy(struct fake *fake, size_t count)
{
    fake_init(fake, count);
    for (size_t i = 1; i < count; i++) {
        fake_follow(fake, i, 0);
    }
    fake_tick(fake, 0);
}
