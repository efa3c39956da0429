/* Who runs the program. */
#include "app/app.h"
#include "mx/str.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The command line again, ready to be typed, with the option that is missing. */
static void
refuse_root(int argc, char **argv)
{
    struct mx_str line = {0};
    for (int i = 0; i < argc; i++) {
        mx_str_printf(&line, "%s%s", i > 0 ? " " : "", argv[i]);
    }
    (void)fprintf(
        stderr,
        "maxscale: MaxScale cannot be run as root without saying so. Either let it change "
        "to another user:\n"
        "    %s --user=maxscale\n"
        "or, if running as root is really meant:\n"
        "    %s --user=root\n",
        mx_str_text(&line), mx_str_text(&line));
    mx_str_free(&line);
}

static int
change_user(const char *name)
{
    // cppcheck-suppress getpwnamCalled ; there is one thread yet
    const struct passwd *entry = getpwnam(name);
    if (entry == NULL) {
        (void)fprintf(stderr, "maxscale: There is no user '%s'; make one or name another.\n", name);
        return APP_EXIT_BAD_ARGUMENT;
    }
    if (entry->pw_uid == geteuid()) {
        return APP_EXIT_OK;
    }
    if (initgroups(name, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 ||
        setuid(entry->pw_uid) != 0) {
        (void)fprintf(stderr, "maxscale: Cannot become user '%s': %s. Only root can do that.\n",
                      name, strerror(errno));
        return APP_EXIT_BAD_ARGUMENT;
    }
    return APP_EXIT_OK;
}

int
app_user_switch(const struct app_args *args, int argc, char **argv)
{
    if (args->user != NULL) {
        return change_user(args->user);
    }
    if (geteuid() == 0) {
        refuse_root(argc, argv);
        return APP_EXIT_BAD_CONFIG;
    }
    return APP_EXIT_OK;
}
