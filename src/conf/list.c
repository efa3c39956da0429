/* Lists of texts that end with NULL. */
#include "conf/value.h"
#include "mx/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

size_t
conf_list_count(char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count++;
    }
    return count;
}

void
conf_list_add(char ***list, const char *text)
{
    size_t count = conf_list_count(*list);
    *list = mx_realloc(*list, (count + 2) * sizeof(**list));
    (*list)[count] = mx_strdup(text);
    (*list)[count + 1] = NULL;
}

char **
conf_list_split(const char *text, char separator)
{
    char **list = NULL;
    while (*text != '\0') {
        const char *end = strchr(text, separator);
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        const char *next = text + len + (end != NULL ? 1 : 0);
        while (len > 0 && isspace((unsigned char)text[0]) != 0) {
            text++;
            len--;
        }
        while (len > 0 && isspace((unsigned char)text[len - 1]) != 0) {
            len--;
        }
        if (len > 0) {
            char *piece = mx_strndup(text, len);
            conf_list_add(&list, piece);
            free(piece);
        }
        text = next;
    }
    return list;
}

char **
conf_list_copy(char *const *list)
{
    char **copy = NULL;
    for (size_t i = 0; i < conf_list_count(list); i++) {
        conf_list_add(&copy, list[i]);
    }
    return copy;
}

char *
conf_list_join(char *const *list, const char *separator)
{
    struct mx_str out = {0};
    for (size_t i = 0; i < conf_list_count(list); i++) {
        mx_str_add(&out, i > 0 ? separator : "");
        mx_str_add(&out, list[i]);
    }
    return mx_str_give(&out);
}

void
conf_list_free(char **list)
{
    for (size_t i = 0; i < conf_list_count(list); i++) {
        free(list[i]);
    }
    free(list);
}
