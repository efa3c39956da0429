/*
 * KILL. The number is the proxy's id of a session (from the greeting) or a server's id of one of
 * its connections (from SHOW PROCESSLIST or CONNECTION_ID()). It is settled whose it is before
 * anything is killed: every worker is asked for sessions, and, for what is no session's id, every
 * server of the service is asked for connections. When two answer nothing is killed. See
 * docs/decisions.
 */
#include "kill.h"
#include "mx/router.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ER_KILL_DENIED   1095
#define ER_NO_SUCH_QUERY 1957

/* A session that is meant, and where it can be seen on a server. */
struct match {
    uint64_t session;
    uint64_t thread_id; /* 0: it is on no server yet */
    size_t server;      /* index in kill.servers */
    bool may;           /* the issuer may kill it, as far as the proxy knows */
};

struct question {
    struct kill *kill;
    struct kill_reply reply;
    bool asked;
};

/* One KILL on its way through the workers; only one of them has it at a time. */
struct kill {
    struct kill_words words;
    uint64_t issuer;
    bool is_super;
    char *user;
    size_t server_count;
    char **servers;             /* names, of the issuer's service */
    struct question *questions; /* one per server */
    size_t waits_for;           /* answers that are still to come */
    struct match by_id;         /* session 0: there is none */
    struct match *matches;      /* by the servers' ids, or of the user */
    size_t match_count;
    size_t next_victim; /* of matches, those to be killed */
    size_t asked_about; /* of matches: the server was told to kill this one */
    uint64_t killed;
    bool kills_issuer;
};

static void
kill_free(struct kill *kill)
{
    for (size_t i = 0; i < kill->server_count; i++) {
        free(kill->servers[i]);
    }
    free(kill->servers);
    free(kill->questions);
    free(kill->matches);
    free(kill->user);
    free(kill);
}

static struct kill *
kill_new(struct mx_session *session, const struct kill_words *words)
{
    const struct mx_service *service = mx_session_service(session);
    struct kill *kill = mx_calloc(1, sizeof(*kill));
    kill->words = *words;
    kill->issuer = mx_session_id(session);
    kill->is_super = client_of(session)->identity->is_super;
    kill->user = mx_strdup(mx_session_user(session));
    kill->server_count = mx_service_server_count(service);
    kill->servers = mx_calloc(kill->server_count, sizeof(*kill->servers));
    kill->questions = mx_calloc(kill->server_count, sizeof(*kill->questions));
    for (size_t i = 0; i < kill->server_count; i++) {
        kill->servers[i] = mx_strdup(mx_server_name(mx_service_server(service, i)));
        kill->questions[i].kill = kill;
    }
    return kill;
}

/* ------------------------------------------------------------ answers */

static void
answer(struct kill *kill, struct mx_session *session, const struct mx_err *err)
{
    client_write_answer(session, err);
    client_unpause(session, PAUSE_KILL);
    kill_free(kill);
}

static void
answer_unknown(struct kill *kill, struct mx_session *session)
{
    struct mx_err err;
    bool is_query = kill->words.what == KILL_QUERY_ID;
    (void)mx_err_set(&err, is_query ? ER_NO_SUCH_QUERY : WIRE_ER_NO_SUCH_THREAD, "HY000",
                     "Unknown %s id: %" PRIu64, is_query ? "query" : "thread", kill->words.id);
    answer(kill, session, &err);
}

static void
answer_denied(struct kill *kill, struct mx_session *session)
{
    struct mx_err err;
    (void)mx_err_set(&err, ER_KILL_DENIED, "HY000", "You are not owner of thread %" PRIu64,
                     kill->words.id);
    answer(kill, session, &err);
}

/* More than one may be meant: the ids of the sessions among them are told, which are unique. */
static void
answer_ambiguous(struct kill *kill, struct mx_session *session)
{
    struct mx_err err;
    char ids[200] = "";
    for (size_t i = 0; i < kill->match_count; i++) {
        size_t len = strlen(ids);
        if (kill->matches[i].may) {
            (void)snprintf(ids + len, sizeof(ids) - len, "%s%" PRIu64, len > 0 ? ", " : " ",
                           kill->matches[i].session);
        }
    }
    (void)mx_err_set(&err, WIRE_ER_NO_SUCH_THREAD, "HY000",
                     "Unknown thread id: %" PRIu64 ": it is an id on more than one server, and "
                     "nothing was killed. Use the session's id in the proxy%s%s",
                     kill->words.id, ids[0] != '\0' ? ", one of" : "", ids);
    answer(kill, session, &err);
}

