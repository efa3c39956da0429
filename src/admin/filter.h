/*
 * Filter expressions: eq(json) ne(json) lt le gt ge, and(e,...) or(e,...) not(e,...). Equality
 * works on every type, order on two numbers or two strings; not() is true when none of its
 * arguments is. Pure.
 */
#ifndef ADMIN_FILTER_H
#define ADMIN_FILTER_H

#include "mx/base.h"

#include <jansson.h>

struct admin_filter;

/* A JSON value means eq(value). NULL: neither that nor an expression; `why` is a sentence. */
struct admin_filter *admin_filter_parse(const char *text, char why[256]);
void admin_filter_free(struct admin_filter *filter);
bool admin_filter_matches(const struct admin_filter *filter, const json_t *value);

#endif
