/* Server states as words, in the contract's order. */
#include "core/objects.h"
#include "mx/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void
add_part(char *out, size_t size, const char *part)
{
    size_t len = strlen(out);
    (void)snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", part);
}

/* Roles count for running servers outside maintenance only. */
static void
add_roles(uint32_t status, char *out, size_t size)
{
    if ((status & MX_STATUS_RUNNING) == 0 || (status & MX_STATUS_MAINT) != 0) {
        return;
    }
    if ((status & MX_STATUS_MASTER) != 0) {
        add_part(out, size, "Master");
    } else {
        if ((status & MX_STATUS_RELAY) != 0) {
            add_part(out, size, "Relay Master");
        }
        if ((status & MX_STATUS_SLAVE) != 0) {
            add_part(out, size, "Slave");
        }
        if ((status & MX_STATUS_BLR) != 0) {
            add_part(out, size, "Binlog Relay");
        }
    }
    if ((status & MX_STATUS_JOINED) != 0) {
        add_part(out, size, "Synced");
    }
}

void
core_status_text(uint32_t status, int64_t connections, char *out, size_t size)
{
    MX_ASSERT(size > 0);
    out[0] = '\0';
    if ((status & MX_STATUS_MAINT) != 0) {
        add_part(out, size, "Maintenance");
    } else if ((status & MX_STATUS_DRAINING) != 0) {
        add_part(out, size, connections == 0 ? "Drained" : "Draining");
    }
    add_roles(status, out, size);
    if ((status & MX_STATUS_AUTH_ERROR) != 0) {
        add_part(out, size, "Auth Error");
    }
    if ((status & MX_STATUS_NEED_DNS) != 0) {
        add_part(out, size, "Need DNS lookup");
    }
    add_part(out, size, (status & MX_STATUS_RUNNING) != 0 ? "Running" : "Down");
}

uint32_t
core_status_bit(const char *word)
{
    static const struct {
        const char *word;
        uint32_t bit;
    } words[] = {
        {"master", MX_STATUS_MASTER},     {"slave", MX_STATUS_SLAVE},
        {"running", MX_STATUS_RUNNING},   {"synced", MX_STATUS_JOINED},
        {"maintenance", MX_STATUS_MAINT}, {"maint", MX_STATUS_MAINT},
        {"drain", MX_STATUS_DRAINING},    {"draining", MX_STATUS_DRAINING},
        {"blr", MX_STATUS_BLR},
    };
    for (size_t i = 0; i < MX_COUNT(words); i++) {
        if (strcasecmp(words[i].word, word) == 0) {
            return words[i].bit;
        }
    }
    return 0;
}
