/*
 * maxscale_pam_auth_tool: asks PAM with the rights of root on behalf of a proxy that has none.
 *
 * Installed without special rights; where pam_mode=suid is wanted the administrator gives it the
 * owner root, the group of the proxy and mode 4750. It takes no arguments, trusts nothing it is
 * given (environment, open files, working folder, signals), talks over its standard input
 * only (talk.h), and ends when the proxy closes that. It says whether a login is right, and does
 * nothing else.
 */
#include "check.h"
#include "talk.h"

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TALK_FD 0
/* A module of PAM that hangs does not keep the process for ever. */
#define WORK_SECONDS 120u
#define FD_MAX       65536u

static bool
is_socket(void)
{
    int kind = 0;
    socklen_t size = sizeof(kind);
    return getsockopt(TALK_FD, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 && kind == SOCK_STREAM;
}

/* Nothing of the caller's that PAM's modules might believe. */
static int
forget_caller(void)
{
    struct rlimit none = {0};
    sigset_t all;
    if (clearenv() != 0 || setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) != 0 ||
        chdir("/") != 0) {
        return -1;
    }
    (void)umask(077);
    /* Passwords must not end up in a core file. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (close_range(STDERR_FILENO + 1, ~0u, 0) != 0) {
        for (int fd = STDERR_FILENO + 1; fd < (int)FD_MAX; fd++) {
            (void)close(fd);
        }
    }
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&all);
    return sigprocmask(SIG_SETMASK, &all, NULL);
}

/* With the suid bit: root altogether, for modules compare the real and the effective user. */
static int
become_root(void)
{
    if (geteuid() != 0 || getuid() == 0) {
        return 0;
    }
    gid_t group = 0;
    return setgroups(1, &group) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0 ? -1 : 0;
}

static const char *
ask(void *context, bool shown, const char *question)
{
    struct talk_record *answer = context;
    (void)alarm(0); /* people take their time; the proxy watches over that */
    explicit_bzero(answer, sizeof(*answer));
    if (!talk_send(TALK_FD, shown ? TALK_QUESTION_SHOWN : TALK_QUESTION_HIDDEN, question) ||
        !talk_receive(TALK_FD, -1, answer) || answer->kind != TALK_ANSWER) {
        return NULL;
    }
    (void)alarm(WORK_SECONDS);
    return answer->text;
}

static void
tell(void *context, bool is_error, const char *text)
{
    (void)context;
    (void)is_error;
    (void)talk_send(TALK_FD, TALK_MESSAGE, text);
}

static bool
receive(enum talk_kind kind, struct talk_record *out)
{
    return talk_receive(TALK_FD, (int)WORK_SECONDS * 1000, out) && out->kind == kind;
}

int
main(int argc, char **argv)
{
    struct talk_record user;
    struct talk_record service;
    struct talk_record remote;
    struct talk_record answer = {0};
    struct check_result result;
    if (argc != 1 || !is_socket()) {
        (void)fprintf(stderr,
                      "%s is started by maxscale, for listeners with pam_mode=suid. To try a login "
                      "by hand use test_pam_login.\n",
                      argc > 0 ? argv[0] : "maxscale_pam_auth_tool");
        return 2;
    }
    if (forget_caller() != 0 || become_root() != 0) {
        (void)talk_send(TALK_FD, TALK_FAILED, "the helper program could not prepare itself");
        return 1;
    }
    (void)alarm(WORK_SECONDS);
    if (!receive(TALK_USER, &user) || !receive(TALK_SERVICE, &service) ||
        !receive(TALK_REMOTE, &remote)) {
        return 2;
    }
    struct check_request request = {
        .service = service.text, .user = user.text, .remote = remote.text};
    struct check_asker asker = {.context = &answer, .answer = ask, .tell = tell};
    bool good = check_run(&request, &asker, &result);
    explicit_bzero(&answer, sizeof(answer));
    enum talk_kind kind = good                           ? TALK_DONE
                          : check_is_denied(result.code) ? TALK_DENIED
                                                         : TALK_FAILED;
    return talk_send(TALK_FD, kind, good ? result.user : result.text) ? 0 : 1;
}
