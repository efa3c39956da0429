/*
 * What a statement does, from its text. Made by src/sql on the session's worker, without
 * allocation; read by routers and filters. The bit numbers are those of the classify endpoint.
 */
#ifndef MX_SQL_H
#define MX_SQL_H

#include "mx/base.h"

enum mx_sql_type {
    MX_SQL_READ = 1u << 1,          /* reads data */
    MX_SQL_WRITE = 1u << 2,         /* must go to the primary */
    MX_SQL_MASTER_READ = 1u << 3,   /* read that must go to the primary */
    MX_SQL_SESSION_WRITE = 1u << 4, /* changes session state: all servers */
    MX_SQL_USERVAR_WRITE = 1u << 5, /* assigns a user variable */
    MX_SQL_USERVAR_READ = 1u << 6,
    MX_SQL_SYSVAR_READ = 1u << 7,
    MX_SQL_GSYSVAR_READ = 1u << 8,
    MX_SQL_GSYSVAR_WRITE = 1u << 9,
    MX_SQL_BEGIN_TRX = 1u << 10,
    MX_SQL_ENABLE_AUTOCOMMIT = 1u << 11,
    MX_SQL_DISABLE_AUTOCOMMIT = 1u << 12,
    MX_SQL_ROLLBACK = 1u << 13,
    MX_SQL_COMMIT = 1u << 14,
    MX_SQL_PREPARE_NAMED_STMT = 1u << 15, /* text PREPARE */
    MX_SQL_PREPARE_STMT = 1u << 16,       /* COM_STMT_PREPARE; set by the protocol */
    MX_SQL_EXEC_STMT = 1u << 17,          /* COM_STMT_EXECUTE; set by the protocol */
    MX_SQL_CREATE_TMP_TABLE = 1u << 18,
    MX_SQL_DEALLOC_PREPARE = 1u << 22,
    MX_SQL_READONLY = 1u << 23,  /* SET TRANSACTION READ ONLY */
    MX_SQL_READWRITE = 1u << 24, /* SET TRANSACTION READ WRITE */
    MX_SQL_NEXT_TRX = 1u << 25,  /* affects only the next transaction */
};

enum mx_sql_op {
    MX_SQL_OP_UNDEFINED = 0,
    MX_SQL_OP_ALTER,
    MX_SQL_OP_ALTER_TABLE,
    MX_SQL_OP_CALL,
    MX_SQL_OP_CHANGE_DB,
    MX_SQL_OP_CREATE,
    MX_SQL_OP_CREATE_ROLE,
    MX_SQL_OP_CREATE_TABLE,
    MX_SQL_OP_CREATE_USER,
    MX_SQL_OP_DELETE,
    MX_SQL_OP_DROP,
    MX_SQL_OP_DROP_TABLE,
    MX_SQL_OP_EXECUTE,
    MX_SQL_OP_EXPLAIN,
    MX_SQL_OP_GRANT,
    MX_SQL_OP_INSERT,
    MX_SQL_OP_KILL,
    MX_SQL_OP_LOAD,
    MX_SQL_OP_LOAD_LOCAL,
    MX_SQL_OP_REVOKE,
    MX_SQL_OP_SELECT,
    MX_SQL_OP_SET,
    MX_SQL_OP_SET_TRANSACTION,
    MX_SQL_OP_SHOW,
    MX_SQL_OP_SHOW_DATABASES,
    MX_SQL_OP_TRUNCATE,
    MX_SQL_OP_UPDATE,
    MX_SQL_OP_COUNT,
};

enum mx_sql_result {
    MX_SQL_INVALID = 0,      /* not recognised: routers treat it as a write */
    MX_SQL_TOKENIZED,        /* by its first words only */
    MX_SQL_PARTIALLY_PARSED, /* enough for type and operation */
    MX_SQL_PARSED,
};

