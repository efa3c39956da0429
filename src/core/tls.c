/* TLS of listeners and servers: see tls.h. */
#include "core/tls.h"

#include "core/objects.h"
#include "mx/log.h"
#include "mx/str.h"
#include "mx/worker.h"

#include <stdlib.h>

struct core_tls {
    bool is_server;
    size_t slot_count;
    struct mx_tls **mine; /* by worker, the main one last; each has a reference */
};

static uint32_t
versions_of(int64_t bits)
{
    static const struct {
        int64_t from;
        uint32_t to;
    } map[] = {{CORE_TLS_V10, NET_TLS_V10},
               {CORE_TLS_V11, NET_TLS_V11},
               {CORE_TLS_V12, NET_TLS_V12},
               {CORE_TLS_V13, NET_TLS_V13}};
    uint32_t out = 0;
    for (size_t i = 0; i < MX_COUNT(map) && (bits & CORE_TLS_MAX) == 0; i++) {
        out |= (bits & map[i].from) != 0 ? map[i].to : 0;
    }
    return out;
}

static struct mx_tls *
load(const struct core_tls_config *config, bool is_server, size_t worker_count,
     const struct net_tls_report *report)
{
    struct net_tls_config net = {
        .is_server = is_server,
        .cert = config->ssl_cert,
        .key = config->ssl_key,
        .ca = config->ssl_ca,
        .crl = config->ssl_crl,
        .cipher = config->ssl_cipher,
        .versions = versions_of(config->ssl_version),
        .verify_depth = (int)config->ssl_cert_verify_depth,
        .verify_peer = config->ssl_verify_peer_certificate,
        .verify_host = config->ssl_verify_peer_host,
        .worker_count = worker_count,
    };
    return net_tls_new(&net, report);
}

struct core_tls *
core_tls_new(const struct core_tls_config *config, bool is_server, size_t worker_count,
             const struct net_tls_report *report)
{
    struct mx_tls *first = load(config, is_server, worker_count, report);
    if (first == NULL) {
        return NULL;
    }
    struct core_tls *tls = mx_calloc(1, sizeof(*tls));
    tls->is_server = is_server;
    tls->slot_count = worker_count + 1;
    tls->mine = mx_calloc(tls->slot_count, sizeof(*tls->mine));
    for (size_t i = 0; i < tls->slot_count; i++) {
        tls->mine[i] = net_tls_ref(first);
    }
    net_tls_unref(first);
    return tls;
}

void
core_tls_free(struct core_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    for (size_t i = 0; i < tls->slot_count; i++) {
        net_tls_unref(tls->mine[i]);
    }
    free(tls->mine);
    free(tls);
}

static struct mx_tls **
my_slot(const struct core_tls *tls)
{
    int index = mx_worker_index(mx_worker_self());
    size_t slot = index == MX_WORKER_MAIN ? tls->slot_count - 1 : (size_t)index;
    MX_ASSERT(slot < tls->slot_count);
    return &tls->mine[slot];
}

struct mx_tls *
core_tls_mine(const struct core_tls *tls)
{
    return *my_slot(tls);
}

/* ------------------------------------------------------------ reload */

struct change {
    struct core_tls *tls;
    struct mx_tls *to;
};

static void
change_mine(void *arg)
{
    const struct change *change = arg;
    struct mx_tls **slot = my_slot(change->tls);
    struct mx_tls *old = *slot;
    *slot = net_tls_ref(change->to);
    net_tls_unref(old);
}

struct findings {
    const char *kind;
    const char *name;
    struct mx_str errors;
};

static void
take_finding(void *arg, bool is_error, const char *param, const char *hint, const char *text)
{
    struct findings *findings = arg;
    if (!is_error) {
        mx_log_warning(NULL, "%s '%s', %s: %s %s", findings->kind, findings->name, param, text,
                       hint != NULL ? hint : "");
        return;
    }
    mx_str_printf(&findings->errors, "%s%s '%s', %s: %s%s%s", findings->errors.len > 0 ? "\n" : "",
                  findings->kind, findings->name, param, text, hint != NULL ? " " : "",
                  hint != NULL ? hint : "");
}

static void
reload(struct core_tls *tls, const struct core_tls_config *config, struct findings *findings)
{
    struct net_tls_report report = {.fn = take_finding, .arg = findings};
    if (tls == NULL) {
        return;
    }
    struct mx_tls *to = load(config, tls->is_server, tls->slot_count - 1, &report);
    if (to == NULL) {
        return;
    }
    struct change change = {.tls = tls, .to = to};
    for (int i = 0; i < mx_worker_count(); i++) {
        mx_worker_call(mx_worker_get(i), change_mine, &change);
    }
    change_mine(&change);
    net_tls_unref(to);
}

int
core_tls_reload_all(const struct core_registry *registry, struct mx_err *err)
{
    struct findings findings = {.kind = "Server"};
    for (size_t i = 0; i < registry->server_count; i++) {
        findings.name = registry->servers[i]->name;
        reload(registry->servers[i]->tls, &registry->servers[i]->config.tls, &findings);
    }
    findings.kind = "Listener";
    for (size_t i = 0; i < registry->listener_count; i++) {
        findings.name = registry->listeners[i]->name;
        reload(registry->listeners[i]->tls, &registry->listeners[i]->config.tls, &findings);
    }
    int rc = 0;
    if (findings.errors.len > 0) {
        mx_log_error(NULL,
                     "Not all certificates could be read again; what they concern stays as it was. "
                     "%s",
                     mx_str_text(&findings.errors));
        rc = mx_err_text(err, "%s", mx_str_text(&findings.errors));
    }
    mx_str_free(&findings.errors);
    return rc;
}
