/* Reading the log file for REST: one pass, remembering no more than two pages of positions. */
#include "admin/logfile.h"

#include "mx/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    enum mx_log_level level;
} levels[] = {
    {"alert", MX_LOG_ALERT},   {"error", MX_LOG_ERROR}, {"warning", MX_LOG_WARNING},
    {"notice", MX_LOG_NOTICE}, {"info", MX_LOG_INFO},   {"debug", MX_LOG_DEBUG},
};

#define TIME_LEN 19u /* 2024-01-05 07:23:54 */

static uint32_t
level_bit(const char *name, size_t len)
{
    for (size_t i = 0; i < MX_COUNT(levels); i++) {
        if (strlen(levels[i].name) == len && memcmp(levels[i].name, name, len) == 0) {
            return 1u << levels[i].level;
        }
    }
    return 0;
}

uint32_t
admin_log_levels(const char *list)
{
    uint32_t bits = 0;

    for (;;) {
        size_t len = strcspn(list, ",");
        uint32_t bit = level_bit(list, len);
        if (bit == 0) {
            return 0;
        }
        bits |= bit;
        if (list[len] == '\0') {
            return bits;
        }
        list += len + 1;
    }
}

/* Takes "(123) ", "[module] ", "(object); " off the front of the message, each once. */
static const char *
take_context(const char *text, json_t *entry)
{
    size_t len = *text == '(' ? strspn(text + 1, "0123456789") : 0;

    if (len > 0 && text[len + 1] == ')' && text[len + 2] == ' ') {
        (void)json_object_set_new(entry, "session", json_stringn(text + 1, len));
        text += len + 3;
    }
    if (*text == '[') {
        len = strcspn(text, "] ");
        if (len > 1 && text[len] == ']' && text[len + 1] == ' ') {
            (void)json_object_set_new(entry, "module", json_stringn(text + 1, len - 1));
            text += len + 2;
        }
    }
    if (*text == '(') {
        len = strcspn(text, ")");
        if (len > 1 && strncmp(text + len, "); ", 3) == 0) {
            (void)json_object_set_new(entry, "object", json_stringn(text + 1, len - 1));
            text += len + 3;
        }
    }
    return text;
}

/* Seconds since 1970 of the local time the line begins with; false: it does not. */
static bool
parse_time(const char *line, time_t *out)
{
    struct tm tm = {.tm_isdst = -1};
    const char *end = strptime(line, "%Y-%m-%d %H:%M:%S", &tm);

    if (end != line + TIME_LEN) {
        return false;
    }
    *out = mktime(&tm);
    return true;
}

json_t *
admin_log_parse_line(const char *line, uint32_t *level)
{
    size_t len = strlen(line);
    size_t time_len = TIME_LEN;
    size_t word;
    time_t when = 0;
    json_t *entry;
    json_t *message;

    if (len < TIME_LEN || !parse_time(line, &when)) {
        return NULL;
    }
    if (line[TIME_LEN] == '.') {
        time_len += 1 + strspn(line + TIME_LEN + 1, "0123456789");
    }
    const char *pos = line + time_len + strspn(line + time_len, " ");
    word = strcspn(pos, " :");
    *level = level_bit(pos, word);
    word += strspn(pos + word, " ");
    if (*level == 0 || strncmp(pos + word, ": ", 2) != 0) {
        return NULL;
    }
    entry = json_pack("{s:s#, s:s#, s:I}", "timestamp", line, (int)time_len, "priority", pos,
                      (int)strcspn(pos, " :"), "unix_timestamp", (json_int_t)when);
    message = json_string(take_context(pos + word + 2, entry));
    (void)json_object_set_new(entry, "message",
                              message != NULL ? message : json_string("(text that is not UTF-8)"));
    return entry;
}

/* The last `size` entries before the page, by number only, as a ring. */
struct reader {
    uint64_t cursor;
    size_t size;
    uint32_t levels;
    json_t *entries;
    uint64_t *before; /* [size] */
    uint64_t before_count;
};

static void
take_entry(struct reader *reader, uint64_t number, json_t *entry)
{
    char id[24];

    if (reader->cursor != 0 && number < reader->cursor) {
        reader->before[reader->before_count++ % reader->size] = number;
        json_decref(entry);
        return;
    }
    if (json_array_size(reader->entries) == reader->size) {
        if (reader->cursor != 0) {
            json_decref(entry);
            return;
        }
        /* The last ones are wanted: the oldest goes. */
        const char *oldest =
            json_string_value(json_object_get(json_array_get(reader->entries, 0), "id"));
        reader->before[reader->before_count++ % reader->size] = strtoull(oldest, NULL, 10);
        (void)json_array_remove(reader->entries, 0);
    }
    (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)number);
    (void)json_object_set_new(entry, "id", json_string(id));
    (void)json_array_append_new(reader->entries, entry);
}

static uint64_t
read_lines(struct reader *reader, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    uint64_t number = 0;

    while ((len = getline(&line, &capacity, file)) >= 0) {
        uint32_t level = 0;
        number++;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
            line[--len] = '\0';
        }
        json_t *entry = admin_log_parse_line(line, &level);
        if (entry != NULL && (reader->levels & level) != 0) {
            take_entry(reader, number, entry);
        } else {
            json_decref(entry);
        }
    }
    free(line);
    return number;
}

static void
fill_page(const struct reader *reader, uint64_t lines, struct admin_log_page *out)
{
    const json_t *first = json_array_get(reader->entries, 0);
    uint64_t kept = reader->before_count < reader->size ? reader->before_count : reader->size;

    *out = (struct admin_log_page){.entries = reader->entries};
    out->cursor = first != NULL
                      ? strtoull(json_string_value(json_object_get(first, "id")), NULL, 10)
                      : lines + 1;
    if (kept > 0) {
        out->previous = reader->before[(reader->before_count - kept) % reader->size];
    }
}

int
admin_log_read(const char *path, uint64_t cursor, size_t size, uint32_t wanted,
               struct admin_log_page *out, struct mx_err *err)
{
    FILE *file = fopen(path, "re");
    struct reader reader = {.cursor = cursor, .size = size, .levels = wanted};
    uint64_t lines;

    MX_ASSERT(size > 0 && size <= ADMIN_LOG_PAGE_MAX);
    if (file == NULL) {
        return mx_err_text(err, "The log file '%s' cannot be read: %s.", path,
                           strerrordesc_np(errno));
    }
    reader.entries = json_array();
    reader.before = mx_calloc(size, sizeof(*reader.before));
    lines = read_lines(&reader, file);
    (void)fclose(file);
    fill_page(&reader, lines, out);
    free(reader.before);
    return 0;
}
