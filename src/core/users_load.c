/*
 * Reading accounts over SQL: what is asked, how rows become accounts, which right is missing when a
 * server refuses. Connections: users_connect.c.
 */
#include "core/users_load.h"

#include "core/users_connect.h"

#include <mysql.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The answers of one server, in this order. */
enum part {
    PART_ACCOUNTS,
    PART_DBS,
    PART_TABLES,
    PART_PROXIES,
    PART_DATABASES,
    PART_OWN_GRANTS,
    PART_ROLES, /* last: not every server has it */
    PART_COUNT,
};

#define SQL_ACCOUNTS "SELECT * FROM mysql.user"
#define SQL_DBS      "SELECT user, host, db FROM mysql.db"
#define SQL_TABLES_OLD                                    \
    "SELECT user, host, db FROM mysql.tables_priv UNION " \
    "SELECT user, host, db FROM mysql.columns_priv"
#define SQL_TABLES SQL_TABLES_OLD " UNION SELECT user, host, db FROM mysql.procs_priv"
#define SQL_PROXIES                                       \
    "SELECT DISTINCT user, host FROM mysql.proxies_priv " \
    "WHERE proxied_host <> '' AND proxied_user <> ''"
#define SQL_ROLES     "SELECT user, host, role FROM mysql.roles_mapping"
#define ROLES_VERSION 100005u

/* What the service user must be able to read. */
static const char *const needed_tables[] = {
    "user", "db", "tables_priv", "columns_priv", "procs_priv", "proxies_priv", "roles_mapping"};

struct answers {
    MYSQL_RES *parts[PART_COUNT]; /* NULL: not asked */
};

static void
answers_free(struct answers *answers)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        mysql_free_result(answers->parts[i]);
        answers->parts[i] = NULL;
    }
}

/* One request with many statements. 0, or -1 with the error in `conn`. */
static int
answers_read(MYSQL *conn, bool with_procs, struct answers *out)
{
    bool roles = mysql_get_server_version(conn) >= ROLES_VERSION &&
                 strstr(mysql_get_server_info(conn), "MariaDB") != NULL;
    char *sql = mx_asprintf("%s;%s;%s;%s;SHOW DATABASES;SHOW GRANTS%s", SQL_ACCOUNTS, SQL_DBS,
                            with_procs ? SQL_TABLES : SQL_TABLES_OLD, SQL_PROXIES,
                            roles ? ";" SQL_ROLES : "");
    int rc = mysql_query(conn, sql);
    for (size_t i = 0; rc == 0 && i < PART_COUNT; i++) {
        out->parts[i] = mysql_store_result(conn);
        if (out->parts[i] == NULL) {
            rc = -1;
            break;
        }
        int next = mysql_next_result(conn);
        if (next < 0) {
            break; /* that was the last one */
        }
        rc = next;
    }
    free(sql);
    return rc == 0 ? 0 : -1;
}

/* ---- rows into a snapshot ---- */

/* Column by name, any case; "" when there is none or it is NULL. */
static const char *
column(MYSQL_RES *result, MYSQL_ROW row, const char *name)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(result);
    unsigned count = mysql_num_fields(result);
    for (unsigned i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, name) == 0) {
            return row[i] == NULL ? "" : row[i];
        }
    }
    return "";
}

static bool
column_yes(MYSQL_RES *result, MYSQL_ROW row, const char *name)
{
    return strcasecmp(column(result, row, name), "Y") == 0;
}

static void
accounts_add(MYSQL_RES *result, struct core_users *users)
{
    static const char *const global[] = {"Select_priv", "Insert_priv", "Update_priv",
                                         "Delete_priv"};
    MYSQL_ROW row = NULL;
    while ((row = mysql_fetch_row(result)) != NULL) {
        struct core_users_account account = {
            .user = column(result, row, "User"),
            .host = column(result, row, "Host"),
            .plugin = column(result, row, "plugin"),
            .secret = column(result, row, "authentication_string"),
            .default_role = column(result, row, "default_role"),
            .ssl_type = column(result, row, "ssl_type"),
            .ssl_cipher = column(result, row, "ssl_cipher"),
            .x509_issuer = column(result, row, "x509_issuer"),
            .x509_subject = column(result, row, "x509_subject"),
            .super_priv = column_yes(result, row, "Super_priv"),
            .is_role = column_yes(result, row, "is_role"),
        };
        if (*account.secret == '\0') {
            account.secret = column(result, row, "Password");
        }
        for (size_t i = 0; i < MX_COUNT(global); i++) {
            account.global_priv = account.global_priv || column_yes(result, row, global[i]);
        }
        core_users_add(users, &account);
    }
}

static const char *
text(MYSQL_ROW row, unsigned index)
{
    return row[index] == NULL ? "" : row[index];
}

/* "a\_b" -> "a_b", in place. */
static void
escapes_strip(char *name)
{
    char *to = name;
    for (const char *from = name; *from != '\0'; from++) {
        if (*from == '\\' && from[1] != '\0') {
            from++;
        }
        *to++ = *from;
    }
    *to = '\0';
}

