/*
 * The smallest complete module: a filter that counts the statements that pass and refuses those
 * beyond a limit per session. Built outside the tree by the tests, with nothing but the installed
 * headers:
 *
 *     cc -std=gnu17 -shared -fPIC -I /usr/include module.c -o libexamplefilter.so
 */
#include "mx/module.h"
#include "mx/atomic.h"
#include "mx/filter.h"

#include <stdlib.h>

struct config {
    int64_t limit; /* statements of one session; 0: any number */
};

struct instance {
    int64_t limit;
    struct mx_atomic statements; /* of all sessions */
};

struct session {
    struct mx_session *session;
    struct instance *instance;
    int64_t statements;
};

static void *
instance_new(const char *filter_name MX_UNUSED, const void *ptr, struct mx_err *err MX_UNUSED)
{
    const struct config *config = ptr;
    struct instance *instance = mx_calloc(1, sizeof(*instance));
    instance->limit = config->limit;
    return instance;
}

static json_t *
diagnostics(void *ptr)
{
    const struct instance *instance = ptr;
    return json_pack("{s:I}", "statements", (json_int_t)mx_atomic_get(&instance->statements));
}

static int
session_new(void *instance, struct mx_session *session, void **out_fs, struct mx_err *err MX_UNUSED)
{
    struct session *fs = mx_calloc(1, sizeof(*fs));
    fs->session = session;
    fs->instance = instance;
    *out_fs = fs;
    return 0;
}

static enum mx_verdict
query(void *ptr, struct mx_query *query)
{
    struct session *fs = ptr;
    if (!query->first || !query->expects_reply) {
        return MX_PASS;
    }
    if (fs->instance->limit > 0 && fs->statements >= fs->instance->limit) {
        mx_session_reply_error(fs->session, 1226, "42000",
                               "The limit of %lld statements per session is used up",
                               (long long)fs->instance->limit);
        return MX_DONE;
    }
    fs->statements++;
    (void)mx_atomic_add(&fs->instance->statements, 1);
    return MX_PASS;
}

static const struct mx_filter_ops ops = {
    .instance_new = instance_new,
    .instance_free = free,
    .diagnostics = diagnostics,
    .session_new = session_new,
    .session_free = free,
    .query = query,
};

static const struct mx_param params[] = {
    {.name = "limit",
     .type = MX_PARAM_COUNT,
     .offset = offsetof(struct config, limit),
     .value_default = "0",
     .doc = "Most statements of one session; 0 is no limit."},
};

MX_MODULE(.kind = MX_MODULE_FILTER, .name = "examplefilter", .version = "1.0.0",
          .doc = "Counts statements; the model for modules built outside of the tree.",
          .config_size = sizeof(struct config), .params = params, .param_count = MX_COUNT(params),
          .filter = &ops);
