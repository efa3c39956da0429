/*
 * SET of every form, taken apart into single assignments; the verdict is their union, and a
 * caller may have them one by one.
 */
#include "sql/parse.h"

struct set_state {
    struct sql_parse *parse;
    mx_sql_assignment_fn each; /* NULL: only the verdict is wanted */
    void *data;
    uint32_t type;
    bool in_statement; /* SET STATEMENT: FOR ends a value */
    bool any_session;  /* something besides GLOBAL assignments */
};

static void
report(struct set_state *state, const struct mx_sql_assignment *found)
{
    if (found->kind != MX_SQL_ASSIGN_VARIABLE || found->scope != MX_SQL_SCOPE_GLOBAL) {
        state->any_session = true;
    }
    if (state->each != NULL && !state->each(state->data, found)) {
        state->each = NULL;
    }
}

/* The value up to the next comma, or the FOR of SET STATEMENT. */
static struct mx_sql_span
value(struct set_state *state)
{
    uint32_t start = state->parse->token.start;
    uint32_t stop = sql_value_parse(state->parse, state->in_statement);
    return (struct mx_sql_span){start, stop - start};
}

/* 1: on, 0: off, -1: something else. */
static int
truth(const struct set_state *state, struct mx_sql_span span)
{
    const char *sql = state->parse->sql;
    struct sql_token token = {T_IDENT, span.start, span.len};
    if (span.len > 2 && (sql[span.start] == '\'' || sql[span.start] == '"')) {
        token.start++;
        token.len -= 2;
    }
    if (sql_token_is_text(sql, token, "1") || sql_token_is_text(sql, token, "on") ||
        sql_token_is_text(sql, token, "true")) {
        return 1;
    }
    if (sql_token_is_text(sql, token, "0") || sql_token_is_text(sql, token, "off") ||
        sql_token_is_text(sql, token, "false")) {
        return 0;
    }
    return -1;
}

static void
isolation_value(struct set_state *state, struct mx_sql_span span)
{
    struct sql_token token = {T_IDENT, span.start, span.len};
    uint32_t *facts = &state->parse->out->facts;
    if (span.len > 2 &&
        state->parse->sql[span.start + span.len - 1] == state->parse->sql[span.start]) {
        token.start++;
        token.len -= 2;
    }
    *facts |= MX_SQL_FACT_ISOLATION;
    if (sql_token_is_text(state->parse->sql, token, "serializable") ||
        sql_token_is_text(state->parse->sql, token, "3")) {
        *facts |= MX_SQL_FACT_SERIALIZABLE;
    }
}

static void
variable_type(struct set_state *state, struct sql_token name, const struct mx_sql_assignment *found)
{
    const char *sql = state->parse->sql;
    if (found->scope == MX_SQL_SCOPE_GLOBAL) {
        state->type |= MX_SQL_GSYSVAR_WRITE;
        return;
    }
    state->type |= MX_SQL_SESSION_WRITE;
    int on = truth(state, found->value);
    if (sql_token_is_text(sql, name, "autocommit") && on >= 0) {
        state->type |= on == 1 ? MX_SQL_ENABLE_AUTOCOMMIT | MX_SQL_COMMIT
                               : MX_SQL_DISABLE_AUTOCOMMIT | MX_SQL_BEGIN_TRX;
    } else if ((sql_token_is_text(sql, name, "tx_read_only") ||
                sql_token_is_text(sql, name, "transaction_read_only")) &&
               on >= 0) {
        state->parse->out->trx_access = on == 1 ? 1 : 2;
    } else if (sql_token_is_text(sql, name, "tx_isolation") ||
               sql_token_is_text(sql, name, "transaction_isolation")) {
        isolation_value(state, found->value);
    }
}

static struct sql_token
unquoted(const struct sql_parse *parse, struct sql_token name)
{
    if (name.len > 2 && parse->sql[name.start] == '`') {
        name.start++;
        name.len -= 2;
    }
    return name;
}

