/* What pins a connection; see pins.h. */
#include "pins.h"

#include "mariadb.h"

#include "wire/cmd.h"

#include <string.h>
#include <strings.h>

#define SESSION_BITS                                                          \
    (MX_SQL_SESSION_WRITE | MX_SQL_USERVAR_WRITE | MX_SQL_ENABLE_AUTOCOMMIT | \
     MX_SQL_DISABLE_AUTOCOMMIT | MX_SQL_PREPARE_NAMED_STMT | MX_SQL_DEALLOC_PREPARE)

/* One statement of a text; text NULL: it was prepared, its text is not there any more. */
struct statement {
    const struct mx_sql *sql;
    const struct mx_sql_options *options;
    const char *text;
    size_t len;
    bool is_recorded; /* in the history */
};

/* ------------------------------------------------------------ words */

static bool
is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (c & 0x80) != 0;
}

static bool
contains(const char *text, size_t len, const char *word)
{
    size_t size = strlen(word);
    for (size_t at = 0; text != NULL && at + size <= len; at++) {
        if (strncasecmp(text + at, word, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_one_of(const char *word, size_t len, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == len && strncasecmp(word, list[i], len) == 0) {
            return true;
        }
    }
    return false;
}

static bool
starts_with(const struct statement *s, const char *word)
{
    size_t at = 0;
    while (at < s->len && (s->text[at] == ' ' || s->text[at] == '\t' || s->text[at] == '\n' ||
                           s->text[at] == '\r')) {
        at++;
    }
    size_t size = strlen(word);
    return s->text != NULL && at + size < s->len && strncasecmp(s->text + at, word, size) == 0 &&
           !is_word_char(s->text[at + size]);
}

/* ------------------------------------------------------------ values of SET */

/* The same arguments give the same result, on any day and in any session. */
static const char *const pure_functions[] = {
    "CONCAT",    "CONCAT_WS", "REPLACE",  "UPPER", "LOWER", "TRIM",  "IF",
    "IFNULL",    "NULLIF",    "COALESCE", "CAST",  "LEFT",  "RIGHT", "HEX",
    "SUBSTRING", "CONVERT",   "UNHEX",    "ROUND", "FLOOR", "ABS",   "LENGTH",
};

/* Variables whose value is not what a SET has made it. */
static const char *const moving[] = {
    "TIMESTAMP",        "LAST_INSERT_ID", "IDENTITY",  "WARNING_COUNT", "ERROR_COUNT", "INSERT_ID",
    "PSEUDO_THREAD_ID", "IN_TRANSACTION", "LAST_GTID", "RAND_SEED1",    "RAND_SEED2",
};

static bool
is_constant_word(const char *word, size_t len, bool is_call)
{
    static const char *const clocks[] = {"CURRENT_", "LOCALTIME", "UTC_"};
    if (is_call) {
        return is_one_of(word, len, pure_functions, MX_COUNT(pure_functions));
    }
    for (size_t i = 0; i < MX_COUNT(clocks); i++) {
        if (len >= strlen(clocks[i]) && strncasecmp(word, clocks[i], strlen(clocks[i])) == 0) {
            return false;
        }
    }
    return !(len == 6 && strncasecmp(word, "SELECT", 6) == 0) &&
           !is_one_of(word, len, moving, MX_COUNT(moving));
}

/* Behind a quoted text that begins at `at`. */
static size_t
behind_quotes(const char *text, size_t len, size_t at)
{
    char quote = text[at++];
    while (at < len && text[at] != quote) {
        at++;
    }
    return mx_min_size(at + 1, len);
}

/* A comment begins; what is in it is not told apart here. */
static bool
is_comment(const char *text, size_t len, size_t at)
{
    int next = at + 1 < len ? text[at + 1] : 0;
    return text[at] == '#' || (text[at] == '/' && next == '*') || (text[at] == '-' && next == '-');
}

/* The expression has the same value when the history is repeated; in doubt it has not. */
static bool
is_constant(const char *text, size_t len)
{
    if (memchr(text, '\\', len) != NULL) {
        return false; /* sql_mode says whether it hides a quote */
    }
    for (size_t at = 0; at < len;) {
        char c = text[at];
        if (is_comment(text, len, at)) {
            return false;
        }
        if (c == '\'' || c == '"' || c == '`') {
            at = behind_quotes(text, len, at);
        } else if (is_word_char(c)) {
            size_t begin = at;
            while (at < len && is_word_char(text[at])) {
                at++;
            }
            size_t next = at;
            while (next < len && text[next] == ' ') {
                next++;
            }
            if (!is_constant_word(text + begin, at - begin, next < len && text[next] == '(')) {
                return false;
            }
        } else {
            at++;
        }
    }
    return true;
}

struct assignments {
    const char *text;
    bool is_constant;
};

/* Consumed by a statement to come, or moving with each. */
static bool
is_for_once(const char *name, size_t len)
{
    static const char *const names[] = {"insert_id", "rand_seed1", "rand_seed2"};
    return is_one_of(name, len, names, MX_COUNT(names));
}

static bool
look_at_assignment(void *data, const struct mx_sql_assignment *found)
{
    struct assignments *all = data;
    bool has_value =
        found->kind == MX_SQL_ASSIGN_VARIABLE || found->kind == MX_SQL_ASSIGN_USER_VARIABLE;
    if (!has_value || found->scope == MX_SQL_SCOPE_GLOBAL) {
        return true;
    }
    all->is_constant = is_constant(all->text + found->value.start, found->value.len) &&
                       !is_for_once(all->text + found->name.start, found->name.len);
    return all->is_constant;
}

static bool
sets_constants(const struct statement *s)
{
    struct assignments all = {.text = s->text, .is_constant = true};
    mx_sql_each_assignment(s->text, s->len, s->options, look_at_assignment, &all);
    return all.is_constant;
}

/* ------------------------------------------------------------ one statement */

static void
note_locks(const struct statement *s, struct pin_effect *out)
{
    uint32_t facts = s->sql->facts;
    bool is_tables = starts_with(s, "LOCK") || starts_with(s, "FLUSH");
    if ((facts & MX_SQL_FACT_LOCKS_SESSION) != 0) {
        out->set |= is_tables ? PIN_TABLES : PIN_STATE;
    } else if ((facts & MX_SQL_FACT_UNLOCKS_SESSION) != 0 && starts_with(s, "UNLOCK")) {
        out->clear |= PIN_TABLES;
        out->set &= (uint8_t)~PIN_TABLES;
    }
    if ((facts & MX_SQL_FACT_XA_DONE) != 0) {
        out->clear |= PIN_XA;
    } else if ((facts & MX_SQL_FACT_XA) != 0) {
        out->set |= PIN_XA;
    }
}

/* Not in the history, or with another effect when it is repeated. */
static void
note_session_write(const struct statement *s, struct pin_effect *out)
{
    const struct mx_sql *sql = s->sql;
    if ((sql->type & SESSION_BITS) == 0 || (sql->facts & MX_SQL_FACT_GLOBAL_ONLY) != 0) {
        return;
    }
    if (!s->is_recorded) {
        out->set |= PIN_STATE;
        return;
    }
    bool is_set = sql->op == MX_SQL_OP_SET || sql->op == MX_SQL_OP_SET_TRANSACTION;
    bool is_prepare = (sql->type & (MX_SQL_PREPARE_NAMED_STMT | MX_SQL_DEALLOC_PREPARE)) != 0;
    if ((sql->type & MX_SQL_EXEC_STMT) != 0 || (is_set && !sets_constants(s)) ||
        (!is_set && !is_prepare && sql->op != MX_SQL_OP_CHANGE_DB)) {
        out->session = true;
    }
}

static void
note_questions(const struct statement *s, struct pin_effect *out)
{
    const struct mx_sql *sql = s->sql;
    if ((sql->facts & MX_SQL_FACT_LAST_SERVER) != 0 && sql->op == MX_SQL_OP_SELECT) {
        out->set |= PIN_ASKS;
    }
    out->makes_id = out->makes_id || sql->op == MX_SQL_OP_INSERT || sql->op == MX_SQL_OP_LOAD ||
                    sql->op == MX_SQL_OP_LOAD_LOCAL || (sql->type & MX_SQL_MASTER_READ) != 0;
    out->later = out->later ||
                 (sql->op == MX_SQL_OP_SELECT && contains(s->text, s->len, "SQL_CALC_FOUND_ROWS"));
}

static void
note_statement(const struct statement *s, struct pin_effect *out)
{
    const struct mx_sql *sql = s->sql;
    bool is_unknown =
        sql->result == MX_SQL_INVALID || sql->op == MX_SQL_OP_CALL || sql->op == MX_SQL_OP_EXECUTE;
    if (is_unknown || (sql->type & MX_SQL_CREATE_TMP_TABLE) != 0 ||
        (sql->facts & (MX_SQL_FACT_BLOCK | MX_SQL_FACT_OUT_VARIABLES)) != 0) {
        out->set |= PIN_STATE;
    }
    if ((sql->type & MX_SQL_NEXT_TRX) != 0) {
        out->set |= PIN_NEXT_TRX;
    } else {
        note_session_write(s, out);
    }
    note_locks(s, out);
    note_questions(s, out);
}

/* ------------------------------------------------------------ commands */

static void
note_text(const struct mx_query *query, const struct mx_sql_options *options,
          struct pin_effect *out)
{
    struct statement s = {.sql = query->sql,
                          .options = options,
                          .text = query->text,
                          .len = query->text_len,
                          .is_recorded = query->history_id != 0};
    note_statement(&s, out);
    bool is_named = (query->sql->type & MX_SQL_EXEC_STMT) != 0; /* its spans are of another text */
    struct mx_sql sql = *query->sql;
    while (!is_named && sql.next != 0 && sql.next < s.len) {
        s.text += sql.next;
        s.len -= sql.next;
        s.sql = &sql;
        s.is_recorded = false;
        mx_sql_classify(s.text, s.len, options, &sql);
        note_statement(&s, out);
    }
    if (!is_named && query->sql->next != 0) {
        /* The history has no parts of a text. */
        out->set |= (query->sql->type & SESSION_BITS) != 0 ? PIN_STATE : 0;
    }
}

static void
note_prepare(const struct mx_query *query, struct pin_effect *out)
{
    struct statement s = {.sql = query->sql, .text = query->text, .len = query->text_len};
    struct pin_effect asked = {0};
    note_questions(&s, &asked);
    out->set |= asked.set & PIN_ASKS;
    out->set |= asked.later ? PIN_ASKS : 0;
    out->set |= (query->sql->type & MX_SQL_MASTER_READ) != 0 ? PIN_MAKES_ID : 0;
    out->set |= query->history_id == 0 ? PIN_STATE : 0;
}

struct pin_effect
pin_effect_of(const struct mx_query *query, const struct mx_sql_options *options)
{
    struct pin_effect out = {0};
    switch (query->command) {
    case WIRE_COM_QUERY:
    case WIRE_COM_STMT_PREPARE:
    case WIRE_COM_STMT_EXECUTE:
    case WIRE_COM_STMT_BULK_EXECUTE:
        if (query->sql == NULL) {
            out.set = PIN_STATE;
        } else if (query->command == WIRE_COM_STMT_PREPARE) {
            note_prepare(query, &out);
        } else if (query->text != NULL) {
            note_text(query, options, &out);
        } else {
            struct statement s = {.sql = query->sql, .options = options};
            note_statement(&s, &out);
        }
        break;
    case WIRE_COM_INIT_DB:
        out.set = query->history_id == 0 ? PIN_STATE : 0;
        break;
    default:
        out.set = leftover_of(query->command, NULL, 0) == LEFTOVER_FOREVER ? PIN_STATE : 0;
        break;
    }
    return out;
}