static void
tables_add(MYSQL_RES *result, bool strip, struct core_users *users)
{
    MYSQL_ROW row = NULL;
    while ((row = mysql_fetch_row(result)) != NULL) {
        if (strip && row[2] != NULL) {
            escapes_strip(row[2]);
        }
        core_users_add_db(users, text(row, 0), text(row, 1), text(row, 2), false);
    }
}

static void
answers_add(const struct answers *answers, bool strip, struct core_users *users)
{
    MYSQL_ROW row = NULL;
    accounts_add(answers->parts[PART_ACCOUNTS], users);
    while ((row = mysql_fetch_row(answers->parts[PART_DBS])) != NULL) {
        core_users_add_db(users, text(row, 0), text(row, 1), text(row, 2), true);
    }
    tables_add(answers->parts[PART_TABLES], strip, users);
    while ((row = mysql_fetch_row(answers->parts[PART_PROXIES])) != NULL) {
        core_users_add_proxy(users, text(row, 0), text(row, 1));
    }
    core_users_add_database(users, NULL);
    while ((row = mysql_fetch_row(answers->parts[PART_DATABASES])) != NULL) {
        core_users_add_database(users, text(row, 0));
    }
    if (answers->parts[PART_ROLES] != NULL) {
        while ((row = mysql_fetch_row(answers->parts[PART_ROLES])) != NULL) {
            core_users_add_role(users, text(row, 0), text(row, 1), text(row, 2));
        }
    }
}

/* ---- rights that are missing ---- */

static bool
is_access_error(unsigned code)
{
    return code == ER_TABLEACCESS_DENIED_ERROR || code == ER_COLUMNACCESS_DENIED_ERROR ||
           code == ER_DBACCESS_DENIED_ERROR || code == ER_ACCESS_DENIED_ERROR;
}

/* Adds a line to a text that may be NULL. */
static void
line_add(char **lines, char *line)
{
    if (*lines == NULL) {
        *lines = line;
        return;
    }
    char *both = mx_asprintf("%s\n%s", *lines, line);
    free(*lines);
    free(line);
    *lines = both;
}

/* 'name'@'host' of the service user as the server knows it; free() it. */
static char *
own_account(MYSQL *conn)
{
    char *out = NULL;
    MYSQL_RES *result = NULL;
    if (mysql_query(conn, "SELECT CURRENT_USER()") == 0) {
        result = mysql_store_result(conn);
    }
    MYSQL_ROW row = result == NULL ? NULL : mysql_fetch_row(result);
    if (row != NULL && row[0] != NULL) {
        /* The host has no @, the name may. */
        const char *at = strrchr(row[0], '@');
        int name_len = at == NULL ? (int)strlen(row[0]) : (int)(at - row[0]);
        out = mx_asprintf("'%.*s'@'%s'", name_len, row[0], at == NULL ? "%" : at + 1);
    }
    mysql_free_result(result);
    return out == NULL ? mx_strdup("<service user>") : out;
}

/* Every table the service user cannot read, as GRANT statements; NULL: none. */
static char *
missing_grants(MYSQL *conn)
{
    char *account = own_account(conn);
    char *out = NULL;
    for (size_t i = 0; i < MX_COUNT(needed_tables); i++) {
        char *sql = mx_asprintf("SELECT 1 FROM mysql.%s LIMIT 1", needed_tables[i]);
        if (mysql_query(conn, sql) == 0) {
            mysql_free_result(mysql_store_result(conn));
        } else if (is_access_error(mysql_errno(conn))) {
            char *grant = mx_asprintf("%s%sGRANT SELECT ON mysql.%s TO %s;", out == NULL ? "" : out,
                                      out == NULL ? "" : " ", needed_tables[i], account);
            free(out);
            out = grant;
        }
        free(sql);
    }
    free(account);
    return out;
}

/* Without SHOW DATABASES the list has only what the service user may see itself. */
static void
check_show_databases(MYSQL *conn, MYSQL_RES *grants, const char *server, char **warnings)
{
    MYSQL_ROW row = NULL;
    while ((row = mysql_fetch_row(grants)) != NULL) {
        const char *on = strstr(text(row, 0), " ON *.* TO ");
        const char *named = strstr(text(row, 0), "SHOW DATABASES");
        const char *all = strstr(text(row, 0), "GRANT ALL PRIVILEGES");
        if (on != NULL && (all != NULL || (named != NULL && named < on))) {
            return;
        }
    }
    char *account = own_account(conn);
    line_add(warnings,
             mx_asprintf("Server '%s': the service user cannot see all databases, so clients that "
                         "ask for one of the others are refused. Run: GRANT SHOW DATABASES ON *.* "
                         "TO %s;",
                         server, account));
    free(account);
}

/* ---- one server ---- */

static int
read_failed(MYSQL *conn, const char *server, struct mx_err *err)
{
    unsigned code = mysql_errno(conn);
    char *what = mx_strdup(mysql_error(conn));
    char *grants = is_access_error(code) ? missing_grants(conn) : NULL;
    if (grants != NULL) {
        (void)mx_err_text(err, "'%s': the service user lacks rights. Run: %s", server, grants);
    } else {
        (void)mx_err_text(err, "'%s': %s (error %u)", server, what, code);
    }
    free(grants);
    free(what);
    return -1;
}

