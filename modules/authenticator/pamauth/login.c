/* The job that asks PAM, here or through the helper program; see login.h. */
#include "login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES_MAX 1000u

struct login *
login_new(const struct pamauth_config *config, const struct mx_auth_client *x)
{
    struct login *login = mx_calloc(1, sizeof(*login));
    login->mode = (enum pamauth_mode)config->mode;
    login->user = mx_strdup(x->user);
    login->service =
        mx_strdup(x->account_secret[0] != '\0' ? x->account_secret : PAMAUTH_SERVICE_DEFAULT);
    login->remote = mx_strdup(x->remote);
    login->tool = pamauth_tool_path();
    login->helper.fd = -1;
    login->messages.max = MESSAGES_MAX;
    return login;
}

void
login_free(struct login *login)
{
    helper_close(&login->helper);
    explicit_bzero(login->texts, sizeof(login->texts));
    mx_str_free(&login->messages);
    free(login->user);
    free(login->service);
    free(login->remote);
    free(login->tool);
    free(login);
}

struct answers
login_answers(const struct login *login)
{
    uint32_t other = LOGIN_ANSWERS_MAX - 1 - login->password;
    bool has_code = login->answered == LOGIN_ANSWERS_MAX;
    return (struct answers){.password = login->texts[has_code ? login->password : 0],
                            .code = has_code ? login->texts[other] : NULL};
}

static void
message_add(struct login *login, const char *text)
{
    mx_str_add(&login->messages, text);
    mx_str_add_char(&login->messages, '\n');
}

/* ------------------------------------------------------------ PAM in this process */

struct talk {
    struct login *login;
    struct answers answers;
};

static const char *
answer(void *context, bool shown MX_UNUSED, const char *question)
{
    struct talk *talk = context;
    const char *text = answers_next(&talk->answers, question);
    if (text == NULL) {
        mx_str_printf(
            &talk->login->messages, "(no answer to \"%s\": pam_mode=%s answers %s)\n", question,
            talk->login->mode == PAMAUTH_MODE_2FA ? "password_2FA" : "password",
            talk->login->mode == PAMAUTH_MODE_2FA
                ? "one question for the password and one other"
                : "questions that begin with \"Password\"; for one other use password_2FA "
                  "or suid");
    }
    return text;
}

static void
tell(void *context, bool is_error MX_UNUSED, const char *text)
{
    struct talk *talk = context;
    message_add(talk->login, text);
}

static void
work_here(struct login *login)
{
    struct talk talk = {.login = login, .answers = login_answers(login)};
    struct check_request request = {
        .service = login->service, .user = login->user, .remote = login->remote};
    struct check_asker asker = {.context = &talk, .answer = answer, .tell = tell};
    if (check_run(&request, &asker, &login->result)) {
        login->end = LOGIN_GOOD;
    } else {
        login->end = check_is_denied(login->result.code) ? LOGIN_DENIED : LOGIN_BROKEN;
    }
}

/* ------------------------------------------------------------ PAM in the helper program */

/* True: go on listening. */
static bool
take_question(struct login *login, const struct talk_record *record)
{
    login->question_shown = record->kind == TALK_QUESTION_SHOWN;
    if (login->used < login->answered) {
        (void)talk_send(login->helper.fd, TALK_ANSWER, login->texts[login->used++]);
        return true;
    }
    (void)snprintf(login->question, sizeof(login->question), "%s", record->text);
    login->end = LOGIN_ASKS;
    if (!login->password_known && answers_is_password(record->text)) {
        login->password_known = true;
        login->password = login->answered < LOGIN_ANSWERS_MAX ? login->answered : 0;
    }
    return false;
}

static bool
take_record(struct login *login, const struct talk_record *record)
{
    switch (record->kind) {
    case TALK_QUESTION_HIDDEN:
    case TALK_QUESTION_SHOWN:
        return take_question(login, record);
    case TALK_MESSAGE:
        message_add(login, record->text);
        return true;
    case TALK_DONE:
        login->end = LOGIN_GOOD;
        (void)snprintf(login->result.user, sizeof(login->result.user), "%.*s", CHECK_USER_MAX - 1,
                       record->text);
        return false;
    case TALK_DENIED:
        login->end = LOGIN_DENIED;
        break;
    default:
        login->end = LOGIN_BROKEN;
        break;
    }
    (void)snprintf(login->result.text, sizeof(login->result.text), "%.*s", CHECK_TEXT_MAX - 1,
                   record->text);
    return false;
}

static void
work_by_helper(struct login *login)
{
    struct talk_record record;
    struct check_request request = {
        .service = login->service, .user = login->user, .remote = login->remote};
    bool good = true;
    login->end = LOGIN_BROKEN;
    if (login->helper.fd < 0) {
        good = helper_start(&login->helper, login->tool, &request, login->result.text);
    } else if (login->used < login->answered) {
        (void)talk_send(login->helper.fd, TALK_ANSWER, login->texts[login->used++]);
    }
    while (good && helper_next(&login->helper, &record, login->result.text)) {
        good = take_record(login, &record);
    }
    if (login->end != LOGIN_ASKS) {
        helper_wait(&login->helper);
    }
}

void
login_work(void *arg)
{
    struct login *login = arg;
    if (login->mode == PAMAUTH_MODE_SUID) {
        work_by_helper(login);
    } else {
        work_here(login);
    }
}

void
login_drop(void *arg)
{
    login_free(arg);
}
