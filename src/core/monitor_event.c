/* Which event a change of status is: up, down, lost or new, of the first type that matches. */
#include "core/monitor_run.h"

#define TYPE_BITS \
    (MX_STATUS_MASTER | MX_STATUS_SLAVE | MX_STATUS_JOINED | MX_STATUS_RELAY | MX_STATUS_BLR)
#define EVENT_BITS (TYPE_BITS | MX_STATUS_RUNNING | MX_STATUS_MAINT)

enum change {
    CHANGE_DOWN = 0,
    CHANGE_UP,
    CHANGE_LOST,
    CHANGE_NEW,
};

struct type_row {
    uint32_t bit;
    const char *names[4];
    int64_t bits[4]; /* of `events`; 0: not selectable by name */
};

/* In the order in which the first matching bit decides. */
static const struct type_row types[] = {
    {MX_STATUS_MASTER,
     {"master_down", "master_up", "lost_master", "new_master"},
     {CORE_EVENT_MASTER_DOWN, CORE_EVENT_MASTER_UP, CORE_EVENT_LOST_MASTER, CORE_EVENT_NEW_MASTER}},
    {MX_STATUS_SLAVE,
     {"slave_down", "slave_up", "lost_slave", "new_slave"},
     {CORE_EVENT_SLAVE_DOWN, CORE_EVENT_SLAVE_UP, CORE_EVENT_LOST_SLAVE, CORE_EVENT_NEW_SLAVE}},
    {MX_STATUS_JOINED,
     {"synced_down", "synced_up", "lost_synced", "new_synced"},
     {CORE_EVENT_SYNCED_DOWN, CORE_EVENT_SYNCED_UP, CORE_EVENT_LOST_SYNCED, CORE_EVENT_NEW_SYNCED}},
    {MX_STATUS_RELAY, {"relay_down", "relay_up", "lost_relay", "new_relay"}, {0, 0, 0, 0}},
    {MX_STATUS_BLR, {"blr_down", "blr_up", "lost_blr", "new_blr"}, {0, 0, 0, 0}},
};

static const char *
name_by_type(uint32_t status, enum change change, int64_t *out_bit)
{
    for (size_t i = 0; i < MX_COUNT(types); i++) {
        if ((status & types[i].bit) != 0) {
            *out_bit = types[i].bits[change];
            return types[i].names[change];
        }
    }
    if (change == CHANGE_UP) {
        *out_bit = CORE_EVENT_SERVER_UP;
        return "server_up";
    }
    *out_bit = CORE_EVENT_SERVER_DOWN;
    return change == CHANGE_DOWN ? "server_down" : NULL;
}

const char *
core_monitor_event_name(uint32_t old_status, uint32_t new_status, int64_t *out_bit)
{
    const uint32_t role_bits = MX_STATUS_MASTER | MX_STATUS_SLAVE;
    uint32_t old_bits = old_status & EVENT_BITS;
    uint32_t new_bits = new_status & EVENT_BITS;
    *out_bit = 0;
    if (old_bits == new_bits || ((old_bits | new_bits) & MX_STATUS_MAINT) != 0 ||
        ((old_bits | new_bits) & MX_STATUS_RUNNING) == 0) {
        return NULL;
    }
    if ((old_bits & MX_STATUS_RUNNING) == 0) {
        return name_by_type(new_bits, CHANGE_UP, out_bit);
    }
    if ((new_bits & MX_STATUS_RUNNING) == 0) {
        return name_by_type(old_bits, CHANGE_DOWN, out_bit);
    }
    uint32_t old_roles = old_bits & role_bits;
    uint32_t new_roles = new_bits & role_bits;
    bool lost =
        (old_bits & TYPE_BITS) != 0 && (old_roles == 0 || new_roles == 0 || old_roles == new_roles);
    return name_by_type(lost ? old_bits : new_bits, lost ? CHANGE_LOST : CHANGE_NEW, out_bit);
}
