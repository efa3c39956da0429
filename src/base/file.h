/* Whole files: read with a limit, replaced in one step. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "mx/base.h"
#include "mx/err.h"

/*
 * Reads the file into memory that the caller frees, with a NUL behind it that *out_len does not
 * count. Fails when it is larger than limit_bytes. out_len may be NULL.
 */
MX_MUST_USE int base_file_read(const char *path, size_t limit_bytes, char **out, size_t *out_len,
                               struct mx_err *err);

/*
 * Replaces the file in one step: written beside it, flushed to disk, renamed over it. Readers see
 * the old content or the new one, never a part. `mode` are the permission bits, whatever the umask.
 */
MX_MUST_USE int base_file_replace(const char *path, const void *bytes, size_t len, unsigned mode,
                                  struct mx_err *err);

#endif
