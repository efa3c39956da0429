/*
 * Transaction state of a session. The servers' status flags are the source of truth: every OK and
 * EOF carries them. The text adds what they cannot say before a statement has run: the default
 * access mode of the transactions to come.
 */
#ifndef MX_TRX_H
#define MX_TRX_H

#include "mx/base.h"
#include "mx/sql.h"

/* Bits of the status flags, as in the protocol. */
#define MX_TRX_STATUS_IN_TRANS          0x0001u
#define MX_TRX_STATUS_AUTOCOMMIT        0x0002u
#define MX_TRX_STATUS_IN_TRANS_READONLY 0x2000u

/* mx_trx_init() before use. */
struct mx_trx {
    uint16_t status;        /* of the last reply that told one */
    bool default_read_only; /* SET SESSION TRANSACTION READ ONLY */
    bool xa_ended;          /* between XA END and the XA statement that settles it */
};

static inline void
mx_trx_init(struct mx_trx *trx)
{
    *trx = (struct mx_trx){.status = MX_TRX_STATUS_AUTOCOMMIT};
}

/* Status flags of a complete reply; not to be called for replies that carry none (ERR). */
static inline void
mx_trx_note_status(struct mx_trx *trx, uint16_t status)
{
    trx->status = status;
}

/* A statement that a server has carried out. */
static inline void
mx_trx_note_done(struct mx_trx *trx, const struct mx_sql *sql)
{
    if (sql->op == MX_SQL_OP_SET_TRANSACTION && (sql->type & MX_SQL_SESSION_WRITE) != 0) {
        if ((sql->type & MX_SQL_READONLY) != 0) {
            trx->default_read_only = true;
        } else if ((sql->type & MX_SQL_READWRITE) != 0) {
            trx->default_read_only = false;
        }
    }
    if ((sql->facts & MX_SQL_FACT_XA) != 0) {
        trx->xa_ended = (sql->type & MX_SQL_COMMIT) != 0; /* XA END is a COMMIT to the contract */
    }
}

/* Statements belong together now: an open transaction, autocommit off, or XA between END and its
 * settlement. */
static inline bool
mx_trx_is_open(const struct mx_trx *trx)
{
    return (trx->status & MX_TRX_STATUS_IN_TRANS) != 0 ||
           (trx->status & MX_TRX_STATUS_AUTOCOMMIT) == 0 || trx->xa_ended;
}

/* The open transaction is read-only, or with none open: the next one will be by default. */
static inline bool
mx_trx_is_read_only(const struct mx_trx *trx)
{
    if ((trx->status & MX_TRX_STATUS_IN_TRANS) != 0) {
        return (trx->status & MX_TRX_STATUS_IN_TRANS_READONLY) != 0;
    }
    return trx->default_read_only;
}

#endif