/* name[.name] = value; the current token is the first name or the @@name. */
static void
system_assignment(struct set_state *state, enum mx_sql_scope scope)
{
    struct sql_parse *parse = state->parse;
    struct mx_sql_assignment found = {.kind = MX_SQL_ASSIGN_VARIABLE, .scope = scope};
    struct sql_token name = parse->token;
    if (name.kind == T_SYSVAR) {
        name.start += 2;
        name.len -= 2;
        if (sql_token_is_text(parse->sql, name, "global")) {
            found.scope = MX_SQL_SCOPE_GLOBAL;
        } else if (sql_token_is_text(parse->sql, name, "session") ||
                   sql_token_is_text(parse->sql, name, "local")) {
            found.scope = MX_SQL_SCOPE_SESSION;
        }
    }
    bool scoped = found.scope != scope;
    found.name = sql_token_span(name);
    sql_parse_advance(parse);
    while (sql_parse_accept(parse, '.')) {
        struct sql_token part = parse->token;
        if (scoped) {
            found.name = sql_token_span(part);
            scoped = false;
        } else { /* a component: keycache.key_buffer_size, new.column */
            found.name.len = part.start + part.len - found.name.start;
        }
        name = part;
        sql_parse_advance(parse);
    }
    if (!sql_parse_accept(parse, T_COMPARE) && !sql_parse_accept(parse, T_ASSIGN)) {
        parse->bad = true;
    }
    found.value = value(state);
    variable_type(state, unquoted(parse, name), &found);
    report(state, &found);
}

static void
user_assignment(struct set_state *state)
{
    struct sql_parse *parse = state->parse;
    struct mx_sql_assignment found = {.kind = MX_SQL_ASSIGN_USER_VARIABLE,
                                      .name = sql_token_span(parse->token)};
    sql_parse_advance(parse);
    if (!sql_parse_accept(parse, T_COMPARE) && !sql_parse_accept(parse, T_ASSIGN)) {
        parse->bad = true;
    }
    found.value = value(state);
    state->type |= MX_SQL_SESSION_WRITE | MX_SQL_USERVAR_WRITE;
    report(state, &found);
}

/* NAMES x [COLLATE y] and CHARACTER SET x, from behind the words. */
static void
charset_assignment(struct set_state *state, enum mx_sql_assignment_kind kind)
{
    struct sql_parse *parse = state->parse;
    struct mx_sql_assignment found = {.kind = kind, .value = sql_token_span(parse->token)};
    state->type |= MX_SQL_SESSION_WRITE;
    sql_parse_advance(parse);
    if (sql_parse_accept(parse, KW(COLLATE))) {
        found.collation = sql_token_span(parse->token);
        sql_parse_advance(parse);
    }
    report(state, &found);
}

/* PASSWORD [FOR user] = ..., ROLE x, DEFAULT ROLE x: one value up to the end. */
static void
rest_assignment(struct set_state *state, enum mx_sql_assignment_kind kind, uint32_t type)
{
    struct sql_parse *parse = state->parse;
    struct mx_sql_assignment found = {.kind = kind, .value = sql_token_span(parse->token)};
    uint32_t end = parse->token.start;
    state->type |= type;
    while (!sql_parse_at_end(parse) && !sql_parse_is(parse, ',')) {
        end = parse->token.start + parse->token.len;
        sql_parse_advance(parse);
    }
    found.value.len = end - found.value.start;
    report(state, &found);
}

