/* The configuration as text: sections, keys and their places. */
#include "conf/model.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *
conf_model_file(struct conf_model *model, const char *file)
{
    for (size_t i = 0; i < model->file_count; i++) {
        if (strcmp(model->files[i], file) == 0) {
            return model->files[i];
        }
    }
    model->files = mx_realloc(model->files, (model->file_count + 1) * sizeof(*model->files));
    model->files[model->file_count] = mx_strdup(file);
    return model->files[model->file_count++];
}

struct conf_section *
conf_model_add(struct conf_model *model, const char *name, const char *file, int line,
               enum conf_origin origin)
{
    struct conf_section *section = mx_calloc(1, sizeof(*section));
    section->name = mx_strdup(name);
    section->file = file;
    section->line = line;
    section->origin = origin;
    if (model->section_count == model->section_capacity) {
        model->section_capacity = model->section_capacity > 0 ? model->section_capacity * 2 : 16;
        model->sections =
            mx_realloc(model->sections, model->section_capacity * sizeof(*model->sections));
    }
    model->sections[model->section_count++] = section;
    return section;
}

struct conf_section *
conf_model_find(const struct conf_model *model, const char *name)
{
    for (size_t i = 0; i < model->section_count; i++) {
        if (strcmp(model->sections[i]->name, name) == 0) {
            return model->sections[i];
        }
    }
    return NULL;
}

static void
key_fini(struct conf_key *key)
{
    free(key->name);
    free(key->value);
}

static void
section_free(struct conf_section *section)
{
    for (size_t i = 0; i < section->key_count; i++) {
        key_fini(&section->keys[i]);
    }
    free(section->keys);
    free(section->name);
    free(section);
}

void
conf_model_remove(struct conf_model *model, struct conf_section *section)
{
    for (size_t i = 0; i < model->section_count; i++) {
        if (model->sections[i] == section) {
            memmove(&model->sections[i], &model->sections[i + 1],
                    (model->section_count - i - 1) * sizeof(*model->sections));
            model->section_count--;
            section_free(section);
            return;
        }
    }
}

void
conf_model_free(struct conf_model *model)
{
    for (size_t i = 0; i < model->section_count; i++) {
        section_free(model->sections[i]);
    }
    for (size_t i = 0; i < model->file_count; i++) {
        free(model->files[i]);
    }
    free(model->sections);
    free(model->files);
    memset(model, 0, sizeof(*model));
}

struct conf_section *
conf_model_copy_section(struct conf_model *to, const struct conf_section *section)
{
    struct conf_section *copy = conf_model_add(
        to, section->name, conf_model_file(to, section->file), section->line, section->origin);
    for (size_t i = 0; i < section->key_count; i++) {
        const struct conf_key *key = &section->keys[i];
        conf_section_add(copy, key->name, key->value, conf_model_file(to, key->file), key->line);
    }
    return copy;
}

void
conf_section_add(struct conf_section *section, const char *name, const char *value,
                 const char *file, int line)
{
    if (section->key_count == section->key_capacity) {
        section->key_capacity = section->key_capacity > 0 ? section->key_capacity * 2 : 8;
        section->keys = mx_realloc(section->keys, section->key_capacity * sizeof(*section->keys));
    }
    section->keys[section->key_count++] = (struct conf_key){
        .name = mx_strdup(name),
        .value = mx_strdup(value),
        .file = file,
        .line = line,
    };
}

const struct conf_key *
conf_section_key(const struct conf_section *section, const char *name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (strcmp(section->keys[i].name, name) == 0) {
            return &section->keys[i];
        }
    }
    return NULL;
}

const char *
conf_section_value(const struct conf_section *section, const char *name)
{
    const struct conf_key *key = conf_section_key(section, name);
    return key != NULL ? key->value : NULL;
}

void
conf_section_remove_key(struct conf_section *section, const char *name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (strcmp(section->keys[i].name, name) == 0) {
            key_fini(&section->keys[i]);
            memmove(&section->keys[i], &section->keys[i + 1],
                    (section->key_count - i - 1) * sizeof(*section->keys));
            section->key_count--;
            return;
        }
    }
}

bool
conf_is_global_name(const char *name)
{
    return strcasecmp(name, "maxscale") == 0;
}