/* Facts besides the contract's type mask that routing needs. */
enum mx_sql_fact {
    MX_SQL_FACT_MULTI = 1u << 0, /* more than one statement in the text */
    /* asks about the statement before: FOUND_ROWS(), ROW_COUNT(), SHOW WARNINGS, SHOW ERRORS,
     * @@warning_count ... */
    MX_SQL_FACT_LAST_SERVER = 1u << 1,
    MX_SQL_FACT_LOCKS_SESSION = 1u << 2, /* LOCK TABLES, GET_LOCK, HANDLER OPEN, FLUSH ... WITH READ
                                            LOCK: session state that lives on one server only */
    MX_SQL_FACT_UNLOCKS_SESSION = 1u << 3, /* UNLOCK TABLES, RELEASE_LOCK ... */
    MX_SQL_FACT_USES_TABLES = 1u << 4,     /* names at least one table: may touch a temporary one */
    MX_SQL_FACT_DROPS_TABLE = 1u << 5,
    MX_SQL_FACT_IMPLICIT_COMMIT = 1u << 6,
    MX_SQL_FACT_COMMENT_ONLY = 1u << 7,
    MX_SQL_FACT_GLOBAL_ONLY = 1u << 8, /* SET with GLOBAL assignments only */
    MX_SQL_FACT_XA = 1u << 9,
    MX_SQL_FACT_CHAIN = 1u << 10,         /* COMMIT/ROLLBACK AND CHAIN */
    MX_SQL_FACT_OUT_VARIABLES = 1u << 11, /* may set user variables, only on its server */
    MX_SQL_FACT_XA_DONE = 1u << 12,       /* XA COMMIT, XA ROLLBACK: the XA transaction is over */
    MX_SQL_FACT_BLOCK = 1u << 13,         /* compound statement: anything may happen inside */
    MX_SQL_FACT_ISOLATION = 1u << 14, /* sets the isolation level of session or next transaction */
    MX_SQL_FACT_SERIALIZABLE = 1u << 15, /* ... to SERIALIZABLE */
};

/* Lexing depends on these; the session keeps them. */
enum mx_sql_mode_bit {
    MX_SQL_MODE_ANSI_QUOTES = 1u << 0,
    MX_SQL_MODE_NO_BACKSLASH_ESCAPES = 1u << 1,
    MX_SQL_MODE_ORACLE = 1u << 2,
};

/* How the client encodes text: what a byte above 0x7f may hide. */
enum mx_sql_charset {
    MX_SQL_CHARSET_ASCII_SAFE = 0, /* utf8, latin1 ...: a byte below 0x80 is always a character */
    MX_SQL_CHARSET_GBK,
    MX_SQL_CHARSET_SJIS, /* and cp932 */
    MX_SQL_CHARSET_BIG5,
};

struct mx_sql_options {
    uint32_t mode;    /* mx_sql_mode_bit */
    uint32_t charset; /* mx_sql_charset */
    uint32_t version; /* server version for executable comments, 101100 = 10.11.0; 0: newest */
};

/* Text inside the statement: offset and length; len 0 means "not there". */
struct mx_sql_span {
    uint32_t start;
    uint32_t len;
};

struct mx_sql {
    uint32_t type;      /* mx_sql_type bits */
    uint32_t facts;     /* mx_sql_fact bits */
    uint16_t op;        /* mx_sql_op */
    uint8_t result;     /* mx_sql_result */
    uint8_t trx_access; /* of START or SET TRANSACTION: 0 not said, 1 READ ONLY, 2 READ WRITE */
    struct mx_sql_span table;     /* first created, dropped or read: as written, with its quotes */
    struct mx_sql_span table_db;  /* its database, when written */
    struct mx_sql_span stmt_name; /* PREPARE / EXECUTE / DEALLOCATE: name as written */
    struct mx_sql_span stmt_text; /* PREPARE x FROM '...': the literal with its quotes */
    struct mx_sql_span use_db;    /* USE: database as written */
    struct mx_sql_span kill;      /* KILL: everything after the word */
    uint32_t end;  /* where this statement's text ends: at its semicolon or the end */
    uint32_t next; /* where the next statement begins; 0: there is none (see MX_SQL_FACT_MULTI) */
};

/* Text PREPARE and DEALLOCATE. */
#define MX_SQL_NAMES_STMT (MX_SQL_PREPARE_NAMED_STMT | MX_SQL_DEALLOC_PREPARE)

