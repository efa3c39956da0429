/* maxpasswd: encrypts a password for the configuration, or decrypts one. */
#include "conf/secrets.h"
#include "keys.h"

#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct wanted {
    bool help;
    bool decrypt;
    bool interactive;
    bool wrong; /* told */
};

static void
print_help(const char *program, const char *folder)
{
    (void)printf(
        "Usage: %s [OPTION] [PATH] PASSWORD\n"
        "\n"
        "Encrypts a password with the key in the file '%s' that maxkeys makes, and prints\n"
        "what to write into the configuration.\n"
        "\n"
        "  -h, --help         print this\n"
        "  -d, --decrypt      decrypt instead\n"
        "  -i, --interactive  read the password from the terminal (asked for twice) or, from\n"
        "                     a pipe, as one line; an argument is then the PATH\n"
        "  PATH               folder of the key file (default: %s)\n"
        "  PASSWORD           the password\n",
        program, CONF_SECRETS_FILE_NAME, folder);
}

static struct wanted
read_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {"decrypt", no_argument, NULL, 'd'},
        {"interactive", no_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    struct wanted wanted = {0};
    for (int c = getopt_long(argc, argv, "hdi", options, NULL); c != -1;
         c = getopt_long(argc, argv, "hdi", options, NULL)) {
        wanted.help = wanted.help || c == 'h';
        wanted.decrypt = wanted.decrypt || c == 'd';
        wanted.interactive = wanted.interactive || c == 'i';
        wanted.wrong = wanted.wrong || c == '?';
    }
    return wanted;
}

/* One line of standard input without its end; NULL at the end of input. */
static char *
read_line(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len = getline(&line, &capacity, stdin);
    if (len < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

/* Without showing what is typed. */
static char *
ask(const char *prompt)
{
    struct termios shown;
    bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    (void)printf("%s", prompt);
    (void)fflush(stdout);
    if (is_terminal) {
        struct termios hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    char *line = read_line();
    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    }
    (void)printf("\n");
    return line;
}

static void
free_secret(char *text)
{
    if (text != NULL) {
        OPENSSL_cleanse(text, strlen(text));
        free(text);
    }
}

static char *
read_password(void)
{
    if (isatty(STDIN_FILENO) == 0) {
        return read_line();
    }
    char *first = ask("Password: ");
    char *second = ask("Again: ");
    if (first == NULL || second == NULL || strcmp(first, second) != 0) {
        (void)fprintf(stderr, "maxpasswd: The two passwords are not the same.\n");
        free_secret(first);
        first = NULL;
    }
    free_secret(second);
    return first;
}

static int
convert(const char *folder, const char *password, bool decrypt)
{
    struct conf_secrets secrets;
    struct mx_err err = {0};
    if (conf_secrets_load(folder, &secrets, &err) != 0) {
        (void)fprintf(stderr, "maxpasswd: %s\n", err.text);
        return EXIT_FAILURE;
    }
    if (!secrets.loaded) {
        (void)fprintf(stderr,
                      "maxpasswd: There is no key file '%s/%s'; make one with: maxkeys '%s'\n",
                      folder, CONF_SECRETS_FILE_NAME, folder);
        return EXIT_FAILURE;
    }
    char *text = decrypt ? conf_secrets_decrypt(&secrets, password, &err)
                         : conf_secrets_encrypt(&secrets, password, &err);
    if (text == NULL) {
        (void)fprintf(stderr, "maxpasswd: %s\n", err.text);
    } else {
        (void)printf("%s\n", text);
    }
    int rc = text != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
    free_secret(text);
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    return rc;
}

static int
run(const struct wanted *wanted, int count, char **words, const char *standard)
{
    if (wanted->interactive && count <= 1) {
        char *password = read_password();
        int rc = EXIT_FAILURE;
        if (password == NULL) {
            (void)fprintf(stderr, "maxpasswd: There is no password to work on.\n");
        } else {
            rc = convert(count == 1 ? words[0] : standard, password, wanted->decrypt);
        }
        free_secret(password);
        return rc;
    }
    if (!wanted->interactive && (count == 1 || count == 2)) {
        return convert(count == 2 ? words[0] : standard, words[count - 1], wanted->decrypt);
    }
    (void)fprintf(stderr,
                  wanted->interactive
                      ? "maxpasswd: With -i only a path can be given. Try --help.\n"
                      : "maxpasswd: Give a password, or a path and a password. Try --help.\n");
    return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    struct wanted wanted = read_options(argc, argv);
    char *standard = keys_default_folder();
    int rc = EXIT_FAILURE;
    if (wanted.help) {
        print_help(argv[0], standard);
        rc = EXIT_SUCCESS;
    } else if (!wanted.wrong) {
        rc = run(&wanted, argc - optind, argv + optind, standard);
    }
    free(standard);
    return rc;
}
