/*
 * The configuration file: INI, one section, names of global options. It may hold a password, so
 * others than the owner must not be able to change it, nor the world to read it.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FORBIDDEN_RIGHTS 037

static bool
has_suffix(const char *path)
{
    size_t len = strlen(path);
    return len > 4 && strcmp(path + len - 4, ".cnf") == 0;
}

static char *
trimmed(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    return text;
}

/* One pair of quotes around the whole value is not part of it. */
static char *
unquoted(char *text)
{
    size_t len = strlen(text);
    if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
        text[len - 1] = '\0';
        text++;
    }
    return text;
}

static bool
can_be_in_file(size_t option)
{
    return option != CLI_GLOBAL_CONFIG && option < CLI_GLOBAL_VERSION;
}

static size_t
find_option(const char *name)
{
    for (size_t i = 0; i < CLI_GLOBAL_COUNT; i++) {
        const struct cli_option *o = &cli_globals[i];
        bool is_letter = o->letter != 0 && name[0] == o->letter && name[1] == '\0';
        if (can_be_in_file(i) && (is_letter || strcmp(o->name, name) == 0)) {
            return i;
        }
    }
    return CLI_GLOBAL_COUNT;
}

struct source {
    const char *path;
    size_t line;
    bool in_section;
    bool section_seen;
};

static int
set_option(const struct source *source, char *line, struct cli_value *values,
           const bool *from_command_line, char **out_error)
{
    char *equals = strchr(line, '=');
    char *text = equals != NULL ? unquoted(trimmed(equals + 1)) : NULL;
    char *reason = NULL;
    if (equals != NULL) {
        *equals = '\0';
    }
    char *name = trimmed(line);
    if (name[0] == '-') {
        *out_error = mx_asprintf("Error: Option names must be defined without hyphens: %s "
                                 "(line %zu of %s)",
                                 name, source->line, source->path);
        return -1;
    }
    size_t i = find_option(name);
    if (i == CLI_GLOBAL_COUNT) {
        *out_error =
            mx_asprintf("Error: Unknown option '%s' on line %zu of %s; the names are those "
                        "of `maxctrl --help` without hyphens",
                        name, source->line, source->path);
        return -1;
    }
    if (text == NULL && cli_globals[i].type != CLI_FLAG) {
        *out_error = mx_asprintf("Error: Option '%s' on line %zu of %s has no value", name,
                                 source->line, source->path);
        return -1;
    }
    if (from_command_line[i]) {
        return 0;
    }
    if (cli_value_set(&values[i], &cli_globals[i], text != NULL ? text : "true", &reason) != 0) {
        *out_error = mx_asprintf("Error: %s (line %zu of %s)", reason, source->line, source->path);
        free(reason);
        return -1;
    }
    return 0;
}

static int
read_lines(FILE *file, struct source *source, struct cli_value *values, char **out_error)
{
    bool from_command_line[CLI_GLOBAL_COUNT];
    char *buffer = NULL;
    size_t size = 0;
    int rc = 0;
    for (size_t i = 0; i < CLI_GLOBAL_COUNT; i++) {
        from_command_line[i] = values[i].given;
    }
    while (rc == 0 && getline(&buffer, &size, file) >= 0) {
        source->line++;
        char *line = trimmed(buffer);
        if (line[0] == '\0' || line[0] == '#' || line[0] == ';') {
            continue;
        }
        if (line[0] == '[') {
            source->in_section = strcmp(line, "[maxctrl]") == 0;
            source->section_seen = source->section_seen || source->in_section;
        } else if (source->in_section) {
            rc = set_option(source, line, values, from_command_line, out_error);
        }
    }
    if (size > 0) {
        explicit_bzero(buffer, size);
    }
    free(buffer);
    return rc;
}

int
cli_config_read(const char *path, bool must_exist, struct cli_value *values, char **out_error)
{
    struct stat st;
    struct source source = {.path = path};
    if (!has_suffix(path)) {
        *out_error = mx_asprintf("Error: %s does not have a '.cnf' suffix", path);
        return -1;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        if (errno == ENOENT && !must_exist) {
            return 0;
        }
        *out_error =
            mx_asprintf("Error: cannot read the configuration file %s: %s", path, strerror(errno));
        return -1;
    }
    int rc = -1;
    if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
        *out_error = mx_asprintf("Error: %s is not a regular file", path);
    } else if ((st.st_mode & FORBIDDEN_RIGHTS) != 0) {
        *out_error = mx_asprintf("Error: %s exists, but can be accessed by group and world. Remove "
                                 "all rights from everyone else but owner",
                                 path);
    } else {
        rc = read_lines(file, &source, values, out_error);
        if (rc == 0 && !source.section_seen) {
            *out_error = mx_asprintf("Error: %s has no section [maxctrl]", path);
            rc = -1;
        }
    }
    (void)fclose(file);
    return rc;
}
