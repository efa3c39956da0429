/*
 * From file names to one merged configuration text: the main file, the additional files beside it,
 * the persisted files; environment values and includes put in.
 */
#ifndef CONF_FILES_H
#define CONF_FILES_H

#include "conf/model.h"

/*
 * Reads the main file and every *.cnf of the folder "<main>.d" (walked into the depth; hidden names
 * and links to folders are left out), puts in environment values when the main file asks for them.
 */
void conf_files_read_static(struct conf_model *model, const char *main_file,
                            struct conf_diag *diag);

/*
 * Reads every *.cnf of the folder; its sections replace those of the same name, with a warning. A
 * folder that is not there is an empty one.
 */
void conf_files_read_persisted(struct conf_model *model, const char *folder,
                               struct conf_diag *diag);

/* Resolves @include and removes the sections of type=include. */
void conf_include_resolve(struct conf_model *model, struct conf_diag *diag);

/* Replaces values "$NAME" by the environment's, when [maxscale] switches it on. */
void conf_env_substitute(struct conf_model *model, struct conf_diag *diag);

/* Names that cannot be: blanks, the reserved prefix; a warning for unusual characters. */
void conf_names_check(const struct conf_model *model, struct conf_diag *diag);

/* The [maxscale] section in any spelling, or NULL. */
struct conf_section *conf_model_global(const struct conf_model *model);

/* A word of a bool parameter; -1: it is none. */
int conf_bool_word(const char *text);

#endif
