/* The calls of libpam; see check.h. */
#include "check.h"

#include <security/pam_appl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
check_is_denied(int code)
{
    switch (code) {
    case PAM_AUTH_ERR:
    case PAM_PERM_DENIED:
    case PAM_USER_UNKNOWN:
    case PAM_MAXTRIES:
    case PAM_ACCT_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_CRED_EXPIRED:
    case PAM_AUTHTOK_EXPIRED:
    case PAM_CRED_INSUFFICIENT:
        return true;
    default:
        return false;
    }
}

bool
check_is_service(const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t len = strlen(name);
    return len > 0 && len < CHECK_USER_MAX && name[0] != '.' && strspn(name, good) == len;
}

static void
answers_free(struct pam_response *answers, int count)
{
    for (int i = 0; i < count; i++) {
        if (answers[i].resp != NULL) {
            explicit_bzero(answers[i].resp, strlen(answers[i].resp));
            free(answers[i].resp);
        }
    }
    free(answers);
}

/* The callback of libpam. The memory becomes libpam's, which frees it with free(). */
static int
converse(int count, const struct pam_message **messages, struct pam_response **out, void *context)
{
    const struct check_asker *asker = context;
    if (count <= 0 || count > PAM_MAX_NUM_MSG) {
        return PAM_CONV_ERR;
    }
    struct pam_response *answers = calloc((size_t)count, sizeof(*answers));
    if (answers == NULL) {
        return PAM_BUF_ERR;
    }
    for (int i = 0; i < count; i++) {
        int style = messages[i]->msg_style;
        const char *text = messages[i]->msg != NULL ? messages[i]->msg : "";
        if (style == PAM_TEXT_INFO || style == PAM_ERROR_MSG) {
            asker->tell(asker->context, style == PAM_ERROR_MSG, text);
            continue;
        }
        const char *answer = NULL;
        if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON) {
            answer = asker->answer(asker->context, style == PAM_PROMPT_ECHO_ON, text);
        }
        answers[i].resp = answer != NULL ? strdup(answer) : NULL;
        if (answers[i].resp == NULL) {
            answers_free(answers, count);
            return PAM_CONV_ERR;
        }
    }
    if (out == NULL) { /* some modules do not care when they only tell something */
        answers_free(answers, count);
    } else {
        *out = answers;
    }
    return PAM_SUCCESS;
}

static const char *
remedy_of(int code)
{
    switch (code) {
    case PAM_AUTHINFO_UNAVAIL:
        return "; what the service asks (a file, LDAP) cannot be reached or read by this process";
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_AUTHTOK_EXPIRED:
        return "; the password must be changed on the machine first";
    case PAM_CONV_ERR:
        return "; the service asked something that there is no answer for";
    case PAM_SYSTEM_ERR:
    case PAM_SERVICE_ERR:
    case PAM_OPEN_ERR:
    case PAM_SYMBOL_ERR:
    case PAM_ABORT:
    case PAM_MODULE_UNKNOWN:
        return "; look at its file in /etc/pam.d and at the system's log";
    default:
        return "";
    }
}

static void
explain(struct check_result *result, pam_handle_t *handle, const char *step,
        const struct check_request *request, int code)
{
    (void)snprintf(result->text, sizeof(result->text), "%s by PAM service '%s' failed: %s%s", step,
                   request->service, pam_strerror(handle, code), remedy_of(code));
    result->code = code;
}

/* PAM may know the user by another name now. */
static int
user_take(pam_handle_t *handle, struct check_result *result)
{
    const void *item = NULL;
    int code = pam_get_item(handle, PAM_USER, &item);
    const char *user = item != NULL ? item : "";
    size_t len = strnlen(user, sizeof(result->user));
    if (code != PAM_SUCCESS || len == sizeof(result->user)) {
        return PAM_SYSTEM_ERR;
    }
    memcpy(result->user, user, len);
    result->user[len] = '\0';
    return PAM_SUCCESS;
}

static void
check_steps(pam_handle_t *handle, const struct check_request *request, struct check_result *result)
{
    int code = PAM_SUCCESS;
    if (request->remote[0] != '\0') {
        code = pam_set_item(handle, PAM_RHOST, request->remote);
    }
    code = code != PAM_SUCCESS ? code : pam_authenticate(handle, 0);
    if (code != PAM_SUCCESS) {
        explain(result, handle, "authentication", request, code);
        return;
    }
    code = pam_acct_mgmt(handle, 0);
    if (code != PAM_SUCCESS) {
        explain(result, handle, "the account's check", request, code);
        return;
    }
    code = user_take(handle, result);
    if (code != PAM_SUCCESS) {
        explain(result, handle, "asking for the user's name", request, code);
    }
}

bool
check_run(const struct check_request *request, const struct check_asker *asker,
          struct check_result *result)
{
    /* libpam takes the context as void *; converse() does not write to it. */
    union {
        const struct check_asker *in;
        void *out;
    } context = {.in = asker};
    const struct pam_conv conversation = {.conv = converse, .appdata_ptr = context.out};
    pam_handle_t *handle = NULL;
    *result = (struct check_result){0};
    if (!check_is_service(request->service)) {
        result->code = PAM_SERVICE_ERR;
        (void)snprintf(result->text, sizeof(result->text),
                       "the account names PAM service '%.100s'; use the name of a file in "
                       "/etc/pam.d, made of letters, digits and _ . -",
                       request->service);
        return false;
    }
    int code = pam_start(request->service, request->user, &conversation, &handle);
    if (code != PAM_SUCCESS) {
        explain(result, handle, "a login", request, code);
        return false;
    }
    check_steps(handle, request, result);
    (void)pam_end(handle, result->code);
    return result->code == 0;
}
