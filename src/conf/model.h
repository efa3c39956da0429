/*
 * A configuration as text: sections of keys, each with the place where it was written. Nothing here
 * knows what a key means.
 */
#ifndef CONF_MODEL_H
#define CONF_MODEL_H

#include "conf/diag.h"

enum conf_origin {
    CONF_ORIGIN_MAIN = 0,
    CONF_ORIGIN_ADDITIONAL, /* a file of <main file>.d */
    CONF_ORIGIN_PERSISTED,  /* a file of persistdir, or a runtime change */
};

struct conf_key {
    char *name;
    char *value;      /* never NULL */
    const char *file; /* owned by the model */
    int line;
};

struct conf_section {
    char *name;
    const char *file; /* owned by the model */
    int line;
    enum conf_origin origin;
    struct conf_key *keys;
    size_t key_count;
    size_t key_capacity;
};

/* All-zero is a valid empty model. Sections stay in the order in which they were read. */
struct conf_model {
    struct conf_section **sections;
    size_t section_count;
    size_t section_capacity;
    char **files;
    size_t file_count;
};

/* Remembers a file name for as long as the model lives. */
const char *conf_model_file(struct conf_model *model, const char *file);

/* A new empty section at the end. file must come from conf_model_file. */
struct conf_section *conf_model_add(struct conf_model *model, const char *name, const char *file,
                                    int line, enum conf_origin origin);
struct conf_section *conf_model_find(const struct conf_model *model, const char *name);
void conf_model_remove(struct conf_model *model, struct conf_section *section);
void conf_model_free(struct conf_model *model);

/* A copy of the section as the last one of `to`. */
struct conf_section *conf_model_copy_section(struct conf_model *to,
                                             const struct conf_section *section);

/* file must live as long as the section. */
void conf_section_add(struct conf_section *section, const char *name, const char *value,
                      const char *file, int line);
const struct conf_key *conf_section_key(const struct conf_section *section, const char *name);
/* The value, or NULL. */
const char *conf_section_value(const struct conf_section *section, const char *name);
void conf_section_remove_key(struct conf_section *section, const char *name);

/* The section header of the global parameters in any case. */
bool conf_is_global_name(const char *name);

/*
 * Reads one file's text into the model. Everything that is wrong goes to diag; what can be read is
 * read, so that later checks can report as well.
 */
void conf_ini_read(struct conf_model *model, const char *text, size_t len, const char *file,
                   enum conf_origin origin, struct conf_diag *diag);

#endif
