/* Who is asking, and may they? Addresses, tokens and passwords; see rest-api.md, "Logging in". */
#ifndef ADMIN_AUTH_H
#define ADMIN_AUTH_H

#include "admin/request.h"

/*
 * Settles who sent the request (request->user, account). -1: refused, the answer is in `response`.
 * Needs method, uri, headers, peer and registry.
 */
int admin_auth_check(struct admin_request *request, struct admin_response *response);

/* Basic credentials only: for GET /auth. False: none, or wrong. */
bool admin_auth_basic(struct admin_request *request);

/* The method only looks. */
bool admin_method_is_read(enum admin_method method);

/* Splits "Basic <base64>" into two texts to be freed. False: not of that form. */
bool admin_auth_parse_basic(const char *header, char **user, char **password);

#endif
