/*
 * What the query string does to a finished GET body: filter, page and fields, in this order. Pure.
 */
#ifndef ADMIN_QUERY_H
#define ADMIN_QUERY_H

#include "admin/request.h"

/*
 * Changes `body` in place. self_url is the address of the collection without a query string.
 * -1: a parameter is wrong; the errors of `response` then say which (400).
 */
int admin_query_apply(const struct admin_uri *uri, const char *self_url, json_t *body,
                      struct admin_response *response);

#endif
