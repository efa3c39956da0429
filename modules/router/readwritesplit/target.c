/*
 * Which class of servers a statement goes to: a pure function of the statement and a few facts
 * about the session. The order of the rules is the contract.
 */
#include "rwsplit.h"

#define READ_BITS (MX_SQL_READ | MX_SQL_USERVAR_READ | MX_SQL_SYSVAR_READ | MX_SQL_GSYSVAR_READ)

bool
rws_is_read_only_type(const struct mx_sql *sql)
{
    return (sql->type & READ_BITS) != 0 && (sql->type & (MX_SQL_WRITE | MX_SQL_MASTER_READ)) == 0;
}

/* Commands whose text does not matter. */
static bool
command_target(const struct mx_query *query, enum rws_target *out)
{
    switch (query->command) {
    case MX_COM_STMT_PREPARE:
    case MX_COM_STMT_CLOSE:
    case MX_COM_STMT_RESET:
    case MX_COM_CHANGE_USER:
    case MX_COM_RESET_CONNECTION:
    case MX_COM_INIT_DB:
    case MX_COM_SET_OPTION:
    case MX_COM_PING:
    case MX_COM_DEBUG:
    case MX_COM_REFRESH:
    case MX_COM_QUIT:
        *out = RWS_ALL;
        return true;
    case MX_COM_FIELD_LIST:
        *out = RWS_REPLICA;
        return true;
    case MX_COM_QUERY:
    case MX_COM_STMT_EXECUTE:
    case MX_COM_STMT_BULK_EXECUTE:
    case MX_COM_STMT_SEND_LONG_DATA:
    case MX_COM_STMT_FETCH:
        return false;
    default:
        *out = RWS_PRIMARY;
        return true;
    }
}

static enum rws_target
statement_target(const struct mx_sql *sql, const struct rws_target_context *ctx)
{
    if ((sql->facts & MX_SQL_FACT_MULTI) != 0) {
        return RWS_PRIMARY;
    }
    if (mx_sql_is_session_command(sql, ctx->vars_all)) {
        return RWS_ALL;
    }
    if ((sql->type & MX_SQL_NEXT_TRX) != 0) {
        return RWS_PRIMARY;
    }
    if (ctx->pinned) {
        return RWS_PRIMARY;
    }
    if ((sql->facts & MX_SQL_FACT_LAST_SERVER) != 0 && (sql->type & MX_SQL_MASTER_READ) == 0 &&
        (!ctx->trx_open || ctx->trx_read_only)) {
        return RWS_LAST; /* asks the server that ran the statement before */
    }
    if (ctx->trx_open) {
        return ctx->trx_read_only ? RWS_REPLICA : RWS_PRIMARY;
    }
    if ((sql->type & MX_SQL_BEGIN_TRX) != 0) {
        bool replica = sql->trx_access == 1 || (sql->trx_access == 0 && ctx->trx_read_only);
        return replica ? RWS_REPLICA : RWS_PRIMARY;
    }
    if (!rws_is_read_only_type(sql)) {
        return RWS_PRIMARY;
    }
    bool uses_vars = (sql->type & (MX_SQL_USERVAR_READ | MX_SQL_USERVAR_WRITE)) != 0;
    if (uses_vars && (!ctx->vars_all || ctx->vars_on_primary)) {
        return RWS_PRIMARY;
    }
    return RWS_REPLICA;
}

enum rws_target
rws_target_of(const struct mx_query *query, const struct rws_target_context *ctx)
{
    enum rws_target target = RWS_PRIMARY;
    if (command_target(query, &target)) {
        bool everywhere = query->command == MX_COM_STMT_CLOSE || query->command == MX_COM_QUIT ||
                          query->command == MX_COM_CHANGE_USER ||
                          query->command == MX_COM_RESET_CONNECTION;
        return ctx->locked && !everywhere ? RWS_PRIMARY : target;
    }
    if (ctx->locked || query->sql == NULL) {
        return RWS_PRIMARY; /* also what is too large to be looked at */
    }
    return statement_target(query->sql, ctx);
}
