/*
 * Only one process per folder: the PID file is held with flock, cache and data folder with lockf.
 * The files stay open to the end; a crash leaves no lock behind.
 */
#include "app/app.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
pid_file(const struct app *app)
{
    return mx_asprintf("%s/maxscale.pid", app->dirs[APP_DIR_PID]);
}

static char *
process_dir(const struct app *app)
{
    return mx_asprintf("%s/data%ld", app->dirs[APP_DIR_DATA], (long)getpid());
}

static int
refuse_running(const char *path, int fd, struct mx_err *err)
{
    char text[32] = "";
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
    text[len > 0 ? (size_t)len : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    mx_err_text(err,
                "MaxScale is running already: process %s holds '%s'. Stop it, or give this one "
                "folders of its own (--basedir, or --piddir, --datadir and --cachedir).",
                text[0] != '\0' ? text : "?", path);
    return APP_EXIT_ALREADY_RUNNING;
}

static int
write_pid(int fd, const char *path, struct mx_err *err)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        mx_err_text(err, "Cannot write to '%s': %s.", path, strerror(errno));
        return APP_EXIT_INTERNAL;
    }
    return APP_EXIT_OK;
}

static int
take_file(const char *path, bool whole_file, struct mx_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        mx_err_text(err, "Cannot open '%s': %s.", path, strerror(errno));
        return APP_EXIT_INTERNAL;
    }
    int rc = whole_file ? flock(fd, LOCK_EX | LOCK_NB) : lockf(fd, F_TLOCK, 0);
    if (rc != 0) {
        rc = refuse_running(path, fd, err);
        (void)close(fd);
        return rc;
    }
    return write_pid(fd, path, err); /* the descriptor is the lock, and stays open */
}

/* The folders of processes that ended without cleaning up are left to the operator. */
static int
make_process_dir(const struct app *app, struct mx_err *err)
{
    char *path = process_dir(app);
    int rc = APP_EXIT_OK;
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        mx_err_text(err, "Cannot make the folder '%s': %s.", path, strerror(errno));
        rc = APP_EXIT_INTERNAL;
    }
    free(path);
    return rc;
}

int
app_lock_take(const struct app *app, struct mx_err *err)
{
    char *pid = pid_file(app);
    char *cache = mx_asprintf("%s/maxscale.lock", app->dirs[APP_DIR_CACHE]);
    char *data = mx_asprintf("%s/maxscale.lock", app->dirs[APP_DIR_DATA]);
    int rc = take_file(pid, true, err);
    if (rc == APP_EXIT_OK) {
        rc = take_file(cache, false, err);
    }
    if (rc == APP_EXIT_OK && strcmp(cache, data) != 0) {
        rc = take_file(data, false, err);
    }
    if (rc == APP_EXIT_OK) {
        rc = make_process_dir(app, err);
    }
    free(pid);
    free(cache);
    free(data);
    return rc;
}

static void
remove_process_dir(const struct app *app)
{
    char *path = process_dir(app);
    DIR *dir = opendir(path);
    for (struct dirent *entry = dir != NULL ? readdir(dir) : NULL; entry != NULL;
         entry = readdir(dir)) {
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    (void)rmdir(path);
    free(path);
}

void
app_lock_release(const struct app *app)
{
    char *pid = pid_file(app);
    (void)unlink(pid);
    remove_process_dir(app);
    free(pid);
}
