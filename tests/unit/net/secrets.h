/* A secret, and how many copies of it the memory of this process holds. */
#ifndef TEST_NET_SECRETS_H
#define TEST_NET_SECRETS_H

#include <stddef.h>
#include <stdint.h>

#define SECRET_LEN 48u

/* No part of the program holds it in this form before. */
void secret_make(uint8_t out[SECRET_LEN]);
/* In all that can be written to, freed memory and buffers that lie idle included. */
size_t secret_copies(void);

#endif
