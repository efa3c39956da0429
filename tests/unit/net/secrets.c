#include "secrets.h"

#include "mx/base.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEEDLE_AT  24u
#define NEEDLE_LEN 12u
#define PART_LEN   ((size_t)1 << 20)
/* The sanitizers reserve more than this for themselves. */
#define MAPPING_MAX ((size_t)1 << 28)

static uint8_t part[PART_LEN];

static uint8_t
secret_byte(size_t i)
{
    return (uint8_t)(0xa5u ^ (i * 37 + i * i));
}

void
secret_make(uint8_t out[SECRET_LEN])
{
    for (size_t i = 0; i < SECRET_LEN; i++) {
        out[i] = secret_byte(i);
    }
}

/* Its middle is looked for: buffers may have been used again in part. */
static bool
is_copy(const uint8_t *bytes)
{
    for (size_t i = 0; i < NEEDLE_LEN; i++) {
        if (bytes[i] != secret_byte(NEEDLE_AT + i)) {
            return false;
        }
    }
    return true;
}

static size_t
copies_in(const uint8_t *bytes, size_t len)
{
    const uint8_t *end = bytes + len;
    size_t count = 0;
    while ((size_t)(end - bytes) >= NEEDLE_LEN) {
        bytes = memchr(bytes, secret_byte(NEEDLE_AT), (size_t)(end - bytes) - NEEDLE_LEN + 1);
        if (bytes == NULL) {
            break;
        }
        count += is_copy(bytes);
        bytes++;
    }
    return count;
}

static size_t
copies_between(int memory, uintptr_t from, uintptr_t to)
{
    size_t count = 0;
    while (from < to) {
        ssize_t got = pread(memory, part, mx_min_size(PART_LEN, to - from), (off_t)from);
        if (got <= 0) {
            break;
        }
        count += copies_in(part, (size_t)got);
        from += (uintptr_t)got;
    }
    return count;
}

/* What the search reads into is no copy of interest. */
static size_t
copies_around_part(int memory, uintptr_t from, uintptr_t to)
{
    uintptr_t own = (uintptr_t)part;
    if (own >= to || own + sizeof(part) <= from) {
        return copies_between(memory, from, to);
    }
    return copies_between(memory, from, own > from ? own : from) +
           copies_between(memory, own + sizeof(part), to);
}

size_t
secret_copies(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[512];
    size_t count = 0;
    MX_ASSERT(maps != NULL && memory >= 0);
    while (fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t from = 0;
        uintptr_t to = 0;
        char rights[5];
        int fields = sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, rights);
        if (fields == 3 && strncmp(rights, "rw", 2) == 0 && to - from <= MAPPING_MAX) {
            count += copies_around_part(memory, from, to);
        }
    }
    (void)fclose(maps);
    (void)close(memory);
    memset(part, 0, sizeof(part));
    return count;
}
