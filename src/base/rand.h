/* Random bytes straight from the kernel, for keys; salts come from mx_random (mx/base.h). */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "mx/base.h"

void base_rand_bytes(void *out, size_t len);
uint64_t base_rand_u64(void);

#endif
