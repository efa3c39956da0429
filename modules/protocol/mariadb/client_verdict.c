/*
 * What servers think of a client. With clear_pw_passthrough they alone decide: the login is
 * answered with the first server's verdict. Otherwise he is in already, and when the session has to
 * end because servers refuse his account, he hears what they said.
 */
#include "mariadb.h"

#include <stdlib.h>

#define ER_TOO_MANY_USER_CONNECTIONS 1203
#define ER_USER_LIMIT_REACHED        1226
#define ER_PASSWORD_EXPIRED          1862
#define ER_ACCOUNT_LOCKED            4151

bool
client_waits_for_verdict(const struct mx_session *session)
{
    return client_of(session)->state == CLIENT_TRUSTING;
}

void
client_ask_servers(struct mx_session *session)
{
    client_of(session)->state = CLIENT_TRUSTING;
    client_pause(session, PAUSE_LOGIN);
}

void
client_let_in(struct mx_session *session)
{
    struct mariadb_client *client = client_of(session);
    free(client->refusal);
    client->refusal = NULL;
    if (client->state != CLIENT_TRUSTING) {
        return;
    }
    uint8_t sequence = (uint8_t)(client->walk.sequence + 1);
    client->state = CLIENT_COMMAND;
    client->walk.sequence = 0;
    mx_session_login_done(session, client->identity->is_super);
    greet_login_ok(session, sequence, client->identity->collation);
    client_unpause(session, PAUSE_LOGIN);
}

static bool
is_about_account(uint16_t code)
{
    return code == WIRE_ER_ACCESS_DENIED || code == WIRE_ER_DBACCESS_DENIED ||
           code == WIRE_ER_BAD_DB || code == WIRE_ER_ACCESS_DENIED_NO_PASSWORD ||
           code == ER_TOO_MANY_USER_CONNECTIONS || code == ER_USER_LIMIT_REACHED ||
           code == ER_PASSWORD_EXPIRED || code == ER_ACCOUNT_LOCKED;
}

void
client_refused(struct mx_session *session, const char *server, const struct mx_err *err,
               bool by_server)
{
    struct mariadb_client *client = client_of(session);
    if (!mx_session_is_open(session)) {
        return;
    }
    if (client->state == CLIENT_TRUSTING) {
        char *reason = mx_asprintf("server '%s' has decided so", server);
        mx_session_login_failed(session, client->identity->user, err, reason, by_server);
        free(reason);
        client_write_answer(session, err);
        client->state = CLIENT_DEAD;
        mx_session_end(session);
    } else if (by_server && is_about_account(err->code)) {
        if (client->refusal == NULL) {
            client->refusal = mx_alloc(sizeof(*client->refusal));
        }
        *client->refusal = *err;
    }
}
