/* Prepared statements of a client and of a server's connection; names of text PREPARE. */
#include "mariadb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mariadb_client client;
static struct mx_sql_options options;

void *
mx_session_client(const struct mx_session *session MX_UNUSED)
{
    return &client;
}

const struct mx_sql_options *
mx_session_sql_options(const struct mx_session *session MX_UNUSED)
{
    return &options;
}

static int
clean(void **state MX_UNUSED)
{
    stmt_clear(&client);
    free(client.stmts);
    client = (struct mariadb_client){0};
    return 0;
}

static void
test_ids_grow_and_are_not_given_twice(void **state MX_UNUSED)
{
    for (uint32_t i = 1; i <= 100; i++) {
        assert_int_equal(stmt_add(&client)->id, i);
    }
    stmt_remove(&client, 100);
    stmt_remove(&client, 50);
    stmt_remove(&client, 50);
    assert_null(stmt_find(&client, 50));
    assert_null(stmt_find(&client, 100));
    assert_int_equal(stmt_find(&client, 51)->id, 51);
    assert_int_equal(stmt_add(&client)->id, 101);
}

static void
test_numbers_begin_again_and_spare_those_in_use(void **state MX_UNUSED)
{
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(stmt_add(&client)->id, i);
    }
    stmt_remove(&client, 2);
    client.stmts->last_id = UINT32_MAX - 2;
    assert_int_equal(stmt_add(&client)->id, UINT32_MAX - 1); /* the one behind it means the last */
    assert_int_equal(stmt_add(&client)->id, 2);
    assert_int_equal(stmt_add(&client)->id, 4);
}

static void
test_types_are_remembered_with_a_version(void **state MX_UNUSED)
{
    static const uint8_t first[] = {0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0,
                                    1,    8, 0, 5, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t without[] = {0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0,
                                      0,    0, 6, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t other[] = {0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 0, 5, 0, 0, 0};
    struct mariadb_stmt *stmt = stmt_add(&client);
    stmt->parameters = 1;
    stmt_note_types(stmt, without, sizeof(without));
    assert_int_equal(stmt->types_version, 0);
    stmt_note_types(stmt, first, sizeof(first));
    assert_int_equal(stmt->types_version, 1);
    stmt_note_types(stmt, without, sizeof(without));
    stmt_note_types(stmt, first, sizeof(first));
    assert_int_equal(stmt->types_version, 1);
    stmt_note_types(stmt, other, sizeof(other));
    assert_int_equal(stmt->types_version, 2);
    assert_int_equal(stmt->types[0], 3);
    for (size_t len = 0; len < sizeof(first); len++) {
        stmt_note_types(stmt, first, len); /* cut anywhere: no harm */
    }
}

static const struct mx_sql *
run(const char *text)
{
    struct mx_sql sql;
    mx_sql_classify(text, strlen(text), &options, &sql);
    if ((sql.type & (MX_SQL_PREPARE_NAMED_STMT | MX_SQL_DEALLOC_PREPARE)) != 0) {
        stmt_note_name(NULL, text, strlen(text), &sql);
        return NULL;
    }
    return stmt_sql_of_name(&client, text, &sql);
}

static void
test_execute_is_what_was_prepared_under_the_name(void **state MX_UNUSED)
{
    assert_null(run("EXECUTE a"));
    (void)run("PREPARE a FROM 'SELECT 1'");
    (void)run("PREPARE b FROM 'INSERT INTO t VALUES (''x'')'");
    (void)run("PREPARE c FROM @text");
    assert_true((run("EXECUTE a")->type & MX_SQL_WRITE) == 0);
    assert_true((run("EXECUTE A")->type & MX_SQL_READ) != 0);
    assert_true((run("EXECUTE b")->type & MX_SQL_WRITE) != 0);
    assert_true((run("EXECUTE c")->type & MX_SQL_WRITE) != 0);
    (void)run("PREPARE a FROM 'DELETE FROM t'");
    assert_true((run("EXECUTE a")->type & MX_SQL_WRITE) != 0);
    (void)run("DEALLOCATE PREPARE a");
    assert_null(run("EXECUTE a"));
    assert_non_null(run("EXECUTE b"));
}

static void
test_each_server_has_ids_of_its_own(void **state MX_UNUSED)
{
    struct mariadb_backend *backend = calloc(1, sizeof(*backend));
    (void)backend_stmt_add(backend, 5, 50);
    (void)backend_stmt_add(backend, 2, 20);
    (void)backend_stmt_add(backend, 9, 90);
    assert_int_equal(backend_stmt_find(backend, 2)->server_id, 20);
    assert_int_equal(backend_stmt_find(backend, 9)->server_id, 90);
    assert_null(backend_stmt_find(backend, 3));
    backend_stmt_remove(backend, 5);
    backend_stmt_remove(backend, 5);
    assert_null(backend_stmt_find(backend, 5));
    assert_int_equal(backend_stmt_find(backend, 9)->server_id, 90);
    id_rows_free(&backend->stmts);
    free(backend);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_ids_grow_and_are_not_given_twice, clean),
        cmocka_unit_test_teardown(test_numbers_begin_again_and_spare_those_in_use, clean),
        cmocka_unit_test_teardown(test_types_are_remembered_with_a_version, clean),
        cmocka_unit_test_teardown(test_execute_is_what_was_prepared_under_the_name, clean),
        cmocka_unit_test_teardown(test_each_server_has_ids_of_its_own, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
