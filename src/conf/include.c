/* @include: keys of sections with type=include that other sections take over. */
#include "conf/files.h"

#include <stdlib.h>
#include <string.h>

static const char *const include_key = "@include";

static bool
is_include(const struct conf_section *section)
{
    const char *type = conf_section_value(section, "type");
    return type != NULL && strcmp(type, "include") == 0;
}

/* The next name of a comma list; NULL at the end. The result is to be freed. */
static char *
next_name(const char **rest)
{
    const char *text = *rest;
    while (*text == ',' || *text == ' ' || *text == '\t') {
        text++;
    }
    size_t len = strcspn(text, ",");
    *rest = text + len;
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    return len > 0 ? mx_strndup(text, len) : NULL;
}

/* Own keys stay; among the included sections a later one wins over an earlier one. */
static void
take_over(struct conf_section *section, const struct conf_section *from, size_t own_count)
{
    for (size_t i = 0; i < from->key_count; i++) {
        const struct conf_key *key = &from->keys[i];
        const struct conf_key *there = conf_section_key(section, key->name);
        if (strcmp(key->name, "type") == 0 || strcmp(key->name, include_key) == 0) {
            continue;
        }
        if (there != NULL && (size_t)(there - section->keys) < own_count) {
            continue;
        }
        conf_section_remove_key(section, key->name);
        conf_section_add(section, key->name, key->value, key->file, key->line);
    }
}

static void
include_one(struct conf_model *model, struct conf_section *section, const char *name,
            size_t own_count, const struct conf_about *about, struct conf_diag *diag)
{
    const struct conf_section *from = conf_model_find(model, name);
    if (from == NULL) {
        conf_diag_add(diag, true, about, "Define the section with type=include.",
                      "There is no section '%s' to include.", name);
    } else if (!is_include(from)) {
        conf_diag_add(diag, true, about, "Only sections with type=include can be included.",
                      "The section '%s' at %s:%d is not of type include.", name, from->file,
                      from->line);
    } else {
        take_over(section, from, own_count);
    }
}

static void
mark_used(const struct conf_model *model, const char *name, bool *used)
{
    for (size_t i = 0; i < model->section_count; i++) {
        used[i] = used[i] || strcmp(model->sections[i]->name, name) == 0;
    }
}

static void
resolve_section(struct conf_model *model, struct conf_section *section, bool *used,
                struct conf_diag *diag)
{
    const struct conf_key *key = conf_section_key(section, include_key);
    struct conf_about about = {.object = section->name, .param = include_key};
    if (key == NULL) {
        return;
    }
    about.place = (struct conf_place){.file = key->file, .line = key->line};
    if (is_include(section)) {
        conf_diag_add(diag, true, &about, "List all the sections where they are used.",
                      "A section of type include cannot include others.");
        return;
    }
    if (conf_section_key(section, "type") == NULL && !conf_is_global_name(section->name)) {
        conf_diag_add(diag, true, &about, "Write type= in the section itself.",
                      "A section that includes others must say its type itself.");
    }
    char *list = mx_strdup(key->value);
    const char *rest = list;
    conf_section_remove_key(section, include_key);
    size_t own_count = section->key_count;
    for (char *name = next_name(&rest); name != NULL; name = next_name(&rest)) {
        include_one(model, section, name, own_count, &about, diag);
        mark_used(model, name, used);
        free(name);
    }
    free(list);
}

void
conf_include_resolve(struct conf_model *model, struct conf_diag *diag)
{
    bool *used = mx_calloc(model->section_count, sizeof(*used));
    for (size_t i = 0; i < model->section_count; i++) {
        resolve_section(model, model->sections[i], used, diag);
    }
    for (size_t i = 0; i < model->section_count; i++) {
        const struct conf_section *section = model->sections[i];
        if (is_include(section) && !used[i]) {
            struct conf_about about = {.place = {.file = section->file, .line = section->line},
                                       .object = section->name};
            conf_diag_add(diag, false, &about, "Remove it, or add @include where it is meant.",
                          "No section includes this one.");
        }
    }
    for (size_t i = model->section_count; i > 0; i--) {
        if (is_include(model->sections[i - 1])) {
            conf_model_remove(model, model->sections[i - 1]);
        }
    }
    free(used);
}
