/*
 * The verdict on a statement: dispatch on its first word. What the words after it mean is in the
 * files by kind of statement; what expressions and tables do is in body.c.
 */
#include "sql/parse.h"

enum {
    NESTING_MAX = 4
}; /* EXPLAIN, ANALYZE and SET STATEMENT in front of a statement */

bool
sql_token_is_text(const char *sql, struct sql_token token, const char *word)
{
    const char *text = sql + token.start;
    uint32_t i = 0;
    while (i < token.len && word[i] != '\0') {
        char c = text[i];
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c + ('a' - 'A'));
        }
        if (c != word[i]) {
            return false;
        }
        i++;
    }
    return i == token.len && word[i] == '\0';
}

void
sql_verdict(struct sql_parse *parse, uint32_t type, enum mx_sql_op op)
{
    parse->out->type = type;
    parse->out->op = (uint16_t)op;
    parse->out->result = MX_SQL_PARSED;
}

void
sql_parse_skip(struct sql_parse *parse)
{
    while (!sql_parse_at_end(parse)) {
        sql_parse_advance(parse);
    }
    if (sql_parse_is(parse, T_BAD)) {
        parse->bad = true;
    }
}

void
sql_parse_init(struct sql_parse *parse, const char *sql, size_t len,
               const struct mx_sql_options *options, struct mx_sql *out,
               const struct sql_collector *collector)
{
    sql_lexer_init(&parse->lexer, sql, len, options);
    parse->sql = sql;
    parse->out = out;
    parse->collector = collector;
    parse->effects = (struct sql_effects){0};
    parse->frame = parse->frames;
    parse->depth = 0;
    parse->base = 0;
    parse->leading = 0;
    parse->nesting = 0;
    parse->operand = false;
    parse->into_list = false;
    parse->period = false;
    parse->in_insert = false;
    parse->in_rows = false;
    parse->in_delete = false;
    parse->bad = false;
    *out = (struct mx_sql){0};
}

/* SELECT, WITH, VALUES and a parenthesis; the first token is still the current one. */
static void
select_parse(struct sql_parse *parse)
{
    sql_verdict(parse, 0, MX_SQL_OP_SELECT);
    if (sql_parse_is(parse, KW(VALUES))) {
        sql_parse_advance(parse);
    }
    sql_body_parse(parse, CLAUSE_EXPR, false);
    const struct sql_effects *did = &parse->effects;
    if (did->into_file) {
        parse->out->type = MX_SQL_WRITE;
    } else if (!did->into_variable) {
        parse->out->type = MX_SQL_READ;
    }
    sql_body_apply(parse);
}

static void
skip_words(struct sql_parse *parse)
{
    while (sql_parse_is(parse, KW(LOW_PRIORITY)) || sql_parse_is(parse, KW(DELAYED)) ||
           sql_parse_is(parse, KW(HIGH_PRIORITY)) || sql_parse_is(parse, KW(IGNORE)) ||
           sql_parse_is(parse, KW(QUICK)) || sql_parse_is(parse, KW(INTO))) {
        sql_parse_advance(parse);
    }
}

static void
insert_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_INSERT);
    skip_words(parse);
    parse->in_insert = true;
    sql_body_parse(parse, CLAUSE_TABLE, false);
    sql_body_apply(parse);
}

static void
update_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UPDATE);
    skip_words(parse);
    sql_body_parse(parse, CLAUSE_TABLE, true);
    if (parse->effects.derived_table) {
        parse->out->type |= MX_SQL_READ;
    }
    sql_body_apply(parse);
}

static void
delete_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_DELETE);
    skip_words(parse);
    parse->in_delete = true;
    sql_body_parse(parse, CLAUSE_TABLE, true);
    if (parse->effects.derived_table) {
        parse->out->type |= MX_SQL_READ;
    }
    sql_body_apply(parse);
}

static void
call_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_CALL);
    while (sql_token_is_word(parse->token.kind) || sql_parse_is(parse, T_QUOTED) ||
           sql_parse_is(parse, '.')) {
        sql_parse_advance(parse);
    }
    sql_body_parse(parse, CLAUSE_EXPR, false);
    if ((parse->effects.type & (MX_SQL_USERVAR_READ | MX_SQL_USERVAR_WRITE)) != 0) {
        parse->out->facts |= MX_SQL_FACT_OUT_VARIABLES;
    }
    sql_body_apply(parse);
}

static void
do_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_READ | MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    sql_body_parse(parse, CLAUSE_EXPR, false);
    sql_body_apply(parse);
}

static void
use_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_SESSION_WRITE, MX_SQL_OP_CHANGE_DB);
    parse->out->use_db = sql_token_span(parse->token);
    sql_parse_skip(parse);
}

static void
kill_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_KILL);
    uint32_t start = parse->token.start;
    uint32_t stop = start;
    while (!sql_parse_at_end(parse)) {
        stop = parse->token.start + parse->token.len;
        sql_parse_advance(parse);
    }
    parse->out->kill = (struct mx_sql_span){start, stop - start};
}

