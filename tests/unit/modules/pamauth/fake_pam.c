/* The functions of libpam that check.c calls, and of mx/ that the program has. */
#include "fake_pam.h"

#include "mx/authenticator.h"
#include "mx/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_pam fake_pam;
void *fake_job;
static void (*fake_work)(void *job);

struct pam_handle {
    struct pam_conv conversation;
};

int
pam_start(const char *service, const char *user, const struct pam_conv *conversation,
          pam_handle_t **out)
{
    (void)snprintf(fake_pam.service, sizeof(fake_pam.service), "%s", service);
    (void)snprintf(fake_pam.user, sizeof(fake_pam.user), "%s", user);
    if (fake_pam.start_code == PAM_SUCCESS) {
        *out = mx_calloc(1, sizeof(**out));
        (*out)->conversation = *conversation;
        fake_pam.handles++;
    }
    return fake_pam.start_code;
}

int
pam_end(pam_handle_t *handle, int code MX_UNUSED)
{
    fake_pam.handles--;
    free(handle);
    return PAM_SUCCESS;
}

int
pam_set_item(pam_handle_t *handle MX_UNUSED, int item, const void *value)
{
    if (item == PAM_RHOST) {
        (void)snprintf(fake_pam.remote, sizeof(fake_pam.remote), "%s", (const char *)value);
    }
    return PAM_SUCCESS;
}

int
pam_get_item(const pam_handle_t *handle MX_UNUSED, int item MX_UNUSED, const void **value)
{
    *value = fake_pam.renamed != NULL ? fake_pam.renamed : fake_pam.user;
    return PAM_SUCCESS;
}

static int
say(const pam_handle_t *handle, const struct fake_line *line)
{
    const struct pam_message message = {.msg_style = line->style, .msg = line->text};
    const struct pam_message *messages = &message;
    struct pam_response *answers = NULL;
    bool without = line->expected == NULL && fake_pam.tells_without_place;
    int code = handle->conversation.conv(1, &messages, without ? NULL : &answers,
                                         handle->conversation.appdata_ptr);
    if (code == PAM_SUCCESS && line->expected != NULL &&
        (answers[0].resp == NULL || strcmp(answers[0].resp, line->expected) != 0)) {
        code = PAM_AUTH_ERR;
    }
    if (answers != NULL) {
        free(answers[0].resp);
        free(answers);
    }
    return code;
}

int
pam_authenticate(pam_handle_t *handle, int flags MX_UNUSED)
{
    for (const struct fake_line *line = fake_pam.lines; line != NULL && line->text != NULL;
         line++) {
        int code = say(handle, line);
        if (code != PAM_SUCCESS) {
            return code;
        }
    }
    return fake_pam.auth_code;
}

int
pam_acct_mgmt(pam_handle_t *handle MX_UNUSED, int flags MX_UNUSED)
{
    return fake_pam.account_code;
}

const char *
pam_strerror(pam_handle_t *handle MX_UNUSED, int code)
{
    return code == PAM_AUTH_ERR ? "wrong" : "other";
}

/* ------------------------------------------------------------ of the program */

void
mx_auth_run(struct mx_auth_wait *wait MX_UNUSED, void (*work)(void *job),
            void (*drop)(void *job) MX_UNUSED, void *job)
{
    fake_work = work;
    fake_job = job;
}

void
fake_run_job(void)
{
    fake_work(fake_job);
}

const char *
mx_program_execdir(void)
{
    return "/nowhere";
}

char *
mx_program_password(const char *text, struct mx_err *err)
{
    if (text[0] == '!') {
        (void)mx_err_text(err, "not our key");
        return NULL;
    }
    return mx_strdup(text);
}
