/* The servers' side: their PAM asks, what the client has given answers. */
#include "dialog.h"
#include "pamauth.h"

#include <stdlib.h>
#include <string.h>

/* Of one login to a server. */
struct exchange {
    bool gave_password;
    bool gave_code;
};

/* The token is a password, or password, NUL, code (client.c). */
struct given {
    char texts[2][ANSWERS_TEXT_MAX + 1];
    bool has_code;
};

static int
given_of(const struct mx_auth_server *x, struct given *out)
{
    const uint8_t *end =
        x->token_is_password || x->token_len == 0 ? NULL : memchr(x->token, '\0', x->token_len);
    size_t len = end != NULL ? (size_t)(end - x->token) : x->token_len;
    out->has_code = end != NULL;
    if (dialog_take_answer(x->token, len, out->texts[0]) != 0) {
        return -1;
    }
    return end == NULL ? 0 : dialog_take_answer(end + 1, x->token_len - len - 1, out->texts[1]);
}

static enum mx_auth_verdict
send_text(struct mx_auth_server *x, const char *text)
{
    if (mx_buf_append(x->out, text, strlen(text) + 1) != 0) {
        (void)mx_err_text(x->err, "no room for the password");
        return MX_AUTH_ERROR;
    }
    return MX_AUTH_SEND;
}

/* The answer to a question, NULL and err when there is none. */
static const char *
answer_of(const struct mx_auth_server *x, const struct given *given, struct exchange *exchange)
{
    char question[DIALOG_QUESTION_MAX + 1];
    if (x->round == 0 && x->in_len == 0) {
        /* A server that wants the password before its PAM has asked. */
        exchange->gave_password = true;
        return given->texts[0];
    }
    if (dialog_take_question(x->in, x->in_len, question) != 0) {
        (void)mx_err_text(x->err, "the server's plugin " DIALOG_PLUGIN " sends no question");
        return NULL;
    }
    struct answers answers = {.password = given->texts[0],
                              .code = given->has_code ? given->texts[1] : NULL,
                              .gave_password = exchange->gave_password,
                              .gave_code = exchange->gave_code};
    const char *answer = answers_next(&answers, question);
    exchange->gave_password = answers.gave_password;
    exchange->gave_code = answers.gave_code;
    if (answer == NULL) {
        (void)mx_err_text(x->err,
                          "the server's PAM asks \"%.100s\", and the client has given nothing that "
                          "answers it; a second factor needs pam_mode=password_2FA or suid",
                          question);
    }
    return answer;
}

static enum mx_auth_verdict
answer_dialog(struct mx_auth_server *x, const struct given *given)
{
    if (*x->state == NULL) {
        *x->state = mx_calloc(1, sizeof(struct exchange));
    }
    const char *answer = answer_of(x, given, *x->state);
    return answer != NULL ? send_text(x, answer) : MX_AUTH_ERROR;
}

enum mx_auth_verdict
pamauth_server_step(struct mx_auth_server *x)
{
    struct given given = {0};
    enum mx_auth_verdict verdict = MX_AUTH_ERROR;
    if (given_of(x, &given) != 0) {
        (void)mx_err_text(x->err, "the password is longer than PAM allows");
    } else if (strcmp(x->plugin, DIALOG_PLUGIN) == 0) {
        verdict = answer_dialog(x, &given);
    } else if (x->round == 0) {
        verdict = send_text(x, given.texts[0]);
    } else {
        (void)mx_err_text(x->err, "the server asks " CLEAR_PLUGIN " for more than one answer");
    }
    explicit_bzero(&given, sizeof(given));
    return verdict;
}

void
pamauth_server_free(void *state)
{
    free(state);
}
