/*
 * Which repeated errors and warnings are left out. Per source line: after `count` messages within
 * `window`, the following ones are suppressed for `suppress`; those that come while the window
 * still runs extend it.
 */
#include "base/log_private.h"

#include <pthread.h>
#include <string.h>

/* Source lines remembered; when all are taken the one not heard of for longest gives way. */
#define PLACES 256

struct place {
    const char *file; /* NULL: free */
    int line;
    int64_t window_ms; /* when the window began */
    int64_t until_ms;  /* suppressed until then; 0: not suppressed */
    int64_t last_ms;   /* heard of last */
    int64_t count;     /* in this window */
    uint64_t suppressed;
};

static struct {
    pthread_mutex_t lock;
    struct mx_throttling limits;
    struct place places[PLACES];
} throttle = {.lock = PTHREAD_MUTEX_INITIALIZER, .limits = {10, 1000, 10000}};

static struct place *
place_of(const char *file, int line, int64_t now_ms)
{
    struct place *oldest = &throttle.places[0];
    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &throttle.places[i];
        if (place->file == NULL) {
            oldest = place;
            break;
        }
        if (place->line == line && strcmp(place->file, file) == 0) {
            return place;
        }
        if (place->last_ms < oldest->last_ms) {
            oldest = place;
        }
    }
    *oldest = (struct place){.file = file, .line = line, .window_ms = now_ms};
    return oldest;
}

static enum base_log_verdict
judge(struct place *place, int64_t now_ms, uint64_t *out_suppressed)
{
    const struct mx_throttling *limits = &throttle.limits;
    place->last_ms = now_ms;
    if (place->until_ms != 0) {
        if (now_ms < place->until_ms) {
            if (now_ms - place->window_ms < limits->window_ms) {
                place->until_ms = now_ms + limits->suppress_ms;
            }
            place->suppressed++;
            return BASE_LOG_SUPPRESS;
        }
        *out_suppressed = place->suppressed;
        place->suppressed = 0;
        place->until_ms = 0;
        place->count = 0;
    }
    if (place->count == 0 || now_ms - place->window_ms >= limits->window_ms) {
        place->window_ms = now_ms;
        place->count = 0;
    }
    place->count++;
    if (place->count < limits->count) {
        return BASE_LOG_WRITE;
    }
    place->until_ms = now_ms + limits->suppress_ms;
    return BASE_LOG_WRITE_LAST;
}

enum base_log_verdict
base_log_throttle(const char *file, int line, int64_t now_ms, uint64_t *out_suppressed)
{
    enum base_log_verdict verdict = BASE_LOG_WRITE;
    *out_suppressed = 0;
    (void)pthread_mutex_lock(&throttle.lock);
    const struct mx_throttling *limits = &throttle.limits;
    if (limits->count > 0 && limits->window_ms > 0 && limits->suppress_ms > 0) {
        verdict = judge(place_of(file, line, now_ms), now_ms, out_suppressed);
    }
    (void)pthread_mutex_unlock(&throttle.lock);
    return verdict;
}

void
base_log_throttle_set(const struct mx_throttling *throttling)
{
    (void)pthread_mutex_lock(&throttle.lock);
    throttle.limits = *throttling;
    memset(throttle.places, 0, sizeof(throttle.places));
    (void)pthread_mutex_unlock(&throttle.lock);
}

int64_t
base_log_throttle_suppress_ms(void)
{
    (void)pthread_mutex_lock(&throttle.lock);
    int64_t suppress_ms = throttle.limits.suppress_ms;
    (void)pthread_mutex_unlock(&throttle.lock);
    return suppress_ms;
}