/* Changes the session and nothing else. uservars: an assignment to a user variable counts. */
static inline bool
mx_sql_is_session_write(const struct mx_sql *sql, bool uservars)
{
    const uint32_t bits = MX_SQL_SESSION_WRITE | MX_SQL_GSYSVAR_WRITE | MX_SQL_ENABLE_AUTOCOMMIT |
                          MX_SQL_DISABLE_AUTOCOMMIT | (uservars ? MX_SQL_USERVAR_WRITE : 0u);
    return (sql->type & MX_SQL_WRITE) == 0 && (sql->type & bits) != 0;
}

/* To be carried out on every connection of the session, also on those that it gets later. */
static inline bool
mx_sql_is_session_command(const struct mx_sql *sql, bool uservars)
{
    if ((sql->facts & MX_SQL_FACT_MULTI) != 0) {
        return false;
    }
    return (sql->type & MX_SQL_NAMES_STMT) != 0 ||
           ((sql->type & MX_SQL_NEXT_TRX) == 0 && mx_sql_is_session_write(sql, uservars));
}

/*
 * Classify `len` bytes (at most UINT32_MAX). Never fails: what is not understood is a write.
 * Linear in len, no allocation. options may be NULL (default mode). *out is filled whole.
 */
MX_API void mx_sql_classify(const char *sql, size_t len, const struct mx_sql_options *options,
                            struct mx_sql *out);

/* Copies the name a span means into `out` without its quotes; returns its length (below size). */
MX_API size_t mx_sql_span_name(const char *sql, struct mx_sql_span span, char *out, size_t size);

/*
 * Calls `each` for every table the statements of the text name, in order, as written
 * (database empty when not written); stops when it returns false. For the temporary-table rule.
 */
typedef bool (*mx_sql_table_fn)(void *data, struct mx_sql_span db, struct mx_sql_span table);
MX_API void mx_sql_each_table(const char *sql, size_t len, const struct mx_sql_options *options,
                              mx_sql_table_fn each, void *data);

/*
 * SET of any form, taken apart. Values are the text as written; a value may be any expression.
 */
enum mx_sql_assignment_kind {
    MX_SQL_ASSIGN_VARIABLE = 0,  /* name, scope, value */
    MX_SQL_ASSIGN_USER_VARIABLE, /* name with its at sign, value */
    MX_SQL_ASSIGN_NAMES,         /* SET NAMES: value, collation */
    MX_SQL_ASSIGN_CHARSET,       /* SET CHARACTER SET: value */
    MX_SQL_ASSIGN_PASSWORD,      /* value: all after the word PASSWORD */
    MX_SQL_ASSIGN_ROLE,          /* value */
    MX_SQL_ASSIGN_DEFAULT_ROLE,  /* value: all after the word DEFAULT */
    MX_SQL_ASSIGN_TRANSACTION,   /* SET TRANSACTION: scope, value: the characteristics */
    MX_SQL_ASSIGN_STATEMENT,     /* SET STATEMENT ... FOR: name, value; for one statement only */
};

enum mx_sql_scope {
    MX_SQL_SCOPE_NONE = 0, /* not written: the session, or the next transaction */
    MX_SQL_SCOPE_SESSION,
    MX_SQL_SCOPE_GLOBAL,
};

struct mx_sql_assignment {
    enum mx_sql_assignment_kind kind;
    enum mx_sql_scope scope;
    struct mx_sql_span name; /* as written, without the scope */
    struct mx_sql_span value;
    struct mx_sql_span collation;
};

/* Calls `each` for every assignment of a SET statement, in order, until it returns false. */
typedef bool (*mx_sql_assignment_fn)(void *data, const struct mx_sql_assignment *found);
MX_API void mx_sql_each_assignment(const char *sql, size_t len,
                                   const struct mx_sql_options *options, mx_sql_assignment_fn each,
                                   void *data);

/*
 * Canonical forms, written with a zero byte behind; both return the length. size must be at least
 * MX_SQL_CANONICAL_SIZE(len).
 *
 * mx_sql_canonical: literals become a question mark, white space and comments one blank, equal
 * neighbours in an IN list or in the rows of VALUES one element. Its own canonical form is itself.
 * mx_sql_canonical_endpoint: the `canonical` attribute of the classify endpoint: literals become a
 * question mark, comments go; white space and lists stay.
 */
#define MX_SQL_CANONICAL_SIZE(len) (2 * (len) + 2)
MX_API size_t mx_sql_canonical(const char *sql, size_t len, const struct mx_sql_options *options,
                               char *out, size_t size);
