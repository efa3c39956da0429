/* What monitor modules may know of the configuration, and small services for them. */
#include "core/monitor_run.h"

const char *
mx_monitor_name(const struct mx_monitor *monitor)
{
    return monitor->name;
}

size_t
mx_monitor_server_count(const struct mx_monitor *monitor)
{
    return monitor->server_count;
}

struct mx_server *
mx_monitor_server(const struct mx_monitor *monitor, size_t index)
{
    MX_ASSERT(index < monitor->server_count);
    return monitor->servers[index];
}

void
mx_monitor_settings(const struct mx_monitor *monitor, struct mx_monitor_settings *out)
{
    const struct core_monitor_config *config = &monitor->config;
    const struct core_registry *registry = core_registry_ref();
    *out = (struct mx_monitor_settings){
        .interval_ms = config->monitor_interval_ms,
        .connect_timeout_ms = config->backend_connect_timeout_ms,
        .read_timeout_ms = config->backend_read_timeout_ms,
        .write_timeout_ms = config->backend_write_timeout_ms,
        .connect_attempts = config->backend_connect_attempts,
        .disk_check_interval_ms = config->disk_space_check_interval_ms,
    };
    if (registry != NULL) {
        if (registry->globals != NULL) {
            out->passive = registry->globals->passive;
            /* not a runtime parameter: lives as long as the program */
            out->local_address = registry->globals->local_address;
        }
        core_registry_unref(registry);
    }
}

void
mx_monitor_target(const struct mx_monitor *monitor, size_t index, struct mx_monitor_target *out)
{
    MX_ASSERT(index < monitor->server_count);
    const struct core_server_config *config = &monitor->servers[index]->config;
    bool own_login = config->monitoruser != NULL;
    *out = (struct mx_monitor_target){
        .name = monitor->servers[index]->name,
        .address = config->address,
        .port = (int)config->port,
        .extra_port = (int)config->extra_port,
        .socket = config->socket,
        .private_address = config->private_address,
        .user = own_login ? config->monitoruser : monitor->config.user,
        .password = own_login ? config->monitorpw : monitor->config.password,
        .replication_custom_options = config->replication_custom_options,
        .disk_limits = config->disk_space_threshold != NULL ? config->disk_space_threshold
                                                            : monitor->config.disk_space_threshold,
        .proxy_protocol = config->proxy_protocol,
        .ssl = config->tls.ssl,
        .ssl_cert = config->tls.ssl_cert,
        .ssl_key = config->tls.ssl_key,
        .ssl_ca = config->tls.ssl_ca,
        .ssl_cipher = config->tls.ssl_cipher,
        .ssl_versions = core_tls_versions_text(config->tls.ssl_version),
        .ssl_verify_peer_certificate = config->tls.ssl_verify_peer_certificate,
        .ssl_verify_peer_host = config->tls.ssl_verify_peer_host,
    };
}

void
mx_monitor_tick_within(struct mx_monitor *monitor, int64_t delay_ms)
{
    if (delay_ms < monitor->rt->within_ms) {
        monitor->rt->within_ms = delay_ms;
    }
}

bool
mx_monitor_cancelled(const struct mx_monitor *monitor)
{
    return mx_atomic_get(&monitor->rt->is_cancelled) != 0;
}

bool
mx_monitor_command_pending(const struct mx_monitor *monitor)
{
    (void)pthread_mutex_lock(&monitor->rt->lock);
    bool pending = monitor->rt->command.state == CORE_COMMAND_PENDING;
    (void)pthread_mutex_unlock(&monitor->rt->lock);
    return pending;
}

void
mx_monitor_journal_changed(struct mx_monitor *monitor)
{
    monitor->rt->is_journal_due = true;
}
