/* SET taken apart: every part lies in the text, in order; the transaction state accepts anything.
 */
#include "sql.h"

#include "mx/trx.h"

struct seen {
    size_t size;
    size_t last;
};

static bool
check_assignment(void *data, const struct mx_sql_assignment *found)
{
    struct seen *seen = data;
    fuzz_check_span(found->name, seen->size);
    fuzz_check_span(found->value, seen->size);
    fuzz_check_span(found->collation, seen->size);
    size_t at = found->name.len > 0 ? found->name.start : found->value.start;
    FUZZ_REQUIRE(at >= seen->last);
    seen->last = at;
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mx_sql_options options;
    const char *sql = NULL;
    if (!fuzz_sql_input(data, &size, &sql, &options)) {
        return 0;
    }
    struct seen seen = {.size = size};
    struct mx_sql verdict;
    struct mx_trx trx;
    mx_sql_each_assignment(sql, size, &options, check_assignment, &seen);
    mx_sql_classify(sql, size, &options, &verdict);
    mx_trx_init(&trx);
    mx_trx_note_statement(&trx, &verdict);
    mx_trx_note_done(&trx, &verdict);
    FUZZ_REQUIRE(trx.next_access <= 2);
    return 0;
}
