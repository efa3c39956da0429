/*
 * The dialect of maxscale.cnf, line by line. A line that begins with a blank continues the value of
 * the last key, whatever it looks like; the last key is forgotten at a section header only.
 */
#include "conf/model.h"
#include "mx/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LENGTH_MAX 16777216u
#define NAME_LENGTH_MAX 1023u

struct reader {
    struct conf_model *model;
    struct conf_diag *diag;
    const char *file;
    enum conf_origin origin;
    struct conf_section *section; /* NULL before the first header and after a bad one */
    bool bad_section;             /* keys of this section are skipped, it was reported */
    bool has_key;                 /* a key was read in this section */
    bool key_is_next; /* the last line with content was a key of this section, not a continuation */
    int line;
};

/* A piece of the text; not ended by NUL. */
struct piece {
    const char *text;
    size_t len;
};

static bool
is_blank(char c)
{
    return isspace((unsigned char)c) != 0;
}

static struct piece
trim(const char *text, size_t len)
{
    while (len > 0 && is_blank(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_blank(text[len - 1])) {
        len--;
    }
    return (struct piece){.text = text, .len = len};
}

static void
report(struct reader *r, bool error, const char *hint, const char *text)
{
    struct conf_about about = {
        .place = {.file = r->file, .line = r->line},
        .object = r->section != NULL ? r->section->name : NULL,
    };
    conf_diag_add(r->diag, error, &about, hint, "%s", text);
}

/* Error with the beginning of the line shown. */
static void
report_line(struct reader *r, struct piece line, const char *hint, const char *what)
{
    struct mx_str text = {0};
    mx_str_printf(&text, "%s: '", what);
    mx_str_add_len(&text, line.text, mx_min_size(line.len, 80));
    mx_str_add(&text, line.len > 80 ? "...'." : "'.");
    report(r, true, hint, mx_str_text(&text));
    mx_str_free(&text);
}

static void
report_repeated_section(struct reader *r, const char *name, const struct conf_section *earlier)
{
    struct conf_about about = {.place = {.file = r->file, .line = r->line}, .object = name};
    if (r->origin == CONF_ORIGIN_ADDITIONAL && conf_is_global_name(name)) {
        conf_diag_add(r->diag, true, &about, "Move these parameters to the main file.",
                      "The global section is allowed in the main file only.");
        return;
    }
    conf_diag_add(r->diag, true, &about,
                  "Merge the two sections, or give one of the objects another name.",
                  "The section is defined a second time; the first one is at %s:%d.", earlier->file,
                  earlier->line);
}

static void
read_header(struct reader *r, struct piece line)
{
    const char *end = memchr(line.text, ']', line.len);
    r->section = NULL;
    r->has_key = false;
    r->key_is_next = false;
    r->bad_section = true;
    if (end == NULL) {
        report_line(r, line, "A section header looks like [name].",
                    "The section header has no closing ']'");
        return;
    }
    struct piece name = {.text = line.text + 1, .len = (size_t)(end - line.text) - 1};
    if (trim(name.text, name.len).len == 0) {
        report_line(r, line, "Write the name of the object between the brackets.",
                    "The section has no name");
        return;
    }
    if (name.len > NAME_LENGTH_MAX) {
        report_line(r, line, "Names have at most 1023 characters.", "The section name is too long");
        return;
    }
    char *text = mx_strndup(name.text, name.len);
    const struct conf_section *earlier = conf_model_find(r->model, text);
    if (earlier != NULL) {
        report_repeated_section(r, text, earlier);
    } else {
        r->section = conf_model_add(r->model, text, r->file, r->line, r->origin);
        r->bad_section = false;
        struct piece rest = trim(end + 1, line.len - name.len - 2);
        if (rest.len > 0 && rest.text[0] != '#' && rest.text[0] != ';') {
            report(r, false, "Put it on a line of its own.",
                   "The text behind the section header is ignored.");
        }
    }
    free(text);
}

static void
append_value(struct conf_key *key, struct piece more)
{
    struct mx_str value = {0};
    mx_str_add(&value, key->value);
    mx_str_add_len(&value, more.text, more.len);
    free(key->value);
    key->value = mx_str_give(&value);
}

/* The same key on consecutive lines continues its value; elsewhere it is a mistake. */
static void
read_repeated_key(struct reader *r, struct conf_key *key, const char *name, struct piece value)
{
    struct conf_key *last = &r->section->keys[r->section->key_count - 1];
    struct conf_about about = {
        .place = {.file = r->file, .line = r->line},
        .object = r->section->name,
        .param = name,
    };
    if (key == last && r->key_is_next) {
        append_value(key, value);
        conf_diag_add(r->diag, false, &about, "Write the whole value on one line.",
                      "The parameter is on two lines in a row; the values are joined to '%s'.",
                      key->value);
        return;
    }
    conf_diag_add(r->diag, true, &about, "Keep one of the two lines.",
                  "The parameter is set a second time; the first time is at %s:%d.", key->file,
                  key->line);
}

static void
read_key(struct reader *r, struct piece line)
{
    size_t split = 0;
    while (split < line.len && line.text[split] != '=' && line.text[split] != ':') {
        split++;
    }
    if (r->section == NULL) {
        if (!r->bad_section) {
            report_line(r, line, "Every line belongs below a header such as [maxscale].",
                        "There is a line before the first section");
        }
        return;
    }
    struct piece name = trim(line.text, split);
    struct piece value = split < line.len ? trim(line.text + split + 1, line.len - split - 1)
                                          : (struct piece){.text = "", .len = 0};
    if (name.len == 0) {
        report_line(r, line, "Write it as name=value.", "The line has no parameter name");
        return;
    }
    if (name.len > NAME_LENGTH_MAX) {
        report_line(r, line, "Names have at most 1023 characters.",
                    "The parameter name is too long");
        return;
    }
    char *name_text = mx_strndup(name.text, name.len);
    char *value_text = mx_strndup(value.text, value.len);
    struct conf_key *earlier = NULL;
    for (size_t i = 0; i < r->section->key_count; i++) {
        if (strcmp(r->section->keys[i].name, name_text) == 0) {
            earlier = &r->section->keys[i];
        }
    }
    if (earlier != NULL) {
        read_repeated_key(r, earlier, name_text, value);
    } else {
        conf_section_add(r->section, name_text, value_text, r->file, r->line);
    }
    r->has_key = true;
    r->key_is_next = true;
    free(name_text);
    free(value_text);
}

static void
read_line(struct reader *r, const char *text, size_t len)
{
    struct piece line = trim(text, len);
    if (line.len == 0 || line.text[0] == '#' || line.text[0] == ';') {
        r->key_is_next = false;
        return;
    }
    if (len > LINE_LENGTH_MAX) {
        report_line(r, line, "Lines have at most 16777216 characters.", "The line is too long");
    } else if (memchr(line.text, '\0', line.len) != NULL) {
        report_line(r, line, "Is this a text file?", "The line holds a NUL character");
    } else if (is_blank(text[0]) && r->has_key && r->section->key_count > 0) {
        append_value(&r->section->keys[r->section->key_count - 1], line);
    } else if (line.text[0] == '[') {
        read_header(r, line);
    } else {
        read_key(r, line);
    }
}

void
conf_ini_read(struct conf_model *model, const char *text, size_t len, const char *file,
              enum conf_origin origin, struct conf_diag *diag)
{
    struct reader r = {
        .model = model,
        .diag = diag,
        .file = conf_model_file(model, file),
        .origin = origin,
    };
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line_len = end != NULL ? (size_t)(end - text) : len;
        size_t step = end != NULL ? line_len + 1 : line_len;
        r.line++;
        read_line(&r, text, line_len);
        text += step;
        len -= step;
    }
}