/* Asked for in his own name, so he is told as a server does it. */
static void
answer_own(struct kill *kill, struct mx_session *session)
{
    struct mx_err err;
    if (kill->words.what == KILL_USER) {
        client_write_ok(session, kill->killed + 1);
    } else if (kill->words.query_only) {
        (void)mx_err_set(&err, WIRE_ER_QUERY_INTERRUPTED, "70100",
                         "Query execution was interrupted");
        client_write_answer(session, &err);
    } else {
        (void)mx_err_set(&err, WIRE_ER_CONNECTION_KILLED, "70100", "Connection was killed");
        client_write_answer(session, &err);
    }
    client_unpause(session, PAUSE_KILL);
    if (!kill->words.query_only) {
        client_of(session)->state = CLIENT_DEAD;
        mx_session_end(session);
    }
    kill_free(kill);
}

/* ------------------------------------------------------------ the deed */

static void kill_next(struct kill *kill);

static void
all_killed(struct mx_session *session, void *arg)
{
    struct kill *kill = arg;
    if (session == NULL) {
        kill_free(kill);
    } else if (kill->kills_issuer) {
        answer_own(kill, session);
    } else if (kill->words.what == KILL_SESSION && kill->killed == 0) {
        answer_unknown(kill, session); /* it has gone by itself meanwhile */
    } else {
        client_write_ok(session, kill->words.what == KILL_USER ? kill->killed : 0);
        client_unpause(session, PAUSE_KILL);
        kill_free(kill);
    }
}

static void
kill_one(struct mx_session *session, void *arg)
{
    struct kill *kill = arg;
    if (session != NULL) {
        mx_session_kill_at_once(session, kill->words.query_only, kill->words.hard);
        kill->killed++;
    }
    kill_next(kill);
}

/* Sessions in `matches`, one after the other; the issuer himself last, with his answer. */
static void
kill_next(struct kill *kill)
{
    while (kill->next_victim < kill->match_count) {
        const struct match *victim = &kill->matches[kill->next_victim++];
        if (victim->session != kill->issuer) {
            mx_session_tell(victim->session, kill_one, kill);
            return;
        }
        kill->kills_issuer = true;
    }
    mx_session_tell(kill->issuer, all_killed, kill);
}

/* This one alone is meant. */
static void
keep_only(struct kill *kill, struct match match)
{
    kill->matches = mx_realloc(kill->matches, sizeof(*kill->matches));
    kill->matches[0] = match;
    kill->match_count = 1;
}

/* He may not kill those of others. By name the others are left out, as a server does it. */
static void
denied(struct kill *kill, struct mx_session *session)
{
    size_t kept = 0;
    if (kill->words.what != KILL_USER) {
        answer_denied(kill, session);
        return;
    }
    for (size_t i = 0; i < kill->match_count; i++) {
        if (kill->matches[i].may) {
            kill->matches[kept++] = kill->matches[i];
        }
    }
    kill->match_count = kept;
    kill_next(kill);
}

/* ------------------------------------------------------------ questions */

static struct mx_server *
server_of(const struct mx_session *session, const char *name)
{
    const struct mx_service *service = mx_session_service(session);
    for (size_t i = 0; i < mx_service_server_count(service); i++) {
        struct mx_server *server = mx_service_server(service, i);
        if (strcmp(mx_server_name(server), name) == 0) {
            return server;
        }
    }
    return NULL;
}

/* The answer of one server decides. `then` comes on the issuer's worker. */
struct verdict {
    struct kill *kill;
    struct kill_reply reply;
    void (*then)(struct kill *kill, struct mx_session *session, const struct kill_reply *reply);
};

static void
verdict_here(struct mx_session *session, void *arg)
{
    struct verdict *verdict = arg;
    if (session == NULL) {
        kill_free(verdict->kill);
    } else {
        verdict->then(verdict->kill, session, &verdict->reply);
    }
    free(verdict);
}

