/*
 * Knocking: a bare connection attempt that only asks whether anything listens at an address. The
 * client library does not tell a refusal from a timeout reliably; the socket does.
 */
#ifndef MARIADBMON_OBSERVE_CONNECT_H
#define MARIADBMON_OBSERVE_CONNECT_H

#include "mx/base.h"

/*
 * Starts to connect to a numeric address, or to a socket file when address is NULL. Returns the
 * descriptor (to be closed) or -1; *out_error is 0 (connected), EINPROGRESS, or the fault.
 */
int mon_knock_begin(const char *address, int port, const char *socket_path, int *out_error);
/* After the descriptor became writable: 0 somebody listens, otherwise the fault. */
int mon_knock_result(int fd);
/* Nothing listens there: no slow network looks like this. */
bool mon_knock_is_refusal(int error);

#endif
