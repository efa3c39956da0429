/*
 * Transaction state of a session. The servers' status flags are the source of truth: every OK and
 * EOF carries them. The text of statements says what they cannot: what a statement on its way will
 * change, the access mode and the isolation level of the transactions to come.
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
    uint16_t status;        /* of the last reply that told one, or as the text foresees it */
    bool default_read_only; /* SET SESSION TRANSACTION READ ONLY */
    bool serializable;      /* SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE */
    bool next_serializable; /* the same for the next transaction only */
    bool xa_open;           /* from XA START to the XA COMMIT or XA ROLLBACK that settles it */
    uint8_t next_access;    /* unscoped SET TRANSACTION: 0 not said, 1 READ ONLY, 2 READ WRITE */
};

_Static_assert(sizeof(struct mx_trx) <= 16, "every session has one");

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

/*
 * A statement on its way to a server: what the flags of its reply will say, as far as the text
 * tells, for decisions before the reply is there. The reply's flags correct it; after an ERR, which
 * carries none, give back the status from before with mx_trx_note_status().
 */
MX_API void mx_trx_note_statement(struct mx_trx *trx, const struct mx_sql *sql);

/* A statement that a server has carried out: the modes and levels of transactions to come. */
MX_API void mx_trx_note_done(struct mx_trx *trx, const struct mx_sql *sql);

/* Statements belong together now: an open transaction, autocommit off, or XA not yet settled. */
static inline bool
mx_trx_is_open(const struct mx_trx *trx)
{
    return (trx->status & MX_TRX_STATUS_IN_TRANS) != 0 ||
           (trx->status & MX_TRX_STATUS_AUTOCOMMIT) == 0 || trx->xa_open;
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

/* The level of the session, or of the transaction that is next: it reads with locks. */
static inline bool
mx_trx_is_serializable(const struct mx_trx *trx)
{
    return trx->serializable || trx->next_serializable;
}

#endif
