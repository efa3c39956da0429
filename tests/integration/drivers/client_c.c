/* The script of work with libmariadb, MariaDB Connector/C. */
#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 3000
#define BIG  (20 * 1024 * 1024)

static void
section(const char *name)
{
    printf("== %s\n", name);
}

static void
sync_replica(void)
{
    char line[8];
    puts("#sync");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) {
        exit(3);
    }
}

static void
set_options(MYSQL *db)
{
    my_bool on = 1;
    mysql_options(db, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(db, MYSQL_OPT_LOCAL_INFILE, &on);
    mysql_options4(db, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "drivers' test");
    mysql_options4(db, MYSQL_OPT_CONNECT_ATTR_ADD, "ärger", "€");
    if (getenv("DRV_TLS")) {
        mysql_ssl_set(db, NULL, NULL, getenv("DRV_TLS"), NULL, NULL);
        mysql_options(db, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
    }
    if (getenv("DRV_COMPRESS")) {
        mysql_options(db, MYSQL_OPT_COMPRESS, NULL);
    }
}

static MYSQL *
try_connect(const char *user, const char *password, const char *database, unsigned long flags)
{
    MYSQL *db = mysql_init(NULL);
    set_options(db);
    if (!mysql_real_connect(db, getenv("DRV_HOST"), user, password, database,
                            (unsigned)atoi(getenv("DRV_PORT")), NULL, flags)) {
        printf("error %u %s %s\n", mysql_errno(db), mysql_sqlstate(db), mysql_error(db));
        mysql_close(db);
        return NULL;
    }
    return db;
}

static MYSQL *
connect_flags(unsigned long flags)
{
    MYSQL *db = try_connect(getenv("DRV_USER"), getenv("DRV_PASSWORD"), "drv", flags);
    if (!db) {
        exit(4);
    }
    return db;
}

static uint64_t
hash(const char *text, unsigned long len)
{
    uint64_t h = 14695981039346656037u;
    for (unsigned long i = 0; i < len; i++) {
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    }
    return h;
}

static void
print_value(const char *text, unsigned long len)
{
    if (!text) {
        printf(" NULL");
    } else if (len > 200) {
        printf(" [%lu %016llx]", len, (unsigned long long)hash(text, len));
    } else {
        putchar(' ');
        for (unsigned long i = 0; i < len; i++) {
            unsigned char c = (unsigned char)text[i];
            c < ' ' || c == 127 ? printf("\\x%02x", c) : putchar(c);
        }
    }
}

static void
print_fields(MYSQL_RES *result)
{
    for (unsigned i = 0; i < mysql_num_fields(result); i++) {
        const MYSQL_FIELD *f = mysql_fetch_field_direct(result, i);
        MARIADB_CONST_STRING extra = {"", 0};
        mariadb_field_attr(&extra, f, MARIADB_FIELD_ATTR_DATA_TYPE_NAME);
        printf("field %s.%s.%s.%s type %d len %lu flags %x dec %u cs %u %.*s\n", f->db, f->table,
               f->org_table, f->name, f->type, f->length, f->flags, f->decimals, f->charsetnr,
               (int)extra.length, extra.str);
    }
}

static void
print_result(MYSQL *db)
{
    MYSQL_RES *result = mysql_store_result(db);
    if (result) {
        print_fields(result);
        MYSQL_ROW row;
        while ((row = mysql_fetch_row(result))) {
            const unsigned long *lengths = mysql_fetch_lengths(result);
            printf("row");
            for (unsigned i = 0; i < mysql_num_fields(result); i++) {
                print_value(row[i], lengths[i]);
            }
            putchar('\n');
        }
        mysql_free_result(result);
    }
    const char *info = mysql_info(db);
    printf("affected %lld id %llu warnings %u info %s status %x\n",
           (long long)mysql_affected_rows(db), (unsigned long long)mysql_insert_id(db),
           mysql_warning_count(db), info ? info : "-", db->server_status);
}

static void
run(MYSQL *db, const char *sql)
{
    int rc = mysql_query(db, sql);
    while (rc == 0) {
        print_result(db);
        rc = mysql_next_result(db);
    }
    if (rc > 0) {
        printf("error %u %s %s\n", mysql_errno(db), mysql_sqlstate(db), mysql_error(db));
    }
}

static void
connecting(void)
{
    section("connect");
    MYSQL *db = connect_flags(0);
    run(db, "SELECT DATABASE(), CURRENT_USER(), @@character_set_client, @@collation_connection");
    run(db, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE "
            "PROCESSLIST_ID = CONNECTION_ID() AND ATTR_NAME NOT IN ('_pid', '_server_host') ORDER "
            "BY 1");
    unsigned long caps = 0;
    unsigned long more = 0;
    mariadb_get_infov(db, MARIADB_CONNECTION_SERVER_CAPABILITIES, &caps);
    mariadb_get_infov(db, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &more);
    printf("version %s %lu mariadb %d\n", mysql_get_server_info(db), mysql_get_server_version(db),
           mariadb_connection(db));
    mysql_close(db);
    try_connect("app", "app", "nosuch", 0);
    try_connect("app", "wrong", "drv", 0);
    try_connect("nobody", "", NULL, 0);
}

static void
statements(MYSQL *db)
{
    section("text");
    run(db, "INSERT INTO items (name, n) VALUES ('a', 1), ('b', 2), ('ü', NULL)");
    run(db, "UPDATE items SET n = 5 WHERE n = 1");
    run(db, "DELETE FROM items WHERE name = 'b'");
    sync_replica();
    run(db, "SELECT id, name, n FROM items ORDER BY id");
    run(db, "SELECT CAST('x' AS INT), drv.twice(4), PI() AS π");
    run(db, "SHOW WARNINGS");
    run(db, "DO 0");
    section("multi");
    MYSQL *several = connect_flags(CLIENT_MULTI_STATEMENTS);
    run(several, "SELECT 1; UPDATE items SET n = 6 WHERE name = 'a'; SELECT 'x', NULL; DO 0");
    run(several, "SELECT 1; SELECT * FROM nosuch; SELECT 3");
    mysql_set_server_option(several, MYSQL_OPTION_MULTI_STATEMENTS_OFF);
    run(several, "SELECT 1; SELECT 2");
    mysql_set_server_option(several, MYSQL_OPTION_MULTI_STATEMENTS_ON);
    run(several, "SELECT 1; SELECT 2");
    mysql_close(several);
    section("call");
    run(db, "CALL two(7, @out)");
    run(db, "SELECT @out");
    run(db, "CALL fails()");
}

/* ------------------------------------------------------------ prepared statements */

static bool
failed(MYSQL_STMT *st, int rc)
{
    if (rc) {
        printf("error %u %s %s\n", mysql_stmt_errno(st), mysql_stmt_sqlstate(st),
               mysql_stmt_error(st));
    }
    return rc != 0;
}

static MYSQL_STMT *
prepare(MYSQL *db, const char *sql)
{
    MYSQL_STMT *st = mysql_stmt_init(db);
    if (failed(st, mysql_stmt_prepare(st, sql, strlen(sql)))) {
        mysql_stmt_close(st);
        return NULL;
    }
    printf("prepared %lu %u\n", mysql_stmt_param_count(st), mysql_stmt_field_count(st));
    return st;
}

/* Every value as a string of the library's making, so that the binary protocol is decoded. */
static void
print_rows(MYSQL_STMT *st, long at_most)
{
    MYSQL_RES *meta = mysql_stmt_result_metadata(st);
    if (!meta) {
        printf("affected %lld id %llu\n", (long long)mysql_stmt_affected_rows(st),
               (unsigned long long)mysql_stmt_insert_id(st));
        return;
    }
    print_fields(meta);
    unsigned n = mysql_num_fields(meta);
    MYSQL_BIND bind[64] = {0};
    unsigned long lengths[64] = {0};
    my_bool nulls[64] = {0};
    static char buffers[64][128];
    for (unsigned i = 0; i < n; i++) {
        bind[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
                               .buffer = buffers[i],
                               .buffer_length = 128,
                               .length = &lengths[i],
                               .is_null = &nulls[i]};
    }
    mysql_stmt_bind_result(st, bind);
    long count = 0;
    uint64_t all = 0;
    int rc;
    while (count != at_most && ((rc = mysql_stmt_fetch(st)) == 0 || rc == MYSQL_DATA_TRUNCATED)) {
        if (count++ < 5) {
            printf("row");
            for (unsigned i = 0; i < n; i++) {
                char *whole = malloc(lengths[i] + 1);
                bind[i].buffer = whole;
                bind[i].buffer_length = lengths[i];
                if (!nulls[i]) {
                    mysql_stmt_fetch_column(st, &bind[i], i, 0);
                }
                print_value(nulls[i] ? NULL : whole, lengths[i]);
                free(whole);
            }
            putchar('\n');
        }
        all += hash(buffers[0], lengths[0] < 128 ? lengths[0] : 128);
    }
    printf("rows %ld %016llx\n", count, (unsigned long long)all);
    mysql_free_result(meta);
}

static void
execute(MYSQL_STMT *st)
{
    int rc = mysql_stmt_execute(st);
    while (!failed(st, rc)) {
        print_rows(st, -1);
        mysql_stmt_free_result(st);
        if (!mysql_stmt_more_results(st)) {
            return;
        }
        rc = mysql_stmt_next_result(st);
    }
}

static void
execute_once(MYSQL *db, const char *sql)
{
    MYSQL_STMT *st = prepare(db, sql);
    if (st) {
        execute(st);
        mysql_stmt_close(st);
    }
}

struct text {
    const char *text;
    unsigned long len;
};

static void
types(MYSQL *db)
{
    section("types");
    MYSQL_STMT *st =
        prepare(db, "INSERT INTO types (id, i8, u8, i64, u64, f, d, da, dt, t, n, v, bl, e, j, y, "
                    "b, bi, ip, u, g) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 513, ?, '::1', "
                    "'123e4567-e89b-12d3-a456-426614174000', ST_PointFromText('POINT(1 2)'))");
    int id = 1;
    signed char i8 = -128;
    unsigned char u8 = 255;
    long long i64 = INT64_MIN;
    unsigned long long u64 = UINT64_MAX;
    float f = 1.5F;
    double d = -2.25e300;
    short year = 2024;
    MYSQL_TIME when = {.year = 2024,
                       .month = 2,
                       .day = 29,
                       .hour = 23,
                       .minute = 59,
                       .second = 58,
                       .second_part = 123456,
                       .time_type = MYSQL_TIMESTAMP_DATETIME};
    MYSQL_TIME span = {
        .hour = 838, .minute = 59, .second = 59, .neg = 1, .time_type = MYSQL_TIMESTAMP_TIME};
    struct text texts[] = {{"-12345678901234567890.0123456789", 32},
                           {"vär €", 8},
                           {"\0\xff\xfe", 3},
                           {"ü", 2},
                           {"{\"a\": null}", 11},
                           {"\0\1\2\3", 4}};
    enum enum_field_types of[] = {MYSQL_TYPE_NEWDECIMAL, MYSQL_TYPE_STRING, MYSQL_TYPE_BLOB,
                                  MYSQL_TYPE_STRING,     MYSQL_TYPE_STRING, MYSQL_TYPE_BLOB};
    MYSQL_BIND b[17] = {
        {.buffer_type = MYSQL_TYPE_LONG, .buffer = &id},
        {.buffer_type = MYSQL_TYPE_TINY, .buffer = &i8},
        {.buffer_type = MYSQL_TYPE_TINY, .buffer = &u8, .is_unsigned = 1},
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &i64},
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &u64, .is_unsigned = 1},
        {.buffer_type = MYSQL_TYPE_FLOAT, .buffer = &f},
        {.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = &d},
        {.buffer_type = MYSQL_TYPE_DATE, .buffer = &when},
        {.buffer_type = MYSQL_TYPE_DATETIME, .buffer = &when},
        {.buffer_type = MYSQL_TYPE_TIME, .buffer = &span},
        [15] = {.buffer_type = MYSQL_TYPE_SHORT, .buffer = &year},
    };
    for (int i = 0; i < 6; i++) {
        b[i < 5 ? 10 + i : 16] = (MYSQL_BIND){.buffer_type = of[i],
                                              .buffer = (void *)texts[i].text,
                                              .buffer_length = texts[i].len,
                                              .length = &texts[i].len};
    }
    failed(st, mysql_stmt_bind_param(st, b));
    execute(st);
    my_bool null = 1;
    for (int i = 1; i < 17; i++) {
        b[i].is_null = &null;
    }
    id = 2;
    failed(st, mysql_stmt_bind_param(st, b));
    execute(st);
    execute(st);
    mysql_stmt_close(st);
    sync_replica();
    run(db, "SELECT * FROM types ORDER BY id");
    execute_once(db, "SELECT * FROM types ORDER BY id");
    execute_once(db, "SELECT FROM");
    execute_once(db, "CALL two(3, @x)");
    execute_once(db, "SET @y = 5");
    execute_once(db, "SELECT @x, @y");
}

