/* Allocation that cannot fail, and the end of the process when it does. */
#include "mx/base.h"

#include "base/log_sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64u

void
mx_bug(const char *file, int line, const char *what)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "BUG at %s:%d: %s\n", file, line, what);
    base_log_crash(text);
    abort();
}

static void *
checked(void *ptr)
{
    if (ptr == NULL) {
        MX_BUG("out of memory");
    }
    return ptr;
}

void *
mx_alloc(size_t size)
{
    return checked(malloc(size > 0 ? size : 1));
}

void *
mx_calloc(size_t count, size_t size)
{
    return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *
mx_calloc_lines(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count > 0 ? count : 1, size, &bytes) ||
        bytes > SIZE_MAX - CACHE_LINE) {
        MX_BUG("allocation too large");
    }
    bytes = (bytes + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
    void *ptr = checked(aligned_alloc(CACHE_LINE, bytes));
    memset(ptr, 0, bytes);
    return ptr;
}

void *
mx_realloc(void *ptr, size_t size)
{
    return checked(realloc(ptr, size > 0 ? size : 1));
}

char *
mx_strdup(const char *text)
{
    return checked(strdup(text));
}

char *
mx_strndup(const char *text, size_t len)
{
    return checked(strndup(text, len));
}

char *
mx_asprintf(const char *format, ...)
{
    char *out = NULL;
    va_list args;
    va_start(args, format);
    int rc = vasprintf(&out, format, args);
    va_end(args);
    return rc < 0 ? checked(NULL) : out;
}