/* Statements that change something and need no more than their first word. */
static void
plain_write(struct sql_parse *parse, enum mx_sql_op op, uint32_t facts)
{
    sql_verdict(parse, MX_SQL_WRITE, op);
    parse->out->facts |= facts;
    sql_parse_skip(parse);
}

static void
truncate_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_TRUNCATE);
    parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    sql_parse_accept(parse, KW(TABLE));
    sql_body_table(parse);
    sql_parse_skip(parse);
}

/* GET DIAGNOSTICS: into user variables, from the statement before. */
static void
get_parse(struct sql_parse *parse)
{
    sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_UNDEFINED);
    parse->out->facts |= MX_SQL_FACT_LAST_SERVER;
    sql_body_parse(parse, CLAUSE_NAMES, false);
    if ((parse->effects.type & MX_SQL_USERVAR_READ) != 0) {
        parse->out->type |= MX_SQL_USERVAR_WRITE;
    }
}

/* Text whose first word says nothing: a write, to be safe. */
static void
unknown_parse(struct sql_parse *parse)
{
    parse->out->type = MX_SQL_WRITE;
    parse->out->op = MX_SQL_OP_UNDEFINED;
    parse->out->result = MX_SQL_INVALID;
    sql_parse_skip(parse);
}

static bool
other_statement(struct sql_parse *parse, struct sql_token word)
{
    if (sql_token_is_text(parse->sql, word, "change")) { /* CHANGE MASTER TO */
        plain_write(parse, MX_SQL_OP_UNDEFINED, MX_SQL_FACT_IMPLICIT_COMMIT);
        return true;
    }
    return false;
}

static bool
admin_statement(struct sql_parse *parse, uint32_t kind)
{
    switch (kind) {
    case KW(GRANT):
        plain_write(parse, MX_SQL_OP_GRANT, MX_SQL_FACT_IMPLICIT_COMMIT);
        return true;
    case KW(REVOKE):
        plain_write(parse, MX_SQL_OP_REVOKE, MX_SQL_FACT_IMPLICIT_COMMIT);
        return true;
    case KW(KILL):
        kill_parse(parse);
        return true;
    case KW(LOCK):
    case KW(UNLOCK):
        sql_lock_parse(parse, kind);
        return true;
    case KW(FLUSH):
    case KW(RESET):
    case KW(PURGE):
        sql_flush_parse(parse, kind);
        return true;
    case KW(OPTIMIZE):
    case KW(CHECK):
    case KW(REPAIR):
    case KW(CHECKSUM):
    case KW(CACHE):
    case KW(RENAME):
        sql_table_admin_parse(parse, kind);
        return true;
    case KW(INSTALL):
    case KW(UNINSTALL):
    case KW(CHANGE):
    case KW(STOP):
        plain_write(parse, MX_SQL_OP_UNDEFINED, MX_SQL_FACT_IMPLICIT_COMMIT);
        return true;
    case KW(SIGNAL):
    case KW(RESIGNAL):
    case KW(SHUTDOWN):
    case KW(BACKUP):
    case KW(BINLOG):
        plain_write(parse, MX_SQL_OP_UNDEFINED, 0);
        return true;
    case KW(HELP):
        sql_verdict(parse, MX_SQL_READ, MX_SQL_OP_UNDEFINED);
        sql_parse_skip(parse);
        return true;
    case KW(GET):
        get_parse(parse);
        return true;
    default:
        return false;
    }
}

static bool
definition_statement(struct sql_parse *parse, uint32_t kind)
{
    switch (kind) {
    case KW(CREATE):
        sql_create_parse(parse);
        return true;
    case KW(ALTER):
        sql_alter_parse(parse);
        return true;
    case KW(DROP):
        sql_drop_parse(parse);
        return true;
    case KW(TRUNCATE):
        truncate_parse(parse);
        return true;
    default:
        return false;
    }
}

static bool
session_statement(struct sql_parse *parse, uint32_t kind)
{
    switch (kind) {
    case KW(SET):
        sql_set_parse(parse);
        return true;
    case KW(COMMIT):
    case KW(ROLLBACK):
    case KW(START):
    case KW(SAVEPOINT):
    case KW(RELEASE):
        sql_transaction_parse(parse, kind);
        return true;
    case KW(XA):
        sql_xa_parse(parse);
        return true;
    case KW(USE):
        use_parse(parse);
        return true;
    case KW(SHOW):
        sql_show_parse(parse);
        return true;
    case KW(EXPLAIN):
    case KW(DESCRIBE):
    case KW(DESC):
    case KW(ANALYZE):
        sql_explain_parse(parse, kind);
        return true;
    case KW(PREPARE):
    case KW(EXECUTE):
    case KW(DEALLOCATE):
        sql_prepare_parse(parse, kind);
        return true;
    case KW(HANDLER):
        sql_handler_parse(parse);
        return true;
    default:
        return false;
    }
}

