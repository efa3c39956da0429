/* cli/args.c: reading command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../cli/args.h"
#include "../../../cli/line.h"

/* Parses a line; the words live until done(). */
static struct cli_words words;
static struct cli_args args;

static char *
parse(const char *line)
{
    char *error = NULL;
    assert_true(cli_words_split(&words, line));
    int rc = cli_args_parse(&args, (int)words.count, words.all, &error);
    assert_int_equal(rc, error == NULL ? 0 : -1);
    return error;
}

static void
done(void)
{
    cli_args_fini(&args);
    cli_words_fini(&words);
}

static void
expect_error(const char *line, const char *text)
{
    char *error = parse(line);
    if (error == NULL) {
        assert_int_equal(cli_args_check(&args, &error), -1);
    }
    assert_string_equal(error, text);
    free(error);
    done();
}

static void
test_words_and_options_may_be_mixed(void **state)
{
    (void)state;
    assert_null(parse("--tsv set -u bob server s1 --force drain -q"));
    assert_string_equal(args.command->group, "set");
    assert_int_equal(args.word_count, 2);
    assert_string_equal(args.words[0], "s1");
    assert_string_equal(args.words[1], "drain");
    assert_true(args.globals[CLI_GLOBAL_TSV].flag);
    assert_true(args.globals[CLI_GLOBAL_QUIET].flag);
    assert_string_equal(args.globals[CLI_GLOBAL_USER].text, "bob");
    assert_true(cli_args_flag(&args, "force"));
    done();
}

static void
test_forms_of_short_options(void **state)
{
    static const char *const lines[] = {"-u bob list servers",     "-ubob list servers",
                                        "-u=bob list servers",     "--user bob list servers",
                                        "--user=bob list servers", "list servers -qubob",
                                        "list -u bob servers"};
    (void)state;
    for (size_t i = 0; i < MX_COUNT(lines); i++) {
        assert_null(parse(lines[i]));
        assert_non_null(args.command);
        assert_string_equal(args.globals[CLI_GLOBAL_USER].text, "bob");
        done();
    }
}

static void
test_flags_take_true_and_false(void **state)
{
    (void)state;
    assert_null(
        parse("list servers --tls-verify-server-cert=false --tsv true --no-quiet -s false"));
    assert_true(args.globals[CLI_GLOBAL_TLS_VERIFY].given);
    assert_false(args.globals[CLI_GLOBAL_TLS_VERIFY].flag);
    assert_true(args.globals[CLI_GLOBAL_TSV].flag);
    assert_false(args.globals[CLI_GLOBAL_QUIET].flag);
    assert_false(args.globals[CLI_GLOBAL_SECURE].flag);
    assert_int_equal(args.word_count, 0);
    done();
}

static void
test_lists_end_at_the_next_option(void **state)
{
    (void)state;
    assert_null(parse("create service S r user=u --servers a b --filters f --cluster M"));
    const struct cli_value *servers = cli_args_list(&args, "servers");
    assert_int_equal(servers->list_count, 2);
    assert_string_equal(servers->list[1], "b");
    assert_int_equal(cli_args_list(&args, "filters")->list_count, 1);
    assert_string_equal(cli_args_text(&args, "cluster"), "M");
    assert_int_equal(args.word_count, 3);
    done();
}

static void
test_negative_numbers_and_empty_words_are_words(void **state)
{
    (void)state;
    assert_null(parse("alter service S idle -1ms text ''"));
    assert_int_equal(args.word_count, 5);
    assert_string_equal(args.words[2], "-1ms");
    assert_string_equal(args.words[4], "");
    done();
    assert_null(parse("classify -- '-- comment'"));
    assert_int_equal(args.word_count, 1);
    assert_string_equal(args.words[0], "-- comment");
    done();
}

static void
test_defaults_of_options(void **state)
{
    (void)state;
    assert_null(parse("list queries"));
    assert_int_equal(cli_args_number(&args, "max-length"), 120);
    done();
    assert_null(parse("list queries -l 7"));
    assert_int_equal(cli_args_number(&args, "max-length"), 7);
    done();
}

static void
test_what_is_wrong_is_said(void **state)
{
    (void)state;
    expect_error("nothing", "Unknown argument: nothing");
    expect_error("--a -b list servers c", "Unknown arguments: a, b, c");
    expect_error("-u", "Not enough arguments following: user");
    expect_error("-u -p x list servers", "Not enough arguments following: user");
    expect_error("show server", "Not enough non-option arguments: got 0, need at least 1");
    expect_error("list queries -l x",
                 "Option 'max-length' needs a whole number up to 999999999, not 'x'.");
    expect_error("list servers --tsv=x", "Option 'tsv' is 'true' or 'false', not 'x'.");
    expect_error("create user a b --type c",
                 "Invalid values:\n  Argument: type, Given: \"c\", Choices: \"admin\", \"basic\"");
}

/* Every prefix of a long line must be read or refused, never more. */
static void
test_any_prefix_of_a_line_is_safe(void **state)
{
    static const char line[] = "create service S \"r x\" user=u\\ v --servers a 'b c' -u bob "
                               "--tls-verify-server-cert false --cluster=M -sqt=5s -h a:1,b:2";
    (void)state;
    for (size_t len = 0; len < sizeof(line); len++) {
        char *prefix = mx_strndup(line, len);
        char *error = NULL;
        (void)cli_words_split(&words, prefix);
        if (cli_args_parse(&args, (int)words.count, words.all, &error) == 0) {
            (void)cli_args_check(&args, &error);
        }
        free(error);
        free(prefix);
        done();
    }
}

static void
test_lines_are_split_like_a_shell_does(void **state)
{
    static const char *const expected[] = {"a", "b c", "d\"e", "f\\g", "", "hi"};
    (void)state;
    assert_true(cli_words_split(&words, "  a 'b c' \"d\\\"e\" 'f\\g' ''\th\"i\"\n"));
    assert_int_equal(words.count, MX_COUNT(expected));
    for (size_t i = 0; i < MX_COUNT(expected); i++) {
        assert_string_equal(words.all[i], expected[i]);
    }
    cli_words_fini(&words);
    assert_false(cli_words_split(&words, "a 'b"));
    cli_words_fini(&words);
}

static void
test_table_of_commands_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct cli_command *command = &cli_commands[i];
        assert_non_null(command->run);
        assert_non_null(cli_group_find(command->group));
        assert_ptr_equal(cli_command_find(command->group, command->name), command);
        assert_int_equal(command->help[strlen(command->help) - 1], '.');
        bool optional = false;
        for (size_t k = 0; k < CLI_ARGUMENTS_MAX && command->arguments[k].name != NULL; k++) {
            assert_false(optional && !command->arguments[k].optional);
            optional = command->arguments[k].optional;
        }
        for (size_t k = 0; k < CLI_OPTIONS_MAX && command->options[k].name != NULL; k++) {
            assert_non_null(command->options[k].help);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_options_may_be_mixed),
        cmocka_unit_test(test_forms_of_short_options),
        cmocka_unit_test(test_flags_take_true_and_false),
        cmocka_unit_test(test_lists_end_at_the_next_option),
        cmocka_unit_test(test_negative_numbers_and_empty_words_are_words),
        cmocka_unit_test(test_defaults_of_options),
        cmocka_unit_test(test_what_is_wrong_is_said),
        cmocka_unit_test(test_any_prefix_of_a_line_is_safe),
        cmocka_unit_test(test_lines_are_split_like_a_shell_does),
        cmocka_unit_test(test_table_of_commands_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
