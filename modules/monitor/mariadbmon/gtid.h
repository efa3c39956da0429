/*
 * Global transaction ids of MariaDB as plain values: text "domain-server-sequence", lists separated
 * by commas. Pure.
 */
#ifndef MARIADBMON_GTID_H
#define MARIADBMON_GTID_H

#include "mx/base.h"

/* A list of more triplets than this is treated as malformed. */
#define MON_GTID_MAX      64
#define MON_GTID_TEXT_MAX ((size_t)MON_GTID_MAX * 44)

struct mon_gtid {
    uint32_t domain;
    uint32_t server_id;
    uint64_t sequence;
};

struct mon_gtid_list {
    size_t count;
    struct mon_gtid items[MON_GTID_MAX];
};

/*
 * Reads a position (one triplet per domain) or a binlog state (one per domain and server). -1 and
 * an empty list when the text is malformed; empty text is an empty list and 0.
 */
int mon_gtid_parse(const char *text, struct mon_gtid_list *out);
void mon_gtid_print(const struct mon_gtid_list *list, char *out, size_t size);

/* Sequence in a domain, 0 when the domain is not in the list. */
uint64_t mon_gtid_sequence(const struct mon_gtid_list *list, uint32_t domain);
bool mon_gtid_has_domain(const struct mon_gtid_list *list, uint32_t domain);

/*
 * The contract's test: both known, and in every common domain the joiner is not ahead of the
 * source. Server ids are not compared.
 */
bool mon_gtid_can_replicate(const struct mon_gtid_list *joiner, const struct mon_gtid_list *source);

/*
 * Transactions the joiner has and the source never logged, as far as positions can tell: ahead in
 * a common domain, or a sequence of some server beyond the last one of that server in the source's
 * binlog state (empty state: not compared). Returns their number.
 */
size_t mon_gtid_extra(const struct mon_gtid_list *joiner, const struct mon_gtid_list *source,
                      const struct mon_gtid_list *source_state, struct mon_gtid_list *out);

/* Sum over domains of what was received and is not applied yet. */
uint64_t mon_gtid_unapplied(const struct mon_gtid_list *received,
                            const struct mon_gtid_list *applied);
/* have >= wanted in every domain of wanted. */
bool mon_gtid_reached(const struct mon_gtid_list *have, const struct mon_gtid_list *wanted);
bool mon_gtid_equal(const struct mon_gtid_list *a, const struct mon_gtid_list *b);
/* Raises the position of the triplet's domain to it. */
void mon_gtid_advance(struct mon_gtid_list *list, struct mon_gtid to);

#endif
