/*
 * A REST service without sockets: a registry made by hand (servers s1 and s2, monitor M, service RW
 * with filter F and listener L, service Other with server s2) and the users admin/mariadb and
 * ro/ropass (basic). No worker runs.
 */
#ifndef TESTS_ADMIN_FIXTURE_H
#define TESTS_ADMIN_FIXTURE_H

#include "admin/route.h"
#include "admin/state.h"

struct fixture {
    struct admin admin;
    char folder[64];
};

void fixture_init(struct fixture *fixture);
void fixture_fini(struct fixture *fixture);

/* The answer to one request; end it with fixture_end. headers NULL: those of admin. */
struct exchange {
    struct admin_request request;
    struct admin_response response;
};
void fixture_serve(struct fixture *fixture, struct exchange *exchange, const char *method,
                   const char *uri, const char *body, const struct admin_headers *headers);
void fixture_end(struct exchange *exchange);

#define ADMIN_BASIC "Basic YWRtaW46bWFyaWFkYg=="
#define RO_BASIC    "Basic cm86cm9wYXNz"

#endif
