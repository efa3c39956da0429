/*
 * What the classifier costs: nanoseconds of processor time, cycles and instructions (where the
 * kernel counts them) and MB/s, over sysbench's statements, a corpus and large INSERTs.
 *
 *   sql_bench                  the statements and INSERTs of 16 MB
 *   sql_bench corpus FILE      statements separated by zero bytes
 *   sql_bench count NAME       classifies the statement NAME 1000 times: for bench/count.py, which
 *                              counts the instructions of count_once()
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mx/sql.h"

struct sample {
    const char *name;
    const char *sql;
};

static const struct sample samples[] = {
    {"point_select", "SELECT c FROM sbtest1 WHERE id=504985"},
    {"simple_range", "SELECT c FROM sbtest1 WHERE id BETWEEN 503218 AND 503317"},
    {"sum_range", "SELECT SUM(k) FROM sbtest1 WHERE id BETWEEN 498000 AND 498099"},
    {"order_range", "SELECT c FROM sbtest1 WHERE id BETWEEN 501 AND 600 ORDER BY c"},
    {"distinct_range", "SELECT DISTINCT c FROM sbtest1 WHERE id BETWEEN 501 AND 600 ORDER BY c"},
    {"index_update", "UPDATE sbtest1 SET k=k+1 WHERE id=501234"},
    {"non_index_update",
     "UPDATE sbtest1 SET c='08566691963-88624912351-16662227201-46648573979-64646226163-77505759394"
     "-75470094713-41097360717-15161106334-50535565977' WHERE id=502999"},
    {"delete", "DELETE FROM sbtest1 WHERE id=501234"},
    {"insert",
     "INSERT INTO sbtest1 (id, k, c, pad) VALUES (501234, 499284, '08566691963-88624912351-16662227"
     "201-46648573979-64646226163-77505759394-75470094713-41097360717-15161106334-50535565977', "
     "'63188288836-92351140030-06390587585-66802097351-49282961843')"},
    {"prepared_select", "SELECT c FROM sbtest1 WHERE id=?"},
    {"prepared_update", "UPDATE sbtest1 SET c=? WHERE id=?"},
    {"prepared_insert", "INSERT INTO sbtest1 (id, k, c, pad) VALUES (?, ?, ?, ?)"},
    {"orm_select",
     "SELECT `u`.`id`, `u`.`name`, COUNT(*) FROM `users` `u` LEFT JOIN `orders` `o` ON "
     "`o`.`user_id`"
     " = `u`.`id` WHERE `u`.`active` = 1 AND `o`.`state` IN ('new', 'paid') GROUP BY `u`.`id`"
     " HAVING COUNT(*) > 2 ORDER BY `u`.`name` LIMIT 20"},
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"set_autocommit", "SET autocommit=0"},
    {"show_status", "SHOW GLOBAL STATUS LIKE 'Threads_connected'"},
};

struct cost {
    double ns;
    double cycles; /* 0: the kernel does not count them here */
    double instructions;
};

static int counters[2] = {-1, -1};

static void
open_counters(void)
{
    static const uint64_t events[] = {PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_INSTRUCTIONS};
    for (size_t i = 0; i < MX_COUNT(events); i++) {
        struct perf_event_attr attr = {
            .type = PERF_TYPE_HARDWARE,
            .size = sizeof(attr),
            .config = events[i],
            .exclude_kernel = 1,
        };
        counters[i] = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    }
}

static double
counter(int fd)
{
    uint64_t value;
    return fd >= 0 && read(fd, &value, sizeof(value)) == sizeof(value) ? (double)value : 0;
}

static struct cost
now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* others on the machine do not count */
    return (struct cost){
        .ns = (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec,
        .cycles = counter(counters[0]),
        .instructions = counter(counters[1]),
    };
}

/* The best of several runs: what the code costs when nothing else disturbs. */
static struct cost
measure(const char *sql, size_t len, int rounds)
{
    struct mx_sql verdict;
    struct cost best = {.ns = 1e18};
    for (int run = 0; run < 7; run++) {
        struct cost begin = now();
        for (int i = 0; i < rounds; i++) {
            mx_sql_classify(sql, len, NULL, &verdict);
            __asm__ volatile("" : : "r"(&verdict) : "memory");
        }
        struct cost end = now();
        if ((end.ns - begin.ns) / rounds < best.ns) {
            best = (struct cost){
                .ns = (end.ns - begin.ns) / rounds,
                .cycles = (end.cycles - begin.cycles) / rounds,
                .instructions = (end.instructions - begin.instructions) / rounds,
            };
        }
    }
    return best;
}

static void
print_head(void)
{
    printf("%-20s %9s %12s %12s %12s %8s\n", "", "bytes", "ns", "cycles", "instructions", "MB/s");
}