static bool
data_statement(struct sql_parse *parse, uint32_t kind)
{
    switch (kind) {
    case KW(INSERT):
    case KW(REPLACE):
        insert_parse(parse);
        return true;
    case KW(UPDATE):
        update_parse(parse);
        return true;
    case KW(DELETE):
        delete_parse(parse);
        return true;
    case KW(CALL):
        call_parse(parse);
        return true;
    case KW(LOAD):
        sql_load_parse(parse);
        return true;
    case KW(DO):
        do_parse(parse);
        return true;
    default:
        return false;
    }
}

/* Compound statements outside of stored routines. */
static bool
is_block_start(const struct sql_parse *parse, uint32_t kind)
{
    switch (kind) {
    case KW(BEGIN):
    case KW(IF):
    case KW(CASE):
    case KW(WHILE):
    case KW(REPEAT):
    case KW(FOR):
    case KW(LOOP):
        return true;
    case KW(DECLARE):
    case T_LABEL:
        return (parse->lexer.mode & MX_SQL_MODE_ORACLE) != 0;
    default:
        return false;
    }
}

/* Oracle mode: name := value is a SET without the word. */
static bool
is_oracle_assignment(struct sql_parse *parse)
{
    if ((parse->lexer.mode & MX_SQL_MODE_ORACLE) == 0) {
        return false;
    }
    return sql_lexer_peek(&parse->lexer) == T_ASSIGN;
}

SQL_RARE static void
parse_other(struct sql_parse *parse)
{
    uint32_t kind = parse->token.kind;
    if (is_block_start(parse, kind)) {
        sql_block_skip(parse);
        return;
    }
    if (is_oracle_assignment(parse)) {
        sql_set_parse(parse);
        return;
    }
    struct sql_token word = parse->token;
    parse->nesting++;
    if (!sql_token_is_word(kind) || parse->nesting > NESTING_MAX) {
        unknown_parse(parse);
        return;
    }
    sql_parse_advance(parse);
    if (!data_statement(parse, kind) && !session_statement(parse, kind) &&
        !definition_statement(parse, kind) && !admin_statement(parse, kind) &&
        !other_statement(parse, word)) {
        unknown_parse(parse);
    }
}

void
sql_statement_parse(struct sql_parse *parse)
{
    uint32_t kind = parse->token.kind;
    if (kind == KW(SELECT) || kind == KW(WITH) || kind == '(' || kind == KW(VALUES)) {
        select_parse(parse);
    } else {
        parse_other(parse);
    }
}

/* At the end of a statement: true when nothing but comments and semicolons is left. */
static bool
finish(struct sql_parse *parse)
{
    if (parse->bad || sql_parse_is(parse, T_BAD)) {
        parse->out->type |= MX_SQL_WRITE; /* no server runs it; where it fails does not matter */
        if (parse->out->result > MX_SQL_TOKENIZED) {
            parse->out->result = MX_SQL_TOKENIZED;
        }
    }
    if (sql_parse_is(parse, T_BAD)) {
        return true;
    }
    while (sql_parse_is(parse, ';')) {
        sql_parse_advance(parse);
    }
    return sql_parse_is(parse, T_EOF);
}

static void
parse_one(struct sql_parse *parse, struct mx_sql *out)
{
    if (sql_parse_is(parse, T_EOF)) {
        if (parse->lexer.commented) {
            sql_verdict(parse, MX_SQL_READ, MX_SQL_OP_UNDEFINED);
            out->facts |= MX_SQL_FACT_COMMENT_ONLY;
        } else {
            unknown_parse(parse); /* nothing at all: the primary says what it thinks of it */
        }
        return;
    }
    sql_statement_parse(parse);
    if ((out->type & MX_SQL_WRITE) != 0 && (out->type & MX_SQL_USERVAR_WRITE) != 0) {
        out->facts |= MX_SQL_FACT_OUT_VARIABLES;
    }
    uint32_t end = parse->token.start;
    if (!finish(parse)) {
        out->facts |= MX_SQL_FACT_MULTI;
        out->next = parse->token.start;
    }
    out->end = end;
}

void
sql_classify(const char *sql, size_t len, const struct mx_sql_options *options,
             const struct sql_collector *collector, struct mx_sql *out)
{
    SQL_PARSE_LOCAL parse;
    sql_parse_init(&parse, sql, len, options, out, collector);
    sql_parse_advance(&parse);
    parse_one(&parse, out);
}

void
mx_sql_classify(const char *sql, size_t len, const struct mx_sql_options *options,
                struct mx_sql *out)
{
    sql_classify(sql, len, options, NULL, out);
}

void
mx_sql_each_table(const char *sql, size_t len, const struct mx_sql_options *options,
                  mx_sql_table_fn each, void *data)
{
    SQL_PARSE_LOCAL parse;
    struct mx_sql verdict;
    struct sql_collector collector = {.data = data, .table = each};
    sql_parse_init(&parse, sql, len, options, &verdict, &collector);
    sql_parse_advance(&parse);
    parse_one(&parse, &verdict);
    while (verdict.next > 0) {
        struct sql_lexer lexer = parse.lexer;
        struct sql_token token = parse.token;
        sql_parse_init(&parse, sql, len, options, &verdict, &collector);
        parse.lexer = lexer;
        parse.token = token;
        parse_one(&parse, &verdict);
    }
}
