/*
 * test_pam_login: tries a login with PAM as the proxy does, without a proxy. Run it as the user
 * that the proxy runs as: what works here works there.
 */
#include "answers.h"
#include "helper.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct texts {
    char user[CHECK_USER_MAX];
    char service[CHECK_USER_MAX];
    char remote[CHECK_USER_MAX];
    char password[ANSWERS_TEXT_MAX + 1];
    char code[ANSWERS_TEXT_MAX + 1];
};

struct options {
    bool two_factors;
    const char *tool; /* --suid: the helper program */
};

static const char usage[] =
    "Usage: test_pam_login [OPTION]...\n"
    "Tries a login with PAM as the authenticator PAMAuth of maxscale does. Run it as the user "
    "that\n"
    "maxscale runs as. What is not given is asked for.\n"
    "\n"
    "  -u, --user=NAME      name of the user\n"
    "  -s, --service=NAME   PAM service, a file in /etc/pam.d; by default mysql\n"
    "  -r, --remote=HOST    address of the client that PAM is told\n"
    "  -2, --two-factors    as with pam_mode=password_2FA: asks for a password and a code\n"
    "      --suid[=PATH]    as with pam_mode=suid: through maxscale_pam_auth_tool, which is "
    "looked\n"
    "                       for beside this program\n"
    "  -h, --help           this text\n"
    "\n"
    "Exit code 0: the login is good; 1: it is not; 2: wrong usage.\n";

/* Reads a line; nothing is shown when it is hidden and typed. False: there is none. */
static bool
read_line(const char *question, bool hidden, char *out, size_t size)
{
    struct termios before;
    bool is_typed = isatty(STDIN_FILENO) == 1;
    bool quiet = hidden && is_typed && tcgetattr(STDIN_FILENO, &before) == 0;
    (void)printf("%s", question);
    (void)fflush(stdout);
    if (quiet) {
        struct termios now = before;
        now.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
    }
    bool good = fgets(out, (int)size, stdin) != NULL;
    if (quiet) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    }
    if (hidden || !is_typed) {
        (void)putchar('\n');
    }
    if (good) {
        out[strcspn(out, "\n")] = '\0';
    }
    return good;
}

static const char *
answer(void *context, bool shown, const char *question)
{
    const char *text = answers_next(context, question);
    (void)shown;
    (void)printf("PAM asks: %s\n", question);
    if (text == NULL) {
        (void)printf("There is no answer to that: pam_mode=password answers questions that begin "
                     "with \"Password\", password_2FA one other, suid asks the client.\n");
    }
    return text;
}

static void
tell(void *context, bool is_error, const char *text)
{
    (void)context;
    (void)printf("PAM says%s: %s\n", is_error ? " (error)" : "", text);
}

static bool
check_here(const struct check_request *request, const struct options *options, struct texts *texts,
           struct check_result *result)
{
    struct answers answers = {.password = texts->password};
    struct check_asker asker = {.context = &answers, .answer = answer, .tell = tell};
    if (!read_line("Password: ", true, texts->password, sizeof(texts->password)) ||
        (options->two_factors &&
         !read_line("Verification code: ", true, texts->code, sizeof(texts->code)))) {
        (void)snprintf(result->text, sizeof(result->text), "the input ended");
        return false;
    }
    answers.code = options->two_factors ? texts->code : NULL;
    return check_run(request, &asker, result);
}

/* True: go on listening. */
static bool
take_record(const struct helper *helper, const struct talk_record *record, struct texts *texts,
            struct check_result *result, bool *good)
{
    switch (record->kind) {
    case TALK_QUESTION_HIDDEN:
    case TALK_QUESTION_SHOWN:
        return read_line(record->text, record->kind == TALK_QUESTION_HIDDEN, texts->password,
                         sizeof(texts->password)) &&
               talk_send(helper->fd, TALK_ANSWER, texts->password);
    case TALK_MESSAGE:
        tell(NULL, false, record->text);
        return true;
    case TALK_DONE:
        *good = true;
        (void)snprintf(result->user, sizeof(result->user), "%.*s", CHECK_USER_MAX - 1,
                       record->text);
        return false;
    default:
        (void)snprintf(result->text, sizeof(result->text), "%.*s", CHECK_TEXT_MAX - 1,
                       record->text);
        return false;
    }
}

