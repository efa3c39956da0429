/* Reading, printing and comparing GTID lists. */
#include "gtid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One decimal number up to `max` followed by `end` (0: anything); NULL when it is not there. */
static const char *
read_number(const char *text, uint64_t max, char end, uint64_t *out)
{
    uint64_t value = 0;
    if (*text < '0' || *text > '9') {
        return NULL;
    }
    while (*text >= '0' && *text <= '9') {
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (max - digit) / 10) {
            return NULL;
        }
        value = value * 10 + digit;
        text++;
    }
    if (end != 0 && *text++ != end) {
        return NULL;
    }
    *out = value;
    return text;
}

static const char *
skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r') {
        text++;
    }
    return text;
}

int
mon_gtid_parse(const char *text, struct mon_gtid_list *out)
{
    out->count = 0;
    text = skip_blanks(text);
    while (*text != '\0') {
        uint64_t domain = 0;
        uint64_t server = 0;
        uint64_t sequence = 0;
        if (out->count == MON_GTID_MAX ||
            (text = read_number(text, UINT32_MAX, '-', &domain)) == NULL ||
            (text = read_number(text, UINT32_MAX, '-', &server)) == NULL ||
            (text = read_number(text, UINT64_MAX, 0, &sequence)) == NULL) {
            out->count = 0;
            return -1;
        }
        out->items[out->count++] = (struct mon_gtid){(uint32_t)domain, (uint32_t)server, sequence};
        text = skip_blanks(text);
        if (*text == ',') {
            text = skip_blanks(text + 1);
            if (*text != '\0') {
                continue;
            }
        }
        if (*text != '\0' || text[-1] == ',') {
            out->count = 0;
            return -1;
        }
    }
    return 0;
}

void
mon_gtid_print(const struct mon_gtid_list *list, char *out, size_t size)
{
    size_t used = 0;
    if (size > 0) {
        out[0] = '\0';
    }
    for (size_t i = 0; i < list->count && used < size; i++) {
        const struct mon_gtid *item = &list->items[i];
        int n = snprintf(out + used, size - used, "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64,
                         i == 0 ? "" : ",", item->domain, item->server_id, item->sequence);
        if (n < 0) {
            return;
        }
        used += (size_t)n;
    }
}

uint64_t
mon_gtid_sequence(const struct mon_gtid_list *list, uint32_t domain)
{
    uint64_t best = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].domain == domain && list->items[i].sequence > best) {
            best = list->items[i].sequence;
        }
    }
    return best;
}

bool
mon_gtid_has_domain(const struct mon_gtid_list *list, uint32_t domain)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].domain == domain) {
            return true;
        }
    }
    return false;
}

bool
mon_gtid_can_replicate(const struct mon_gtid_list *joiner, const struct mon_gtid_list *source)
{
    if (joiner->count == 0 || source->count == 0) {
        return false;
    }
    for (size_t i = 0; i < joiner->count; i++) {
        const struct mon_gtid *item = &joiner->items[i];
        if (mon_gtid_has_domain(source, item->domain) &&
            item->sequence > mon_gtid_sequence(source, item->domain)) {
            return false;
        }
    }
    return true;
}

/* Last sequence of a server in a binlog state; false when the state knows nothing of it. */
static bool
state_sequence(const struct mon_gtid_list *state, uint32_t domain, uint32_t server, uint64_t *out)
{
    for (size_t i = 0; i < state->count; i++) {
        if (state->items[i].domain == domain && state->items[i].server_id == server) {
            *out = state->items[i].sequence;
            return true;
        }
    }
    return false;
}

size_t
mon_gtid_extra(const struct mon_gtid_list *joiner, const struct mon_gtid_list *source,
               const struct mon_gtid_list *source_state, struct mon_gtid_list *out)
{
    out->count = 0;
    for (size_t i = 0; i < joiner->count; i++) {
        const struct mon_gtid *item = &joiner->items[i];
        uint64_t last = 0;
        bool ahead = mon_gtid_has_domain(source, item->domain) &&
                     item->sequence > mon_gtid_sequence(source, item->domain);
        bool unknown = state_sequence(source_state, item->domain, item->server_id, &last) &&
                       item->sequence > last;
        if (ahead || unknown) {
            out->items[out->count++] = *item;
        }
    }
    return out->count;
}

uint64_t
mon_gtid_unapplied(const struct mon_gtid_list *received, const struct mon_gtid_list *applied)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < received->count; i++) {
        uint64_t have = mon_gtid_sequence(applied, received->items[i].domain);
        if (received->items[i].sequence > have) {
            sum += received->items[i].sequence - have;
        }
    }
    return sum;
}

bool
mon_gtid_reached(const struct mon_gtid_list *have, const struct mon_gtid_list *wanted)
{
    return mon_gtid_unapplied(wanted, have) == 0;
}

bool
mon_gtid_equal(const struct mon_gtid_list *a, const struct mon_gtid_list *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        bool found = false;
        for (size_t k = 0; k < b->count && !found; k++) {
            found = memcmp(&a->items[i], &b->items[k], sizeof(a->items[i])) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

void
mon_gtid_advance(struct mon_gtid_list *list, struct mon_gtid to)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].domain == to.domain) {
            if (to.sequence > list->items[i].sequence) {
                list->items[i] = to;
            }
            return;
        }
    }
    if (list->count < MON_GTID_MAX) {
        list->items[list->count++] = to;
    }
}
