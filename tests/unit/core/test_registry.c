/* Who sees which registry when. The test stands in for the one worker and for what waits in it. */
#include "core/objects.h"
#include "core/params_json.h"
#include "core/runtime.h"
#include "mx/worker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    WAITING_MAX = 8
};

struct waiting {
    size_t count;
    struct {
        mx_worker_fn fn;
        void *arg;
    } what[WAITING_MAX];
};

static struct waiting messages;
static struct waiting deferred;
static int worker;            /* its address is one */
static bool is_worker = true; /* the thread that runs is it */

const struct conf_rows core_global_rows;

void
conf_block_init(const struct conf_rows *rows MX_UNUSED, void *block MX_UNUSED)
{
}

void
conf_block_free(const struct conf_rows *rows MX_UNUSED, void *block MX_UNUSED)
{
}

void
core_filter_unref(struct core_filter *filter MX_UNUSED)
{
}

void
core_listener_unref(struct core_listener *listener MX_UNUSED)
{
}

void
core_monitor_unref(struct mx_monitor *monitor MX_UNUSED)
{
}

void
core_server_unref(struct mx_server *server MX_UNUSED)
{
}

void
core_service_unref(struct mx_service *service MX_UNUSED)
{
}

bool
mx_server_same(const struct mx_server *a, const struct mx_server *b)
{
    return a == b;
}

struct mx_worker *
mx_worker_self(void)
{
    return is_worker ? mx_worker_get(0) : NULL;
}

struct mx_worker *
mx_worker_get(int index MX_UNUSED)
{
    return (struct mx_worker *)(void *)&worker;
}

int
mx_worker_index(const struct mx_worker *any MX_UNUSED)
{
    return 0;
}

int
mx_worker_count(void)
{
    return 1;
}

static void
keep(struct waiting *list, mx_worker_fn fn, void *arg)
{
    assert_true(list->count < WAITING_MAX);
    list->what[list->count].fn = fn;
    list->what[list->count].arg = arg;
    list->count++;
}

void
mx_worker_post(struct mx_worker *any MX_UNUSED, mx_worker_fn fn, void *arg)
{
    keep(&messages, fn, arg);
}

void
mx_worker_defer(mx_worker_fn fn, void *arg)
{
    keep(&deferred, fn, arg);
}

static void
run(struct waiting *list)
{
    for (size_t i = 0; i < list->count; i++) {
        list->what[i].fn(list->what[i].arg);
    }
    list->count = 0;
}

static const struct core_registry *
publish(void)
{
    struct core_registry *made = core_registry_new();
    made->globals = core_globals_new();
    core_registry_publish(made);
    return made;
}

static void
test_who_comes_before_the_message_sees_the_newest(void **state MX_UNUSED)
{
    is_worker = false;
    const struct core_registry *first = publish();
    is_worker = true;
    run(&messages);
    run(&deferred);
    assert_ptr_equal(core_registry_mine(), first);
    core_registry_catch_up();
    assert_int_equal(deferred.count, 0);

    is_worker = false;
    const struct core_registry *second = publish();
    is_worker = true;
    assert_ptr_equal(core_registry_mine(), first);
    uint64_t borrowed = first->version;
    core_registry_catch_up();
    assert_ptr_equal(core_registry_mine(), second);
    assert_int_equal(first->version, borrowed); /* still there until the turn ends */
    run(&deferred);
    run(&messages); /* the late message changes nothing */
    run(&deferred);
    assert_ptr_equal(core_registry_mine(), second);
    core_registry_fini();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_comes_before_the_message_sees_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
