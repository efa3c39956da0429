/*
 * The rows of an INSERT are jumped over in blocks: whatever stands in them, at whatever place of a
 * block, the verdict is that of reading every token.
 */
#include "sql/body.h"

#include "sql_test.h"

enum {
    PLACES = 140 /* more than two blocks */
};

static void
check(const char *sql, size_t len, const struct mx_sql_options *options)
{
    static const struct sql_collector nobody = {0};
    struct mx_sql tokens;
    struct mx_sql quick = classify_exact(sql, len, options);
    sql_classify(sql, len, options, &nobody, &tokens);
    if (memcmp(&quick, &tokens, sizeof(quick)) != 0) {
        fail_msg("type %x facts %x end %u, by tokens %x %x %u: %.*s", quick.type, quick.facts,
                 quick.end, tokens.type, tokens.facts, tokens.end, (int)len, sql);
    }
}

/* The part at every place of a block, with rows before and behind it. */
static void
check_part(const char *part, uint32_t mode, uint32_t charset)
{
    static const char row[] = "(17,'it''s',NULL, -3.5 ,\"x\",0x1f,x'41',1e5,_utf8'a',DEFAULT),";
    struct mx_sql_options options = {.mode = mode, .charset = charset};
    char text[4096];
    for (int place = 0; place < PLACES; place++) {
        size_t len =
            (size_t)snprintf(text, sizeof(text), "INSERT INTO t VALUES (1,'%.*s'),", place,
                             "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
                             "f0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
                             "f0123456789abcdef");
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s%s%s%s%s%s(1);SELECT 1", row,
                                part, row, row, row, row, row, row);
        check(text, len, &options);
    }
}

static const char *const parts[] = {
    "(last_insert_id()),",
    "('a',last_insert_id(),'b'),",
    "(NULL, nextval(s)),",
    "(1,s.nextval),",
    "(1,(SELECT max(a) FROM s)),",
    "(1, @a, @@warning_count, @b := 2),",
    "('a' FROM t, last_insert_id()),",
    "('\\'', last_insert_id()),",
    "('\\\\', last_insert_id()),",
    "('\\\\\\'', last_insert_id()),",
    "('''', last_insert_id()),",
    "(\"\\\"\", last_insert_id()),",
    "('\"', \"'\", last_insert_id()),",
    "(1 -- last_insert_id()\n, 2),",
    "(1 --last_insert_id(), 2),",
    "(1 # last_insert_id()\n, 2),",
    "(1 /* ' */, last_insert_id()),",
    "(1 /*!50001 , last_insert_id() */),",
    "(NULL (1), DEFAULT(a), TRUE . x, FALSE.last_insert_id()),",
    "(nullx, xnull, null_, NULL$, last_insert_id()),",
    "(1e5, 1e-5, 1e, 1.5e3, .5, 1., 0x1F, 0xg, 0b01, x'41', X'42', n'a', y'a', last_insert_id()),",
    "(0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef),",
    "(a.last_insert_id, last_insert_id),",
    "(1)(2),,((last_insert_id())),",
    "(1)),((2),",
    "('\xc3\xa4', \xc3\xa4, last_insert_id()),",
    "('\x81'\x81\\',1,'\x81', last_insert_id()),",
    "('\x83\\', last_insert_id()),",
    "(?, ?, last_insert_id()),",
    "(1) ON DUPLICATE KEY UPDATE a = last_insert_id(), b = VALUES(c) + ",
    "(1);SELECT last_insert_id();INSERT INTO t VALUES ",
    "('open, last_insert_id()),",
    "(1,\t2,\r\n\v\f3, last_insert_id()),",
    "(1,\0012),",
    "(1)RETURNING last_insert_id(),",
    "(now(), unhex('4142'), from_unixtime(17, 'a'), round( 1.5 , 2),last_insert_id()),",
    "(now(),now() ,now()+1,now().last_insert_id(),nextval(1)),",
    "(db.now(), db. now(), db .now(),7),",
    "(nowx(), 1),",
    "(my_function('a'), 1),",
    "(now(last_insert_id()), 1),",
    "(now('a', \"b\"), now(, 1),",
    "(now(-1), now(--1), now(1, ?)),",
    "(1, now('unterminated),",
    "(substring_index('a,b', ',', 1), 1, last_insert_id()),",
    "(1)now(),(2),",
};

static void
test_every_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < MX_COUNT(parts); i++) {
        check_part(parts[i], 0, 0);
    }
}

static void
test_modes_and_charsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < MX_COUNT(parts); i++) {
        check_part(parts[i], MX_SQL_MODE_ANSI_QUOTES, 0);
        check_part(parts[i], MX_SQL_MODE_NO_BACKSLASH_ESCAPES, 0);
        check_part(parts[i], MX_SQL_MODE_ORACLE, 0);
        check_part(parts[i], 0, MX_SQL_CHARSET_GBK);
        check_part(parts[i], 0, MX_SQL_CHARSET_SJIS);
    }
}

/* A jump that were never taken would pass the tests above. */
static void
test_rows_are_jumped_over(void **state)
{
    (void)state;
    char text[8192] = "INSERT INTO t VALUES ";
    for (int i = 0; i < 40; i++) {
        strcat(text, "(17,'it''s',NULL, -3.5 ,'x',0x1f,x'41',1e5,_utf8'a',DEFAULT,now(6)),");
    }
    struct mx_sql verdict;
    struct sql_parse parse;
    sql_parse_init(&parse, text, strlen(text), NULL, &verdict, NULL);
    do {
        sql_parse_advance(&parse);
    } while (!sql_parse_is(&parse, '('));
    sql_parse_advance(&parse);
    parse.frames[0] = (struct sql_frame){0};
    sql_rows_skip(&parse);
    assert_true(parse.token.start > strlen(text) - 256);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_place),
        cmocka_unit_test(test_modes_and_charsets),
        cmocka_unit_test(test_rows_are_jumped_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
