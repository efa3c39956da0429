/*
 * Facts worked out on demand: tables, columns, functions and operators with the columns they are
 * given, in the form of the classify endpoint. Allocates; not for the path of every statement.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/parse.h"
#include "sql/word.h"

enum {
    NO_CALL = -1,
    NO_FIELD = -1
};

/* A parenthesis: whose arguments its columns are, and the operator that waits for its operand. */
struct level {
    int32_t call;    /* the function or IN that encloses it */
    int32_t op;      /* the last operator */
    int32_t between; /* the BETWEEN whose AND has not come */
    int32_t pending; /* a column that may be the next operator's operand */
    uint8_t rank;    /* how tightly op binds */
    bool is_in;      /* op is IN: a query in parentheses is its operand */
    bool operand;    /* the parenthesis itself is such an operand */
    bool after_is;
    bool after_is_not;
};

struct collected {
    const char *sql;
    struct mx_sql_facts *facts;
    struct level levels[SQL_DEPTH_MAX + 1];
    uint32_t depth;
    struct mx_sql_span *names; /* given to expressions by AS */
    uint32_t name_count;
    uint32_t table_mark; /* the table an alias would belong to, plus one */
};

static struct level *
level_at(struct collected *c)
{
    return &c->levels[c->depth < SQL_DEPTH_MAX ? c->depth : SQL_DEPTH_MAX];
}

static void *
grow(void *array, uint32_t count, size_t size)
{
    if ((count & (count - 1)) != 0) { /* full at every power of two */
        return array;
    }
    return mx_realloc(array, (count == 0 ? 1 : (size_t)count * 2) * size);
}

static bool
same_text(const char *sql, struct mx_sql_span a, struct mx_sql_span b)
{
    if (a.len != b.len) {
        return false;
    }
    for (uint32_t i = 0; i < a.len; i++) {
        unsigned char x = (unsigned char)sql[a.start + i];
        unsigned char y = (unsigned char)sql[b.start + i];
        bool letters = (x ^ y) == 0x20 && (x | 0x20) >= 'a' && (x | 0x20) <= 'z';
        if (x != y && !letters) {
            return false;
        }
    }
    return true;
}

static int32_t
add_field(struct collected *c, const struct mx_sql_field *field)
{
    struct mx_sql_facts *facts = c->facts;
    for (uint32_t i = 0; i < facts->field_count; i++) {
        const struct mx_sql_field *known = &facts->fields[i];
        if (same_text(c->sql, known->column, field->column) &&
            same_text(c->sql, known->table, field->table) &&
            same_text(c->sql, known->db, field->db)) {
            return (int32_t)i;
        }
    }
    if (facts->field_count >= MX_SQL_FACTS_MAX) {
        facts->truncated = true;
        return NO_FIELD;
    }
    facts->fields = grow(facts->fields, facts->field_count, sizeof(facts->fields[0]));
    facts->fields[facts->field_count] = *field;
    return (int32_t)facts->field_count++;
}

static int32_t
add_call(struct collected *c, struct mx_sql_span name, const char *normal)
{
    struct mx_sql_facts *facts = c->facts;
    for (uint32_t i = 0; i < facts->call_count; i++) {
        const struct mx_sql_call *known = &facts->calls[i];
        if (known->normal == normal && (normal != NULL || same_text(c->sql, known->name, name))) {
            return (int32_t)i;
        }
    }
    if (facts->call_count >= MX_SQL_FACTS_MAX) {
        facts->truncated = true;
        return NO_CALL;
    }
    facts->calls = grow(facts->calls, facts->call_count, sizeof(facts->calls[0]));
    facts->calls[facts->call_count] = (struct mx_sql_call){.name = name, .normal = normal};
    return (int32_t)facts->call_count++;
}

static void
give(struct collected *c, int32_t call, int32_t field)
{
    if (call == NO_CALL || field == NO_FIELD) {
        return;
    }
    struct mx_sql_call *to = &c->facts->calls[call];
    for (uint32_t i = 0; i < to->field_count; i++) {
        if (to->fields[i] == (uint32_t)field) {
            return;
        }
    }
    to->fields = grow(to->fields, to->field_count, sizeof(to->fields[0]));
    to->fields[to->field_count++] = (uint32_t)field;
}

/* The column that waited belongs to the operator before it, or to the enclosing call. */
static void
settle(struct collected *c, struct level *level)
{
    give(c, level->op != NO_CALL ? level->op : level->call, level->pending);
    level->pending = NO_FIELD;
}

