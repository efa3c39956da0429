/*
 * Prints the verdict on every statement of standard input, separated by zero bytes: result, type,
 * operation and facts as numbers, one line each. For tests that ask a real server about them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mx/sql.h"

int
main(void)
{
    enum {
        LIMIT = 8 << 20
    };
    char *text = malloc(LIMIT);
    if (text == NULL) {
        return 1;
    }
    size_t size = fread(text, 1, LIMIT, stdin);
    for (size_t at = 0; at < size;) {
        size_t len = strnlen(text + at, size - at);
        struct mx_sql verdict;
        mx_sql_classify(text + at, len, NULL, &verdict);
        printf("%u %u %u %u\n", verdict.result, verdict.type, verdict.op, verdict.facts);
        at += len + 1;
    }
    free(text);
    return 0;
}