static void
verdict_replied(void *arg, const struct kill_reply *reply)
{
    struct verdict *verdict = arg;
    verdict->reply = *reply;
    mx_session_tell(verdict->kill->issuer, verdict_here, verdict);
}

static void
ask_one(struct kill *kill, struct mx_session *session, size_t index, const char *sql,
        void (*then)(struct kill *kill, struct mx_session *session, const struct kill_reply *reply))
{
    struct verdict *verdict = mx_calloc(1, sizeof(*verdict));
    *verdict = (struct verdict){.kill = kill, .then = then};
    kill_ask(session, server_of(session, kill->servers[index]), sql, verdict_replied, verdict);
}

/* What the server says is what the client gets: nothing in the proxy is concerned. */
static void
pass_answer(struct kill *kill, struct mx_session *session, const struct kill_reply *reply)
{
    struct mx_err err = reply->err;
    if (reply->said == KILL_SAID_OK) {
        mx_err_clear(&err);
    } else if (err.code == 0) {
        (void)mx_err_set(&err, WIRE_ER_UNKNOWN, "HY000", "KILL: %s", reply->err.text);
    }
    answer(kill, session, &err);
}

static void kill_if_allowed(struct kill *kill, struct mx_session *session);

/* An issuer without an account there has no right to kill there. That it was so is logged. */
static bool
is_denied(const struct kill_reply *reply)
{
    return reply->err.code == ER_KILL_DENIED ||
           (reply->said == KILL_SAID_NOTHING && reply->err.code == WIRE_ER_ACCESS_DENIED);
}

/* The server knows what the issuer may do, with all roles; it has killed one of them already. One
 * that has gone meanwhile says nothing about his rights. */
static void
right_answered(struct kill *kill, struct mx_session *session, const struct kill_reply *reply)
{
    if (reply->said == KILL_SAID_OK) {
        kill_next(kill);
    } else if (reply->err.code == WIRE_ER_NO_SUCH_THREAD) {
        kill->matches[kill->asked_about] = kill->matches[--kill->match_count];
        kill_if_allowed(kill, session);
    } else if (is_denied(reply)) {
        denied(kill, session);
    } else {
        pass_answer(kill, session, reply);
    }
}

/* Those of `matches` are meant. May he? */
static void
kill_if_allowed(struct kill *kill, struct mx_session *session)
{
    const struct match *foreign = NULL;
    bool is_foreign = false;
    for (size_t i = 0; i < kill->match_count; i++) {
        is_foreign = is_foreign || !kill->matches[i].may;
        if (!kill->matches[i].may && kill->matches[i].thread_id != 0) {
            foreign = &kill->matches[i];
            kill->asked_about = i;
        }
    }
    if (!is_foreign) {
        kill_next(kill);
    } else if (foreign == NULL) {
        denied(kill, session);
    } else {
        char sql[64];
        ask_one(kill, session, foreign->server,
                kill_sql(sql, sizeof(sql), &kill->words, foreign->thread_id), right_answered);
    }
}

/* ------------------------------------------------------------ whose number is it */

static bool
is_usable(const struct mx_session *session, const char *name)
{
    const struct mx_server *server = server_of(session, name);
    return server != NULL && mx_server_usable(server);
}

/* The number is that of a connection (or query) on this server. */
static void
is_on_server(struct kill *kill, struct mx_session *session, size_t index)
{
    char sql[96];
    for (size_t i = 0; i < kill->match_count && kill->words.what == KILL_SESSION; i++) {
        if (kill->matches[i].server == index) {
            keep_only(kill, kill->matches[i]);
            kill_if_allowed(kill, session);
            return;
        }
    }
    (void)kill_sql(sql, sizeof(sql), &kill->words, kill->words.id);
    if (kill->words.what == KILL_QUERY_ID) {
        (void)snprintf(sql, sizeof(sql), "KILL %s QUERY ID %" PRIu64,
                       kill->words.hard ? "HARD" : "SOFT", kill->words.id);
    }
    ask_one(kill, session, index, sql, pass_answer);
}

