/*
 * The lexer: tokens go forward and lie in the text, and the quick path finds what the automaton
 * alone finds.
 */
#include "sql.h"

#include "sql/token.h"

static bool
same_state(const struct sql_lexer *a, const struct sql_lexer *b)
{
    return a->after == b->after && a->in_exec == b->in_exec && a->commented == b->commented;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mx_sql_options options;
    const char *sql = NULL;
    if (!fuzz_sql_input(data, &size, &sql, &options)) {
        return 0;
    }
    struct sql_lexer quick;
    struct sql_lexer slow;
    struct sql_token token = {.kind = T_BAD};
    uint32_t end = 0;
    sql_lexer_init(&quick, sql, size, &options);
    sql_lexer_init(&slow, sql, size, &options);
    while (token.kind != T_EOF) {
        struct sql_token same;
        sql_lexer_next(&quick, &token);
        sql_lexer_next_slow(&slow, &same);
        FUZZ_REQUIRE(memcmp(&token, &same, sizeof(token)) == 0 && same_state(&quick, &slow));
        FUZZ_REQUIRE(token.start >= end && token.len <= size && token.start <= size - token.len);
        FUZZ_REQUIRE(token.len > 0 || token.kind == T_EOF);
        end = token.start + token.len;
    }
    return 0;
}
