/* The section [maxscale]: from text to the block, and what its parameters mean together. */
#include "core/build.h"
#include "core/params_json.h"
#include "core/runtime.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 256

int64_t
core_cpu_count(void)
{
    cpu_set_t set;
    long long quota = 0;
    long long period = 0;
    int64_t count = 1;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0) {
        count = CPU_COUNT(&set);
    }
    /* "max 100000" or "150000 100000": CPU time per period that the control group may use. */
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file != NULL) {
        char line[64];
        char *end = NULL;
        if (fgets(line, sizeof(line), file) != NULL) {
            quota = strtoll(line, &end, 10);
            period = end != line ? strtoll(end, NULL, 10) : 0;
        }
        (void)fclose(file);
    }
    if (quota > 0 && period > 0) {
        int64_t whole = (quota + period - 1) / period;
        count = whole < count ? whole : count;
    }
    return count > 0 ? count : 1;
}

static void
report(struct conf_diag *diag, bool error, const struct conf_section *section, const char *param,
       const char *hint, const char *text)
{
    const struct conf_key *key = section != NULL ? conf_section_key(section, param) : NULL;
    struct conf_about about = {
        .place = {.file = key != NULL ? key->file : NULL, .line = key != NULL ? key->line : 0},
        .object = "maxscale",
        .param = param,
    };
    conf_diag_add(diag, error, &about, hint, "%s", text);
}

static void
check_threads(struct core_global_config *globals, const struct conf_section *section,
              struct conf_diag *diag)
{
    if (globals->threads == 0) {
        int64_t count = core_cpu_count();
        globals->threads = count < globals->threads_max ? count : globals->threads_max;
    } else if (globals->threads > globals->threads_max) {
        char text[128];
        (void)snprintf(text, sizeof(text), "%lld threads are more than threads_max; %lld are used.",
                       (long long)globals->threads, (long long)globals->threads_max);
        report(diag, false, section, "threads", "Use 'auto', or raise threads_max (at most 256).",
               text);
        globals->threads = globals->threads_max;
    }
}

/* The first pattern that is neither everybody nor an address or network; NULL: none. */
static const char *
first_host_name(char *const *patterns)
{
    for (size_t i = 0; patterns != NULL && patterns[i] != NULL; i++) {
        char address[INET6_ADDRSTRLEN] = "";
        struct in6_addr ip;
        size_t len = strcspn(patterns[i], "/");
        if (len < sizeof(address)) {
            memcpy(address, patterns[i], len);
        }
        if (strcmp(patterns[i], "%") != 0 && inet_pton(AF_INET, address, &ip) != 1 &&
            inet_pton(AF_INET6, address, &ip) != 1) {
            return patterns[i];
        }
    }
    return NULL;
}

/* Such a host could never get in. */
static void
check_names(const struct core_global_config *globals, const struct conf_section *section,
            struct conf_diag *diag)
{
    const char *name = first_host_name(globals->admin_readwrite_hosts);
    name = name != NULL ? name : first_host_name(globals->admin_readonly_hosts);
    if (globals->skip_name_resolve && name != NULL) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "The REST API is open to the host name '%s', and host names are not looked "
                       "up.",
                       name);
        report(diag, true, section, "skip_name_resolve",
               "Write addresses into admin_readwrite_hosts and admin_readonly_hosts, or set "
               "skip_name_resolve=false.",
               text);
    }
}

static void
check_together(struct core_global_config *globals, const struct conf_section *section,
               struct conf_diag *diag)
{
    if (globals->writeq_high_water > 0 && globals->writeq_low_water >= globals->writeq_high_water) {
        report(diag, true, section,
               section != NULL && conf_section_key(section, "writeq_low_water") != NULL
                   ? "writeq_low_water"
                   : "writeq_high_water",
               "Make writeq_low_water smaller than writeq_high_water.",
               "writeq_low_water has to be below writeq_high_water.");
    }
    if ((globals->admin_ssl_key == NULL) != (globals->admin_ssl_cert == NULL)) {
        report(diag, true, section,
               globals->admin_ssl_key != NULL ? "admin_ssl_key" : "admin_ssl_cert",
               "Give both admin_ssl_key and admin_ssl_cert, or neither.",
               "Only one half of certificate and key is given.");
    }
    if (globals->admin_host == NULL) {
        report(diag, true, section, "admin_host", "Write 127.0.0.1, or :: for all addresses.",
               "The address of the REST API is empty.");
    }
}

static void
check_unknown(const struct conf_section *section, const bool *used, struct conf_diag *diag)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < core_global_rows.count && count < NAMES_MAX; i++) {
        names[count++] = core_global_rows.rows[i].name;
    }
    for (size_t i = 0; i < section->key_count; i++) {
        if (used[i]) {
            continue;
        }
        const char *near = conf_suggest(section->keys[i].name, names);
        char hint[160];
        (void)snprintf(hint, sizeof(hint), "Did you mean '%s'?", near != NULL ? near : "");
        report(diag, true, section, section->keys[i].name,
               near != NULL ? hint : "docs/user/configuration.md lists the names.",
               "There is no such global parameter.");
    }
}

struct core_global_config *
core_globals_build(const struct conf_model *model, const struct conf_context *context,
                   struct conf_diag *diag)
{
    struct core_global_config *globals = core_globals_new();
    const struct conf_section *section = NULL;
    for (size_t i = 0; i < model->section_count && section == NULL; i++) {
        section = conf_is_global_name(model->sections[i]->name) ? model->sections[i] : NULL;
    }
    if (section != NULL) {
        bool *used = mx_calloc(section->key_count, sizeof(*used));
        const char *type = conf_section_value(section, "type");
        for (size_t i = 0; i < section->key_count; i++) {
            used[i] = type != NULL && strcmp(section->keys[i].name, "type") == 0;
        }
        conf_block_apply(&core_global_rows, globals, section, NULL, context, used, diag);
        check_unknown(section, used, diag);
        conf_block_check_inert(&core_global_rows, globals, section, diag);
        free(used);
    }
    check_threads(globals, section, diag);
    check_together(globals, section, diag);
    check_names(globals, section, diag);
    return globals;
}