static int
server_read(const struct core_users_source *source, const struct core_users_server *server,
            struct core_users *users, char **warnings, struct mx_err *err)
{
    struct answers answers = {0};
    MYSQL *conn = users_connect(source, server, err);
    if (conn == NULL) {
        return -1;
    }
    int rc = answers_read(conn, true, &answers);
    if (rc != 0 && is_access_error(mysql_errno(conn))) {
        /* Only rights on routines may be missing: a weaker check of databases, but a service. */
        answers_free(&answers);
        rc = answers_read(conn, false, &answers);
        char *grants = rc == 0 ? missing_grants(conn) : NULL;
        if (grants != NULL) {
            line_add(warnings, mx_asprintf("Server '%s': rights on stored routines cannot be read, "
                                           "so clients that have only such rights on a database "
                                           "are refused it. Run: %s",
                                           server->name, grants));
        }
        free(grants);
    }
    if (rc == 0) {
        answers_add(&answers, source->strip_db_esc, users);
        check_show_databases(conn, answers.parts[PART_OWN_GRANTS], server->name, warnings);
    } else {
        rc = read_failed(conn, server->name, err);
    }
    answers_free(&answers);
    mysql_close(conn);
    return rc;
}

/* ---- all of it ---- */

static bool
is_cancelled(const struct core_users_source *source)
{
    return source->cancelled != NULL && mx_atomic_get(source->cancelled) != 0;
}

/* Reads the servers; the number of those that answered. `failures` gets a line for each other. */
static size_t
servers_read(const struct core_users_source *source, struct core_users *users,
             struct core_users_loaded *out, char **failures)
{
    size_t answered = 0;
    for (size_t i = 0; i < source->server_count && !is_cancelled(source); i++) {
        struct mx_err err = {0};
        const struct core_users_server *server = &source->servers[i];
        if (server_read(source, server, users, &out->warnings, &err) != 0) {
            line_add(failures, mx_strdup(err.text));
            continue;
        }
        answered++;
        char *names = mx_asprintf("%s%s%s", out->servers == NULL ? "" : out->servers,
                                  out->servers == NULL ? "" : "', '", server->name);
        free(out->servers);
        out->servers = names;
        if (!source->all_servers) {
            break;
        }
    }
    return answered;
}

static bool
has_file(const struct core_users_source *source)
{
    return source->file != NULL && *source->file != '\0';
}

static int
load_file_only(const struct core_users_source *source, struct core_users *users,
               struct core_users_loaded *out, struct mx_err *err)
{
    if (!has_file(source)) {
        return mx_err_text(err, "user_accounts_file_usage is file_only_always, but "
                                "user_accounts_file is not set.");
    }
    out->servers = mx_strdup(source->file);
    return core_users_add_file(users, source->file, err);
}

static int
load_servers(const struct core_users_source *source, struct core_users *users,
             struct core_users_loaded *out, struct mx_err *err)
{
    char *failures = NULL;
    struct mx_err file_err = {0};
    if (source->server_count == 0) {
        return mx_err_text(err, "no server of the service can be used now.");
    }
    size_t answered = servers_read(source, users, out, &failures);
    if (answered == 0) {
        (void)mx_err_text(err, "%s", failures == NULL ? "the program is stopping" : failures);
    } else if (failures != NULL && source->all_servers) {
        line_add(&out->warnings,
                 mx_asprintf("Accounts of these servers are missing: %s", failures));
    }
    free(failures);
    if (answered > 0 && has_file(source) &&
        core_users_add_file(users, source->file, &file_err) != 0) {
        line_add(&out->warnings, mx_strdup(file_err.text));
    }
    return answered > 0 ? 0 : -1;
}

int
core_users_load(const struct core_users_source *source, struct core_users_loaded *out,
                struct mx_err *err)
{
    *out = (struct core_users_loaded){0};
    struct core_users *users = core_users_new();
    int rc = source->file_only ? load_file_only(source, users, out, err)
                               : load_servers(source, users, out, err);
    if (rc != 0) {
        core_users_unref(users);
        core_users_loaded_fini(out);
        return -1;
    }
    core_users_finish(users);
    out->users = users;
    return 0;
}

void
core_users_loaded_fini(struct core_users_loaded *loaded)
{
    core_users_unref(loaded->users);
    free(loaded->servers);
    free(loaded->warnings);
    *loaded = (struct core_users_loaded){0};
}

static void
server_fini(struct core_users_server *server)
{
    free(server->name);
    free(server->address);
    free(server->socket);
    free(server->ssl_cert);
    free(server->ssl_key);
    free(server->ssl_ca);
    free(server->ssl_cipher);
    free(server->tls_version);
}

void
core_users_source_fini(struct core_users_source *source)
{
    for (size_t i = 0; i < source->server_count; i++) {
        server_fini(&source->servers[i]);
    }
    free(source->servers);
    free(source->service);
    free(source->user);
    free(source->password);
    free(source->local_address);
    free(source->file);
    *source = (struct core_users_source){0};
}
