/* /sessions */
#include "admin/res.h"
#include "core/main_call.h"
#include "core/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* False: not a number of a session. */
static bool
session_id(const struct admin_request *request, uint64_t *out)
{
    const char *text = request->uri.parts[1];
    char *end = NULL;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '1' && *text <= '9' && *end == '\0' && errno == 0;
}

static void
not_a_session(const struct admin_request *request, struct admin_response *response)
{
    admin_response_error(response, 404, "%s is not a session", request->uri.parts[1]);
}

/* The name that belongs to the address, when there is one. */
static void
resolve_remote(json_t *attributes)
{
    const char *remote = json_string_value(json_object_get(attributes, "remote"));
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    char name[NI_MAXHOST];

    if (remote == NULL || getaddrinfo(remote, NULL, &hints, &found) != 0) {
        return;
    }
    if (getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof(name), NULL, 0, NI_NAMEREQD) ==
        0) {
        (void)json_object_set_new(attributes, "remote", admin_text(name));
    }
    freeaddrinfo(found);
}

/* The core names what a session relates to; links are ours. */
static void
link_relations(const struct admin_request *request, json_t *session, const char *id)
{
    const char *word;
    json_t *relation;

    json_object_foreach(json_object_get(session, "relationships"), word, relation)
    {
        (void)json_object_set_new(
            relation, "links",
            json_pack("{s:o, s:o}", "related", admin_url(request, "/%s/", word), "self",
                      admin_url(request, "/sessions/%s/relationships/%s/", id, word)));
    }
}

static void
complete(const struct admin_request *request, json_t *session)
{
    const char *id = json_string_value(json_object_get(session, "id"));

    if (admin_uri_bool(&request->uri, "rdns", false) &&
        !request->registry->globals->skip_name_resolve) {
        resolve_remote(json_object_get(session, "attributes"));
    }
    admin_resource_link(request, session, "/sessions/%s/", id);
    link_relations(request, session, id);
}

void
admin_get_sessions(struct admin_request *request, struct admin_response *response)
{
    json_t *sessions = core_sessions_json(0);
    json_t *session;
    size_t i;

    json_array_foreach(sessions, i, session)
    {
        complete(request, session);
    }
    admin_response_body(response, admin_document(request, sessions, "/sessions/"));
}

/* The one session of the path, or NULL and 404. */
static json_t *
find_session(const struct admin_request *request, struct admin_response *response)
{
    uint64_t id = 0;
    json_t *sessions = session_id(request, &id) ? core_sessions_json(id) : NULL;
    json_t *session = json_incref(json_array_get(sessions, 0));

    json_decref(sessions);
    if (session == NULL) {
        not_a_session(request, response);
        return NULL;
    }
    complete(request, session);
    return session;
}

void
admin_get_session(struct admin_request *request, struct admin_response *response)
{
    json_t *session = find_session(request, response);

    if (session != NULL) {
        admin_response_body(
            response, admin_document(request, session, "/sessions/%s/", request->uri.parts[1]));
    }
}

void
admin_get_session_relation(struct admin_request *request, struct admin_response *response)
{
    const char *word = request->uri.parts[3];
    json_t *session = find_session(request, response);
    json_t *relation = json_object_get(json_object_get(session, "relationships"), word);

    if (relation != NULL) {
        admin_response_body(response, json_incref(relation));
    } else if (session != NULL) {
        admin_response_error(response, 404, "session %s has no %s", request->uri.parts[1], word);
    }
    json_decref(session);
}

void
admin_delete_session(struct admin_request *request, struct admin_response *response)
{
    const char *ttl = admin_uri_param(&request->uri, "ttl");
    uint64_t id = 0;

    if (ttl != NULL && strcmp(ttl, "0") != 0) {
        admin_response_error(response, 501,
                             "This version closes a session at once only: leave the ttl parameter "
                             "out.");
    } else if (!session_id(request, &id) || !core_sessions_kill(id)) {
        not_a_session(request, response);
    } else {
        response->status = 200;
    }
}
