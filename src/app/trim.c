/*
 * Gives back what only the start needed: heap that is free, and pages of the program and its
 * libraries. Relocating and initialising them touches nearly all there are, and most are never
 * looked at again. Nobody has written to those given back, so whoever needs one gets it from the
 * file (that is, the kernel's cache) again.
 */
#include "app/app.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

/* The loader has written into read-only segments: their pages are no longer those of the file. */
static bool
has_text_relocations(const struct dl_phdr_info *object)
{
    for (ElfW(Half) i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_DYNAMIC) {
            continue;
        }
        uintptr_t at = (uintptr_t)(object->dlpi_addr + segment->p_vaddr);
        for (const ElfW(Dyn) *entry = (const void *)at; entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_TEXTREL ||
                (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0)) {
                return true;
            }
        }
    }
    return false;
}

/* Pages that lie in the segment as a whole. */
static void
forget_segment(uintptr_t start, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (start + page - 1) & ~(page - 1);
    uintptr_t end = (start + size) & ~(page - 1);
    if (first < end) {
        (void)madvise((void *)first, end - first, MADV_DONTNEED); /* or it stays */
    }
}

/*
 * Only segments that were never writable: what was relocated and then made read-only lies in one
 * that says it is. The kernel's own object (no path) is no file.
 */
static int
forget_object(struct dl_phdr_info *object, size_t size MX_UNUSED, void *arg)
{
    bool *is_program = arg;
    bool is_file = *is_program || object->dlpi_name[0] == '/';
    *is_program = false; /* it comes first, without a name */
    if (!is_file || has_text_relocations(object)) {
        return 0;
    }
    for (ElfW(Half) i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0) {
            forget_segment((uintptr_t)(object->dlpi_addr + segment->p_vaddr), segment->p_filesz);
        }
    }
    return 0;
}

void
app_trim(void)
{
    bool is_program = true;
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(forget_object, &is_program);
}
