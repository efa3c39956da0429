/* maxkeys: makes the key file with which passwords in the configuration are encrypted. */
#include "conf/secrets.h"
#include "keys.h"
#include "mx_build.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const standard_user = "maxscale";

static void
print_help(const char *program, const char *folder)
{
    (void)printf("Usage: %s [-h|--help] [-u USER|--user=USER] [DIRECTORY]\n"
                 "\n"
                 "Makes the file '%s' with a new random key in DIRECTORY. maxpasswd encrypts\n"
                 "passwords with it, maxscale decrypts them when it reads its configuration.\n"
                 "A new key makes every password that was encrypted before useless; a file that\n"
                 "exists is therefore left alone.\n"
                 "\n"
                 "  -h, --help       print this\n"
                 "  -u, --user=USER  owner of the file (default: %s)\n"
                 "  DIRECTORY        folder of the file (default: %s)\n",
                 program, CONF_SECRETS_FILE_NAME, standard_user, folder);
}

/* The file must be readable by the user that runs maxscale, and by nobody else. */
static int
give_to(const char *path, const char *user, bool asked_for)
{
    // cppcheck-suppress getpwnamCalled ; a program of one thread
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL && !asked_for) {
        (void)printf("There is no user '%s'; the file belongs to the one who made it.\n", user);
        return 0;
    }
    if (entry == NULL) {
        (void)fprintf(stderr, "maxkeys: There is no user '%s'.\n", user);
        return -1;
    }
    if (chown(path, entry->pw_uid, entry->pw_gid) == 0) {
        return 0;
    }
    if (errno == EPERM && !asked_for) {
        (void)printf("The file belongs to the one who made it; give it to the user that runs "
                     "maxscale: chown USER '%s'\n",
                     path);
        return 0;
    }
    (void)fprintf(stderr, "maxkeys: Cannot give '%s' to user '%s': %s.\n", path, user,
                  strerror(errno));
    return -1;
}

static int
make_key(const char *folder, const char *user)
{
    struct mx_err err = {0};
    char *path = mx_asprintf("%s/%s", folder, CONF_SECRETS_FILE_NAME);
    int rc = conf_secrets_create(folder, MX_VERSION, &err);
    if (rc != 0) {
        (void)fprintf(stderr, "maxkeys: %s\n", err.text);
    } else if (give_to(path, user != NULL ? user : standard_user, user != NULL) != 0) {
        (void)unlink(path);
        rc = -1;
    } else {
        (void)printf("The key was written to '%s'.\n", path);
    }
    free(path);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {"user", required_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    const char *user = NULL;
    char *standard = keys_default_folder();
    int rc = EXIT_FAILURE;
    int option = getopt_long(argc, argv, "hu:", options, NULL);
    while (option == 'u') {
        user = optarg;
        option = getopt_long(argc, argv, "hu:", options, NULL);
    }
    if (option == 'h') {
        print_help(argv[0], standard);
        rc = EXIT_SUCCESS;
    } else if (option == -1 && argc - optind <= 1) {
        rc = make_key(optind < argc ? argv[optind] : standard, user) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
    } else if (option == -1) {
        (void)fprintf(stderr, "maxkeys: Only one directory is possible. Try --help.\n");
    }
    free(standard);
    return rc;
}
