/* See regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "conf/regex.h"

#include "conf/value.h"

#include <pcre2.h>
#include <stdlib.h>

struct conf_regex {
    pcre2_code *code;
    pcre2_match_data *found;
};

struct conf_regex *
conf_regex_new(const char *pattern, struct conf_why *why)
{
    int number = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &number, &at, NULL);
    if (code == NULL) {
        PCRE2_UCHAR text[128] = {0};
        (void)pcre2_get_error_message(number, text, MX_COUNT(text));
        (void)conf_why_set(why, NULL, "'%s' is not a valid regular expression: %s at position %zu.",
                           pattern, (const char *)text, (size_t)at);
        return NULL;
    }
    struct conf_regex *regex = mx_calloc(1, sizeof(*regex));
    regex->code = code;
    regex->found = pcre2_match_data_create(1, NULL);
    MX_ASSERT(regex->found != NULL);
    return regex;
}

void
conf_regex_free(struct conf_regex *regex)
{
    if (regex != NULL) {
        pcre2_match_data_free(regex->found);
        pcre2_code_free(regex->code);
        free(regex);
    }
}

bool
conf_regex_match(const struct conf_regex *regex, const char *text, size_t len)
{
    return pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, 0, regex->found, NULL) >= 0;
}
