/*
 * One client's login: what he has answered so far, and the job that asks PAM. The step owns it
 * between jobs, the job's thread while it runs; nothing of a listener or session is referred to.
 */
#ifndef PAMAUTH_LOGIN_H
#define PAMAUTH_LOGIN_H

#include "answers.h"
#include "helper.h"
#include "mx/authenticator.h"
#include "mx/str.h"
#include "pamauth.h"

#define LOGIN_ANSWERS_MAX 2u

enum login_end {
    LOGIN_ASKS = 0, /* suid: `question` is for the client */
    LOGIN_GOOD,
    LOGIN_DENIED, /* result.text says why */
    LOGIN_BROKEN, /* as well; it is not the client's fault */
};

struct login {
    enum pamauth_mode mode;
    char *user;
    char *service;
    char *remote;
    char *tool;
    char texts[LOGIN_ANSWERS_MAX][ANSWERS_TEXT_MAX + 1];
    uint32_t answered;
    uint32_t password; /* which of the texts that is, for the servers */
    bool password_known;
    uint32_t used; /* answers that the helper program has got */
    struct helper helper;
    /* What a job leaves. */
    enum login_end end;
    struct check_result result;
    struct mx_str messages; /* of PAM, each ends with a line feed */
    bool question_shown;
    char question[TALK_TEXT_MAX + 1];
};

struct login *login_new(const struct pamauth_config *config, const struct mx_auth_client *x);
void login_free(struct login *login);
/* Asks PAM; blocks. For mx_auth_run. */
void login_work(void *arg);
void login_drop(void *arg);

/* What he has given, for PAM or for the servers. */
struct answers login_answers(const struct login *login);

#endif