static void
operand_end(void *data)
{
    struct collected *c = data;
    struct level *level = level_at(c);
    settle(c, level);
    level->op = NO_CALL;
    level->between = NO_CALL;
    level->rank = 0;
    level->after_is = false;
}

static bool
is_expression_name(const struct collected *c, struct mx_sql_span name)
{
    for (uint32_t i = 0; i < c->name_count; i++) {
        if (same_text(c->sql, c->names[i], name)) {
            for (uint32_t f = 0; f < c->facts->field_count; f++) {
                const struct mx_sql_field *field = &c->facts->fields[f];
                if (field->table.len == 0 && same_text(c->sql, field->column, name)) {
                    return false; /* a column of that name is in use as well */
                }
            }
            return true;
        }
    }
    return false;
}

static void
column_alias(void *data, struct mx_sql_span name)
{
    struct collected *c = data;
    if (c->name_count < MX_SQL_FACTS_MAX) {
        c->names = grow(c->names, c->name_count, sizeof(c->names[0]));
        c->names[c->name_count++] = name;
    }
}

static void
column(void *data, const struct mx_sql_span parts[3], uint32_t count)
{
    struct collected *c = data;
    struct mx_sql_field field = {.column = parts[count - 1]};
    if (count > 1) {
        field.table = parts[count - 2];
    }
    if (count > 2) {
        field.db = parts[count - 3];
    }
    level_at(c)->pending = NO_FIELD;
    if (count == 1 && is_expression_name(c, field.column)) {
        return; /* ORDER BY what AS named */
    }
    level_at(c)->pending = add_field(c, &field);
}

static void
open_level(void *data, const struct sql_token *call)
{
    struct collected *c = data;
    const struct level *outer = level_at(c);
    struct level inner = {.call = outer->call,
                          .op = NO_CALL,
                          .between = NO_CALL,
                          .pending = NO_FIELD,
                          .operand = outer->is_in && outer->op != NO_CALL};
    if (outer->op != NO_CALL) {
        inner.call = outer->op;
    }
    bool constructor = call != NULL && (sql_token_is_text(c->sql, *call, "row") ||
                                        sql_token_is_text(c->sql, *call, "values"));
    if (call != NULL && !constructor) {
        struct mx_sql_span name = sql_token_span(*call);
        bool now = sql_token_is_text(c->sql, *call, "now");
        inner.call = add_call(c, name, now ? "current_timestamp" : NULL);
        inner.operand = false;
    }
    c->depth++;
    if (c->depth <= SQL_DEPTH_MAX) {
        c->levels[c->depth] = inner;
    }
}

static void
close_level(void *data)
{
    struct collected *c = data;
    operand_end(data);
    if (c->depth > 0) {
        c->depth--;
    }
}

static void
select_level(void *data)
{
    struct collected *c = data;
    struct level *level = level_at(c);
    if (!level->operand) { /* columns of a query are no arguments, but for IN (SELECT ...) */
        level->call = NO_CALL;
    }
}

/* How tightly an operator binds; 0: it ends the operand before it. */
static uint8_t
operator_rank(const char *sql, struct sql_token op)
{
    switch (op.kind) {
    case T_COMPARE:
    case KW(LIKE):
    case KW(IN):
    case KW(BETWEEN):
    case KW(REGEXP):
    case KW(RLIKE):
        return 1;
    case '|':
        return 2;
    case '&':
        return 3;
    case T_OPERATOR:
        return sql[op.start] == '<' || sql[op.start] == '>' ? 4 : 0;
    case '+':
    case '-':
        return 5;
    case '*':
    case '/':
    case '%':
    case KW(DIV):
    case KW(MOD):
        return 6;
    case '^':
        return 7;
    default:
        return 0;
    }
}

static void
null_test(struct collected *c, struct level *level)
{
    int32_t call =
        add_call(c, (struct mx_sql_span){0}, level->after_is_not ? "isnotnull" : "isnull");
    give(c, call, level->pending);
    level->pending = NO_FIELD;
    level->after_is = false;
}

