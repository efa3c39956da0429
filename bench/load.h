/*
 * What the load client and the load server share: both are one thread with one epoll set, as cheap
 * as can be, so that what is between them is the busiest part. Neither checks more than it must.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "mx/base.h"

#include <stdint.h>

#define LOAD_READ_SIZE ((size_t)256 * 1024)

/* Ends the program with a message. */
_Noreturn void load_die(const char *format, ...) MX_PRINTF(1, 2);

int64_t load_now_ns(void);

/* TCP to or at 127.0.0.1, non-blocking, TCP_NODELAY. */
int load_connect(uint16_t port);
int load_listen(uint16_t port);
void load_prepare_socket(int fd);

/* All bytes; waits for room where it must. False: the other side has gone. */
bool load_write(int fd, const void *bytes, size_t len);

/* The value behind `name` among the arguments, or `fallback`. */
const char *load_option(int argc, char **argv, const char *name, const char *fallback);
long load_number(int argc, char **argv, const char *name, long fallback);

#endif
