/* Whole blocks: defaults, copies, comparison, filling from a section, and the schema for REST. */
#include "conf/param.h"
#include "conf/value.h"
#include "mx/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct mx_param *
conf_rows_find(const struct conf_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->rows[i].name, name) == 0) {
            return &rows->rows[i];
        }
    }
    return NULL;
}

const struct mx_param *
conf_rows_target(const struct conf_rows *rows, const struct mx_param *row)
{
    if ((row->flags & MX_PARAM_ALIAS) == 0) {
        return row;
    }
    const struct mx_param *target = conf_rows_find(rows, row->value_default);
    MX_ASSERT(target != NULL && (target->flags & MX_PARAM_ALIAS) == 0);
    return target;
}

static bool
has_member(const struct mx_param *row)
{
    return (row->flags & MX_PARAM_ALIAS) == 0;
}

/* An empty text is the zero of most types, but no number or word: then the member stays zero. */
static void
set_default(const struct mx_param *row, void *block)
{
    struct conf_why why;
    struct conf_value value = {0};
    if (row->value_default == NULL || row->value_default[0] == '\0') {
        conf_value_store(row, block, &value);
        return;
    }
    /* Existence of a default path is looked at when it is used. */
    struct mx_param plain = *row;
    plain.flags &=
        ~(uint32_t)(MX_PARAM_PATH_R | MX_PARAM_PATH_W | MX_PARAM_PATH_X | MX_PARAM_PATH_C);
    if (conf_param_set_text(&plain, block, row->value_default, NULL, &why) != 0) {
        MX_BUG("the default of a parameter row is not a value of its type");
    }
}

void
conf_block_init(const struct conf_rows *rows, void *block)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (has_member(&rows->rows[i])) {
            set_default(&rows->rows[i], block);
        }
    }
}

void
conf_block_free(const struct conf_rows *rows, void *block)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct conf_value zero = {0};
        if (has_member(&rows->rows[i])) {
            conf_value_store(&rows->rows[i], block, &zero);
        }
    }
}

static void
copy_member(const struct mx_param *row, void *to, const void *from)
{
    const void *member = (const char *)from + row->offset;
    struct conf_value value = {0};
    switch (conf_type_storage(row->type)) {
    case CONF_STORAGE_NUMBER:
        value.number = *(const int64_t *)member;
        break;
    case CONF_STORAGE_BOOL:
        value.number = *(const bool *)member ? 1 : 0;
        break;
    case CONF_STORAGE_TEXT: {
        const char *text = *(char *const *)member;
        value.text = text != NULL ? mx_strdup(text) : NULL;
        break;
    }
    case CONF_STORAGE_LIST:
        value.list = conf_list_copy(*(char **const *)member);
        break;
    case CONF_STORAGE_THROTTLING:
        value.throttling = *(const struct mx_throttling *)member;
        break;
    }
    conf_value_store(row, to, &value);
}

void
conf_block_copy(const struct conf_rows *rows, void *to, const void *from)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (has_member(&rows->rows[i])) {
            copy_member(&rows->rows[i], to, from);
        }
    }
}

bool
conf_block_equal(const struct conf_rows *rows, const void *a, const void *b)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (has_member(&rows->rows[i]) && !conf_param_equal(&rows->rows[i], a, b)) {
            return false;
        }
    }
    return true;
}

/* A block that holds this one member alone, at offset 0. */
union single {
    int64_t number;
    bool flag;
    char *text;
    char **list;
    struct mx_throttling throttling;
};

bool
conf_param_is_default(const struct mx_param *row, const void *block)
{
    union single single;
    struct mx_param moved = *row;
    memset(&single, 0, sizeof(single));
    moved.offset = 0;
    set_default(&moved, &single);
    /* Compare the two at the offset each of them has. */
    const char *base = (const char *)block + row->offset;
    bool equal = conf_param_equal(&moved, &single, base);
    struct conf_value zero = {0};
    conf_value_store(&moved, &single, &zero);
    return equal;
}

static json_t *
default_json(const struct mx_param *row)
{
    union single single;
    struct mx_param moved = *row;
    struct conf_value zero = {0};
    memset(&single, 0, sizeof(single));
    moved.offset = 0;
    set_default(&moved, &single);
    json_t *json = conf_param_json(&moved, &single);
    conf_value_store(&moved, &single, &zero);
    return json;
}

