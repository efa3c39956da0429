/* The real system calls behind net/ops.h. */
#include "net/ops.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The C library's functions are cancellation points: in a program with threads each of them turns
 * asynchronous cancellation on and off around its system call, 45 instructions that no thread here
 * has a use for. The three calls that every statement makes go without. Sanitizers look into the
 * library's functions, so they keep them.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SYS_RECEIVE(fd, bytes, len)             recv(fd, bytes, len, 0)
#define SYS_SEND(fd, bytes, len)                send(fd, bytes, len, MSG_NOSIGNAL)
#define SYS_WAIT(fd, events, count, timeout_ms) epoll_wait(fd, events, count, timeout_ms)
#else
#define SYS_RECEIVE(fd, bytes, len) syscall(SYS_recvfrom, fd, bytes, len, 0, NULL, NULL)
#define SYS_SEND(fd, bytes, len)    syscall(SYS_sendto, fd, bytes, len, MSG_NOSIGNAL, NULL, 0)
#define SYS_WAIT(fd, events, count, timeout_ms) \
    (int)syscall(SYS_epoll_pwait, fd, events, count, timeout_ms, NULL, 0)
#endif

static ssize_t
real_receive(int fd, void *bytes, size_t len)
{
    ssize_t rc = SYS_RECEIVE(fd, bytes, len);
    return rc < 0 ? -errno : rc;
}

static ssize_t
real_send(int fd, struct iovec *iov, int count)
{
    ssize_t rc = 0;
    if (count == 1) {
        rc = SYS_SEND(fd, iov->iov_base, iov->iov_len);
    } else {
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)count};
        rc = sendmsg(fd, &message, MSG_NOSIGNAL);
    }
    return rc < 0 ? -errno : rc;
}

static int
real_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return connect(fd, address, len) < 0 ? -errno : 0;
}

static int
real_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    int rc = accept4(fd, address, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return rc < 0 ? -errno : rc;
}

static int
real_wait(int epoll_fd, struct epoll_event *events, int count, int timeout_ms)
{
    int rc = SYS_WAIT(epoll_fd, events, count, timeout_ms);
    return rc < 0 ? -errno : rc;
}

static int
real_control(int epoll_fd, int what, int fd, struct epoll_event *event)
{
    return epoll_ctl(epoll_fd, what, fd, event) < 0 ? -errno : 0;
}

const struct net_ops net_ops_real = {
    .receive = real_receive,
    .send = real_send,
    .connect = real_connect,
    .accept = real_accept,
    .wait = real_wait,
    .control = real_control,
    .short_means_empty = true,
};
