/* JSON pointers and paths, step by step over lists of values: no recursion. */
#include "admin/jsonpath.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 256u
#define VALUES_MAX   100000u /* [0,0,0][0,0,0]... would grow without end */

/* The next token of a pointer, unescaped; false: the end, or the token is too long. */
static bool
next_token(const char **pos, char *out, size_t size)
{
    const char *text = *pos;
    size_t n = 0;

    if (*text == '/') {
        text++;
    }
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0' && *text != '/'; text++) {
        char c = *text;
        if (c == '~' && (text[1] == '0' || text[1] == '1')) {
            text++;
            c = *text == '0' ? '~' : '/';
        }
        if (n + 1 >= size) {
            return false;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    *pos = text;
    return true;
}

static json_t *
array_item(json_t *array, const char *token)
{
    char *end = NULL;
    unsigned long index = strtoul(token, &end, 10);

    if (end == token || *end != '\0') {
        return NULL;
    }
    return json_array_get(array, (size_t)index);
}

json_t *
admin_json_pointer(json_t *root, const char *pointer)
{
    char token[NAME_MAX_LEN];
    json_t *value = root;

    while (value != NULL && next_token(&pointer, token, sizeof(token))) {
        value = json_is_array(value) ? array_item(value, token) : json_object_get(value, token);
    }
    return value;
}

void
admin_json_copy_at(const json_t *from, json_t *to, const char *pointer)
{
    char token[NAME_MAX_LEN];
    char next[NAME_MAX_LEN];

    /* Only what is really there is made in `to`. */
    if (!next_token(&pointer, token, sizeof(token)) || json_object_get(from, token) == NULL) {
        return;
    }
    while (next_token(&pointer, next, sizeof(next))) {
        const json_t *child = json_object_get(from, token);
        json_t *copy = json_object_get(to, token);
        if (!json_is_object(child) || json_object_get(child, next) == NULL) {
            return;
        }
        if (copy == NULL) {
            copy = json_object();
            (void)json_object_set_new(to, token, copy);
        }
        if (!json_is_object(copy)) {
            return;
        }
        from = child;
        to = copy;
        memcpy(token, next, sizeof(token));
    }
    (void)json_object_set_new(to, token, json_copy(json_object_get(from, token)));
}

enum step_kind {
    STEP_NAME = 0,
    STEP_INDEXES,
    STEP_ALL,
};

struct step {
    enum step_kind kind;
    char name[NAME_MAX_LEN];
    size_t indexes[ADMIN_PATH_STEPS_MAX];
    size_t index_count;
};

struct path {
    struct step steps[ADMIN_PATH_STEPS_MAX];
    size_t count;
};

static const char *
parse_name(const char *text, struct step *step, const char *stop, const char **why)
{
    size_t len = strcspn(text, stop);

    if (len == 0 || len >= NAME_MAX_LEN) {
        *why = "a name in the path is empty or too long";
        return NULL;
    }
    step->kind = len == 1 && *text == '*' ? STEP_ALL : STEP_NAME;
    memcpy(step->name, text, len);
    step->name[len] = '\0';
    return text + len;
}

static const char *
parse_indexes(const char *text, struct step *step, const char **why)
{
    step->kind = STEP_INDEXES;
    for (;;) {
        char *end = NULL;
        unsigned long index = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
        if (end == NULL || step->index_count == ADMIN_PATH_STEPS_MAX) {
            *why = "brackets hold *, a quoted name, or up to 16 indexes";
            return NULL;
        }
        step->indexes[step->index_count++] = (size_t)index;
        text = end;
        if (*text != ',') {
            return text;
        }
        text++;
    }
}

/* Behind "[". */
static const char *
parse_bracket(const char *text, struct step *step, const char **why)
{
    if (*text == '*') {
        step->kind = STEP_ALL;
        text++;
    } else if (*text == '\'' || *text == '"') {
        const char stop[2] = {*text, '\0'};
        text = parse_name(text + 1, step, stop, why);
        if (text != NULL) {
            step->kind = STEP_NAME;
            text += *text == '\0' ? 0 : 1;
        }
    } else {
        text = parse_indexes(text, step, why);
    }
    if (text != NULL && *text != ']') {
        *why = "a bracket is not closed";
        return NULL;
    }
    return text != NULL ? text + 1 : NULL;
}

static int
parse_path(const char *text, struct path *out, const char **why)
{
    text += *text == '$' ? 1 : 0;
    while (*text != '\0') {
        struct step *step = &out->steps[out->count];
        if (out->count == ADMIN_PATH_STEPS_MAX) {
            *why = "the path has more than 16 steps";
            return -1;
        }
        if (*text == '[') {
            text = parse_bracket(text + 1, step, why);
        } else {
            text += *text == '.' ? 1 : 0;
            text = parse_name(text, step, ".[", why);
        }
        if (text == NULL) {
            return -1;
        }
        out->count++;
    }
    return 0;
}

static void
take_all(json_t *value, json_t *out)
{
    const char *key;
    json_t *child;
    size_t i;

    if (json_is_array(value)) {
        json_array_foreach(value, i, child)
        {
            (void)json_array_append(out, child);
        }
        return;
    }
    json_object_foreach(value, key, child)
    {
        (void)json_array_append(out, child);
    }
}

static void
take_step(json_t *value, const struct step *step, json_t *out)
{
    switch (step->kind) {
    case STEP_ALL:
        take_all(value, out);
        break;
    case STEP_INDEXES:
        for (size_t i = 0; i < step->index_count; i++) {
            (void)json_array_append(out, json_array_get(value, step->indexes[i]));
        }
        break;
    case STEP_NAME:
        (void)json_array_append(out, json_object_get(value, step->name));
        break;
    }
}

json_t *
admin_json_path(json_t *root, const char *path_text, const char **why)
{
    struct path *path = mx_calloc(1, sizeof(*path));
    json_t *values = NULL;

    if (parse_path(path_text, path, why) == 0) {
        values = json_array();
        (void)json_array_append(values, root);
        for (size_t s = 0; s < path->count; s++) {
            json_t *next = json_array();
            json_t *value;
            size_t i;
            json_array_foreach(values, i, value)
            {
                if (json_array_size(next) < VALUES_MAX) {
                    take_step(value, &path->steps[s], next);
                }
            }
            json_decref(values);
            values = next;
        }
    }
    free(path);
    return values;
}
