/* Input: the text behind the word KILL. What is understood has names that end, and one meaning. */
#include "kill_words.h"
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kill_words words;
    struct kill_words again;
    char text[64];
    if (kill_words_parse((const char *)data, size, &words) != 0) {
        return 0;
    }
    FUZZ_REQUIRE(memchr(words.user, '\0', sizeof(words.user)) != NULL);
    FUZZ_REQUIRE(memchr(words.host, '\0', sizeof(words.host)) != NULL);
    FUZZ_REQUIRE(words.what != KILL_QUERY_ID || words.query_only);
    if (words.what == KILL_USER || words.number != KILL_NUMBER_GIVEN) {
        return 0;
    }
    int len = snprintf(text, sizeof(text), "%s %s %s %llu", words.hard ? "HARD" : "SOFT",
                       words.query_only ? "QUERY" : "CONNECTION",
                       words.what == KILL_QUERY_ID ? "ID" : "", (unsigned long long)words.id);
    FUZZ_REQUIRE(kill_words_parse(text, (size_t)len, &again) == 0);
    FUZZ_REQUIRE(again.id == words.id && again.what == words.what && again.hard == words.hard &&
                 again.query_only == words.query_only);
    return 0;
}
