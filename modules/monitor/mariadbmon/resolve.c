/* Background lookups: one detached thread per name, a shared record that the last one frees. */
#include "resolve.h"

#include "mx/atomic.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define KEEP_MS         (5 * 60 * 1000)
#define KEEP_FAILURE_MS 2000

/* Shared by the resolver and the thread; the thread writes before it sets `done`. */
struct lookup {
    struct mx_ref ref;
    pthread_mutex_t lock;
    bool done;
    bool found;
    char address[MON_ADDRESS_MAX];
    char *host;
};

struct name {
    struct name *next;
    char *host;
    char address[MON_ADDRESS_MAX];
    bool found;
    bool known;
    int64_t until_ms;
    struct lookup *lookup;
};

struct mon_resolver {
    struct name *names;
};

static void
lookup_unref(struct lookup *lookup)
{
    if (mx_ref_put(&lookup->ref)) {
        (void)pthread_mutex_destroy(&lookup->lock);
        free(lookup->host);
        free(lookup);
    }
}

static void *
run(void *argument)
{
    struct lookup *lookup = argument;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char address[MON_ADDRESS_MAX] = "";
    bool ok = getaddrinfo(lookup->host, NULL, &hints, &found) == 0 &&
              getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0,
                          NI_NUMERICHOST) == 0;
    if (found != NULL) {
        freeaddrinfo(found);
    }
    (void)pthread_mutex_lock(&lookup->lock);
    lookup->done = true;
    lookup->found = ok;
    memcpy(lookup->address, address, sizeof(address));
    (void)pthread_mutex_unlock(&lookup->lock);
    lookup_unref(lookup);
    return NULL;
}

struct mon_resolver *
mon_resolver_new(void)
{
    return mx_calloc(1, sizeof(struct mon_resolver));
}

void
mon_resolver_free(struct mon_resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    struct name *name = resolver->names;
    while (name != NULL) {
        struct name *next = name->next;
        if (name->lookup != NULL) {
            lookup_unref(name->lookup);
        }
        free(name->host);
        free(name);
        name = next;
    }
    free(resolver);
}

static bool
is_numeric(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static struct name *
find(struct mon_resolver *resolver, const char *host)
{
    for (struct name *name = resolver->names; name != NULL; name = name->next) {
        if (strcmp(name->host, host) == 0) {
            return name;
        }
    }
    struct name *name = mx_calloc(1, sizeof(*name));
    name->host = mx_strdup(host);
    name->next = resolver->names;
    resolver->names = name;
    return name;
}

static void
start(struct name *name)
{
    pthread_attr_t attributes;
    pthread_t thread;
    struct lookup *lookup = mx_calloc(1, sizeof(*lookup));
    mx_ref_init(&lookup->ref);
    lookup->host = mx_strdup(name->host);
    MX_ASSERT(pthread_mutex_init(&lookup->lock, NULL) == 0);
    MX_ASSERT(pthread_attr_init(&attributes) == 0);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    mx_ref_get(&lookup->ref);
    if (pthread_create(&thread, &attributes, run, lookup) == 0) {
        name->lookup = lookup;
    } else {
        MX_ASSERT(!mx_ref_put(&lookup->ref)); /* what was meant for the thread */
        lookup_unref(lookup);
    }
    (void)pthread_attr_destroy(&attributes);
}

/* Takes over the result of a lookup that has ended. */
static void
collect(struct name *name, int64_t now_ms)
{
    struct lookup *lookup = name->lookup;
    (void)pthread_mutex_lock(&lookup->lock);
    bool done = lookup->done;
    if (done) {
        name->known = true;
        name->found = lookup->found;
        name->until_ms = now_ms + (lookup->found ? KEEP_MS : KEEP_FAILURE_MS);
        if (lookup->found) {
            memcpy(name->address, lookup->address, sizeof(name->address));
        }
    }
    (void)pthread_mutex_unlock(&lookup->lock);
    if (done) {
        name->lookup = NULL;
        lookup_unref(lookup);
    }
}

enum mon_lookup
mon_resolver_get(struct mon_resolver *resolver, const char *host, int64_t now_ms,
                 char out[MON_ADDRESS_MAX])
{
    if (is_numeric(host)) {
        (void)snprintf(out, MON_ADDRESS_MAX, "%s", host);
        return MON_LOOKUP_DONE;
    }
    struct name *name = find(resolver, host);
    if (name->lookup != NULL) {
        collect(name, now_ms);
    }
    if (name->lookup == NULL && (!name->known || now_ms >= name->until_ms)) {
        start(name);
    }
    /* an old answer is better than waiting for the new one */
    if (name->known && name->found) {
        memcpy(out, name->address, MON_ADDRESS_MAX);
        return MON_LOOKUP_DONE;
    }
    return name->lookup != NULL ? MON_LOOKUP_PENDING : MON_LOOKUP_FAILED;
}