json_t *
conf_param_schema(const struct conf_rows *rows, const struct mx_param *row)
{
    const struct mx_param *target = conf_rows_target(rows, row);
    bool is_duration = target->type == MX_PARAM_DURATION || target->type == MX_PARAM_SECONDS;
    json_t *json = json_object();
    if (row == target && (row->flags & MX_PARAM_MANDATORY) == 0) {
        json_t *value = default_json(row);
        if (!json_is_null(value)) {
            (void)json_object_set(json, "default_value", value);
        }
        json_decref(value);
    }
    if ((row->flags & MX_PARAM_DEPRECATED) != 0) {
        (void)json_object_set_new(json, "deprecated", json_true());
    }
    (void)json_object_set_new(json, "description", json_string(row->doc));
    if (row->type == MX_PARAM_ENUM || row->type == MX_PARAM_ENUM_MASK ||
        row->type == MX_PARAM_ENUM_LIST) {
        json_t *words = json_array();
        for (const struct mx_enum_value *v = row->values; v->name != NULL; v++) {
            (void)json_array_append_new(words, json_string(v->name));
        }
        (void)json_object_set_new(json, "enum_values", words);
    }
    (void)json_object_set_new(json, "mandatory",
                              json_boolean((row->flags & MX_PARAM_MANDATORY) != 0));
    (void)json_object_set_new(json, "modifiable",
                              json_boolean((row->flags & MX_PARAM_RUNTIME) != 0));
    (void)json_object_set_new(json, "name", json_string(row->name));
    (void)json_object_set_new(json, "type", json_string(conf_param_type_name(target)));
    if (is_duration && row == target) {
        (void)json_object_set_new(json, "unit", json_string("ms"));
    }
    return json;
}

/* ------------------------------------------------------------------ filling from a section */

/* Where the key is written, for findings. */
static struct conf_about
about_key(const struct conf_section *section, const struct conf_key *key)
{
    return (struct conf_about){
        .place = {.file = key->file, .line = key->line},
        .object = section->name,
        .param = key->name,
    };
}

/* The part of the key's name that names a row, or NULL when the key belongs to others. */
static const char *
row_name(const struct conf_key *key, const char *prefix)
{
    size_t len = prefix != NULL ? strlen(prefix) : 0;
    if (len == 0) {
        return key->name;
    }
    return strncmp(key->name, prefix, len) == 0 && key->name[len] == '.' ? key->name + len + 1
                                                                         : NULL;
}

static void
warn_deprecated(const struct mx_param *row, const struct mx_param *target,
                const struct conf_about *about, struct conf_diag *diag)
{
    char hint[160];
    (void)snprintf(hint, sizeof(hint), "Write '%s' instead.", target->name);
    if (row != target) {
        conf_diag_add(diag, false, about, hint, "The parameter has another name now.");
    } else {
        conf_diag_add(diag, false, about, "Remove it.", "The parameter is deprecated.");
    }
}

static void
apply_key(const struct conf_rows *rows, void *block, const struct conf_section *section,
          const struct conf_key *key, const struct mx_param *row,
          const struct conf_context *context, struct conf_diag *diag)
{
    struct conf_why why;
    struct conf_about about = about_key(section, key);
    const struct mx_param *target = conf_rows_target(rows, row);
    if (row != target && conf_section_key(section, target->name) != NULL) {
        conf_diag_add(diag, true, &about, "Keep the new name only.",
                      "'%s' is given as well, and both mean the same.", target->name);
        return;
    }
    if ((row->flags & MX_PARAM_DEPRECATED) != 0) {
        warn_deprecated(row, target, &about, diag);
    }
    int rc = conf_param_set_text(target, block, key->value, context, &why);
    if (rc != 0 || why.text[0] != '\0') {
        conf_diag_add(diag, rc != 0, &about, why.hint[0] != '\0' ? why.hint : NULL, "%s", why.text);
    }
}

void
conf_block_apply(const struct conf_rows *rows, void *block, const struct conf_section *section,
                 const char *prefix, const struct conf_context *context, bool *used,
                 struct conf_diag *diag)
{
    for (size_t i = 0; i < section->key_count; i++) {
        const struct conf_key *key = &section->keys[i];
        const char *name = row_name(key, prefix);
        const struct mx_param *row = name != NULL ? conf_rows_find(rows, name) : NULL;
        if (row == NULL || (used != NULL && used[i])) {
            continue;
        }
        if (used != NULL) {
            used[i] = true;
        }
        apply_key(rows, block, section, key, row, context, diag);
    }
}

void
conf_block_check_mandatory(const struct conf_rows *rows, const struct conf_section *section,
                           struct conf_diag *diag)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct mx_param *row = &rows->rows[i];
        const struct conf_key *key = conf_section_key(section, row->name);
        struct conf_about about = {.place = {.file = section->file, .line = section->line},
                                   .object = section->name,
                                   .param = row->name};
        if ((row->flags & MX_PARAM_MANDATORY) == 0 || (key != NULL && key->value[0] != '\0')) {
            continue;
        }
        char *hint = mx_asprintf("Add a line %s=... to the section. %s", row->name, row->doc);
        conf_diag_add(diag, true, &about, hint, "The mandatory parameter is missing.");
        free(hint);
    }
}

void
conf_block_check_inert(const struct conf_rows *rows, const void *block,
                       const struct conf_section *section, struct conf_diag *diag)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct mx_param *row = &rows->rows[i];
        if ((row->flags & MX_PARAM_INERT) == 0 || !has_member(row) ||
            conf_param_is_default(row, block)) {
            continue;
        }
        const struct conf_key *key = conf_section_key(section, row->name);
        struct conf_about about = {
            .place = {.file = key != NULL ? key->file : section->file,
                      .line = key != NULL ? key->line : section->line},
            .object = section->name,
            .param = row->name,
        };
        conf_diag_add(diag, false, &about, "Remove it, or see docs/user/compatibility.md.",
                      "This version does not support the parameter; it has no effect.");
    }
}
