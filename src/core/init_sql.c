/* Statements for new connections; see init_sql.h. */
#include "core/init_sql.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1024 * 1024)

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static char *
line_of(const char *text, size_t len)
{
    while (len > 0 && is_blank(*text)) {
        text++;
        len--;
    }
    while (len > 0 && is_blank(text[len - 1])) {
        len--;
    }
    return len == 0 ? NULL : mx_strndup(text, len);
}

char **
core_init_sql_parse(const char *text, size_t len)
{
    size_t count = 0;
    char **out = mx_calloc(1, sizeof(char *));
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t size = end == NULL ? len - at : (size_t)(end - text) - at;
        char *line = line_of(text + at, size);
        if (line != NULL) {
            out = mx_realloc(out, (count + 2) * sizeof(char *));
            out[count++] = line;
            out[count] = NULL;
        }
        at += size + 1;
    }
    return out;
}

char **
core_init_sql_read(const char *path, struct mx_err *err)
{
    char *text = NULL;
    size_t len = 0;
    if (base_file_read(path, FILE_MAX, &text, &len, err) != 0) {
        return NULL;
    }
    char **out = core_init_sql_parse(text, len);
    free(text);
    return out;
}

void
core_init_sql_free(char **statements)
{
    for (size_t i = 0; statements != NULL && statements[i] != NULL; i++) {
        free(statements[i]);
    }
    free(statements);
}
