/* SET taken apart into single assignments. */
#include "sql_test.h"

static char seen[512];

struct list {
    const char *sql;
    unsigned count;
    unsigned stop_at;
};

static bool
note(void *data, const struct mx_sql_assignment *found)
{
    static const char *const kinds[] = {"var",  "user",    "names", "charset",  "password",
                                        "role", "defrole", "trx",   "statement"};
    static const char *const scopes[] = {"", "session.", "global."};
    struct list *list = data;
    size_t len = strlen(seen);
    len += (size_t)snprintf(seen + len, sizeof(seen) - len, "%s%s %s%.*s=[%.*s]",
                            len > 0 ? "; " : "", kinds[found->kind], scopes[found->scope],
                            (int)found->name.len, list->sql + found->name.start,
                            (int)found->value.len, list->sql + found->value.start);
    if (found->collation.len > 0) {
        snprintf(seen + len, sizeof(seen) - len, " %.*s", (int)found->collation.len,
                 list->sql + found->collation.start);
    }
    return ++list->count != list->stop_at;
}

static const char *
assignments(const char *sql, unsigned stop_at)
{
    struct list list = {.sql = sql, .stop_at = stop_at};
    seen[0] = '\0';
    mx_sql_each_assignment(sql, strlen(sql), NULL, note, &list);
    return seen;
}

static void
test_every_form(void **state)
{
    static const char *const rows[][2] = {
        {"SET a=1", "var a=[1]"},
        {"SET GLOBAL a=1, b=2", "var global.a=[1]; var b=[2]"},
        {"SET SESSION a = 1 , LOCAL b := 'x,y', @@c=3",
         "var session.a=[1]; var session.b=['x,y']; var c=[3]"},
        {"SET @@global.a=1, @@session.`b`=2, @@local.c=3",
         "var global.a=[1]; var session.`b`=[2]; var session.c=[3]"},
        {"SET k.key_buffer_size=1", "var k.key_buffer_size=[1]"},
        {"SET @a=1, @`b c`:=(SELECT 1, 2), @d = f(1,2)",
         "user @a=[1]; user @`b c`=[(SELECT 1, 2)]; user @d=[f(1,2)]"},
        {"SET NAMES utf8 COLLATE utf8_bin, a=1", "names =[utf8] utf8_bin; var a=[1]"},
        {"SET NAMES DEFAULT", "names =[DEFAULT]"},
        {"SET CHARACTER SET latin1", "charset =[latin1]"},
        {"SET CHARSET 'utf8'", "charset =['utf8']"},
        {"SET PASSWORD FOR 'a'@'b' = PASSWORD('x')", "password =[FOR 'a'@'b' = PASSWORD('x')]"},
        {"SET ROLE r1", "role =[r1]"},
        {"SET DEFAULT ROLE r FOR u", "defrole =[ROLE r FOR u]"},
        {"SET SESSION TRANSACTION READ ONLY, ISOLATION LEVEL SERIALIZABLE",
         "trx session.=[READ ONLY, ISOLATION LEVEL SERIALIZABLE]"},
        {"SET TRANSACTION READ WRITE", "trx =[READ WRITE]"},
        {"SET STATEMENT a=1, b=(2+3) FOR SELECT 1", "statement a=[1]; statement b=[(2+3)]"},
        {"SET names=1", "var names=[1]"},
        {"SET session=1", "var session=[1]"},
        {"SELECT 1", ""},
    };
    (void)state;
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        const char *got = assignments(rows[i][0], 0);
        if (strcmp(got, rows[i][1]) != 0) {
            fail_msg("%s: %s, want %s", rows[i][0], got, rows[i][1]);
        }
    }
}

static void
test_stops_when_told(void **state)
{
    (void)state;
    assert_string_equal(assignments("SET a=1, b=2, c=3", 2), "var a=[1]; var b=[2]");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form),
        cmocka_unit_test(test_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
