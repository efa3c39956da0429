/*
 * The thread that keeps accounts fresh: when it loads, who is told, what stays when loading fails.
 * Accounts come from a file, so there is no server; the test is the worker that messages go to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/users_manager.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test-users-manager-XXXXXX";

/* What the source says; changed by the test, read by the manager's thread. */
static struct {
    pthread_mutex_t lock;
    int64_t refresh_ms;
    int64_t interval_ms;
    int refuse; /* so often there is nothing to load from */
    int asked;
    const char *file;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

static sem_t told;

/* The test stands in for the worker: messages run at once, on the sender's thread. */
void
mx_worker_post(struct mx_worker *worker, mx_worker_fn fn, void *arg)
{
    assert_null(worker);
    fn(arg);
}

static void
tell(void *arg)
{
    (void)sem_post(arg);
}

static int
source(void *ctx, struct core_users_source *out)
{
    assert_ptr_equal(ctx, &world);
    (void)pthread_mutex_lock(&world.lock);
    world.asked++;
    int rc = world.refuse > 0 ? -1 : 0;
    world.refuse -= world.refuse > 0 ? 1 : 0;
    if (rc == 0) {
        out->file = mx_strdup(world.file);
        out->file_only = true;
        out->refresh_ms = world.refresh_ms;
        out->interval_ms = world.interval_ms;
    }
    (void)pthread_mutex_unlock(&world.lock);
    return rc;
}

static void
world_set(int64_t refresh_ms, const char *file)
{
    (void)pthread_mutex_lock(&world.lock);
    world.refresh_ms = refresh_ms;
    world.file = file;
    (void)pthread_mutex_unlock(&world.lock);
}

static void
put_users(size_t count)
{
    char next[sizeof(path) + 5];
    (void)snprintf(next, sizeof(next), "%s.new", path);
    FILE *file = fopen(next, "we");
    assert_non_null(file);
    (void)fputs("{\"user\": [", file);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "%s{\"user\": \"u%zu\", \"host\": \"%%\"}", i == 0 ? "" : ",", i);
    }
    (void)fputs("]}", file);
    assert_int_equal(fclose(file), 0);
    /* The thread may be reading: it sees the old file or the new one, never a part. */
    assert_int_equal(rename(next, path), 0);
}

static size_t
users_now(struct core_users_manager *m)
{
    struct core_users *users = core_users_manager_get(m);
    size_t count = core_users_count(users);
    core_users_unref(users);
    return count;
}

/* Asks as a failed login does, and waits for the answer when one is coming. */
static bool
refresh(struct core_users_manager *m)
{
    bool coming = core_users_manager_refresh(m, NULL, tell, &told);
    while (coming && sem_wait(&told) != 0) {
    }
    return coming;
}

static struct core_users_manager *
start(int64_t refresh_ms, size_t users)
{
    struct mx_err err;
    put_users(users);
    world_set(refresh_ms, path);
    world.asked = 0;
    struct core_users_manager *m = core_users_manager_new("svc", source, &world, &err);
    assert_non_null(m);
    return m;
}

static void
test_clients_wait_for_the_first_load(void **state)
{
    (void)state;
    world.refuse = 3;
    struct core_users_manager *m = start(30000, 2);
    /* Whoever asks before there are accounts gets an answer, and in the end the accounts. */
    while (users_now(m) == 0) {
        assert_true(refresh(m));
    }
    assert_int_equal(users_now(m), 2);
    assert_true(core_users_manager_loaded_at(m) > 0);
    core_users_manager_free(m);
    assert_true(world.asked >= 4);
}

static void
test_refresh_shows_new_accounts(void **state)
{
    (void)state;
    struct core_users_manager *m = start(0, 1);
    for (size_t n = 1; n < 20; n++) {
        put_users(n);
        assert_true(refresh(m));
        assert_int_equal(users_now(m), n);
    }
    core_users_manager_free(m);
}

static void
test_throttle(void **state)
{
    (void)state;
    struct core_users_manager *m = start(3600 * 1000, 1);
    size_t allowed = 0;
    while (refresh(m)) {
        allowed++;
        assert_true(allowed < 20);
    }
    /* the first load and up to five more are free */
    assert_true(allowed >= 5 && allowed <= 6);
    put_users(7);
    assert_false(refresh(m));
    assert_int_equal(users_now(m), 1);
    /* Told to, it loads all the same. The throttle is off when the answer is there. */
    world_set(0, path);
    core_users_manager_reload(m);
    while (users_now(m) != 7) {
        (void)usleep(1000);
    }
    assert_true(refresh(m));
    core_users_manager_free(m);
}

static void
test_never(void **state)
{
    (void)state;
    struct core_users_manager *m = start(-1, 1);
    while (users_now(m) == 0) {
        (void)refresh(m);
    }
    /* The accounts are there a moment before the load has ended, which may be waited for once. */
    bool waited = refresh(m);
    assert_true(!waited || !refresh(m));
    core_users_manager_free(m);
}

static void
test_old_accounts_stay(void **state)
{
    (void)state;
    struct core_users_manager *m = start(0, 3);
    assert_true(refresh(m));
    assert_int_equal(users_now(m), 3);
    world_set(0, "/nowhere/at/all.json");
    assert_true(refresh(m));
    assert_int_equal(users_now(m), 3);
    world_set(0, path);
    put_users(4);
    assert_true(refresh(m));
    assert_int_equal(users_now(m), 4);
    core_users_manager_free(m);
}

static void
test_periodic(void **state)
{
    (void)state;
    world.interval_ms = 1;
    struct core_users_manager *m = start(-1, 1);
    while (users_now(m) != 1) {
        (void)usleep(1000);
    }
    put_users(2);
    while (users_now(m) != 2) {
        (void)usleep(1000);
    }
    core_users_manager_free(m);
    world.interval_ms = 0;
}

static void
test_free_before_anything_was_read(void **state)
{
    (void)state;
    world.refuse = 1000;
    struct core_users_manager *m = start(0, 1);
    core_users_manager_free(m);
    core_users_manager_free(NULL);
    world.refuse = 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients_wait_for_the_first_load),
        cmocka_unit_test(test_refresh_shows_new_accounts),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_old_accounts_stay),
        cmocka_unit_test(test_periodic),
        cmocka_unit_test(test_free_before_anything_was_read),
    };
    int fd = mkstemp(path);
    if (fd < 0 || sem_init(&told, 0, 0) != 0) {
        return EXIT_FAILURE;
    }
    (void)close(fd);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return rc;
}