/* [GLOBAL|SESSION] TRANSACTION characteristic [, ...], from behind TRANSACTION. */
static void
transaction_set(struct set_state *state, enum mx_sql_scope scope)
{
    struct sql_parse *parse = state->parse;
    struct mx_sql_assignment found = {.kind = MX_SQL_ASSIGN_TRANSACTION, .scope = scope};
    uint32_t end = parse->token.start;
    found.value.start = end;
    state->type |= scope == MX_SQL_SCOPE_GLOBAL    ? MX_SQL_GSYSVAR_WRITE
                   : scope == MX_SQL_SCOPE_SESSION ? MX_SQL_SESSION_WRITE
                                                   : MX_SQL_NEXT_TRX;
    while (!sql_parse_at_end(parse)) {
        struct sql_token word = parse->token;
        end = word.start + word.len;
        sql_parse_advance(parse);
        if (word.kind == KW(ISOLATION)) {
            parse->out->facts |= MX_SQL_FACT_ISOLATION;
        } else if (word.kind == KW(SERIALIZABLE)) {
            parse->out->facts |= MX_SQL_FACT_SERIALIZABLE;
        }
        if (word.kind == KW(READ) && scope != MX_SQL_SCOPE_GLOBAL) {
            if (sql_parse_is(parse, KW(ONLY))) {
                state->type |= MX_SQL_READONLY;
                parse->out->trx_access = 1;
            } else if (sql_parse_is(parse, KW(WRITE))) {
                state->type |= MX_SQL_READWRITE;
                parse->out->trx_access = 2;
            }
        }
    }
    found.value.len = end - found.value.start;
    parse->out->op = MX_SQL_OP_SET_TRANSACTION;
    report(state, &found);
}

static bool
scope_word(struct sql_parse *parse, enum mx_sql_scope *scope)
{
    if (sql_parse_is(parse, KW(GLOBAL))) {
        *scope = MX_SQL_SCOPE_GLOBAL;
    } else if (sql_parse_is(parse, KW(SESSION)) || sql_parse_is(parse, KW(LOCAL))) {
        *scope = MX_SQL_SCOPE_SESSION;
    } else {
        return false;
    }
    return true;
}

/* Whether the word after the current token is a name's continuation: = := or a dot. */
static bool
is_assigned(struct sql_parse *parse)
{
    uint32_t kind = sql_lexer_peek(&parse->lexer);
    return kind == T_COMPARE || kind == T_ASSIGN || kind == '.';
}

static void
word_assignment(struct set_state *state)
{
    struct sql_parse *parse = state->parse;
    uint32_t kind = parse->token.kind;
    bool named = is_assigned(parse);
    if (kind == KW(PASSWORD)) {
        sql_parse_advance(parse);
        rest_assignment(state, MX_SQL_ASSIGN_PASSWORD, MX_SQL_WRITE);
        parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    } else if (named) { /* NOLINT(bugprone-branch-clone): before the words that may be names */
        system_assignment(state, MX_SQL_SCOPE_NONE);
    } else if (kind == KW(NAMES)) {
        sql_parse_advance(parse);
        charset_assignment(state, MX_SQL_ASSIGN_NAMES);
    } else if (kind == KW(CHARSET) || kind == KW(CHARACTER) || kind == KW(CHAR)) {
        sql_parse_advance(parse);
        sql_parse_accept(parse, KW(SET));
        charset_assignment(state, MX_SQL_ASSIGN_CHARSET);
    } else if (kind == KW(ROLE)) {
        sql_parse_advance(parse);
        rest_assignment(state, MX_SQL_ASSIGN_ROLE, MX_SQL_SESSION_WRITE);
    } else if (kind == KW(DEFAULT)) {
        sql_parse_advance(parse);
        rest_assignment(state, MX_SQL_ASSIGN_DEFAULT_ROLE, MX_SQL_WRITE);
        parse->out->facts |= MX_SQL_FACT_IMPLICIT_COMMIT;
    } else if (kind == KW(TRANSACTION)) {
        sql_parse_advance(parse);
        transaction_set(state, MX_SQL_SCOPE_NONE);
    } else {
        system_assignment(state, MX_SQL_SCOPE_NONE);
    }
}