static void
print_cost(const char *name, size_t len, struct cost cost)
{
    printf("%-20s %9zu %12.1f", name, len, cost.ns);
    if (cost.cycles > 0) {
        printf(" %12.0f %12.0f", cost.cycles, cost.instructions);
    } else {
        printf(" %12s %12s", "-", "-");
    }
    printf(" %8.0f\n", (double)len / cost.ns * 1000.0);
}

static void
bench_samples(void)
{
    for (size_t i = 0; i < MX_COUNT(samples); i++) {
        size_t len = strlen(samples[i].sql);
        print_cost(samples[i].name, len, measure(samples[i].sql, len, 100000));
    }
}

static char *
large_insert(const char *row, size_t want, size_t *out_len)
{
    static const char head[] = "INSERT INTO sbtest1 (id, k, c, pad) VALUES ";
    size_t row_len = strlen(row);
    char *text = malloc(want + row_len + sizeof(head));
    size_t len = sizeof(head) - 1;
    if (text == NULL) {
        exit(1);
    }
    memcpy(text, head, len);
    while (len < want) {
        memcpy(text + len, row, row_len);
        len += row_len;
    }
    *out_len = len - 1; /* without the last comma */
    return text;
}

/* One row each, repeated to 16 MB. */
static const struct sample rows[] = {
    {"rows_sysbench",
     "(501234, 499284, '08566691963-88624912351-16662227201-46648573979-64646226163-77505759394-"
     "75470094713-41097360717-15161106334-50535565977', '63188288836-92351140030-06390587585-"
     "66802097351-49282961843'),"},
    {"rows_numbers", "(501234, 499284, 17, -5, 3.25),"},
    {"rows_short_strings", "('a','b','c'),"},
    {"rows_double_quotes", "(\"a\",\"some text\",3),"},
    {"rows_escapes", "(1,'it\\'s \"x\"\\n','a''b\\\\'),"},
    {"rows_utf8", "(1,'\xd0\xb1\xd0\xb0\xd0\xb7\xd0\xb0 \xd0\xb4\xd0\xb0',7),"},
    {"rows_null", "(501234, NULL, 'some text of a usual length', 17),"},
    {"rows_only_null", "(NULL,NULL),"},
    {"rows_default", "(DEFAULT,TRUE,'x'),"},
    {"rows_hex", "(x'4142',0x1f,1e5),"},
    {"rows_hex_blob",
     "(7,"
     "0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
     "abcdef0123456789abcdef0123456789abcdef),"},
    {"rows_function", "(1,now(),'x'),"},
};

static void
bench_large(void)
{
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        size_t len;
        char *text = large_insert(rows[i].sql, 16u << 20, &len);
        print_cost(rows[i].name, len, measure(text, len, 1));
        free(text);
    }
}

static int
bench_corpus(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(8u << 20);
    if (file == NULL || text == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    size_t size = fread(text, 1, 8u << 20, file);
    fclose(file);
    size_t count = 0;
    double begin = now().ns;
    for (int round = 0; round < 10; round++) {
        for (size_t at = 0; at < size;) {
            size_t len = strnlen(text + at, size - at);
            struct mx_sql verdict;
            mx_sql_classify(text + at, len, NULL, &verdict);
            at += len + 1;
            count++;
        }
    }
    double ns = now().ns - begin;
    printf("corpus: %zu statements, %.1f ns each, %.0f MB/s\n", count / 10, ns / (double)count,
           (double)size * 10.0 / ns * 1000.0);
    free(text);
    return 0;
}

__attribute__((noinline)) static void
count_once(const char *sql, size_t len)
{
    struct mx_sql verdict;
    mx_sql_classify(sql, len, NULL, &verdict);
    __asm__ volatile("" : : "r"(&verdict) : "memory");
}

static int
count_sample(const char *name)
{
    for (size_t i = 0; i < MX_COUNT(samples); i++) {
        if (strcmp(samples[i].name, name) == 0) {
            for (int n = 0; n < 1000; n++) {
                count_once(samples[i].sql, strlen(samples[i].sql));
            }
            return 0;
        }
    }
    for (size_t i = 0; i < MX_COUNT(rows); i++) { /* a text of 100 KB, so that it takes no time */
        if (strcmp(rows[i].name, name) == 0) {
            size_t len;
            char *text = large_insert(rows[i].sql, 100000, &len);
            count_once(text, len);
            free(text);
            return 0;
        }
    }
    fprintf(stderr, "no statement %s\n", name);
    return 1;
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "count") == 0) {
        return count_sample(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "corpus") == 0) {
        return bench_corpus(argv[2]);
    }
    open_counters();
    print_head();
    bench_samples();
    bench_large();
    return 0;
}