static bool
check_by_helper(const struct check_request *request, const struct options *options,
                struct texts *texts, struct check_result *result)
{
    struct helper helper;
    struct talk_record record;
    bool good = false;
    if (!helper_start(&helper, options->tool, request, result->text)) {
        return false;
    }
    while (helper_next(&helper, &record, result->text) &&
           take_record(&helper, &record, texts, result, &good)) {
    }
    helper_wait(&helper);
    return good;
}

/* PATH/test_pam_login -> PATH/maxscale_pam_auth_tool */
static const char *
tool_beside(char path[4096])
{
    ssize_t len = readlink("/proc/self/exe", path, 4096 - sizeof(HELPER_PROGRAM) - 1);
    path[len > 0 ? len : 0] = '\0';
    char *name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    memcpy(name, HELPER_PROGRAM, sizeof(HELPER_PROGRAM));
    return path;
}

/* False: *out_code is what to end with. */
static bool
read_options(int argc, char **argv, struct options *options, struct texts *texts, int *out_code)
{
    static const struct option known[] = {{"user", required_argument, NULL, 'u'},
                                          {"service", required_argument, NULL, 's'},
                                          {"remote", required_argument, NULL, 'r'},
                                          {"two-factors", no_argument, NULL, '2'},
                                          {"suid", optional_argument, NULL, 'S'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    static char beside[4096];
    int option = 0;
    *out_code = 2;
    while ((option = getopt_long(argc, argv, "u:s:r:2h", known, NULL)) != -1) {
        switch (option) {
        case 'u':
            (void)snprintf(texts->user, sizeof(texts->user), "%s", optarg);
            break;
        case 's':
            (void)snprintf(texts->service, sizeof(texts->service), "%s", optarg);
            break;
        case 'r':
            (void)snprintf(texts->remote, sizeof(texts->remote), "%s", optarg);
            break;
        case '2':
            options->two_factors = true;
            break;
        case 'S':
            options->tool = optarg != NULL ? optarg : tool_beside(beside);
            break;
        case 'h':
            (void)fputs(usage, stdout);
            *out_code = 0;
            return false;
        default:
            return false;
        }
    }
    if (optind < argc || (options->two_factors && options->tool != NULL)) {
        (void)fputs(usage, stderr);
        return false;
    }
    return true;
}

static bool
ask_rest(struct texts *texts)
{
    if (texts->user[0] == '\0' &&
        !read_line("Username: ", false, texts->user, sizeof(texts->user))) {
        return false;
    }
    if (texts->service[0] == '\0' && !read_line("PAM service (nothing for mysql): ", false,
                                                texts->service, sizeof(texts->service))) {
        return false;
    }
    if (texts->service[0] == '\0') {
        (void)snprintf(texts->service, sizeof(texts->service), "mysql");
    }
    return true;
}

int
main(int argc, char **argv)
{
    struct options options = {0};
    struct texts texts = {0};
    struct check_result result = {0};
    int code = 0;
    if (!read_options(argc, argv, &options, &texts, &code)) {
        return code;
    }
    if (!ask_rest(&texts)) {
        (void)fputs("The input ended.\n", stderr);
        return 2;
    }
    struct check_request request = {
        .service = texts.service, .user = texts.user, .remote = texts.remote};
    bool good = options.tool != NULL ? check_by_helper(&request, &options, &texts, &result)
                                     : check_here(&request, &options, &texts, &result);
    explicit_bzero(texts.password, sizeof(texts.password));
    explicit_bzero(texts.code, sizeof(texts.code));
    if (!good) {
        (void)printf("The login is refused: %s.\n", result.text);
        return 1;
    }
    (void)printf("The login of '%s' by PAM service '%s' is good; PAM calls the user '%s'.\n",
                 texts.user, texts.service, result.user);
    return 0;
}
