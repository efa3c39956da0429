/*
 * Opens many connections at once and counts what each hears first: a greeting, an error packet, or
 * nothing within a minute. storm PORT CLIENTS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENCE_MS 60000

static int greeted, refused, silent;

static void
hear(int fd)
{
    unsigned char bytes[300];
    ssize_t len = recv(fd, bytes, sizeof(bytes), 0);
    if (len > 4 && bytes[4] == 10) {
        greeted++;
    } else if (len > 4 && bytes[4] == 255) {
        refused++;
    } else {
        silent++;
    }
    close(fd);
}

static int
dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((unsigned short)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)) {
        perror("connect");
        exit(1);
    }
    return fd;
}

int
main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    int clients = atoi(argv[2]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int poll = epoll_create1(0);
    for (int i = 0; i < clients; i++) {
        int fd = dial(atoi(argv[1]));
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
    int left = clients;
    while (left > 0) {
        struct epoll_event events[256];
        int count = epoll_wait(poll, events, 256, SILENCE_MS);
        if (count <= 0) {
            silent += left;
            break;
        }
        for (int i = 0; i < count; i++) {
            hear(events[i].data.fd);
        }
        left -= count;
    }
    printf("greeted=%d refused=%d silent=%d\n", greeted, refused, silent);
    return 0;
}
