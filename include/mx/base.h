/* Attributes, checked casts and the few macros every file may use. Knows nothing but libc. */
#ifndef MX_BASE_H
#define MX_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Visible to modules; everything else is hidden (-fvisibility=hidden). */
#define MX_API               __attribute__((visibility("default")))
#define MX_MUST_USE          __attribute__((warn_unused_result))
#define MX_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MX_NORETURN          __attribute__((noreturn))
#define MX_UNUSED            __attribute__((unused))
/* The result depends on the arguments alone, not on memory: one call may serve for several. */
#define MX_ARITHMETIC __attribute__((const))
/* A large array on the data path that is written before it is read: all others are zeroed by the
 * compiler (-ftrivial-auto-var-init). */
#define MX_UNINITIALIZED __attribute__((uninitialized))
#define MX_LIKELY(x)     __builtin_expect(!!(x), 1)
#define MX_UNLIKELY(x)   __builtin_expect(!!(x), 0)

#define MX_COUNT(array)                    (sizeof(array) / sizeof((array)[0]))
#define mx_container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline size_t
mx_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t
mx_max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/*
 * Memory: an allocation that fails ends the process (MX_BUG); callers never see NULL. Free with
 * free(). mx_alloc and mx_calloc(n, size) check the multiplication.
 */
MX_API void *mx_alloc(size_t size);
MX_API void *mx_calloc(size_t count, size_t size);
/* The same on a cache line boundary: slots of counters, one line per worker. */
MX_API void *mx_calloc_lines(size_t count, size_t size);
MX_API void *mx_realloc(void *ptr, size_t size);
MX_API char *mx_strdup(const char *text);
MX_API char *mx_strndup(const char *text, size_t len);
MX_API char *mx_asprintf(const char *format, ...) MX_PRINTF(1, 2);

/*
 * Unpredictable bytes, for salts. Each thread has a few hundred in stock, so that most logins cost
 * no system call. Not for a process that goes on in two copies after fork().
 */
MX_API void mx_random(void *out, size_t len);

/* Memory is no longer trustworthy: print where and why to stderr and the log, then abort. */
MX_API MX_NORETURN void mx_bug(const char *file, int line, const char *what);
#define MX_BUG(what)    mx_bug(__FILE__, __LINE__, what)
#define MX_ASSERT(cond) (MX_LIKELY(cond) ? (void)0 : mx_bug(__FILE__, __LINE__, #cond))

/* Long-lived structs begin with a magic number: the only way from void * to a type. */
#define MX_CHECK_MAGIC(ptr, value) MX_ASSERT((ptr) != NULL && (ptr)->magic == (value))

#endif
