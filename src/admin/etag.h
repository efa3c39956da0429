/* Conditional requests (RFC 7232): entity tags and times of change. */
#ifndef ADMIN_ETAG_H
#define ADMIN_ETAG_H

#include "mx/base.h"

#include <jansson.h>
#include <time.h>

#define ADMIN_ETAG_LEN 42u /* two quotes and 40 digits */

/* SHA-1 of the compact, sorted JSON in quotes; of nothing when body is NULL. */
void admin_etag_of(const json_t *body, char out[ADMIN_ETAG_LEN + 1]);

/* The header value is * or a list that has the tag (W/ before a tag does not matter). */
bool admin_etag_in(const char *header, const char *etag);

/*
 * When REST calls last changed what is below a path. Thread-safe. Its memory is bounded: when there
 * are too many paths the oldest one is forgotten and its time taken for all that are not known,
 * which is later than the truth and therefore safe.
 */
struct admin_changes;

struct admin_changes *admin_changes_new(time_t start);
void admin_changes_free(struct admin_changes *changes);
/* The path and everything above it has changed now. */
void admin_changes_note(struct admin_changes *changes, const char *path, time_t now);
time_t admin_changes_time(struct admin_changes *changes, const char *path);

#endif
