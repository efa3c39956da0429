/* Transaction state from the text of statements: what mx/trx.h promises beyond its inlines. */
#include "mx/trx.h"

static void
open_transaction(struct mx_trx *trx, uint8_t access)
{
    if (access == 0) {
        access = trx->next_access;
    }
    bool read_only = access == 1 || (access == 0 && trx->default_read_only);
    uint32_t status = trx->status | MX_TRX_STATUS_IN_TRANS;
    if (read_only) {
        status |= MX_TRX_STATUS_IN_TRANS_READONLY;
    } else {
        status &= ~MX_TRX_STATUS_IN_TRANS_READONLY;
    }
    trx->status = (uint16_t)status;
}

static void
close_transaction(struct mx_trx *trx)
{
    uint32_t gone = MX_TRX_STATUS_IN_TRANS | MX_TRX_STATUS_IN_TRANS_READONLY;
    trx->status = (uint16_t)(trx->status & ~gone);
}

/* With autocommit off, the first statement that touches tables opens the transaction. */
static bool
opens_silently(const struct mx_trx *trx, const struct mx_sql *sql)
{
    uint32_t session = MX_SQL_SESSION_WRITE | MX_SQL_GSYSVAR_WRITE | MX_SQL_NEXT_TRX |
                       MX_SQL_PREPARE_NAMED_STMT | MX_SQL_DEALLOC_PREPARE;
    return (trx->status & (MX_TRX_STATUS_AUTOCOMMIT | MX_TRX_STATUS_IN_TRANS)) == 0 &&
           (sql->type & session) == 0 && (sql->facts & MX_SQL_FACT_USES_TABLES) != 0;
}

void
mx_trx_note_statement(struct mx_trx *trx, const struct mx_sql *sql)
{
    uint32_t type = sql->type;
    if ((sql->facts & MX_SQL_FACT_XA) != 0) {
        if ((type & MX_SQL_BEGIN_TRX) != 0) {
            open_transaction(trx, 2);
        } else if ((sql->facts & MX_SQL_FACT_XA_DONE) != 0) {
            close_transaction(trx);
        }
        return;
    }
    if ((sql->facts & MX_SQL_FACT_IMPLICIT_COMMIT) != 0) {
        close_transaction(trx);
    }
    if ((type & MX_SQL_DISABLE_AUTOCOMMIT) != 0) {
        trx->status = (uint16_t)(trx->status & ~MX_TRX_STATUS_AUTOCOMMIT);
    } else if ((type & MX_SQL_ENABLE_AUTOCOMMIT) != 0) {
        trx->status = (uint16_t)(trx->status | MX_TRX_STATUS_AUTOCOMMIT);
        close_transaction(trx);
    } else if ((type & MX_SQL_BEGIN_TRX) != 0) {
        open_transaction(trx, sql->trx_access);
    } else if ((type & (MX_SQL_COMMIT | MX_SQL_ROLLBACK)) != 0) {
        if ((sql->facts & MX_SQL_FACT_CHAIN) == 0) {
            close_transaction(trx);
        }
    } else if ((sql->facts & MX_SQL_FACT_IMPLICIT_COMMIT) == 0 && opens_silently(trx, sql)) {
        open_transaction(trx, 0);
    }
}

static void
note_isolation(struct mx_trx *trx, const struct mx_sql *sql)
{
    bool serializable = (sql->facts & MX_SQL_FACT_SERIALIZABLE) != 0;
    if ((sql->type & MX_SQL_NEXT_TRX) != 0) {
        trx->next_serializable = serializable;
    } else if ((sql->type & MX_SQL_SESSION_WRITE) != 0) {
        trx->serializable = serializable;
    }
}

/* The access mode a SET names; its bits tell it too, for callers that keep no more than those. */
static uint8_t
set_access(const struct mx_sql *sql)
{
    if (sql->trx_access != 0) {
        return sql->trx_access;
    }
    if ((sql->type & MX_SQL_READONLY) != 0) {
        return 1;
    }
    return (sql->type & MX_SQL_READWRITE) != 0 ? 2 : 0;
}

void
mx_trx_note_done(struct mx_trx *trx, const struct mx_sql *sql)
{
    bool next = (sql->type & MX_SQL_NEXT_TRX) != 0;
    uint8_t access = set_access(sql);
    if ((sql->op == MX_SQL_OP_SET_TRANSACTION || sql->op == MX_SQL_OP_SET) && access != 0) {
        if (next) {
            trx->next_access = access;
        } else if ((sql->type & MX_SQL_SESSION_WRITE) != 0) {
            trx->default_read_only = access == 1;
        }
    }
    if ((sql->facts & MX_SQL_FACT_ISOLATION) != 0) {
        note_isolation(trx, sql);
    }
    if ((sql->facts & MX_SQL_FACT_XA) != 0) {
        if ((sql->type & MX_SQL_BEGIN_TRX) != 0) {
            trx->xa_open = true;
        } else if ((sql->facts & MX_SQL_FACT_XA_DONE) != 0) {
            trx->xa_open = false;
        }
    }
    uint32_t ends = MX_SQL_COMMIT | MX_SQL_ROLLBACK;
    bool chained = (sql->facts & MX_SQL_FACT_CHAIN) != 0;
    if (!next && !chained && ((sql->type & ends) != 0 || sql->facts & MX_SQL_FACT_XA_DONE)) {
        trx->next_access = 0; /* it was for one transaction, which is over */
        trx->next_serializable = false;
    }
}
