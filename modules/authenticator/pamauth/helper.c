/* Starting and ending the helper program; see helper.h. */
#include "helper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Longer than the program gives PAM. */
#define ANSWER_MS   150000
#define ORPHANS_MAX 1024u

/*
 * Processes that were left in the middle of a login: they end soon, and are collected when the next
 * one starts or is left. More than fit here are not collected before this process ends.
 */
static struct {
    pthread_mutex_t lock;
    pid_t pids[ORPHANS_MAX];
    size_t count;
} orphans = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* pid 0: none to add. */
static void
orphans_update(pid_t pid)
{
    size_t kept = 0;
    (void)pthread_mutex_lock(&orphans.lock);
    for (size_t i = 0; i < orphans.count; i++) {
        if (waitpid(orphans.pids[i], NULL, WNOHANG) == 0) {
            orphans.pids[kept++] = orphans.pids[i];
        }
    }
    if (pid > 0 && kept < ORPHANS_MAX) {
        orphans.pids[kept++] = pid;
    }
    orphans.count = kept;
    (void)pthread_mutex_unlock(&orphans.lock);
}

/* The proxy blocks signals in its threads; the program starts without. */
static int
spawn(const char *path, int fd, pid_t *out_pid)
{
    char name[] = HELPER_PROGRAM;
    char *const words[] = {name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int rc = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    rc =
        rc != 0 ? rc : posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
    rc = rc != 0 ? rc : posix_spawnattr_setsigmask(&attributes, &none);
    rc = rc != 0 ? rc : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    rc = rc != 0 ? rc : posix_spawn(out_pid, path, &actions, &attributes, words, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

bool
helper_start(struct helper *helper, const char *path, const struct check_request *request,
             char text[CHECK_TEXT_MAX])
{
    int ends[2];
    orphans_update(0);
    *helper = (struct helper){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        (void)snprintf(text, CHECK_TEXT_MAX, "no socket for '%s': %s", path, strerror(errno));
        return false;
    }
    int rc = spawn(path, ends[1], &helper->pid);
    (void)close(ends[1]);
    if (rc != 0) {
        (void)close(ends[0]);
        (void)snprintf(text, CHECK_TEXT_MAX,
                       "'%.300s' cannot be started: %s; it must be there and executable for the "
                       "user of the proxy",
                       path, strerror(rc));
        return false;
    }
    helper->fd = ends[0];
    /* A program that does not listen is noticed when it should speak. */
    (void)(talk_send(helper->fd, TALK_USER, request->user) &&
           talk_send(helper->fd, TALK_SERVICE, request->service) &&
           talk_send(helper->fd, TALK_REMOTE, request->remote));
    return true;
}

bool
helper_next(struct helper *helper, struct talk_record *out, char text[CHECK_TEXT_MAX])
{
    if (talk_receive(helper->fd, ANSWER_MS, out)) {
        return true;
    }
    (void)snprintf(text, CHECK_TEXT_MAX,
                   HELPER_PROGRAM " ended without an answer, or a module of PAM took too long; "
                                  "look at the system's log");
    return false;
}

void
helper_wait(struct helper *helper)
{
    if (helper->fd >= 0) {
        (void)close(helper->fd);
        helper->fd = -1;
        while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

void
helper_close(struct helper *helper)
{
    if (helper->fd >= 0) {
        (void)close(helper->fd);
        helper->fd = -1;
        orphans_update(helper->pid);
    }
}
