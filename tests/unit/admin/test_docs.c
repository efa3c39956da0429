/*
 * docs/user/rest-api.md against the table of routes: the lines between "<!-- routes -->" and
 * "<!-- end -->" are what this program prints. With --write it puts them in.
 */
#include "admin/route.h"
#include "base/file.h"
#include "mx/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "<!-- routes -->\n"
#define END   "<!-- end -->\n"

static void
print_table(struct mx_str *out, bool is_later)
{
    mx_str_add(out, is_later
                        ? "\nKnown, but answered with 501 by this version:\n\n"
                          "| Method | Path | What it would do |\n|---|---|---|\n"
                        : "\n| Method | Path | Parameters | What it does |\n|---|---|---|---|\n");
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct admin_route *route = &admin_routes[i];
        if (((route->flags & ADMIN_ROUTE_LATER) != 0) != is_later) {
            continue;
        }
        mx_str_printf(out, "| %s | %s | ", admin_method_name(route->method), route->path);
        if (!is_later) {
            mx_str_printf(out, "%s | ", route->params != NULL ? route->params : "");
        }
        mx_str_printf(out, "%s |\n", route->doc);
    }
}

static int
write_page(const char *path, const char *text, const char *from, const char *to,
           const struct mx_str *table)
{
    struct mx_str page = {0};
    struct mx_err err;
    int rc;

    mx_str_add_len(&page, text, (size_t)(from - text));
    mx_str_add(&page, mx_str_text(table));
    mx_str_add(&page, to);
    rc = base_file_replace(path, page.text, page.len, 0644, &err);
    mx_str_free(&page);
    return rc == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
    struct mx_str table = {0};
    struct mx_err err = {0};
    char *text = NULL;
    const char *path = argc > 1 ? argv[1] : "";
    int rc = 1;

    print_table(&table, false);
    print_table(&table, true);
    mx_str_add(&table, "\n");
    if (base_file_read(path, 1024 * 1024, &text, NULL, &err) != 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        mx_str_free(&table);
        return 1;
    }
    const char *from = strstr(text, BEGIN);
    const char *to = from != NULL ? strstr(from, END) : NULL;
    if (to == NULL) {
        (void)fprintf(stderr, "%s: the marks of the table are missing\n", path);
    } else if (argc > 2 && strcmp(argv[2], "--write") == 0) {
        rc = write_page(path, text, from + strlen(BEGIN), to, &table);
    } else {
        from += strlen(BEGIN);
        rc = (size_t)(to - from) == table.len && memcmp(from, table.text, table.len) == 0 ? 0 : 1;
        if (rc != 0) {
            (void)fprintf(stderr, "%s: the table of paths is old; run %s %s --write\n", path,
                          argv[0], path);
        }
    }
    free(text);
    mx_str_free(&table);
    return rc;
}
