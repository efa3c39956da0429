/* Reading SHOW GRANTS. */
#include "grants.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum mon_grant grant;
} grant_names[] = {
    {"SUPER", MON_GRANT_SUPER},
    {"REPLICATION CLIENT", MON_GRANT_REPLICATION_CLIENT},
    {"BINLOG MONITOR", MON_GRANT_REPLICATION_CLIENT},
    {"SLAVE MONITOR", MON_GRANT_REPLICA_MONITOR},
    {"REPLICA MONITOR", MON_GRANT_REPLICA_MONITOR},
    {"REPLICATION SLAVE", MON_GRANT_REPLICATION_SLAVE},
    {"REPLICATION REPLICA", MON_GRANT_REPLICATION_SLAVE},
    {"REPLICATION SLAVE ADMIN", MON_GRANT_REPLICATION_SLAVE_ADMIN},
    {"REPLICATION REPLICA ADMIN", MON_GRANT_REPLICATION_SLAVE_ADMIN},
    {"READ_ONLY ADMIN", MON_GRANT_READ_ONLY_ADMIN},
    {"READ ONLY ADMIN", MON_GRANT_READ_ONLY_ADMIN},
    {"BINLOG ADMIN", MON_GRANT_BINLOG_ADMIN},
    {"CONNECTION ADMIN", MON_GRANT_CONNECTION_ADMIN},
    {"SET USER", MON_GRANT_SET_USER},
    {"RELOAD", MON_GRANT_RELOAD},
    {"PROCESS", MON_GRANT_PROCESS},
    {"SHOW DATABASES", MON_GRANT_SHOW_DATABASES},
    {"EVENT", MON_GRANT_EVENT},
    {"FILE", MON_GRANT_FILE},
    {"SELECT", MON_GRANT_SELECT},
};

static uint64_t
bit(enum mon_grant grant)
{
    return UINT64_C(1) << (unsigned)grant;
}

/* The privileges of "A, B, C" as bits. */
static uint64_t
parse_privileges(const char *text, size_t len)
{
    uint64_t found = 0;
    size_t start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != ',') {
            continue;
        }
        while (start < i && text[start] == ' ') {
            start++;
        }
        size_t word = i - start;
        if (word >= 3 && strncasecmp(text + start, "ALL", 3) == 0) {
            found |= (UINT64_C(1) << MON_GRANT_COUNT) - 1;
        }
        for (size_t g = 0; g < MX_COUNT(grant_names); g++) {
            if (strlen(grant_names[g].name) == word &&
                strncasecmp(text + start, grant_names[g].name, word) == 0) {
                found |= bit(grant_names[g].grant);
            }
        }
        start = i + 1;
    }
    return found;
}

/* `user`@`host` behind TO as 'user'@'host'. */
static void
copy_account(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (; *text != '\0' && *text != ' ' && used + 1 < size; text++) {
        char byte = *text;
        if (byte == '`') {
            byte = '\'';
        }
        out[used++] = byte;
    }
    out[used] = '\0';
}

void
mon_grants_parse_line(const char *line, uint64_t *grants, char *account, size_t size)
{
    static const char begin[] = "GRANT ";
    const char *on = strstr(line, " ON ");
    if (strncmp(line, begin, sizeof(begin) - 1) != 0 || on == NULL) {
        return;
    }
    const char *privileges = line + sizeof(begin) - 1;
    uint64_t found = parse_privileges(privileges, (size_t)(on - privileges));
    const char *where = on + 4;
    const char *to = strstr(where, " TO ");
    bool select = (found & bit(MON_GRANT_SELECT)) != 0;
    if (strncmp(where, "*.* ", 4) == 0) {
        *grants |= found;
        if (select) {
            *grants |= bit(MON_GRANT_SELECT_MYSQL_USER) | bit(MON_GRANT_SELECT_GLOBAL_PRIV);
        }
        if (to != NULL && strchr(to, '@') != NULL) {
            copy_account(to + 4, account, size);
        }
    } else if (select && strncmp(where, "`mysql`.* ", 10) == 0) {
        *grants |= bit(MON_GRANT_SELECT_MYSQL_USER) | bit(MON_GRANT_SELECT_GLOBAL_PRIV);
    } else if (select && strncmp(where, "`mysql`.`user` ", 15) == 0) {
        *grants |= bit(MON_GRANT_SELECT_MYSQL_USER);
    } else if (select && strncmp(where, "`mysql`.`global_priv` ", 22) == 0) {
        *grants |= bit(MON_GRANT_SELECT_GLOBAL_PRIV);
    }
}
