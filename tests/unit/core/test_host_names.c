/* What is remembered of the name service's answers, for how long, and who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/host_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name service: keeps what it was asked until the test answers. */
static struct {
    int64_t now_ms;
    int64_t limit_ms;
    int questions;
    net_name_fn fn;
    void *arg;
} service;

struct asker {
    int told;
    char name[64]; /* "-": told that there is none */
};

static void
service_look_up(const char *address, int64_t limit_ms, net_name_fn fn, void *arg)
{
    (void)address;
    service.questions++;
    service.limit_ms = limit_ms;
    service.fn = fn;
    service.arg = arg;
}

static int64_t
service_now(void)
{
    return service.now_ms;
}

static const struct core_host_door door = {.look_up = service_look_up, .now_ms = service_now};

static void
answer(enum net_name_result result, const char *text)
{
    net_name_fn fn = service.fn;
    assert_true(fn != NULL);
    service.fn = NULL;
    fn(service.arg, result, text);
}

static void
told(void *arg, const char *name)
{
    struct asker *asker = arg;
    asker->told++;
    (void)snprintf(asker->name, sizeof(asker->name), "%s", name == NULL ? "-" : name);
}

static void
keep(void *arg)
{
    (void)arg;
}

static void
ask(struct core_host_names *names, const char *address, int64_t cache_size, struct asker *asker)
{
    const struct core_host_question question = {
        .address = address, .limit_ms = 700, .cache_size = cache_size};
    core_host_names_ask(names, &question, told, asker);
}

static void
learn(struct core_host_names *names, const char *address, int64_t cache_size, const char *name)
{
    struct asker asker = {.told = 0};
    ask(names, address, cache_size, &asker);
    answer(NET_NAME_FOUND, name);
    assert_int_equal(asker.told, 1);
    assert_string_equal(asker.name, name);
}

static bool
knows(struct core_host_names *names, const char *address)
{
    const char *name;
    return core_host_names_get(names, address, &name);
}

static void
test_an_answer_is_good_for_five_minutes(void **state)
{
    struct core_host_names names;
    const char *name = NULL;
    (void)state;
    service.now_ms = 1000;
    core_host_names_init(&names, &door);
    assert_false(core_host_names_get(&names, "10.0.0.1", &name));
    learn(&names, "10.0.0.1", 128, "web1.example.com");
    assert_int_equal(service.limit_ms, 700);
    assert_true(core_host_names_get(&names, "10.0.0.1", &name));
    assert_string_equal(name, "web1.example.com");
    assert_false(knows(&names, "10.0.0.10"));
    service.now_ms += CORE_HOST_NAME_MS - 1;
    assert_true(knows(&names, "10.0.0.1"));
    service.now_ms += 1;
    assert_false(knows(&names, "10.0.0.1"));
    core_host_names_fini(&names, keep);
}

static void
test_no_name_is_remembered_too_a_failure_shorter(void **state)
{
    static const enum net_name_result results[] = {NET_NAME_NONE, NET_NAME_UNCONFIRMED,
                                                   NET_NAME_FAILED};
    (void)state;
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        struct core_host_names names;
        struct asker asker = {.told = 0};
        const char *name = "x";
        bool failed = results[i] == NET_NAME_FAILED;
        service.now_ms = 1000;
        core_host_names_init(&names, &door);
        ask(&names, "10.0.0.1", 128, &asker);
        assert_int_equal(asker.told, 0);
        answer(results[i], "a reason");
        assert_int_equal(asker.told, 1);
        assert_string_equal(asker.name, "-");
        assert_true(core_host_names_get(&names, "10.0.0.1", &name));
        assert_null(name);
        service.now_ms += CORE_HOST_NAME_FAILED_MS;
        assert_int_equal(knows(&names, "10.0.0.1"), !failed);
        core_host_names_fini(&names, keep);
    }
}

static void
test_a_name_like_an_address_is_not_used(void **state)
{
    struct core_host_names names;
    struct asker asker = {.told = 0};
    const char *name = "x";
    (void)state;
    core_host_names_init(&names, &door);
    ask(&names, "10.0.0.1", 128, &asker);
    answer(NET_NAME_FOUND, "192.168.1.evil.example.com");
    assert_string_equal(asker.name, "-");
    assert_true(core_host_names_get(&names, "10.0.0.1", &name));
    assert_null(name);
    core_host_names_fini(&names, keep);
}

static void
test_askers_share_a_question(void **state)
{
    struct core_host_names names;
    struct asker askers[3] = {{.told = 0}};
    (void)state;
    service.questions = 0;
    core_host_names_init(&names, &door);
    for (size_t i = 0; i < 3; i++) {
        ask(&names, "10.0.0.1", 128, &askers[i]);
    }
    assert_int_equal(service.questions, 1);
    answer(NET_NAME_FOUND, "web1");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(askers[i].told, 1);
        assert_string_equal(askers[i].name, "web1");
    }
    core_host_names_fini(&names, keep);
}

static void
test_size_is_kept_the_oldest_goes(void **state)
{
    struct core_host_names names;
    (void)state;
    core_host_names_init(&names, &door);
    learn(&names, "10.0.0.1", 2, "a");
    learn(&names, "10.0.0.2", 2, "b");
    learn(&names, "10.0.0.1", 2, "a"); /* again: newer than .2 now */
    learn(&names, "10.0.0.3", 2, "c");
    assert_false(knows(&names, "10.0.0.2"));
    assert_true(knows(&names, "10.0.0.1"));
    assert_true(knows(&names, "10.0.0.3"));
    learn(&names, "10.0.0.4", 1, "d"); /* made smaller at run time */
    assert_false(knows(&names, "10.0.0.1"));
    assert_false(knows(&names, "10.0.0.3"));
    assert_true(knows(&names, "10.0.0.4"));
    learn(&names, "10.0.0.5", 0, "e"); /* told, yet not remembered */
    assert_false(knows(&names, "10.0.0.4"));
    assert_false(knows(&names, "10.0.0.5"));
    core_host_names_fini(&names, keep);
}

static void
test_the_end_frees_who_waits(void **state)
{
    struct core_host_names names;
    (void)state;
    core_host_names_init(&names, &door);
    const struct core_host_question question = {.address = "10.0.0.1", .cache_size = 1};
    core_host_names_ask(&names, &question, told, malloc(1));
    core_host_names_ask(&names, &question, told, malloc(1));
    core_host_names_fini(&names, free);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_good_for_five_minutes),
        cmocka_unit_test(test_no_name_is_remembered_too_a_failure_shorter),
        cmocka_unit_test(test_a_name_like_an_address_is_not_used),
        cmocka_unit_test(test_askers_share_a_question),
        cmocka_unit_test(test_size_is_kept_the_oldest_goes),
        cmocka_unit_test(test_the_end_frees_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
