/* To the background: the parent waits until the child says how its start went. */
#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
wait_for_child(int fd)
{
    int status = APP_EXIT_INTERNAL;
    ssize_t len = 0;
    do {
        len = read(fd, &status, sizeof(status));
    } while (len < 0 && errno == EINTR);
    if (len != (ssize_t)sizeof(status)) {
        (void)fprintf(stderr, "maxscale: The program ended while it was starting; see its log.\n");
        status = APP_EXIT_INTERNAL;
    }
    _exit(status);
}

void
app_daemon_fork(struct app *app)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        (void)fprintf(stderr, "maxscale: Cannot go to the background: %s.\n", strerror(errno));
        exit(APP_EXIT_INTERNAL);
    }
    pid_t pid = fork();
    if (pid < 0) {
        (void)fprintf(stderr, "maxscale: Cannot go to the background: %s.\n", strerror(errno));
        exit(APP_EXIT_INTERNAL);
    }
    if (pid > 0) {
        (void)close(fds[1]);
        wait_for_child(fds[0]);
    }
    (void)close(fds[0]);
    app->parent_fd = fds[1];
    (void)setsid();
}

void
app_daemon_tell(struct app *app, int status)
{
    if (app->parent_fd < 0) {
        return;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        if (app->debug.output_file == NULL) {
            (void)dup2(null, STDOUT_FILENO);
            (void)dup2(null, STDERR_FILENO);
        }
        (void)close(null);
    }
    if (write(app->parent_fd, &status, sizeof(status)) != (ssize_t)sizeof(status)) {
        (void)fprintf(stderr, "maxscale: The waiting parent process is gone.\n");
    }
    (void)close(app->parent_fd);
    app->parent_fd = -1;
}