MX_API size_t mx_sql_canonical_endpoint(const char *sql, size_t len,
                                        const struct mx_sql_options *options, char *out,
                                        size_t size);

/* XXH3 64 of a canonical text: statements of one shape have one digest. */
MX_API uint64_t mx_sql_digest(const char *canonical, size_t len);

/*
 * Facts on demand, for filters, sharding and the classify endpoint: names as written (see
 * mx_sql_span_name), columns named by an alias with the table it stands for. Of the first
 * statement.
 */
#define MX_SQL_FACTS_MAX 4096 /* of each kind; more are left out and `truncated` is set */

struct mx_sql_table {
    struct mx_sql_span db; /* len 0: not written */
    struct mx_sql_span table;
    struct mx_sql_span alias;
};

struct mx_sql_field {
    struct mx_sql_span db;
    struct mx_sql_span table;
    struct mx_sql_span column; /* a star counts as one */
};

/* A function or operator and the columns that are its operands, as indexes into fields. */
struct mx_sql_call {
    struct mx_sql_span name;
    const char *normal; /* the name to show instead: current_timestamp, <>, isnull, isnotnull */
    uint32_t *fields;
    uint32_t field_count;
};

struct mx_sql_facts {
    struct mx_sql_table *tables;
    struct mx_sql_field *fields; /* each once */
    struct mx_sql_call *calls;   /* each once */
    uint32_t table_count;
    uint32_t field_count;
    uint32_t call_count;
    bool truncated;
};

/* Never NULL; free with mx_sql_facts_free(), which accepts NULL. The spans point into sql. */
MX_API struct mx_sql_facts *mx_sql_facts_new(const char *sql, size_t len,
                                             const struct mx_sql_options *options);
MX_API void mx_sql_facts_free(struct mx_sql_facts *facts);

/*
 * Routing hints: comments whose first word is "maxscale". mx_sql_each_hint() reports every valid
 * one in order, as written; mx_sql_hints_apply() adds the session's stack and stored names and
 * reports what routes this statement.
 */
enum mx_sql_hint_kind {
    MX_SQL_HINT_NONE = 0, /* with POP and PUSH_STORED */
    MX_SQL_HINT_MASTER,
    MX_SQL_HINT_SLAVE,
    MX_SQL_HINT_LAST,
    MX_SQL_HINT_SERVER,    /* name: the server */
    MX_SQL_HINT_PARAMETER, /* name = value */
};

enum mx_sql_hint_action {
    MX_SQL_HINT_ONCE = 0,    /* for this statement */
    MX_SQL_HINT_PUSH,        /* begin: and for those after it, until end */
    MX_SQL_HINT_POP,         /* end */
    MX_SQL_HINT_STORE,       /* label prepare */
    MX_SQL_HINT_PUSH_STORED, /* label begin */
    MX_SQL_HINT_STORE_PUSH,  /* label begin definition: a known label keeps its old one, and this
                                one is for this statement only */
};

struct mx_sql_hint {
    enum mx_sql_hint_action action;
    enum mx_sql_hint_kind kind;
    struct mx_sql_span label;
    struct mx_sql_span name;
    struct mx_sql_span value;
};

typedef bool (*mx_sql_hint_fn)(void *data, const struct mx_sql_hint *hint);
MX_API void mx_sql_each_hint(const char *sql, size_t len, const struct mx_sql_options *options,
                             mx_sql_hint_fn each, void *data);

/* What applies to a statement; texts live until the callback returns. */
struct mx_sql_route {
    enum mx_sql_hint_kind kind;
    const char *name; /* "" when there is none */
    const char *value;
};

/* The stack and the stored names of one session; bounded: what is beyond the bounds is ignored. */
struct mx_sql_hints;
MX_API struct mx_sql_hints *mx_sql_hints_new(void);
MX_API void mx_sql_hints_free(struct mx_sql_hints *hints);

typedef void (*mx_sql_route_fn)(void *data, const struct mx_sql_route *route);
MX_API void mx_sql_hints_apply(struct mx_sql_hints *hints, const char *sql, size_t len,
                               const struct mx_sql_options *options, mx_sql_route_fn each,
                               void *data);

#endif
