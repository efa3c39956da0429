/* Descriptor and parameter rows of the MariaDB protocol. */
#include "mariadb.h"

static const struct mx_param params[] = {
    {.name = "allow_replication",
     .type = MX_PARAM_BOOL,
     .flags = MX_PARAM_RUNTIME,
     .offset = offsetof(struct mariadb_config, allow_replication),
     .value_default = "true",
     .doc = "May replicas register through the listener."},
};

static size_t
refuse(uint8_t *out, size_t cap, const struct mx_err *err)
{
    struct wire_writer w;
    wire_writer_init(&w, out, cap);
    if (wire_err_encode_early(&w, 0, err->code, wire_slice_of(err->text)) != 0) {
        return 0;
    }
    return w.len;
}

static const struct mx_protocol_ops ops = {
    .default_authenticator = "MariaDBAuth",
    .client_size = sizeof(struct mariadb_client),
    .backend_size = sizeof(struct mariadb_backend),
    .refuse = refuse,
    .client_open = client_open,
    .client_free = client_free,
    .client_reply = client_reply,
    .client_answer = client_answer,
    .client_killed = client_killed,
    .client_resume = client_resume,
    .client_accounts = client_accounts,
    .client_job = client_job,
    .client_job_late = client_job_late,
    .client_is_quiet = client_is_quiet,
    .client_mapped = client_mapped,
    .client_attributes = client_attributes,
    .backend_open = backend_open,
    .backend_send = backend_send,
    .backend_close = backend_close,
    .backend_ping = backend_ping,
    .backend_fail = backend_fail,
    .backend_conn = backend_conn,
    .backend_is_quiet = backend_is_quiet,
    .backend_id = backend_id,
    .client_interrupt = client_interrupt,
    .backend_kill = backend_kill,
    .backend_release = backend_release,
    .pool_kind = pool_kind,
    .pooled_fit = pooled_fit,
    .backend_adopt = backend_adopt,
    .backend_may_lend = backend_may_lend,
    .backend_ask = backend_ask,
    .backend_lend = backend_lend,
    .backend_park = backend_park,
    .pooled_settle = pooled_settle,
    .pooled_close = pooled_close,
};

static const char *const aliases[] = {"mariadb", "mariadbclient", "mysqlclient", NULL};

MX_MODULE(.kind = MX_MODULE_PROTOCOL, .maturity = MX_MATURITY_GA, .name = "MariaDBProtocol",
          .aliases = aliases, .version = "1.0.0",
          .doc = "The MariaDB protocol, to clients and to servers.",
          .config_size = sizeof(struct mariadb_config), .params = params,
          .param_count = MX_COUNT(params), .protocol = &ops);
