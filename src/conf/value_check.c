/* Checks of single values that need more than reading: paths, patterns, addresses, disk limits. */
#include "conf/regex.h"
#include "conf/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORT_MAX 65535

int
conf_check_path(const struct mx_param *row, const char *path, struct conf_why *why)
{
    uint32_t wanted = row->flags & (MX_PARAM_PATH_R | MX_PARAM_PATH_W | MX_PARAM_PATH_X);
    int mode = ((wanted & MX_PARAM_PATH_R) != 0 ? R_OK : 0) |
               ((wanted & MX_PARAM_PATH_W) != 0 ? W_OK : 0) |
               ((wanted & MX_PARAM_PATH_X) != 0 ? X_OK : 0);
    if (path[0] == '\0' || (wanted == 0 && (row->flags & MX_PARAM_PATH_C) == 0)) {
        return 0;
    }
    if (access(path, mode) == 0) {
        return 0;
    }
    int why_not = errno;
    if (why_not == ENOENT && (row->flags & MX_PARAM_PATH_C) != 0) {
        if (mkdir(path, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) == 0) {
            return 0;
        }
        why_not = errno;
    }
    return conf_why_set(why,
                        why_not == ENOENT
                            ? "Check the spelling; relative paths begin at module_configdir."
                            : "Give the user that runs the program access to it.",
                        "The path '%s' cannot be used: %s.", path, strerror(why_not));
}

int
conf_check_regex(const char *pattern, struct conf_why *why)
{
    struct conf_regex *regex = conf_regex_new(pattern, why);
    if (regex == NULL) {
        return -1;
    }
    conf_regex_free(regex);
    return 0;
}

int
conf_check_host(const char *text, struct conf_why *why)
{
    const char *colon = strrchr(text, ':');
    const char *bracket = strrchr(text, ']');
    char *end = NULL;
    if (text[0] == '\0') {
        return 0;
    }
    if (colon != NULL && colon > text && (bracket == NULL || bracket + 1 == colon) &&
        isdigit((unsigned char)colon[1]) != 0) {
        long port = strtol(colon + 1, &end, 10);
        if (*end == '\0' && port > 0 && port <= PORT_MAX) {
            return 0;
        }
    }
    return conf_why_set(why, "Write address:port; an IPv6 address goes into brackets.",
                        "'%s' is not an address with a port.", text);
}

static bool
is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* address/bits with bits that fit the kind of address */
static bool
is_network(const char *text)
{
    const char *slash = strchr(text, '/');
    char *end = NULL;
    if (slash == NULL || isdigit((unsigned char)slash[1]) == 0) {
        return false;
    }
    char *address = mx_strndup(text, (size_t)(slash - text));
    long bits = strtol(slash + 1, &end, 10);
    long limit = strchr(address, ':') != NULL ? 128 : 32;
    bool good = is_address(address) && *end == '\0' && bits <= limit;
    free(address);
    return good;
}

static bool
is_host_pattern(const char *text)
{
    while (isalnum((unsigned char)*text) != 0 || (*text != '\0' && strchr(".-_%", *text) != NULL)) {
        text++;
    }
    return *text == '\0';
}

int
conf_check_host_patterns(char *const *list, struct conf_why *why)
{
    size_t count = conf_list_count(list);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], "%") == 0 && count > 1) {
            return conf_why_set(why, "Leave out either % or all the others.",
                                "'%%' stands for every host and cannot be mixed with others.");
        }
        if (!is_address(list[i]) && !is_network(list[i]) && !is_host_pattern(list[i])) {
            return conf_why_set(why, "Examples: 127.0.0.1, 10.0.0.0/8, %.example.com",
                                "'%s' is not an address, a network or a host name pattern.",
                                list[i]);
        }
    }
    return 0;
}

int
conf_check_disk_limits(char *const *list, struct conf_why *why)
{
    for (size_t i = 0; i < conf_list_count(list); i++) {
        const char *colon = strrchr(list[i], ':');
        char *end = NULL;
        bool good = colon != NULL && (list[i][0] == '/' || strncmp(list[i], "*:", 2) == 0) &&
                    isdigit((unsigned char)colon[1]) != 0;
        if (!good || strtol(colon + 1, &end, 10) > 100 || *end != '\0') {
            return conf_why_set(why, "Write path:percent with 0 to 100, as in /data:80,*:90.",
                                "'%s' is not a path with a percentage.", list[i]);
        }
    }
    return 0;
}