static void
bulk(MYSQL *db)
{
    section("bulk");
    static int ids[MANY];
    static char names[MANY][16];
    static char *name_of[MANY];
    static unsigned long lengths[MANY];
    static int values[MANY];
    static char marks[MANY];
    for (int i = 0; i < MANY; i++) {
        ids[i] = 100000 + i;
        lengths[i] = (unsigned long)snprintf(names[i], sizeof names[i], "bulk %d", i);
        name_of[i] = names[i];
        values[i] = i;
        marks[i] = i % 3 ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
    }
    MYSQL_STMT *st = prepare(db, "INSERT INTO loaded VALUES (?, ?, ?)");
    unsigned rows = MANY;
    MYSQL_BIND b[3] = {
        {.buffer_type = MYSQL_TYPE_LONG, .buffer = ids},
        {.buffer_type = MYSQL_TYPE_STRING, .buffer = name_of, .length = lengths},
        {.buffer_type = MYSQL_TYPE_LONG, .buffer = values, .u.indicator = marks},
    };
    mysql_stmt_attr_set(st, STMT_ATTR_ARRAY_SIZE, &rows);
    failed(st, mysql_stmt_bind_param(st, b));
    execute(st);
    execute(st);
    mysql_stmt_close(st);
    sync_replica();
    run(db, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded");
}

/* PREPARE and EXECUTE of the last statement leave in one go. */
static void
direct(MYSQL *db)
{
    section("direct");
    const char *texts[] = {"SELECT ? + 1", "INSERT INTO items (name, n) VALUES ('direct', ?)",
                           "SELECT nosuch FROM items WHERE id = ?"};
    for (int i = 0; i < 3; i++) {
        MYSQL_STMT *st = mysql_stmt_init(db);
        int value = 41;
        unsigned count = 1;
        MYSQL_BIND b = {.buffer_type = MYSQL_TYPE_LONG, .buffer = &value};
        mysql_stmt_attr_set(st, STMT_ATTR_PREBIND_PARAMS, &count);
        mysql_stmt_bind_param(st, &b);
        if (!failed(st, mariadb_stmt_execute_direct(st, texts[i], strlen(texts[i])))) {
            print_rows(st, -1);
            mysql_stmt_free_result(st);
            value++;
            b.buffer_type = MYSQL_TYPE_LONG;
            execute(st);
        }
        mysql_stmt_close(st);
    }
    run(db, "DELETE FROM items WHERE name = 'direct'");
}

static void
loading(MYSQL *db)
{
    section("infile");
    char sql[600];
    snprintf(sql, sizeof sql, "LOAD DATA LOCAL INFILE '%s' INTO TABLE loaded", getenv("DRV_FILE"));
    run(db, sql);
    sync_replica();
    run(db, "SELECT COUNT(*), SUM(n), MAX(name) FROM loaded");
    run(db, "LOAD DATA LOCAL INFILE '/nonexistent/file' INTO TABLE loaded");
    run(db, "SELECT 'after'");
}

static void
streaming(MYSQL *db)
{
    section("stream");
    mysql_query(db, "SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_20000");
    MYSQL_RES *result = mysql_use_result(db);
    MYSQL_ROW row;
    uint64_t all = 0;
    while ((row = mysql_fetch_row(result))) {
        all += hash(row[1], strlen(row[1])) + strtoull(row[0], NULL, 10);
    }
    printf("%llu %016llx\n", mysql_num_rows(result), (unsigned long long)all);
    mysql_free_result(result);
    MYSQL_STMT *st = mysql_stmt_init(db);
    unsigned long cursor = CURSOR_TYPE_READ_ONLY;
    unsigned long prefetch = 70;
    mysql_stmt_attr_set(st, STMT_ATTR_CURSOR_TYPE, &cursor);
    mysql_stmt_attr_set(st, STMT_ATTR_PREFETCH_ROWS, &prefetch);
    const char *sql = "SELECT seq, REPEAT('y', seq) FROM seq_1_to_1000";
    failed(st, mysql_stmt_prepare(st, sql, strlen(sql)));
    failed(st, mysql_stmt_execute(st));
    print_rows(st, 500);
    run(db, "SELECT 'another statement while the cursor is open'");
    print_rows(st, -1);
    failed(st, mysql_stmt_execute(st));
    print_rows(st, 3);
    failed(st, mysql_stmt_reset(st));
    failed(st, mysql_stmt_execute(st));
    print_rows(st, 100);
    mysql_stmt_close(st);
}

static void
transactions(MYSQL *db)
{
    section("transaction");
    mysql_autocommit(db, 0);
    run(db, "INSERT INTO items (name) VALUES ('t1')");
    run(db, "SAVEPOINT s");
    run(db, "INSERT INTO items (name) VALUES ('t2')");
    run(db, "SELECT name FROM items WHERE name LIKE 't_' ORDER BY 1");
    run(db, "ROLLBACK TO s");
    printf("%d\n", mysql_commit(db));
    run(db, "DELETE FROM items");
    printf("%d\n", mysql_rollback(db));
    mysql_autocommit(db, 1);
    sync_replica();
    run(db, "SELECT name FROM items ORDER BY id");
    run(db, "START TRANSACTION READ ONLY");
    run(db, "INSERT INTO items (name) VALUES ('ro')");
    run(db, "COMMIT AND CHAIN");
    run(db, "ROLLBACK");
}

static void
print_tracked(MYSQL *db)
{
    for (int type = SESSION_TRACK_SYSTEM_VARIABLES; type <= SESSION_TRACK_TRANSACTION_STATE;
         type++) {
        const char *data;
        size_t len;
        for (int rc = mysql_session_track_get_first(db, type, &data, &len); rc == 0;
             rc = mysql_session_track_get_next(db, type, &data, &len)) {
            printf("track %d %.*s\n", type, (int)len, data);
        }
    }
}

static void
state(MYSQL *db)
{
    section("ping");
    printf("%d\n", mysql_ping(db));
    printf("%d\n", mysql_select_db(db, "mysql"));
    print_tracked(db);
    run(db, "SELECT DATABASE()");
    printf("%d\n", mysql_select_db(db, "nosuch"));
    printf("%d\n", strncmp(mysql_stat(db), "Uptime", 6));
    section("reset");
    run(db, "SET @v = 1, SESSION sql_mode = 'ANSI'");
    print_tracked(db);
    run(db, "CREATE TEMPORARY TABLE temporary_one (i INT)");
    printf("%d\n", mysql_reset_connection(db));
    run(db, "SELECT @v, DATABASE()");
    run(db, "SELECT * FROM temporary_one");
    run(db, "SET @v = 2");
    printf("%d\n", mysql_change_user(db, "maxscale", "maxscale", "mysql"));
    run(db, "SELECT @v, DATABASE(), CURRENT_USER()");
    printf("%d\n", mysql_change_user(db, "app", "app", "drv"));
    run(db, "SELECT @v, DATABASE(), CURRENT_USER()");
    printf("%d %u\n", mysql_change_user(db, "app", "wrong", "drv"), mysql_errno(db));
    mysql_close(db);
    db = connect_flags(CLIENT_FOUND_ROWS | CLIENT_IGNORE_SPACE);
    run(db, "UPDATE items SET n = n");
    run(db, "SELECT COUNT (*) FROM items");
    MYSQL_RES *fields = mysql_list_fields(db, "items", "n%");
    print_fields(fields);
    mysql_free_result(fields);
    mysql_close(db);
}

static void
errors(MYSQL *db)
{
    section("errors");
    run(db, "INSERT INTO items (name) VALUES ('a')");
    run(db, "SELEKT 1");
    run(db, "");
    run(db, "SELECT * FROM nosuch");
    run(db, "INSERT INTO items (name) VALUES (REPEAT('x', 41))");
    run(db, "INSERT INTO types (id, u8) VALUES (9, -1)");
    run(db, "CALL nosuch()");
    execute_once(db, "INSERT INTO items (name) VALUES ('a')");
    execute_once(db, "SELECT ? FROM nosuch");
}

static void *
sleeper(void *victim)
{
    MYSQL *db = victim;
    mysql_thread_init();
    mysql_query(db, "SELECT SLEEP(100), COUNT(*) FROM items");
    mysql_free_result(mysql_store_result(db));
    unsigned code = mysql_errno(db);
    if (code) {
        /* A server cuts a killed connection, the proxy says why. */
        code == 1927 || code == CR_SERVER_LOST || code == CR_SERVER_GONE_ERROR
            ? puts("lost")
            : printf("error %u %s\n", code, mysql_error(db));
    }
    mysql_thread_end();
    return NULL;
}

static bool
asleep(MYSQL *db)
{
    mysql_query(db, "BEGIN");
    mysql_query(
        db, "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(100)%'");
    MYSQL_RES *result = mysql_store_result(db);
    bool found = mysql_num_rows(result) > 0;
    mysql_free_result(result);
    mysql_query(db, "COMMIT");
    return found;
}

static void
killing(void)
{
    section("kill");
    MYSQL *victim = connect_flags(0);
    MYSQL *killer = connect_flags(0);
    run(victim, "BEGIN");
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, sleeper, victim);
        while (!asleep(killer)) {
            usleep(10000);
        }
        char sql[40];
        snprintf(sql, sizeof sql, "KILL %s %lu", i ? "" : "QUERY", mysql_thread_id(victim));
        int rc = mysql_query(killer, sql);
        pthread_join(thread, NULL);
        printf("%d\n", rc);
    }
    section("reconnect");
    mysql_close(victim);
    my_bool on = 1;
    victim = connect_flags(0);
    mysql_options(victim, MYSQL_OPT_RECONNECT, &on);
    printf("%d\n", mysql_kill(killer, mysql_thread_id(victim)));
    for (int i = 0; i < 50 && mysql_ping(victim); i++) {
    }
    run(victim, "SELECT 'again', DATABASE()");
    mysql_close(victim);
    mysql_close(killer);
}

