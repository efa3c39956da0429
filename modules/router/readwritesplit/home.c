/* Cursors and long data live on one server: which one, by statement id. Usually empty. */
#include "rwsplit.h"

#include <stdlib.h>

struct rws_backend *
rws_home_find(struct rws_session *rs, uint32_t stmt_id, bool long_data)
{
    for (uint32_t i = 0; i < rs->home_count; i++) {
        if (rs->homes[i].stmt_id == stmt_id && rs->homes[i].long_data == long_data) {
            struct rws_backend *b = &rs->backends[rs->homes[i].backend];
            return b->endpoint != NULL ? b : NULL;
        }
    }
    return NULL;
}

void
rws_home_set(struct rws_session *rs, uint32_t stmt_id, const struct rws_backend *backend,
             bool long_data)
{
    uint32_t index = (uint32_t)(backend - rs->backends);
    for (uint32_t i = 0; i < rs->home_count; i++) {
        if (rs->homes[i].stmt_id == stmt_id) {
            rs->homes[i].backend = index;
            rs->homes[i].long_data = long_data;
            return;
        }
    }
    rs->homes = mx_realloc(rs->homes, (rs->home_count + 1) * sizeof(*rs->homes));
    rs->homes[rs->home_count++] = (struct rws_stmt_home){stmt_id, index, long_data};
}

static void
remove_at(struct rws_session *rs, uint32_t i)
{
    rs->homes[i] = rs->homes[--rs->home_count];
    if (rs->home_count == 0) {
        free(rs->homes);
        rs->homes = NULL;
    }
}

void
rws_home_drop(struct rws_session *rs, uint32_t stmt_id)
{
    for (uint32_t i = 0; i < rs->home_count; i++) {
        if (rs->homes[i].stmt_id == stmt_id) {
            remove_at(rs, i);
            return;
        }
    }
}

void
rws_home_drop_backend(struct rws_session *rs, const struct rws_backend *backend)
{
    uint32_t index = (uint32_t)(backend - rs->backends);
    for (uint32_t i = rs->home_count; i > 0; i--) {
        if (rs->homes[i - 1].backend == index) {
            remove_at(rs, i - 1);
        }
    }
}