static void
all_asked(struct mx_session *session, void *arg)
{
    struct kill *kill = arg;
    const struct question *silent = NULL;
    size_t hits = 0;
    size_t hit = 0;
    if (session == NULL) {
        kill_free(kill);
        return;
    }
    for (size_t i = 0; i < kill->server_count; i++) {
        const struct question *question = &kill->questions[i];
        if (question->asked && question->reply.said != KILL_SAID_OK) {
            silent = question;
        } else if (question->asked && question->reply.affected > 0) {
            hits++;
            hit = i;
        }
    }
    if (hits > 1) {
        answer_ambiguous(kill, session);
    } else if (silent != NULL) {
        struct mx_err err;
        (void)mx_err_set(
            &err, WIRE_ER_UNKNOWN, "HY000",
            "KILL %" PRIu64 ": server '%s' could not be asked whether it has that id, "
            "and nothing was killed. Use the session's id in the proxy. The reason: %s",
            kill->words.id, kill->servers[silent - kill->questions], silent->reply.err.text);
        answer(kill, session, &err);
    } else if (hits == 0) {
        answer_unknown(kill, session);
    } else {
        is_on_server(kill, session, hit);
    }
}

static void
one_of_all_replied(void *arg, const struct kill_reply *reply)
{
    struct question *question = arg;
    struct kill *kill = question->kill;
    question->reply = *reply;
    kill->waits_for--;
    if (kill->waits_for == 0) {
        mx_session_tell(kill->issuer, all_asked, kill);
    }
}

static void
ask_all(struct kill *kill, struct mx_session *session)
{
    const char *column = kill->words.what == KILL_QUERY_ID ? "QUERY_ID" : "ID";
    char sql[160];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT ID FROM information_schema.PROCESSLIST WHERE %s = %" PRIu64
                   " AND ID <> CONNECTION_ID() LIMIT 1 INTO @id",
                   column, kill->words.id);
    for (size_t i = 0; i < kill->server_count; i++) {
        kill->questions[i].asked = is_usable(session, kill->servers[i]);
        kill->waits_for += kill->questions[i].asked ? 1 : 0;
    }
    for (size_t i = 0; i < kill->server_count; i++) {
        if (kill->questions[i].asked) {
            kill_ask(session, server_of(session, kill->servers[i]), sql, one_of_all_replied,
                     &kill->questions[i]);
        }
    }
}

static void
find_on_servers(struct kill *kill, struct mx_session *session)
{
    size_t count = 0;
    size_t only = 0;
    for (size_t i = 0; i < kill->server_count; i++) {
        if (is_usable(session, kill->servers[i])) {
            count++;
            only = i;
        }
    }
    if (count == 0) {
        answer_unknown(kill, session);
    } else if (kill->server_count == 1) {
        is_on_server(kill, session, only);
    } else {
        ask_all(kill, session);
    }
}

static void
all_looked(struct mx_session *session, void *arg)
{
    struct kill *kill = arg;
    if (session == NULL) {
        kill_free(kill);
        return;
    }
    if (kill->words.what == KILL_USER) {
        kill_if_allowed(kill, session);
        return;
    }
    if (kill->by_id.session == 0) {
        find_on_servers(kill, session);
        return;
    }
    for (size_t i = 0; i < kill->match_count; i++) {
        if (kill->matches[i].session != kill->by_id.session) {
            answer_ambiguous(kill, session);
            return;
        }
    }
    keep_only(kill, kill->by_id);
    kill_if_allowed(kill, session);
}

static void
looked(void *arg)
{
    struct kill *kill = arg;
    mx_session_tell(kill->issuer, all_looked, kill);
}

/* ------------------------------------------------------------ looking at sessions */

static size_t
index_of(const struct kill *kill, const struct mx_server *server)
{
    size_t i = 0;
    while (i < kill->server_count && strcmp(kill->servers[i], mx_server_name(server)) != 0) {
        i++;
    }
    return i;
}

/* Sessions elsewhere belong to other clusters, where the issuer may be somebody else. */
static bool
is_near(const struct kill *kill, const struct mx_session *session)
{
    const struct mx_service *service = mx_session_service(session);
    for (size_t i = 0; i < mx_service_server_count(service); i++) {
        if (index_of(kill, mx_service_server(service, i)) < kill->server_count) {
            return true;
        }
    }
    return false;
}