static void
big(MYSQL *db)
{
    section("big");
    char *value = malloc(BIG);
    for (int i = 0; i < BIG; i++) {
        value[i] = (char)(i * 31);
    }
    MYSQL_STMT *st = prepare(db, "INSERT INTO items (name, big) VALUES (?, ?)");
    unsigned long len = BIG;
    MYSQL_BIND b[2] = {
        {.buffer_type = MYSQL_TYPE_STRING, .buffer = "whole", .buffer_length = 5},
        {.buffer_type = MYSQL_TYPE_LONG_BLOB,
         .buffer = value,
         .buffer_length = len,
         .length = &len},
    };
    mysql_stmt_bind_param(st, b);
    execute(st);
    b[0].buffer = "parts";
    mysql_stmt_bind_param(st, b);
    for (unsigned long at = 0; at < BIG; at += BIG / 8) {
        failed(st, mysql_stmt_send_long_data(st, 1, value + at, BIG / 8));
    }
    execute(st);
    mysql_stmt_close(st);
    free(value);
    sync_replica();
    run(db, "SELECT name, big FROM items WHERE big IS NOT NULL ORDER BY 1");
    execute_once(db, "SELECT big, name FROM items WHERE big IS NOT NULL ORDER BY 2");
    run(db, "SELECT REPEAT('z', 16777215), REPEAT('y', 16777214)");
}

