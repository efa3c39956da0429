/*
 * The client's side.
 *
 *   password:      ask for the password; ask PAM
 *   password_2FA:  ask for the password, then for the code; ask PAM
 *   suid:          ask PAM through the helper program, pass its questions on, at most two
 *
 * With the clear text plugin the client gives one password and cannot be asked anything.
 */
#include "dialog.h"
#include "login.h"
#include "mx/log.h"

#include <stdio.h>
#include <string.h>

#define QUESTION_PASSWORD "Password: "
#define QUESTION_CODE     "Verification code: "

static enum mx_auth_verdict
ask(struct mx_auth_client *x, const struct login *login, bool shown, const char *question)
{
    if (dialog_put_question(x->out, shown, question) != 0) {
        (void)mx_err_text(x->err, "no room for a question");
        return MX_AUTH_ERROR;
    }
    if (login->answered > 0) {
        return MX_AUTH_SEND;
    }
    x->plugin = DIALOG_PLUGIN;
    return MX_AUTH_SWITCH;
}

/* The job owns the login until it has ended. */
static enum mx_auth_verdict
run(struct mx_auth_client *x, struct login *login)
{
    *x->state = NULL;
    mx_auth_run(x->wait, login_work, login_drop, login);
    return MX_AUTH_WAIT;
}

/* ------------------------------------------------------------ it is him */

static int
put(struct mx_buf *out, const char *text, size_t len)
{
    return len == 0 ? 0 : mx_buf_append(out, text, len);
}

/* The password alone serves every plugin of a server; with a code it is password, NUL, code. */
static int
put_token(struct mx_auth_client *x, const struct login *login)
{
    const struct answers answers = login_answers(login);
    char bytes[2 * (ANSWERS_TEXT_MAX + 1)];
    int len = 0;
    x->token_is_password = answers.code == NULL;
    len = snprintf(bytes, sizeof(bytes), "%s", answers.password);
    if (answers.code != NULL) {
        len += 1 + snprintf(bytes + len + 1, sizeof(bytes) - (size_t)len - 1, "%s", answers.code);
    }
    int rc = put(x->token, bytes, (size_t)len);
    explicit_bzero(bytes, sizeof(bytes));
    return rc;
}

/* Servers are told the name that PAM has made of the user's, and that one's password. */
static int
put_mapped(struct mx_auth_client *x, const char *user)
{
    const char *password = pwfile_password(x->instance, user);
    x->token_is_password = true;
    return put(x->token, password, strlen(password)) != 0 ||
                   put(x->server_user, user, strlen(user)) != 0
               ? -1
               : 0;
}

static enum mx_auth_verdict
finish(struct mx_auth_client *x, const struct login *login)
{
    const struct pamauth_config *config = x->config;
    const char *name = login->result.user[0] != '\0' ? login->result.user : x->user;
    int rc = config->mapping == PAMAUTH_MAPPING_MARIADB ? put_mapped(x, name) : put_token(x, login);
    if (rc != 0) {
        (void)mx_err_text(x->err, "no room for the passwords");
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_DONE;
}

/* ------------------------------------------------------------ it is not, or not yet */

/* What PAM has said, on one line. */
static const char *
messages_of(struct login *login)
{
    size_t len = login->messages.len;
    if (len > 0 && login->messages.text[len - 1] == '\n') {
        mx_str_truncate(&login->messages, len - 1);
    }
    for (size_t i = 0; i < login->messages.len; i++) {
        char *at = &login->messages.text[i];
        if (*at == '\n') {
            *at = ' ';
        }
    }
    return mx_str_text(&login->messages);
}

static enum mx_auth_verdict
denied(struct mx_auth_client *x, struct login *login, const char *reason)
{
    const char *messages = messages_of(login);
    (void)mx_err_text(x->err, "%s%s%.200s", reason, messages[0] != '\0' ? "; PAM says: " : "",
                      messages);
    return MX_AUTH_DENIED;
}

/* What is wrong with the machine is not for the client's eyes. */
static enum mx_auth_verdict
broken(struct mx_auth_client *x, struct login *login)
{
    const char *messages = messages_of(login);
    mx_log_error(NULL, "PAM login of '%s'@'%s': %s%s%s", x->user, x->remote, login->result.text,
                 messages[0] != '\0' ? "; PAM says: " : "", messages);
    (void)mx_err_text(x->err, "Authentication with PAM is not possible; the proxy's log says why");
    return MX_AUTH_ERROR;
}

/* suid: a question of PAM that there is no answer to yet; what PAM said before goes in front. */
static enum mx_auth_verdict
pass_question_on(struct mx_auth_client *x, struct login *login)
{
    const struct pamauth_config *config = x->config;
    if (config->use_cleartext) {
        return denied(x, login,
                      "PAM asks for more than a password, which pam_use_cleartext_plugin cannot");
    }
    if (login->answered == LOGIN_ANSWERS_MAX) {
        return denied(x, login, "PAM asks for more than two things");
    }
    mx_str_add(&login->messages, login->question);
    enum mx_auth_verdict verdict =
        ask(x, login, login->question_shown, mx_str_text(&login->messages));
    mx_str_truncate(&login->messages, 0);
    return verdict;
}

static enum mx_auth_verdict
after_job(struct mx_auth_client *x, struct login *login)
{
    switch (login->end) {
    case LOGIN_ASKS:
        return pass_question_on(x, login);
    case LOGIN_GOOD:
        if (login->messages.len > 0) {
            mx_log_info(NULL, "PAM login of '%s'@'%s': PAM says: %s", x->user, x->remote,
                        messages_of(login));
        }
        return finish(x, login);
    case LOGIN_DENIED:
        return denied(x, login, login->result.text);
    case LOGIN_BROKEN:
        break;
    }
    return broken(x, login);
}

/* ------------------------------------------------------------ packets */

static enum mx_auth_verdict
take_answer(struct mx_auth_client *x, struct login *login)
{
    if (login->answered == LOGIN_ANSWERS_MAX ||
        dialog_take_answer(x->in, x->in_len, login->texts[login->answered]) != 0) {
        (void)mx_err_text(x->err, "the answer of the client's plugin '%s' is not a password",
                          x->client_plugin);
        return MX_AUTH_DENIED;
    }
    login->answered++;
    if (login->mode == PAMAUTH_MODE_2FA && login->answered == 1) {
        return ask(x, login, false, QUESTION_CODE);
    }
    return x->skip_check ? finish(x, login) : run(x, login);
}

static enum mx_auth_verdict
begin(struct mx_auth_client *x)
{
    const struct pamauth_config *config = x->config;
    struct login *login = login_new(config, x);
    *x->state = login;
    if (config->use_cleartext) {
        if (strcmp(x->client_plugin, CLEAR_PLUGIN) == 0 && x->in_len > 0) {
            return take_answer(x, login);
        }
        x->plugin = CLEAR_PLUGIN;
        return MX_AUTH_SWITCH;
    }
    if (login->mode == PAMAUTH_MODE_SUID && !x->skip_check) {
        return run(x, login);
    }
    return ask(x, login, false, QUESTION_PASSWORD);
}

enum mx_auth_verdict
pamauth_client_step(struct mx_auth_client *x)
{
    if (x->job != NULL) {
        *x->state = x->job;
        return after_job(x, x->job);
    }
    return *x->state == NULL ? begin(x) : take_answer(x, *x->state);
}

void
pamauth_client_free(void *state)
{
    login_free(state);
}
