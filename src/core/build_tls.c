/* The ssl parameters of a section become a TLS context, or findings with their places. */
#include "conf/model.h"
#include "core/build.h"
#include "core/tls.h"

#include <string.h>

struct place {
    struct core_build *build;
    const struct conf_section *section;
};

static void
take_finding(void *arg, bool is_error, const char *param, const char *hint, const char *text)
{
    const struct place *place = arg;
    core_build_report(place->build, is_error, place->section, param, hint, "%s", text);
}

/* It is given, but reading the section has refused it already. */
static bool
was_refused(const struct conf_section *section, const char *param, const char *value)
{
    const char *text = conf_section_value(section, param);
    return text != NULL && text[0] != '\0' && value == NULL;
}

static void
warn_of_idle(struct core_build *build, const struct conf_section *section)
{
    static const char *const params[] = {"ssl_cert", "ssl_key", "ssl_ca", "ssl_ca_cert", "ssl_crl"};
    for (size_t i = 0; i < MX_COUNT(params); i++) {
        const char *text = conf_section_value(section, params[i]);
        if (text != NULL && text[0] != '\0') {
            core_build_report(build, false, section, params[i],
                              "Add ssl=true, or remove the ssl parameters.",
                              "It has no effect: connections are not encrypted.");
            return;
        }
    }
}

struct core_tls *
core_build_tls(struct core_build *build, const struct conf_section *section,
               const struct core_tls_config *config, bool is_server)
{
    struct place place = {.build = build, .section = section};
    struct net_tls_report report = {.fn = take_finding, .arg = &place};
    if (!config->ssl) {
        warn_of_idle(build, section);
        return NULL;
    }
    if (was_refused(section, "ssl_cert", config->ssl_cert) ||
        was_refused(section, "ssl_key", config->ssl_key) ||
        was_refused(section, "ssl_ca", config->ssl_ca) ||
        was_refused(section, "ssl_ca_cert", config->ssl_ca)) {
        return NULL;
    }
    return core_tls_new(config, is_server, build->worker_count, &report);
}