static void *
worker(void *number)
{
    mysql_thread_init();
    MYSQL *db = connect_flags(0);
    uintptr_t sum = 0;
    for (int i = 0; i < 20; i++) {
        mysql_query(db, "SELECT 7");
        MYSQL_RES *result = mysql_store_result(db);
        sum += strtoull(mysql_fetch_row(result)[0], NULL, 10);
        mysql_free_result(result);
        mysql_reset_connection(db);
    }
    mysql_close(db);
    mysql_thread_end();
    return (void *)(sum + (uintptr_t)number);
}

static void
pool(void)
{
    section("pool");
    pthread_t threads[10];
    uintptr_t sum = 0;
    for (uintptr_t i = 0; i < 10; i++) {
        pthread_create(&threads[i], NULL, worker, (void *)i);
    }
    for (int i = 0; i < 10; i++) {
        void *part;
        pthread_join(threads[i], &part);
        sum += (uintptr_t)part;
    }
    printf("%lu\n", (unsigned long)sum);
}

int
main(void)
{
    connecting();
    MYSQL *db = connect_flags(0);
    statements(db);
    types(db);
    transactions(db);
    loading(db);
    bulk(db);
    direct(db);
    streaming(db);
    errors(db);
    killing();
    big(db);
    pool();
    state(db);
    section("end");
    return 0;
}
