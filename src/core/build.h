/*
 * From the configuration as text to a registry of objects: every section read, every value checked,
 * every reference resolved. All that is wrong goes to the diagnostics; a registry comes out only
 * when nothing is. Main thread.
 */
#ifndef CORE_BUILD_H
#define CORE_BUILD_H

#include "conf/param.h"
#include "core/objects.h"

struct core_build {
    const struct conf_model *model;
    struct conf_context context;
    struct conf_diag *diag;
    size_t worker_count; /* slots of per-worker counters */
    bool allow_duplicate_servers;
    /* A runtime change: what is there now, and the text that it was built from. Objects whose text
     * and whose objects are unchanged are taken over as they are, changed ones get the runtime part
     * of their former version. NULL: a start. */
    const struct core_registry *previous;
    const struct conf_model *previous_model;

    /* From here on: while it is being built. */
    struct core_registry *registry;
    const struct conf_section **order; /* objects, in the order of creation */
    size_t order_count;
};

/*
 * [maxscale]: always gives a block, to be unref'd; look at the diagnostics before using it. Folders
 * are what the file says; the caller puts in what is in force.
 */
struct core_global_config *core_globals_build(const struct conf_model *model,
                                              const struct conf_context *context,
                                              struct conf_diag *diag);

/* program.c: what modules are told (mx/program.h); both are kept, not copied. */
void core_program_init(const char *execdir, const struct conf_secrets *secrets);

/* CPUs that this process may use. */
int64_t core_cpu_count(void);

/* NULL when the diagnostics hold an error. Takes a reference to globals. */
struct core_registry *core_registry_build(struct core_build *build,
                                          struct core_global_config *globals);

/* ---- inside of the builder */

/* Sections into build->order; reports bad types and circles. */
void core_build_sort(struct core_build *build);

/* One object from its section, appended to the registry unless it could not be made. */
void core_build_server(struct core_build *build, const struct conf_section *section);
void core_build_monitor(struct core_build *build, const struct conf_section *section);
void core_build_filter(struct core_build *build, const struct conf_section *section);
void core_build_service(struct core_build *build, const struct conf_section *section);
void core_build_listener(struct core_build *build, const struct conf_section *section);

/* A section read by one or two row tables (module and module_block may be empty). */
struct core_reading {
    const struct conf_section *section;
    struct conf_rows rows;
    void *block;
    const struct mx_module *module;
    void *module_block;
    const char *prefix; /* of the module's keys; NULL: none */
    bool is_partial;    /* the module is missing: keys that are not known may be its own */
};
/* Applies all keys; reports unknown, missing, unsupported ones and what the module's check says. */
void core_build_read(struct core_build *build, const struct core_reading *reading);

/*
 * The section of an object whose module is missing: what can be said without it is still said.
 * size: of the block that the rows describe.
 */
void core_build_read_partly(struct core_build *build, const struct conf_section *section,
                            const struct conf_rows *rows, size_t size);

/* The module that the key names, loaded; NULL and reported when there is none. */
const struct mx_module *core_build_module(struct core_build *build,
                                          const struct conf_section *section, const char *key,
                                          enum mx_module_kind kind, const char *standard);

/* The listener's authenticators with their options; never NULL, one reference. */
struct mx_authenticators *core_build_authenticators(struct core_build *build,
                                                    const struct conf_section *section,
                                                    const struct core_listener *listener);

/* The listener's user_mapping_file, if it has one; after its authenticators. */
void core_build_user_mapping(struct core_build *build, const struct conf_section *section,
                             struct core_listener *listener);

/* Reports something about a parameter of the section; param may be NULL. */
void core_build_report(struct core_build *build, bool error, const struct conf_section *section,
                       const char *param, const char *hint, const char *format, ...)
    MX_PRINTF(6, 7);

/* Servers of the names, references taken; unknown names are reported. */
void core_build_servers(struct core_build *build, const struct conf_section *section,
                        const char *param, char *const *names, struct mx_server ***out,
                        size_t *out_count);

/* The section reads as it did before; false at a start. */
bool core_build_is_unchanged(const struct core_build *build, const struct conf_section *section);
/* The servers are the versions of the registry that is being built. */
bool core_build_has_servers(const struct core_build *build, struct mx_server *const *servers,
                            size_t count);

struct core_source core_build_source(const struct conf_section *section);

/* NULL: no TLS is wanted, or what is wrong was reported. is_server: clients connect to us. */
struct core_tls *core_build_tls(struct core_build *build, const struct conf_section *section,
                                const struct core_tls_config *config, bool is_server);

#endif
