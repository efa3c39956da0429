/* Reading and following JSON paths. */
#include "json_path.h"

#include <stdlib.h>
#include <string.h>

enum step_kind {
    STEP_NAME,
    STEP_INDEX,
    STEP_EACH,
};

struct step {
    enum step_kind kind;
    const char *name; /* into the path */
    size_t len;
    size_t index;
};

struct path {
    struct step steps[CLI_PATH_STEPS_MAX];
    size_t count;
};

/* Reads what stands in brackets; returns the position behind the closing one, NULL on error. */
static const char *
read_bracket(const char *p, struct step *out)
{
    if (*p == ']') {
        *out = (struct step){.kind = STEP_EACH};
        return p + 1;
    }
    if (*p == '"' || *p == '\'') {
        const char *end = strchr(p + 1, *p);
        if (end == NULL || end[1] != ']') {
            return NULL;
        }
        *out = (struct step){.kind = STEP_NAME, .name = p + 1, .len = (size_t)(end - p - 1)};
        return end + 2;
    }
    size_t len = strspn(p, "0123456789");
    if (len == 0 || len > 9 || p[len] != ']') {
        return NULL;
    }
    *out = (struct step){.kind = STEP_INDEX, .index = (size_t)strtoul(p, NULL, 10)};
    return p + len + 1;
}

/* Returns the first place that cannot be read, NULL when all is well. */
static const char *
read_path(const char *text, struct path *out)
{
    const char *p = text;
    out->count = 0;
    while (*p != '\0') {
        struct step *step = &out->steps[out->count];
        if (out->count == CLI_PATH_STEPS_MAX) {
            return p;
        }
        if (*p == '[') {
            const char *next = read_bracket(p + 1, step);
            if (next == NULL) {
                return p;
            }
            p = next;
        } else {
            if (*p == '.') {
                if (p == text) {
                    return p;
                }
                p++;
            } else if (p != text) {
                return p;
            }
            size_t len = strcspn(p, ".[");
            if (len == 0) {
                return p;
            }
            *step = (struct step){.kind = STEP_NAME, .name = p, .len = len};
            p += len;
        }
        out->count++;
    }
    return NULL;
}

/* One step of any kind but STEP_EACH; borrowed, NULL when there is nothing. */
static json_t *
follow(json_t *value, const struct step *step)
{
    if (step->kind == STEP_INDEX) {
        return json_array_get(value, step->index);
    }
    return json_object_getn(value, step->name, step->len);
}

/* Depth is bounded by the number of [] in the path. */
static json_t *
evaluate(json_t *value, const struct step *steps, size_t count)
{
    size_t i = 0;
    while (value != NULL && i < count && steps[i].kind != STEP_EACH) {
        value = follow(value, &steps[i++]);
    }
    if (value == NULL || i == count) {
        return json_incref(value);
    }
    if (!json_is_array(value)) {
        return NULL;
    }
    json_t *all = json_array();
    size_t index;
    json_t *element;
    json_array_foreach(value, index, element)
    {
        json_t *found = evaluate(element, steps + i + 1, count - i - 1);
        (void)json_array_append_new(all, found != NULL ? found : json_null());
    }
    return all;
}

json_t *
cli_json_path(json_t *value, const char *path)
{
    struct path parsed;
    if (read_path(path, &parsed) != NULL) {
        return NULL;
    }
    return evaluate(value, parsed.steps, parsed.count);
}

bool
cli_json_path_is_valid(const char *path, size_t *out_at)
{
    struct path parsed;
    const char *bad = read_path(path, &parsed);
    if (bad != NULL) {
        *out_at = (size_t)(bad - path);
    }
    return bad == NULL;
}
