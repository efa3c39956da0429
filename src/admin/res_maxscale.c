/* /maxscale and what it says of machine and system */
#include "admin/httpdate.h"
#include "admin/res.h"
#include "admin/state.h"
#include "core/params_json.h"
#include "mx_build.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/* First line of a small file; false when it cannot be read. */
static bool
read_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    bool has_line = file != NULL && fgets(out, (int)size, file) != NULL;

    if (file != NULL) {
        (void)fclose(file);
    }
    return has_line;
}

/* Processor time that the control group allows; the processors of the affinity when there is no
 * limit. */
static double
virtual_cores(int cores)
{
    char line[64];
    char *end = NULL;
    double quota;
    double period;

    if (!read_line("/sys/fs/cgroup/cpu.max", line, sizeof(line))) {
        return (double)cores;
    }
    quota = strtod(line, &end);
    period = strtod(end, NULL);
    return end != line && quota > 0 && period > 0 && quota / period < (double)cores ? quota / period
                                                                                    : (double)cores;
}

static int64_t
available_memory(int64_t physical)
{
    char line[64];
    char *end = NULL;
    long long limit;

    if (!read_line("/sys/fs/cgroup/memory.max", line, sizeof(line))) {
        return physical;
    }
    errno = 0;
    limit = strtoll(line, &end, 10);
    return end != line && errno == 0 && limit > 0 && limit < physical ? limit : physical;
}

static json_t *
machine_json(void)
{
    cpu_set_t set;
    long physical_cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t memory = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
    int available =
        sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : (int)physical_cores;

    return json_pack("{s:I, s:i, s:f, s:I, s:I}", "cores_physical", (json_int_t)physical_cores,
                     "cores_available", available, "cores_virtual", virtual_cores(available),
                     "memory_physical", (json_int_t)memory, "memory_available",
                     (json_int_t)available_memory(memory));
}

static json_t *
system_json(const struct core_global_config *globals)
{
    struct utsname os = {0};

    (void)uname(&os);
    return json_pack("{s:o, s:{s:o, s:o, s:o, s:o, s:o}, s:{s:I, s:I}}", "machine", machine_json(),
                     "os", "sysname", admin_text(os.sysname), "nodename", admin_text(os.nodename),
                     "release", admin_text(os.release), "version", admin_text(os.version),
                     "machine", admin_text(os.machine), "maxscale", "threads",
                     (json_int_t)globals->threads, "query_classifier_cache_size",
                     (json_int_t)globals->query_classifier_cache_size);
}

void
admin_get_maxscale(struct admin_request *request, struct admin_response *response)
{
    const struct core_global_config *globals = request->registry->globals;
    time_t started = request->admin->started;
    json_t *attributes = json_object();
    char *datadir = mx_asprintf("%s/data%ld", globals->datadir, (long)getpid());

    (void)json_object_set_new(attributes, "parameters", core_global_params_json(globals));
    (void)json_object_set_new(attributes, "version", json_string(MX_VERSION));
    (void)json_object_set_new(attributes, "commit", json_string(MX_COMMIT));
    (void)json_object_set_new(attributes, "started_at", admin_date_json(started));
    (void)json_object_set_new(attributes, "activated_at", admin_date_json(started));
    (void)json_object_set_new(attributes, "uptime", json_integer(time(NULL) - started));
    (void)json_object_set_new(attributes, "process_datadir", admin_text(datadir));
    (void)json_object_set_new(attributes, "config_sync", json_null());
    (void)json_object_set_new(attributes, "system", system_json(globals));
    free(datadir);
    admin_response_body(
        response,
        admin_document(request, admin_resource("maxscale", "maxscale", attributes), "/maxscale/"));
}
