/*
 * A PAM module for tests that does what its arguments say, in their order:
 *
 *   info=TEXT error=TEXT         tells that
 *   ask=QUESTION=ANSWER          asks (hidden), and refuses another answer
 *   show=QUESTION=ANSWER         the same, shown while typed
 *   wait=FILE                    goes on when the file is there
 *   user=NAME                    refuses another user
 *   rename=NAME                  changes the user's name
 *   remote=ADDRESS               refuses another address of the client
 *   root                         refuses when the process is not root
 *   result=NUMBER                ends with that result
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The part behind "name=", NULL: another argument. */
static const char *
value_of(const char *argument, const char *name)
{
    size_t len = strlen(name);
    return strncmp(argument, name, len) == 0 && argument[len] == '=' ? argument + len + 1 : NULL;
}

static int
ask(pam_handle_t *handle, int style, const char *value)
{
    const char *expected = strrchr(value, '=');
    char *answer = NULL;
    if (expected == NULL) {
        return PAM_SERVICE_ERR;
    }
    int code = pam_prompt(handle, style, &answer, "%.*s", (int)(expected - value), value);
    if (code == PAM_SUCCESS && (answer == NULL || strcmp(answer, expected + 1) != 0)) {
        code = PAM_AUTH_ERR;
    }
    free(answer);
    return code;
}

static int
wait_for(const char *path)
{
    while (access(path, F_OK) != 0) {
        (void)usleep(10000);
    }
    return PAM_SUCCESS;
}

static int
compare(pam_handle_t *handle, int item, const char *expected)
{
    const void *found = NULL;
    int code = pam_get_item(handle, item, &found);
    if (code != PAM_SUCCESS) {
        return code;
    }
    return found != NULL && strcmp(found, expected) == 0 ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

static int
run_one(pam_handle_t *handle, const char *argument)
{
    const char *value = NULL;
    if ((value = value_of(argument, "info")) != NULL) {
        return pam_info(handle, "%s", value);
    }
    if ((value = value_of(argument, "error")) != NULL) {
        return pam_error(handle, "%s", value);
    }
    if ((value = value_of(argument, "ask")) != NULL) {
        return ask(handle, PAM_PROMPT_ECHO_OFF, value);
    }
    if ((value = value_of(argument, "show")) != NULL) {
        return ask(handle, PAM_PROMPT_ECHO_ON, value);
    }
    if ((value = value_of(argument, "wait")) != NULL) {
        return wait_for(value);
    }
    if ((value = value_of(argument, "user")) != NULL) {
        return compare(handle, PAM_USER, value);
    }
    if ((value = value_of(argument, "remote")) != NULL) {
        return compare(handle, PAM_RHOST, value);
    }
    if ((value = value_of(argument, "rename")) != NULL) {
        return pam_set_item(handle, PAM_USER, value);
    }
    if ((value = value_of(argument, "result")) != NULL) {
        return (int)strtol(value, NULL, 10);
    }
    if (strcmp(argument, "root") == 0) {
        return getuid() == 0 && geteuid() == 0 ? PAM_SUCCESS : PAM_PERM_DENIED;
    }
    return PAM_SERVICE_ERR;
}

static int
run(pam_handle_t *handle, int argc, const char **argv)
{
    int code = PAM_SUCCESS;
    for (int i = 0; i < argc && code == PAM_SUCCESS; i++) {
        code = run_one(handle, argv[i]);
    }
    return code;
}

int __attribute__((visibility("default")))
pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)flags;
    return run(handle, argc, argv);
}

int __attribute__((visibility("default")))
pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)flags;
    return run(handle, argc, argv);
}

int __attribute__((visibility("default")))
pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)handle;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}
