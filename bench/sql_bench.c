/*
 * What the classifier costs: time per statement over sysbench's statements and a corpus, speed over
 * a large INSERT, and, run under callgrind, instructions per statement, which repeat exactly.
 *
 *   sql_bench                  all of it, times
 *   sql_bench count NAME       classifies the statement NAME 1000 times between two calls that
 *                              callgrind can tell apart (tools: bench/sql_count.sh)
 *   sql_bench corpus FILE      statements separated by zero bytes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"set_autocommit", "SET autocommit=0"},
    {"show_status", "SHOW GLOBAL STATUS LIKE 'Threads_connected'"},
};

static double
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* others on the machine do not count */
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* The best of several runs: what the code costs when nothing else disturbs. */
static double
time_one(const char *sql, size_t len, int rounds)
{
    struct mx_sql verdict;
    double best = 1e18;
    for (int run = 0; run < 7; run++) {
        double begin = now_ns();
        for (int i = 0; i < rounds; i++) {
            mx_sql_classify(sql, len, NULL, &verdict);
            __asm__ volatile("" : : "r"(&verdict) : "memory");
        }
        double each = (now_ns() - begin) / rounds;
        best = each < best ? each : best;
    }
    return best;
}

static void
bench_samples(void)
{
    printf("%-18s %6s %8s\n", "statement", "bytes", "ns");
    for (size_t i = 0; i < MX_COUNT(samples); i++) {
        size_t len = strlen(samples[i].sql);
        printf("%-18s %6zu %8.1f\n", samples[i].name, len, time_one(samples[i].sql, len, 100000));
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

static void
bench_large(void)
{
    static const struct sample rows[] = {
        {"16 MB sysbench rows",
         "(501234, 499284, "
         "'08566691963-88624912351-16662227201-46648573979-64646226163-77505759394-"
         "75470094713-41097360717-15161106334-50535565977', '63188288836-92351140030-06390587585-"
         "66802097351-49282961843'),"},
        {"16 MB numbers", "(501234, 499284, 17, -5, 3.25),"},
        {"16 MB with NULL", "(501234, NULL, 'some text of a usual length', 17),"},
    };
    for (size_t i = 0; i < MX_COUNT(rows); i++) {
        size_t len;
        char *text = large_insert(rows[i].sql, 16u << 20, &len);
        double ns = time_one(text, len, 1);
        printf("%-24s %8.0f MB/s\n", rows[i].name, (double)len / ns * 1000.0);
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
    double begin = now_ns();
    for (int round = 0; round < 10; round++) {
        for (size_t at = 0; at < size;) {
            size_t len = strnlen(text + at, size - at);
            struct mx_sql verdict;
            mx_sql_classify(text + at, len, NULL, &verdict);
            at += len + 1;
            count++;
        }
    }
    double ns = now_ns() - begin;
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
    if (argc == 2 && strcmp(argv[1], "names") == 0) {
        for (size_t i = 0; i < MX_COUNT(samples); i++) {
            puts(samples[i].name);
        }
        return 0;
    }
    bench_samples();
    bench_large();
    return 0;
}
