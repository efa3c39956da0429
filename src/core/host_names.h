/*
 * Host names of clients, for accounts whose host is a name: looked up when first needed, remembered
 * for a while. One table per worker, used on that worker only.
 */
#ifndef CORE_HOST_NAMES_H
#define CORE_HOST_NAMES_H

#include "base/hash.h"
#include "mx/list.h"
#include "net/resolve.h"

#define CORE_HOST_NAME_MS        300000 /* an answer, "it has none" included, is good that long */
#define CORE_HOST_NAME_FAILED_MS 30000  /* after the name service failed */

/* What a table needs from outside; another one in tests. */
struct core_host_door {
    void (*look_up)(const char *address, int64_t limit_ms, net_name_fn fn, void *arg);
    int64_t (*now_ms)(void);
};

/* All-zero but for the door is an empty table. */
struct core_host_names {
    const struct core_host_door *door;
    struct base_hash known; /* address to answer */
    struct base_hash asked; /* address to question; those who ask the same share it */
    struct mx_list answers; /* oldest first */
    int64_t size;           /* answers kept, as of the last question */
};

struct core_host_question {
    const char *address; /* text of an IP address */
    int64_t limit_ms;    /* wait no longer for the name service */
    int64_t cache_size;  /* host_cache_size */
};

/* name NULL: the address has none that may be used. Valid during the call only. */
typedef void (*core_host_fn)(void *arg, const char *name);

void core_host_names_init(struct core_host_names *names, const struct core_host_door *door);
/* Nobody is told. No answer may come any more. */
void core_host_names_fini(struct core_host_names *names, void (*free_arg)(void *arg));

/* True: remembered; *name (NULL: it has none) is valid until the next call. */
bool core_host_names_get(struct core_host_names *names, const char *address, const char **name);
/* fn is called once, later. */
void core_host_names_ask(struct core_host_names *names, const struct core_host_question *question,
                         core_host_fn fn, void *arg);

/* The table of the calling worker. */
struct core_host_names *core_host_names_mine(void);

#endif
