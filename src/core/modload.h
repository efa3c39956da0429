/*
 * Loadable modules: lib<name>.so below the module folder, each with one descriptor. Opened by the
 * name that the configuration uses (name or alias, any case) and kept open to the end.
 *
 * Threads: loading belongs to the main thread; find, count and get may be called from any thread.
 */
#ifndef CORE_MODLOAD_H
#define CORE_MODLOAD_H

#include "mx/err.h"
#include "mx/module.h"

/* Folder that modules are searched in; before the first load. */
void core_modload_init(const char *libdir);
const char *core_modload_libdir(void);

/* The module, loaded when it is not yet. NULL and err when there is none that can be used. */
const struct mx_module *core_modload_load(enum mx_module_kind kind, const char *name,
                                          struct mx_err *err);
/* Loads every module of the folder (GET /maxscale/modules?load=all); faults are logged. */
void core_modload_load_all(void);

/* A loaded module of any kind, by name or alias in any case; NULL when there is none. */
const struct mx_module *core_modload_find(const char *name);

/* Loaded modules in the order of loading. */
size_t core_modload_count(void);
const struct mx_module *core_modload_get(size_t index);

/* Names of the modules of this kind in the folder, for suggestions; ends with NULL; free both. */
char **core_modload_names(enum mx_module_kind kind);

/* "router" and so on. */
const char *core_modload_kind_word(enum mx_module_kind kind);

/* Forgets all modules; closes the libraries unless they are to be kept (leak reports). */
void core_modload_fini(bool close_libraries);

#endif
