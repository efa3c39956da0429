/* Host names of clients: a table per worker of what the name service said. */
#include "core/host_names.h"

#include "core/objects.h"
#include "core/users.h"
#include "mx/log.h"
#include "mx/timer.h"
#include "mx/worker.h"

#include <stdlib.h>
#include <string.h>

struct answer {
    struct mx_list node;
    int64_t until_ms;
    char *name; /* NULL: none */
    char address[];
};

struct waiter {
    struct waiter *next;
    core_host_fn fn;
    void *arg;
};

struct question {
    struct core_host_names *names;
    struct waiter *waiters;
    char address[];
};

void
core_host_names_init(struct core_host_names *names, const struct core_host_door *door)
{
    *names = (struct core_host_names){.door = door};
    mx_list_init(&names->answers);
}

/* ------------------------------------------------------------ answers */

static void
answer_free(struct core_host_names *names, struct answer *answer)
{
    (void)base_hash_remove(&names->known, answer->address, strlen(answer->address));
    mx_list_remove(&answer->node);
    free(answer->name);
    free(answer);
}

bool
core_host_names_get(struct core_host_names *names, const char *address, const char **name)
{
    struct answer *answer = base_hash_get(&names->known, address, strlen(address));
    if (answer != NULL && answer->until_ms <= names->door->now_ms()) {
        answer_free(names, answer);
        answer = NULL;
    }
    *name = answer == NULL ? NULL : answer->name;
    return answer != NULL;
}

static void
shrink(struct core_host_names *names, int64_t size)
{
    while (names->known.count > 0 && (int64_t)names->known.count > size) {
        answer_free(names, mx_container_of(names->answers.next, struct answer, node));
    }
}

static void
remember(struct core_host_names *names, const char *address, const char *name, int64_t for_ms)
{
    struct answer *old = base_hash_get(&names->known, address, strlen(address));
    if (old != NULL) {
        answer_free(names, old);
    }
    if (names->size <= 0) {
        shrink(names, 0);
        return;
    }
    shrink(names, names->size - 1);
    size_t len = strlen(address);
    struct answer *answer = mx_calloc(1, sizeof(*answer) + len + 1);
    memcpy(answer->address, address, len);
    answer->name = name == NULL ? NULL : mx_strdup(name);
    answer->until_ms = names->door->now_ms() + for_ms;
    mx_list_append(&names->answers, &answer->node);
    (void)base_hash_set(&names->known, address, len, answer);
}

/* ------------------------------------------------------------ questions */

static void
report(const char *address, enum net_name_result result, const char *text)
{
    static const char remedy[] = "accounts whose host is a name do not match this client; mend the "
                                 "name service, give the accounts addresses as hosts, or set "
                                 "skip_name_resolve=true";
    switch (result) {
    case NET_NAME_FOUND:
        mx_log_warning(NULL,
                       "The host name '%s' of the client at '%s' looks like an address and is not "
                       "used: %s",
                       text, address, remedy);
        break;
    case NET_NAME_NONE:
        mx_log_info(NULL, "The client at '%s' has no host name: %s", address, remedy);
        break;
    case NET_NAME_UNCONFIRMED:
    case NET_NAME_FAILED:
        mx_log_warning(NULL, "The host name of the client at '%s' is not known, %s: %s", address,
                       text, remedy);
        break;
    }
}

static void
answered(void *arg, enum net_name_result result, const char *text)
{
    struct question *question = arg;
    struct core_host_names *names = question->names;
    bool usable = result == NET_NAME_FOUND && !core_users_name_is_address(text);
    const char *name = usable ? text : NULL;
    if (!usable) {
        report(question->address, result, text);
    }
    (void)base_hash_remove(&names->asked, question->address, strlen(question->address));
    remember(names, question->address, name,
             result == NET_NAME_FAILED ? CORE_HOST_NAME_FAILED_MS : CORE_HOST_NAME_MS);
    while (question->waiters != NULL) {
        struct waiter *waiter = question->waiters;
        question->waiters = waiter->next;
        waiter->fn(waiter->arg, name);
        free(waiter);
    }
    free(question);
}

void
core_host_names_ask(struct core_host_names *names, const struct core_host_question *question,
                    core_host_fn fn, void *arg)
{
    size_t len = strlen(question->address);
    struct question *asked = base_hash_get(&names->asked, question->address, len);
    struct waiter *waiter = mx_calloc(1, sizeof(*waiter));
    waiter->fn = fn;
    waiter->arg = arg;
    names->size = question->cache_size;
    if (asked != NULL) {
        waiter->next = asked->waiters;
        asked->waiters = waiter;
        return;
    }
    asked = mx_calloc(1, sizeof(*asked) + len + 1);
    asked->names = names;
    asked->waiters = waiter;
    memcpy(asked->address, question->address, len);
    (void)base_hash_set(&names->asked, question->address, len, asked);
    names->door->look_up(asked->address, question->limit_ms, answered, asked);
}

void
core_host_names_fini(struct core_host_names *names, void (*free_arg)(void *arg))
{
    size_t position = 0;
    const struct base_hash_entry *entry;
    shrink(names, 0);
    base_hash_fini(&names->known, NULL);
    while ((entry = base_hash_next(&names->asked, &position)) != NULL) {
        struct question *question = entry->value;
        while (question->waiters != NULL) {
            struct waiter *waiter = question->waiters;
            question->waiters = waiter->next;
            free_arg(waiter->arg);
            free(waiter);
        }
    }
    base_hash_fini(&names->asked, free);
}

/* ------------------------------------------------------------ the workers' */

static const struct core_host_door real_door = {.look_up = net_resolve_name, .now_ms = mx_now_ms};

/* Part of the process object. A table is touched by its worker only. */
static struct core_host_names tables[CORE_WORKERS_MAX];

struct core_host_names *
core_host_names_mine(void)
{
    int index = mx_worker_index(mx_worker_self());
    MX_ASSERT(index >= 0 && index < CORE_WORKERS_MAX);
    if (tables[index].door == NULL) {
        core_host_names_init(&tables[index], &real_door);
    }
    return &tables[index];
}