static void
add_match(struct kill *kill, const struct match *match)
{
    kill->matches = mx_realloc(kill->matches, (kill->match_count + 1) * sizeof(*kill->matches));
    kill->matches[kill->match_count++] = *match;
}

static bool
has_id(const struct mx_session *session, uint64_t id)
{
    return mx_session_id(session) == id ||
           (id <= UINT32_MAX && (uint32_t)mx_session_id(session) == id);
}

/* A server may be told to kill this connection: it must not be another session's by then. */
static void
note_target(struct mx_endpoint *endpoint, bool is_target)
{
    struct mariadb_backend *backend = backend_of(endpoint);
    backend->unfit = backend->unfit || is_target;
}

static void
begin(void *arg)
{
    struct kill *kill = arg;
    kill->match_count = 0;
    kill->by_id.session = 0;
}

static bool
is_of_user(const struct kill_words *words, const struct mx_session *session)
{
    return mx_session_is_started(session) && strcmp(mx_session_user(session), words->user) == 0 &&
           (!words->has_host || strcmp(words->host, "%") == 0 ||
            strcmp(mx_session_remote(session), words->host) == 0);
}

/* The session, or its connection to a server. */
static bool
is_meant(const struct kill_words *words, const struct mx_session *session, uint64_t thread_id)
{
    return words->what == KILL_USER ? is_of_user(words, session)
                                    : thread_id == words->id || has_id(session, words->id);
}

static void
look(struct mx_session *session, void *arg)
{
    struct kill *kill = arg;
    const struct mx_protocol_ops *protocol = mx_session_protocol(session);
    const struct kill_words *words = &kill->words;
    if (!is_near(kill, session) || words->what == KILL_QUERY_ID) {
        return;
    }
    struct match match = {.session = mx_session_id(session), .server = SIZE_MAX};
    match.may = kill->is_super || (mx_session_is_started(session) &&
                                   strcmp(mx_session_user(session), kill->user) == 0);
    for (struct mx_endpoint *e = mx_endpoint_next(session, NULL); e != NULL;
         e = mx_endpoint_next(session, e)) {
        uint64_t thread_id = protocol->backend_id(e);
        size_t server = index_of(kill, mx_endpoint_server(e));
        if (thread_id == 0 || server == kill->server_count) {
            continue;
        }
        match.server = server;
        match.thread_id = thread_id;
        if (protocol->backend_id == backend_id) {
            note_target(e, is_meant(words, session, thread_id));
        }
        if (words->what == KILL_SESSION && thread_id == words->id) {
            add_match(kill, &match);
        }
    }
    if (words->what == KILL_SESSION && has_id(session, words->id)) {
        kill->by_id = match;
    } else if (words->what == KILL_USER && is_of_user(words, session)) {
        add_match(kill, &match);
    }
}

void
kill_start(struct mx_session *session, const struct kill_words *words)
{
    struct kill *kill = kill_new(session, words);
    if (words->number == KILL_NUMBER_OWN) {
        kill->words.id = kill->issuer;
    }
    if (words->own_user) {
        (void)snprintf(kill->words.user, sizeof(kill->words.user), "%s", kill->user);
    }
    client_pause(session, PAUSE_KILL);
    struct mx_session_visit visit = {.begin = begin, .look = look, .done = looked, .arg = kill};
    mx_sessions_visit(&visit);
}

bool
kill_query(struct mx_session *session, const char *text, const struct mx_sql *sql)
{
    struct kill_words words;
    if ((sql->facts & MX_SQL_FACT_MULTI) != 0) {
        return false; /* for one server, with that server's numbers */
    }
    if (kill_words_parse(text + sql->kill.start, sql->kill.len, &words) == 0 &&
        words.number != KILL_NUMBER_PLACEHOLDER) {
        kill_start(session, &words);
        return true;
    }
    struct mx_err err;
    (void)mx_err_set(&err, WIRE_ER_PARSE, "42000",
                     "KILL wants the number of a session or of a server's connection as it is, or "
                     "USER and a name");
    client_write_answer(session, &err);
    return true;
}
