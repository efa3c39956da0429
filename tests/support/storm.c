/*
 * Opens many connections at once and counts what each hears: a greeting, an error packet, or
 * nothing within a minute. With a USER (who has no password) each logs in and runs a statement;
 * what counts then is whether that was answered. storm PORT CLIENTS [USER]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENCE_MS 60000

/* What a client waits for. */
enum stage {
    GREETING = 0,
    LOGIN,
    ANSWER
};

static int greeted, answered, refused, silent;
static const char *user;
static unsigned char stages[1 << 20]; /* by descriptor */

static void
send_login(int fd)
{
    unsigned char packet[128] = {0};
    size_t name_len = strlen(user);
    size_t size = 32 + name_len + 1 + 1 + 22;
    packet[0] = (unsigned char)size;
    packet[3] = 1;
    packet[4] = 0x01; /* LONG_PASSWORD */
    packet[5] = 0x82; /* PROTOCOL_41, SECURE_CONNECTION */
    packet[6] = 0x08; /* PLUGIN_AUTH */
    packet[11] = 0x01;
    packet[12] = 45;
    memcpy(packet + 36, user, name_len);
    memcpy(packet + 36 + name_len + 2, "mysql_native_password", 22);
    (void)!send(fd, packet, 4 + size, MSG_NOSIGNAL);
}

/* True: it has heard all that it wanted. */
static int
hear(int fd)
{
    static const unsigned char query[] = {9, 0, 0, 0, 3, 'S', 'E', 'L', 'E', 'C', 'T', ' ', '1'};
    unsigned char bytes[1000];
    ssize_t len = recv(fd, bytes, sizeof(bytes), 0);
    int is_good = len > 4 && bytes[4] != 255;
    if (is_good && stages[fd] == GREETING && user != NULL) {
        stages[fd] = LOGIN;
        send_login(fd);
        return 0;
    }
    if (is_good && stages[fd] == LOGIN && bytes[4] == 0) {
        stages[fd] = ANSWER;
        (void)!send(fd, query, sizeof(query), MSG_NOSIGNAL);
        return 0;
    }
    if (is_good && stages[fd] == GREETING) {
        greeted++;
    } else if (is_good && stages[fd] == ANSWER) {
        answered++;
    } else if (len > 4 && bytes[4] == 255) {
        refused++;
    } else {
        silent++;
    }
    stages[fd] = GREETING;
    close(fd);
    return 1;
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
    user = argc > 3 ? argv[3] : NULL;
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
            left -= hear(events[i].data.fd);
        }
    }
    printf("%s=%d refused=%d silent=%d\n", user == NULL ? "greeted" : "answered",
           user == NULL ? greeted : answered, refused, silent);
    return 0;
}
