/*
 * The pass over the tokens of one statement, shared by the files of this folder. A parse borrows
 * the text and writes into the caller's verdict; it never allocates. The collector, when there is
 * one, is told about tables, columns, functions and operators as they are met.
 */
#ifndef SQL_PARSE_H
#define SQL_PARSE_H

#include "sql/token.h"

enum {
    SQL_DEPTH_MAX = 120
}; /* deeper parentheses are counted, but have no context of their own */

/* Called while parsing; everything is as written. Members may be NULL, but open and close go
 * together. */
struct sql_collector {
    void *data;
    bool (*table)(void *data, struct mx_sql_span db, struct mx_sql_span table);
    void (*alias)(void *data, struct mx_sql_span alias); /* of the table before */
    void (*column_alias)(void *data, struct mx_sql_span alias);
    void (*column)(void *data, const struct mx_sql_span parts[3], uint32_t count);
    void (*open)(void *data, const struct sql_token *call); /* parenthesis; NULL: no call */
    void (*close)(void *data);
    void (*select)(void *data); /* the parenthesis holds a query */
    void (*operator_seen)(void *data, struct sql_token op);
    void (*operand_end)(void *data); /* the current operand cannot go on: comma, clause, ... */
};

enum sql_clause {
    CLAUSE_EXPR = 0, /* a name is a column, or a function when a parenthesis follows */
    CLAUSE_TABLE,    /* the next name is a table */
    CLAUSE_JOINED,   /* after a table: an alias, a join, ... */
    CLAUSE_NAMES,    /* names without meaning for us: types, partitions, aliases */
    CLAUSE_COLUMNS,  /* the column list of an INSERT */
};

enum sql_frame_kind {
    FRAME_BASE = 0,
    FRAME_GROUP,
    FRAME_FUNCTION,
    FRAME_SELECT,
    FRAME_TABLES,
};

struct sql_frame {
    uint8_t kind;   /* sql_frame_kind */
    uint8_t clause; /* sql_clause */
    bool from;      /* in the table references: a comma brings the next table */
    bool with;      /* in a list of common table expressions */
};

/* What the body of a statement does. */
struct sql_effects {
    uint32_t type; /* mx_sql_type: variables, MASTER_READ; WRITE: unknown function, sequence,
                      locking read */
    bool kept;     /* a function that goes to the primary although it only reads */
    bool into_variable;
    bool into_file;
    bool derived_table;
    bool is_select; /* a SELECT was met */
};

struct sql_parse {
    struct sql_lexer lexer;
    struct sql_token token; /* the current one */
    struct sql_token name;  /* see sql_parse_take */
    const char *sql;
    struct mx_sql *out;
    const struct sql_collector *collector;
    struct sql_effects effects;
    struct sql_frame *frame; /* of the innermost parenthesis that has a context of its own */
    uint32_t depth;          /* open parentheses */
    uint32_t base;           /* depth at which the body began */
    uint32_t leading;        /* parentheses before the first word of the body */
    uint32_t nesting;        /* statements inside statements: EXPLAIN, SET STATEMENT */
    bool operand;            /* the last token ended an operand */
    bool into_list;          /* in the variables of INTO */
    bool period;             /* the next FROM belongs to a period, not to tables */
    bool in_insert;          /* VALUES begins the rows */
    bool in_rows;            /* in the rows of an INSERT */
    bool in_delete;          /* USING begins tables */
    bool bad;                /* text no server accepts was met */
    struct sql_frame frames[SQL_DEPTH_MAX + 1];
};

/* A parse is filled by sql_parse_init; zeroing its stack first would cost more than the parse. */
#define SQL_PARSE_LOCAL __attribute__((uninitialized)) struct sql_parse

static inline void
sql_parse_advance(struct sql_parse *parse)
{
    sql_lexer_next(&parse->lexer, &parse->token);
}

/* The same for a token whose meaning the next one tells: it stays at hand as `name`. */
static inline void
sql_parse_take(struct sql_parse *parse)
{
    parse->name = parse->token;
    sql_lexer_next(&parse->lexer, &parse->token);
}

static inline bool
sql_parse_is(const struct sql_parse *parse, uint32_t kind)
{
    return parse->token.kind == kind;
}

static inline bool
sql_parse_accept(struct sql_parse *parse, uint32_t kind)
{
    if (parse->token.kind != kind) {
        return false;
    }
    sql_parse_advance(parse);
    return true;
}

static inline bool
sql_parse_at_end(const struct sql_parse *parse)
{
    return parse->token.kind <= T_BAD || parse->token.kind == ';';
}

static inline struct mx_sql_span
sql_token_span(struct sql_token token)
{
    return (struct mx_sql_span){.start = token.start, .len = token.len};
}

/* The word at the token, without regard to case; word in lower case. */
bool sql_token_is_text(const char *sql, struct sql_token token, const char *word);

/* body.c: the rest of the statement from the current token on, to its end. */
void sql_body_parse(struct sql_parse *parse, enum sql_clause clause, bool from);

/*
 * body.c: one value of a SET from the current token on, to the comma behind it or, in a SET
 * STATEMENT, to FOR. Returns where the value's last token ends.
 */
uint32_t sql_value_parse(struct sql_parse *parse, bool in_statement);

/* body.c: a table name at the current token, with its database; reports it. */
bool sql_body_table(struct sql_parse *parse);

/* Adds what the body did to the variables' bits and the like; never READ. */
void sql_body_apply(struct sql_parse *parse);

/* classify.c: tokens without meaning up to the end of the statement. */
void sql_parse_skip(struct sql_parse *parse);
void sql_verdict(struct sql_parse *parse, uint32_t type, enum mx_sql_op op);
void sql_statement_parse(struct sql_parse *parse);
void sql_parse_init(struct sql_parse *parse, const char *sql, size_t len,
                    const struct mx_sql_options *options, struct mx_sql *out,
                    const struct sql_collector *collector);

/* mx_sql_classify() with a collector, which may be empty: then every token is read. */
void sql_classify(const char *sql, size_t len, const struct mx_sql_options *options,
                  const struct sql_collector *collector, struct mx_sql *out);

/* One statement each, from behind its first word (ddl.c, session.c, show.c, setvar.c, block.c). */
void sql_create_parse(struct sql_parse *parse);
void sql_alter_parse(struct sql_parse *parse);
void sql_drop_parse(struct sql_parse *parse);
void sql_table_admin_parse(struct sql_parse *parse, uint32_t word);
void sql_transaction_parse(struct sql_parse *parse, uint32_t word);
void sql_xa_parse(struct sql_parse *parse);
void sql_show_parse(struct sql_parse *parse);
void sql_explain_parse(struct sql_parse *parse, uint32_t word);
void sql_set_parse(struct sql_parse *parse);
void sql_prepare_parse(struct sql_parse *parse, uint32_t word);
void sql_handler_parse(struct sql_parse *parse);
void sql_lock_parse(struct sql_parse *parse, uint32_t word);
void sql_flush_parse(struct sql_parse *parse, uint32_t word);
void sql_load_parse(struct sql_parse *parse);

/* block.c: to the end of a compound statement whose first word is the current token. */
void sql_block_skip(struct sql_parse *parse);
/* block.c: the body of a stored routine, trigger or event; to the end of the statement. */
void sql_routine_skip(struct sql_parse *parse);

#endif