static void
one_assignment(struct set_state *state)
{
    struct sql_parse *parse = state->parse;
    enum mx_sql_scope scope = MX_SQL_SCOPE_NONE;
    if (sql_parse_is(parse, T_USERVAR)) {
        user_assignment(state);
    } else if (sql_parse_is(parse, T_SYSVAR)) {
        system_assignment(state, MX_SQL_SCOPE_NONE);
    } else if (!is_assigned(parse) && scope_word(parse, &scope)) {
        sql_parse_advance(parse);
        if (sql_parse_is(parse, KW(TRANSACTION)) && !is_assigned(parse)) {
            sql_parse_advance(parse);
            transaction_set(state, scope);
        } else {
            system_assignment(state, scope);
        }
    } else if (sql_token_is_word(parse->token.kind) || sql_parse_is(parse, T_QUOTED)) {
        word_assignment(state);
    } else {
        parse->bad = true;
        sql_parse_advance(parse);
    }
}

/* SET STATEMENT a = 1, b = 2 FOR statement: what the statement does counts. */
static void
set_statement(struct set_state *state)
{
    struct sql_parse *parse = state->parse;
    state->in_statement = true;
    while (!sql_parse_at_end(parse) && !sql_parse_is(parse, KW(FOR))) {
        struct mx_sql_assignment found = {.kind = MX_SQL_ASSIGN_STATEMENT,
                                          .name = sql_token_span(parse->token)};
        sql_parse_advance(parse);
        while (sql_parse_accept(parse, '.')) {
            found.name.len = parse->token.start + parse->token.len - found.name.start;
            sql_parse_advance(parse);
        }
        if (!sql_parse_accept(parse, T_COMPARE)) {
            sql_parse_accept(parse, T_ASSIGN);
        }
        found.value = value(state);
        report(state, &found);
        sql_parse_accept(parse, ',');
    }
    state->in_statement = false;
    parse->effects = (struct sql_effects){0};
    if (sql_parse_accept(parse, KW(FOR))) {
        sql_statement_parse(parse);
    }
}

static void
set_parse(struct set_state *state)
{
    struct sql_parse *parse = state->parse;
    sql_verdict(parse, 0, MX_SQL_OP_SET);
    if (sql_parse_is(parse, KW(STATEMENT)) && !is_assigned(parse)) {
        sql_parse_advance(parse);
        sql_verdict(parse, MX_SQL_WRITE, MX_SQL_OP_SET);
        set_statement(state);
        return;
    }
    do {
        one_assignment(state);
    } while (sql_parse_accept(parse, ','));
    if (!sql_parse_at_end(parse)) {
        parse->bad = true;
        sql_parse_skip(parse);
    }
    parse->out->type = state->type;
    if (!state->any_session) {
        parse->out->facts |= MX_SQL_FACT_GLOBAL_ONLY;
    }
    bool writes = (parse->effects.type & MX_SQL_WRITE) != 0;
    parse->effects.type &= ~(uint32_t)(MX_SQL_USERVAR_WRITE | MX_SQL_MASTER_READ);
    if (!parse->effects.is_select) { /* plain values do not count as reads */
        parse->effects.type &= ~(uint32_t)(MX_SQL_USERVAR_READ | MX_SQL_SYSVAR_READ);
    }
    parse->effects.kept = false;
    sql_body_apply(parse);
    if (writes && (state->type & MX_SQL_USERVAR_WRITE) != 0) {
        parse->out->facts |= MX_SQL_FACT_OUT_VARIABLES;
    }
}

void
sql_set_parse(struct sql_parse *parse)
{
    struct set_state state = {.parse = parse};
    set_parse(&state);
}

void
mx_sql_each_assignment(const char *sql, size_t len, const struct mx_sql_options *options,
                       mx_sql_assignment_fn each, void *data)
{
    SQL_PARSE_LOCAL parse;
    struct mx_sql verdict;
    struct set_state state = {.parse = &parse, .each = each, .data = data};
    sql_parse_init(&parse, sql, len, options, &verdict, NULL);
    sql_parse_advance(&parse);
    if (sql_parse_accept(&parse, KW(SET))) {
        set_parse(&state);
    }
}