/* IS, IS NOT, AND of BETWEEN, CASE: words that are more than a boundary. */
static bool
special_word(struct collected *c, struct level *level, struct sql_token op)
{
    switch (op.kind) {
    case KW(IS):
        level->after_is = true;
        level->after_is_not = false;
        return true;
    case KW(NOT):
        level->after_is_not = level->after_is;
        return true;
    case KW(NULL):
        if (level->after_is) {
            null_test(c, level);
        }
        return true;
    case KW(CASE):
        add_call(c, sql_token_span(op), NULL);
        return true;
    case KW(AND):
        if (level->between != NO_CALL) {
            settle(c, level);
            level->op = level->between;
            level->between = NO_CALL;
            level->rank = 1;
            return true;
        }
        return false;
    case KW(DISTINCT):
    case KW(ALL):
        return true;
    default:
        return false;
    }
}

static void
operator_seen(void *data, struct sql_token op)
{
    struct collected *c = data;
    struct level *level = level_at(c);
    if (special_word(c, level, op)) {
        return;
    }
    uint8_t rank = operator_rank(c->sql, op);
    if (rank == 0) {
        operand_end(data);
        return;
    }
    struct mx_sql_span name = sql_token_span(op);
    const char *normal = op.kind == T_COMPARE && c->sql[op.start] == '!' ? "<>" : NULL;
    if (op.kind == T_COMPARE && op.len == 2 && memcmp(c->sql + op.start, "<>", 2) == 0) {
        normal = "<>";
    }
    if (level->pending != NO_FIELD && level->op != NO_CALL && level->rank >= rank) {
        settle(c, level);
    }
    level->op = add_call(c, name, normal == NULL ? NULL : "<>");
    give(c, level->op, level->pending);
    level->pending = NO_FIELD;
    level->rank = rank;
    level->is_in = op.kind == KW(IN);
    if (op.kind == KW(BETWEEN)) {
        level->between = level->op;
    }
}

static bool
table(void *data, struct mx_sql_span db, struct mx_sql_span name)
{
    struct collected *c = data;
    struct mx_sql_facts *facts = c->facts;
    if (facts->table_count >= MX_SQL_FACTS_MAX) {
        facts->truncated = true;
        return true;
    }
    facts->tables = grow(facts->tables, facts->table_count, sizeof(facts->tables[0]));
    facts->tables[facts->table_count++] = (struct mx_sql_table){.db = db, .table = name};
    c->table_mark = facts->table_count;
    return true;
}

static void
alias(void *data, struct mx_sql_span name)
{
    struct collected *c = data;
    if (c->table_mark > 0) {
        c->facts->tables[c->table_mark - 1].alias = name;
        c->table_mark = 0;
    }
}

/* Columns named by a table's alias are columns of that table. */
static void
resolve_aliases(struct collected *c)
{
    struct mx_sql_facts *facts = c->facts;
    for (uint32_t i = 0; i < facts->field_count; i++) {
        struct mx_sql_field *field = &facts->fields[i];
        if (field->table.len == 0 || field->db.len != 0) {
            continue;
        }
        for (uint32_t t = 0; t < facts->table_count; t++) {
            const struct mx_sql_table *known = &facts->tables[t];
            if (known->alias.len > 0 && same_text(c->sql, known->alias, field->table)) {
                field->table = known->table;
                field->db = known->db;
                break;
            }
        }
    }
}

struct mx_sql_facts *
mx_sql_facts_new(const char *sql, size_t len, const struct mx_sql_options *options)
{
    struct mx_sql verdict;
    SQL_PARSE_LOCAL parse;
    struct mx_sql_facts *facts = mx_calloc(1, sizeof(*facts));
    struct collected c = {.sql = sql, .facts = facts};
    struct sql_collector collector = {
        .data = &c,
        .table = table,
        .alias = alias,
        .column_alias = column_alias,
        .column = column,
        .open = open_level,
        .close = close_level,
        .select = select_level,
        .operator_seen = operator_seen,
        .operand_end = operand_end,
    };
    c.levels[0] =
        (struct level){.call = NO_CALL, .op = NO_CALL, .between = NO_CALL, .pending = NO_FIELD};
    sql_parse_init(&parse, sql, len, options, &verdict, &collector);
    sql_parse_advance(&parse);
    if (!sql_parse_is(&parse, T_EOF)) {
        sql_statement_parse(&parse);
    }
    resolve_aliases(&c);
    free(c.names);
    return facts;
}

void
mx_sql_facts_free(struct mx_sql_facts *facts)
{
    if (facts == NULL) {
        return;
    }
    for (uint32_t i = 0; i < facts->call_count; i++) {
        free(facts->calls[i].fields);
    }
    free(facts->calls);
    free(facts->fields);
    free(facts->tables);
    free(facts);
}
