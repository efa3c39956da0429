/* Regular expressions (PCRE2) of the configuration. */
#ifndef CONF_REGEX_H
#define CONF_REGEX_H

#include "mx/base.h"

struct conf_regex;
struct conf_why;

/* NULL with why: what is wrong with the pattern, and where. */
struct conf_regex *conf_regex_new(const char *pattern, struct conf_why *why);
void conf_regex_free(struct conf_regex *regex); /* NULL is fine */
bool conf_regex_match(const struct conf_regex *regex, const char *text, size_t len);

#endif
