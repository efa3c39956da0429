/* The data folder that belongs to this program. */
#include "keys.h"
#include "mx/base.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
keys_default_folder(void)
{
    char path[PATH_MAX];
    struct stat st;
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len > 0) {
        path[len] = '\0';
        for (int step = 0; step < 2; step++) {
            char *slash = strrchr(path, '/');
            if (slash != NULL) {
                *slash = '\0';
            }
        }
        char *own = mx_asprintf("%s/var/lib/maxscale", path);
        if (stat(own, &st) == 0 && S_ISDIR(st.st_mode)) {
            return own;
        }
        free(own);
    }
    return mx_strdup("/var/lib/maxscale");
}
