/*
 * Preloaded into the program by tests/integration/counting.py: counts what the data path must
 * not do. Heap calls and the bytes of larger copies go into a file mapped by both sides
 * (MX_COUNT_FILE): allocations, frees, copied bytes, as three 64-bit numbers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SMALL_COPY 256 /* below this it is parsing, not copying of replies */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

static _Atomic uint64_t own[3];
static _Atomic uint64_t *counters = own;

__attribute__((constructor)) static void
map_counters(void)
{
    const char *path = getenv("MX_COUNT_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) {
            counters = map;
        }
        close(fd);
    }
}

void *
malloc(size_t size)
{
    counters[0]++;
    return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    counters[0]++;
    return __libc_calloc(count, size);
}

void *
realloc(void *ptr, size_t size)
{
    counters[0]++;
    return __libc_realloc(ptr, size);
}

void
free(void *ptr)
{
    counters[1]++;
    __libc_free(ptr);
}

static void *
copy(void *to, const void *from, size_t size)
{
    char *out = to;
    const char *in = from;
    if (size >= SMALL_COPY) {
        counters[2] += size;
    }
    if (out <= in || out >= in + size) {
        for (size_t i = 0; i < size; i++) {
            __asm__ volatile("" ::: "memory"); /* keep the compiler from making this a memcpy */
            out[i] = in[i];
        }
    } else {
        for (size_t i = size; i > 0; i--) {
            __asm__ volatile("" ::: "memory");
            out[i - 1] = in[i - 1];
        }
    }
    return to;
}

void *
memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return copy(to, from, size);
}

void *
memmove(void *to, const void *from, size_t size)
{
    return copy(to, from, size);
}

void *
__memcpy_chk(void *restrict to, const void *restrict from, size_t size, size_t room)
{
    if (size > room) {
        abort();
    }
    return copy(to, from, size);
}

void *
__memmove_chk(void *to, const void *from, size_t size, size_t room)
{
    if (size > room) {
        abort();
    }
    return copy(to, from, size);
}
