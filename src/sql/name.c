/* What a name means once its quotes are taken off. */
#include "sql/scan.h"

#include "mx/sql.h"

size_t
mx_sql_span_name(const char *sql, struct mx_sql_span span, char *out, size_t size)
{
    const char *text = sql + span.start;
    size_t len = span.len;
    size_t used = 0;
    char quote = '\0';
    if (size == 0) {
        return 0;
    }
    if (len > 0 && text[0] == '@') { /* a user variable */
        text++;
        len--;
    }
    if (len >= 2 && (text[0] == '`' || text[0] == '"' || text[0] == '\'') &&
        text[len - 1] == text[0]) {
        quote = text[0];
        text++;
        len -= 2;
    }
    for (size_t i = 0; i < len && used < size - 1; i++) {
        out[used++] = text[i];
        if (quote != '\0' && text[i] == quote && i + 1 < len && text[i + 1] == quote) {
            i++; /* a doubled quote is one */
        }
    }
    out[used] = '\0';
    return used;
}
