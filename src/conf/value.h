/* Inside of src/conf: one parsed value before it is stored, and what types are made of. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/param.h"

/* What the member of the row is, in C. */
enum conf_storage {
    CONF_STORAGE_NUMBER = 0, /* int64_t */
    CONF_STORAGE_BOOL,
    CONF_STORAGE_TEXT,       /* char * */
    CONF_STORAGE_LIST,       /* char ** */
    CONF_STORAGE_THROTTLING, /* struct mx_throttling */
};

struct conf_value {
    int64_t number; /* also a bool */
    char *text;
    char **list;
    struct mx_throttling throttling;
};

enum conf_storage conf_type_storage(enum mx_param_type type);
/* What stands between the entries of a list in text. */
const char *conf_type_separator(enum mx_param_type type);

/* Parses and checks; on success the value owns its text or list. */
MX_MUST_USE int conf_value_parse(const struct mx_param *row, const char *text,
                                 const struct conf_context *context, struct conf_value *out,
                                 struct conf_why *why);
/* Moves the value into the member and frees what was there. */
void conf_value_store(const struct mx_param *row, void *block, struct conf_value *value);

/* -1 with text and hint put in `why`. hint may be NULL. */
int conf_why_set(struct conf_why *why, const char *hint, const char *format, ...) MX_PRINTF(3, 4);

/* Durations: "1m30s"; milliseconds. */
MX_MUST_USE int conf_duration_parse(const char *text, bool is_signed, int64_t *out_ms,
                                    struct conf_why *why);
MX_MUST_USE int conf_size_parse(const char *text, int64_t *out_bytes, struct conf_why *why);
/* Bounds of the row. */
MX_MUST_USE int conf_number_check(const struct mx_param *row, int64_t number, struct conf_why *why);

/* Pieces between separators, trimmed, empty ones left out; ends with NULL, NULL when none. */
char **conf_list_split(const char *text, char separator);
void conf_list_add(char ***list, const char *text);
size_t conf_list_count(char *const *list);
char **conf_list_copy(char *const *list);
char *conf_list_join(char *const *list, const char *separator);
void conf_list_free(char **list);

/* The checks of single types (value_check.c); -1 with why. */
MX_MUST_USE int conf_check_path(const struct mx_param *row, const char *path, struct conf_why *why);
MX_MUST_USE int conf_check_regex(const char *pattern, struct conf_why *why);
MX_MUST_USE int conf_check_host(const char *text, struct conf_why *why);
MX_MUST_USE int conf_check_host_patterns(char *const *list, struct conf_why *why);
MX_MUST_USE int conf_check_disk_limits(char *const *list, struct conf_why *why);

#endif
