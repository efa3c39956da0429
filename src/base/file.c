/* Whole files; texts of errors name the path and what the system said. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail(struct mx_err *err, const char *what, const char *path)
{
    return mx_err_text(err, "cannot %s '%s': %s", what, path, strerrordesc_np(errno));
}

static int
read_all(int fd, const char *path, size_t limit, char **out, size_t *out_len, struct mx_err *err)
{
    size_t capacity = 4096;
    size_t len = 0;
    char *text = mx_alloc(capacity + 1);
    for (;;) {
        ssize_t got = read(fd, text + len, capacity - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            free(text);
            return fail(err, "read", path);
        }
        len += (size_t)got;
        if (len > limit) {
            free(text);
            return mx_err_text(err, "'%s' is larger than the %zu bytes that are allowed", path,
                               limit);
        }
        if (got == 0) {
            break;
        }
        if (len == capacity) {
            capacity *= 2;
            text = mx_realloc(text, capacity + 1);
        }
    }
    text[len] = '\0';
    *out = text;
    if (out_len != NULL) {
        *out_len = len;
    }
    return 0;
}

int
base_file_read(const char *path, size_t limit_bytes, char **out, size_t *out_len,
               struct mx_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, "open", path);
    }
    int rc = read_all(fd, path, limit_bytes, out, out_len, err);
    (void)close(fd);
    return rc;
}

static int
write_all(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

/* A rename is on disk only when its folder is; a file system that cannot do it is not our fault. */
static void
sync_folder(const char *path)
{
    char *copy = mx_strdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(copy);
}

int
base_file_replace(const char *path, const void *bytes, size_t len, unsigned mode,
                  struct mx_err *err)
{
    int rc = -1;
    char *beside = mx_asprintf("%s.XXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) {
        rc = fail(err, "create a file beside", path);
        goto out;
    }
    if (fchmod(fd, (mode_t)mode) != 0 || write_all(fd, bytes, len) != 0 || fsync(fd) != 0) {
        rc = fail(err, "write", beside);
        (void)close(fd);
        (void)unlink(beside);
        goto out;
    }
    if (close(fd) != 0 || rename(beside, path) != 0) {
        rc = fail(err, "replace", path);
        (void)unlink(beside);
        goto out;
    }
    sync_folder(path);
    rc = 0;
out:
    free(beside);
    return rc;
}
