/* The list of findings and how they are shown; the nearest name for a misspelled one. */
#include "conf/diag.h"

#include "mx/log.h"
#include "mx/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SUGGEST_LENGTH_MAX 64

static char *
copy_or_null(const char *text)
{
    return text != NULL ? mx_strdup(text) : NULL;
}

void
conf_diag_add(struct conf_diag *diag, bool error, const struct conf_about *about, const char *hint,
              const char *format, ...)
{
    static const struct conf_about nothing;
    struct mx_str text = {0};
    va_list args;
    if (about == NULL) {
        about = &nothing;
    }
    if (diag->count == diag->capacity) {
        diag->capacity = diag->capacity > 0 ? diag->capacity * 2 : 16;
        diag->items = mx_realloc(diag->items, diag->capacity * sizeof(*diag->items));
    }
    va_start(args, format);
    mx_str_vprintf(&text, format, args);
    va_end(args);
    diag->items[diag->count++] = (struct conf_finding){
        .error = error,
        .file = copy_or_null(about->place.file),
        .line = about->place.line,
        .object = copy_or_null(about->object),
        .param = copy_or_null(about->param),
        .text = mx_str_give(&text),
        .hint = copy_or_null(hint),
    };
    if (error) {
        diag->error_count++;
    }
}

static bool
is_after(const struct conf_finding *a, const struct conf_finding *b)
{
    if (a->file == NULL || b->file == NULL || strcmp(a->file, b->file) != 0) {
        return false; /* files stay in the order in which they were read */
    }
    return a->line > b->line;
}

void
conf_diag_sort(struct conf_diag *diag)
{
    for (size_t i = 1; i < diag->count; i++) {
        struct conf_finding moved = diag->items[i];
        size_t at = i;
        while (at > 0 && is_after(&diag->items[at - 1], &moved)) {
            diag->items[at] = diag->items[at - 1];
            at--;
        }
        diag->items[at] = moved;
    }
}

char *
conf_finding_text(const struct conf_finding *finding)
{
    struct mx_str out = {0};
    if (finding->file != NULL && finding->line > 0) {
        mx_str_printf(&out, "%s:%d: ", finding->file, finding->line);
    } else if (finding->file != NULL) {
        mx_str_printf(&out, "%s: ", finding->file);
    }
    if (finding->object != NULL) {
        mx_str_printf(&out, "[%s] ", finding->object);
    }
    if (finding->param != NULL) {
        mx_str_printf(&out, "%s: ", finding->param);
    }
    mx_str_add(&out, finding->text);
    if (finding->hint != NULL) {
        mx_str_printf(&out, " Hint: %s", finding->hint);
    }
    return mx_str_give(&out);
}

void
conf_diag_log(const struct conf_diag *diag)
{
    for (size_t i = 0; i < diag->count; i++) {
        char *text = conf_finding_text(&diag->items[i]);
        enum mx_log_level level = diag->items[i].error ? MX_LOG_ERROR : MX_LOG_WARNING;
        /* A place of its own for each: twenty mistakes are not one message said twenty times. */
        if (mx_log_enabled(level, NULL)) {
            mx_log_write(level, NULL, "configuration", (int)i, __func__, "%s", text);
        }
        free(text);
    }
}

void
conf_diag_free(struct conf_diag *diag)
{
    for (size_t i = 0; i < diag->count; i++) {
        free(diag->items[i].file);
        free(diag->items[i].object);
        free(diag->items[i].param);
        free(diag->items[i].text);
        free(diag->items[i].hint);
    }
    free(diag->items);
    memset(diag, 0, sizeof(*diag));
}

static size_t
smallest(size_t a, size_t b, size_t c)
{
    return mx_min_size(a, mx_min_size(b, c));
}

static bool
is_same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edits (insert, drop, replace) that turn a into b; one row of the usual table at a time. */
static size_t
edit_distance(const char *a, const char *b)
{
    size_t row[SUGGEST_LENGTH_MAX + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > SUGGEST_LENGTH_MAX || b_len > SUGGEST_LENGTH_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replaced = diagonal + (is_same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            diagonal = row[j];
            row[j] = smallest(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[b_len];
}

const char *
conf_suggest(const char *word, const char *const *names)
{
    const char *best = NULL;
    size_t limit = strlen(word) / 3 + 1; /* a third of the word may be wrong */
    size_t best_distance = limit + 1;
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t distance = edit_distance(word, names[i]);
        if (distance < best_distance && distance < strlen(names[i])) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
