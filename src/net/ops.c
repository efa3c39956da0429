/* The real system calls behind net/ops.h. */
#include "net/ops.h"

#include <errno.h>

static ssize_t
real_receive(int fd, void *bytes, size_t len)
{
    ssize_t rc = recv(fd, bytes, len, 0);
    return rc < 0 ? -errno : rc;
}

static ssize_t
real_send(int fd, struct iovec *iov, int count)
{
    ssize_t rc = 0;
    if (count == 1) {
        rc = send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
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
    int rc = epoll_wait(epoll_fd, events, count, timeout_ms);
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
