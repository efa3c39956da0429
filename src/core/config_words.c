/* Words that several parameter tables share. */
#include "core/config.h"

const struct mx_enum_value core_rank_values[] = {
    {"primary", CORE_RANK_PRIMARY},
    {"secondary", CORE_RANK_SECONDARY},
    {NULL, 0},
};

const struct mx_enum_value core_sql_mode_values[] = {
    {"default", CORE_SQL_MODE_DEFAULT},
    {"oracle", CORE_SQL_MODE_ORACLE},
    {NULL, 0},
};

const struct mx_enum_value core_tls_version_values[] = {
    {"MAX", CORE_TLS_MAX},     {"TLSv10", CORE_TLS_V10},
    {"TLSv11", CORE_TLS_V11},  {"TLSv12", CORE_TLS_V12},
    {"TLSv13", CORE_TLS_V13},  {"TLSv1.0", CORE_TLS_V10},
    {"TLSv1.1", CORE_TLS_V11}, {"TLSv1.2", CORE_TLS_V12},
    {"TLSv1.3", CORE_TLS_V13}, {NULL, 0},
};

const char *
core_tls_versions_text(int64_t bits)
{
    static const char *const texts[16] = {
        [1] = "TLSv1.0",
        [2] = "TLSv1.1",
        [3] = "TLSv1.0,TLSv1.1",
        [4] = "TLSv1.2",
        [5] = "TLSv1.0,TLSv1.2",
        [6] = "TLSv1.1,TLSv1.2",
        [7] = "TLSv1.0,TLSv1.1,TLSv1.2",
        [8] = "TLSv1.3",
        [9] = "TLSv1.0,TLSv1.3",
        [10] = "TLSv1.1,TLSv1.3",
        [11] = "TLSv1.0,TLSv1.1,TLSv1.3",
        [12] = "TLSv1.2,TLSv1.3",
        [13] = "TLSv1.0,TLSv1.2,TLSv1.3",
        [14] = "TLSv1.1,TLSv1.2,TLSv1.3",
        [15] = "TLSv1.0,TLSv1.1,TLSv1.2,TLSv1.3",
    };
    return (bits & CORE_TLS_MAX) != 0 ? NULL : texts[bits & 15];
}

const struct mx_enum_value core_event_values[] = {
    {"all", CORE_EVENT_ALL},
    {"master_down", CORE_EVENT_MASTER_DOWN},
    {"master_up", CORE_EVENT_MASTER_UP},
    {"slave_down", CORE_EVENT_SLAVE_DOWN},
    {"slave_up", CORE_EVENT_SLAVE_UP},
    {"server_down", CORE_EVENT_SERVER_DOWN},
    {"server_up", CORE_EVENT_SERVER_UP},
    {"synced_down", CORE_EVENT_SYNCED_DOWN},
    {"synced_up", CORE_EVENT_SYNCED_UP},
    {"donor_down", CORE_EVENT_DONOR_DOWN},
    {"donor_up", CORE_EVENT_DONOR_UP},
    {"lost_master", CORE_EVENT_LOST_MASTER},
    {"lost_slave", CORE_EVENT_LOST_SLAVE},
    {"lost_synced", CORE_EVENT_LOST_SYNCED},
    {"lost_donor", CORE_EVENT_LOST_DONOR},
    {"new_master", CORE_EVENT_NEW_MASTER},
    {"new_slave", CORE_EVENT_NEW_SLAVE},
    {"new_synced", CORE_EVENT_NEW_SYNCED},
    {"new_donor", CORE_EVENT_NEW_DONOR},
    {NULL, 0},
};
