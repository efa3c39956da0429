/* The lexical grammar: what is a token, a comment, code in a comment, a quote. */
#include "sql/token.h"

#include "sql_test.h"

/* The kinds of all tokens, one letter each. */
static const char *
kinds(const char *sql, size_t len, const struct mx_sql_options *options)
{
    static char out[128];
    struct sql_lexer lexer;
    size_t used = 0;
    sql_lexer_init(&lexer, sql, len, options);
    for (;;) {
        struct sql_token token;
        sql_lexer_next(&lexer, &token);
        if (token.kind == T_EOF || used == sizeof(out) - 1) {
            break;
        }
        char c = token.kind == T_IDENT      ? 'i'
                 : token.kind == T_QUOTED   ? 'q'
                 : token.kind == T_STRING   ? 's'
                 : token.kind == T_NUMBER   ? 'n'
                 : token.kind == T_USERVAR  ? 'u'
                 : token.kind == T_SYSVAR   ? 'v'
                 : token.kind == T_HOSTVAR  ? 'h'
                 : token.kind == T_ASSIGN   ? 'a'
                 : token.kind == T_COMPARE  ? 'c'
                 : token.kind == T_OPERATOR ? 'o'
                 : token.kind == T_LABEL    ? 'l'
                 : token.kind == T_BAD      ? '!'
                 : token.kind >= T_WORD     ? 'k'
                                            : (char)token.kind;
        out[used++] = c;
        if (token.kind == T_BAD) {
            break;
        }
    }
    out[used] = '\0';
    return out;
}

struct row {
    const char *sql;
    const char *want;
};

static void
check(const struct row *rows, size_t count, uint32_t mode)
{
    struct mx_sql_options options = {.mode = mode};
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(rows[i].sql);
        char *exact = malloc(len + 1);
        assert_non_null(exact);
        memcpy(exact, rows[i].sql, len);
        const char *got = kinds(exact, len, &options);
        if (strcmp(got, rows[i].want) != 0) {
            fail_msg("%s: %s, want %s", rows[i].sql, got, rows[i].want);
        }
        free(exact);
    }
}

static void
test_tokens(void **state)
{
    static const struct row rows[] = {
        {"a b1 _c $d 1e 1abc 0xyz", "iiiiiii"},
        {"1 1.5 .5 1. 1e5 1.5e-3 0x1F 0b01", "nnnnnnnn"},
        {"t.1 t.1e5 t . select", "i.ii.ii.i"},
        {"'a''b' 'a\\'b' \"x\" x'41' B'01' N'n' _utf8'x'", "ssssssis"},
        {"`a``b` `a\\`", "qq"},
        {"@a @a.b$c @'x y' @`z` @\"q\" @", "uuuuuu"},
        {"@@a @@global.b @@`c`", "vv.iv"},
        {"'open", "!"},
        {"`open", "!"},
        {"/* open", "!"},
        {"\xd0\xb8\xd0\xbc\xd1\x8f x\xc3\xa4y", "ii"},
    };
    (void)state;
    check(rows, MX_COUNT(rows), 0);
    static const struct row operators[] = {
        {"a:=1", "ian"}, {"<=> <> !=", "ccc"}, {"|| && -> ->>", "oooo"},
        {"<< >>", "oo"}, {"x :y", "i:i"},
    };
    check(operators, MX_COUNT(operators), 0);
}

static void
test_comments(void **state)
{
    static const struct row rows[] = {
        {"a # b\nc", "ii"},
        {"a -- b\nc", "ii"},
        {"a --b", "i--i"},
        {"a --", "i"},
        {"a --\tb\nc", "ii"},
        {"a /* b */ c", "ii"},
        {"a /* b /* c */ d", "ii"},
        {"a /*! b */ c", "iii"},
        {"a /*!50101 b */ c", "iii"},
        {"a /*!101000 b */ c", "iii"},
        {"a /*!999999 b */ c", "ii"},
        {"a /*!50701 b */ c", "ii"},
        {"a /*M! b */ c", "iii"},
        {"a /*M!50701 b */ c", "iii"},
        {"a /*!999999 b /* x */ d */ c", "ii"},
        {"a /*+ hint */ c", "ii"},
        {"a /*!50101 b 'x */' */ c", "iisi"},
        {"a */ c", "i*/i"},
    };
    (void)state;
    check(rows, MX_COUNT(rows), 0);
}

static void
test_modes(void **state)
{
    static const struct row ansi[] = {{"\"a\"\"b\" 'c'", "qs"}};
    static const struct row no_escapes[] = {{"'a\\' b", "si"}, {"'a\\\\' b", "si"}};
    static const struct row oracle[] = {{":a := 1", "han"}, {"<<x>> LOOP", "lilk"}};
    (void)state;
    check(ansi, MX_COUNT(ansi), MX_SQL_MODE_ANSI_QUOTES);
    check(no_escapes, MX_COUNT(no_escapes), MX_SQL_MODE_NO_BACKSLASH_ESCAPES);
    check(oracle, MX_COUNT(oracle), MX_SQL_MODE_ORACLE);
}

static void
test_second_byte_of_a_character_is_no_quote(void **state)
{
    (void)state;
    struct mx_sql_options gbk = {.charset = MX_SQL_CHARSET_GBK};
    struct mx_sql_options sjis = {.charset = MX_SQL_CHARSET_SJIS};
    struct mx_sql_options big5 = {.charset = MX_SQL_CHARSET_BIG5};
    /* 0x5c as a second byte would escape the closing quote */
    assert_string_equal(kinds("'\xbf\x5c' a", 6, &gbk), "si");
    assert_string_equal(kinds("'\xbf\x5c' a", 6, NULL), "!");
    assert_string_equal(kinds("'\x95\x5c' a", 6, &sjis), "si");
    assert_string_equal(kinds("'\xa4\x5c' a", 6, &big5), "si");
    /* 0x60 as a second byte would end the name */
    assert_string_equal(kinds("`\x81\x60` a", 6, &gbk), "qi");
    assert_string_equal(kinds("\x81\x60 a", 4, &gbk), "ii");
    assert_string_equal(kinds("'\x81' a", 5, &gbk), "si");
    /* a word goes on behind such a character: \x81` z */
    assert_string_equal(kinds("x\x81\x60z a", 6, &gbk), "ii");
}

static void
test_reads_nothing_behind_the_end(void **state)
{
    static const char *const texts[] = {
        "SELECT 'a", "SELECT /*!501", "SELECT @", "SELECT 1.", "-",   "SELECT @@global.",
        "/",         "SELECT `",      "x'",       "0x",        "1e+", ":"};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(texts); i++) {
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            (void)classify_exact(texts[i], len, NULL);
        }
    }
}

static void
test_embedded_zero_is_a_write(void **state)
{
    (void)state;
    struct mx_sql verdict = classify_exact("SELECT 1\0; DROP TABLE t", 23, NULL);
    assert_true((verdict.type & MX_SQL_WRITE) != 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_second_byte_of_a_character_is_no_quote),
        cmocka_unit_test(test_reads_nothing_behind_the_end),
        cmocka_unit_test(test_embedded_zero_is_a_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
