/*
 * Temporary tables of the session live on the primary: reads that touch one go there. Names are
 * kept as "db.table" in lower case, with the default database of the moment.
 */
#include "rwsplit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 520 /* two identifiers of 64 characters, 4 bytes each */

static void
full_name(const struct rws_session *rs, const struct mx_query *query, struct mx_sql_span db,
          struct mx_sql_span table, char *out, size_t size)
{
    char name[NAME_MAX_BYTES / 2];
    char schema[NAME_MAX_BYTES / 2];
    (void)mx_sql_span_name(query->text, table, name, sizeof(name));
    if (db.len > 0) {
        (void)mx_sql_span_name(query->text, db, schema, sizeof(schema));
    } else {
        (void)snprintf(schema, sizeof(schema), "%s", mx_session_database(rs->session));
    }
    (void)snprintf(out, size, "%s.%s", schema, name);
    for (char *c = out; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
}

static uint32_t
find(const struct rws_session *rs, const char *name)
{
    uint32_t i = 0;
    while (i < rs->tmp_count && strcmp(rs->tmp_tables[i], name) != 0) {
        i++;
    }
    return i;
}

static void
add(struct rws_session *rs, const char *name)
{
    if (find(rs, name) == rs->tmp_count) {
        rs->tmp_tables = mx_realloc(rs->tmp_tables, (rs->tmp_count + 1) * sizeof(*rs->tmp_tables));
        rs->tmp_tables[rs->tmp_count++] = mx_strdup(name);
    }
}

static void
drop(struct rws_session *rs, const char *name)
{
    uint32_t i = find(rs, name);
    if (i < rs->tmp_count) {
        free(rs->tmp_tables[i]);
        rs->tmp_tables[i] = rs->tmp_tables[--rs->tmp_count];
    }
}

struct walk {
    struct rws_session *rs;
    const struct mx_query *query;
    bool found;
};

static bool
drop_each(void *data, struct mx_sql_span db, struct mx_sql_span table)
{
    struct walk *walk = data;
    char name[NAME_MAX_BYTES];
    full_name(walk->rs, walk->query, db, table, name, sizeof(name));
    drop(walk->rs, name);
    return true;
}

static bool
find_each(void *data, struct mx_sql_span db, struct mx_sql_span table)
{
    struct walk *walk = data;
    char name[NAME_MAX_BYTES];
    full_name(walk->rs, walk->query, db, table, name, sizeof(name));
    walk->found = find(walk->rs, name) < walk->rs->tmp_count;
    return !walk->found;
}

void
rws_tmp_tables_note(struct rws_session *rs, const struct mx_query *query)
{
    const struct mx_sql *sql = query->sql;
    if (sql == NULL || query->text == NULL) {
        return;
    }
    if ((sql->type & MX_SQL_CREATE_TMP_TABLE) != 0 && sql->table.len > 0) {
        char name[NAME_MAX_BYTES];
        full_name(rs, query, sql->table_db, sql->table, name, sizeof(name));
        add(rs, name);
    } else if (rs->tmp_count > 0 && (sql->facts & MX_SQL_FACT_DROPS_TABLE) != 0) {
        struct walk walk = {rs, query, false};
        mx_sql_each_table(query->text, query->text_len, mx_session_sql_options(rs->session),
                          drop_each, &walk);
    }
}

bool
rws_tmp_tables_touched(const struct rws_session *rs, const struct mx_query *query)
{
    if (rs->tmp_count == 0 || query->sql == NULL ||
        (query->sql->facts & MX_SQL_FACT_USES_TABLES) == 0) {
        return false;
    }
    if (query->text == NULL) {
        return true; /* an execute: the prepared text is not at hand, so the safe side */
    }
    struct walk walk = {.query = query};
    walk.rs = (struct rws_session *)(uintptr_t)rs;
    mx_sql_each_table(query->text, query->text_len, mx_session_sql_options(rs->session), find_each,
                      &walk);
    return walk.found;
}

void
rws_tmp_tables_clear(struct rws_session *rs)
{
    for (uint32_t i = 0; i < rs->tmp_count; i++) {
        free(rs->tmp_tables[i]);
    }
    free(rs->tmp_tables);
    rs->tmp_tables = NULL;
    rs->tmp_count = 0;
}
