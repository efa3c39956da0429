/* What a module may ask of the program it runs in, besides the objects it serves. */
#ifndef MX_PROGRAM_H
#define MX_PROGRAM_H

#include "mx/base.h"
#include "mx/err.h"

/* Folder of the programs that are installed with this one. */
MX_API const char *mx_program_execdir(void);

/*
 * A password from a file of the user's: decrypted when there is a key file and it is encrypted,
 * else a copy. To be wiped and freed. NULL and err: encrypted, but not with our key.
 */
MX_API MX_MUST_USE char *mx_program_password(const char *text, struct mx_err *err);

#endif
