/* Entity tags and the table of changed paths. */
#include "admin/etag.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 1024u

static int
digest_bytes(const char *bytes, size_t len, void *data)
{
    EVP_MD_CTX *digest = data;

    return EVP_DigestUpdate(digest, bytes, len) == 1 ? 0 : -1;
}

void
admin_etag_of(const json_t *body, char out[ADMIN_ETAG_LEN + 1])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    unsigned char sum[EVP_MAX_MD_SIZE] = {0};
    unsigned len = 0;

    if (digest != NULL && EVP_DigestInit_ex(digest, EVP_sha1(), NULL) == 1) {
        if (body != NULL) {
            (void)json_dump_callback(body, digest_bytes, digest,
                                     JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
        }
        (void)EVP_DigestFinal_ex(digest, sum, &len);
    }
    EVP_MD_CTX_free(digest);
    out[0] = '"';
    for (size_t i = 0; i < 20; i++) {
        (void)snprintf(out + 1 + 2 * i, 3, "%02x", (unsigned)sum[i]);
    }
    out[41] = '"';
    out[42] = '\0';
}

bool
admin_etag_in(const char *header, const char *etag)
{
    size_t etag_len = strlen(etag);

    while (*header != '\0') {
        header += strspn(header, " \t,");
        size_t len = strcspn(header, ",");
        const char *tag = header;
        header += len;
        while (len > 0 && (tag[len - 1] == ' ' || tag[len - 1] == '\t')) {
            len--;
        }
        if (len == 1 && *tag == '*') {
            return true;
        }
        if (len > 2 && tag[0] == 'W' && tag[1] == '/') {
            tag += 2;
            len -= 2;
        }
        if (len == etag_len && memcmp(tag, etag, len) == 0) {
            return true;
        }
    }
    return false;
}

struct change {
    char *path;
    time_t when;
};

struct admin_changes {
    pthread_mutex_t lock;
    time_t unknown; /* for paths that are not in the list */
    size_t count;
    struct change list[CHANGES_MAX];
};

struct admin_changes *
admin_changes_new(time_t start)
{
    struct admin_changes *changes = mx_calloc(1, sizeof(*changes));

    (void)pthread_mutex_init(&changes->lock, NULL);
    changes->unknown = start;
    return changes;
}

void
admin_changes_free(struct admin_changes *changes)
{
    if (changes == NULL) {
        return;
    }
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->list[i].path);
    }
    (void)pthread_mutex_destroy(&changes->lock);
    free(changes);
}

static struct change *
find(struct admin_changes *changes, const char *path, size_t len)
{
    for (size_t i = 0; i < changes->count; i++) {
        struct change *change = &changes->list[i];
        if (strncmp(change->path, path, len) == 0 && change->path[len] == '\0') {
            return change;
        }
    }
    return NULL;
}

static struct change *
make_room(struct admin_changes *changes)
{
    struct change *oldest = &changes->list[0];

    if (changes->count < CHANGES_MAX) {
        return &changes->list[changes->count++];
    }
    for (size_t i = 1; i < changes->count; i++) {
        if (changes->list[i].when < oldest->when) {
            oldest = &changes->list[i];
        }
    }
    if (oldest->when > changes->unknown) {
        changes->unknown = oldest->when;
    }
    free(oldest->path);
    return oldest;
}

void
admin_changes_note(struct admin_changes *changes, const char *path, time_t now)
{
    size_t len = strlen(path);

    (void)pthread_mutex_lock(&changes->lock);
    while (len > 0) {
        struct change *change = find(changes, path, len);
        if (change == NULL) {
            change = make_room(changes);
            change->path = mx_strndup(path, len);
        }
        change->when = now;
        do {
            len--;
        } while (len > 0 && path[len] != '/');
    }
    (void)pthread_mutex_unlock(&changes->lock);
}

time_t
admin_changes_time(struct admin_changes *changes, const char *path)
{
    const struct change *change;
    time_t when;

    (void)pthread_mutex_lock(&changes->lock);
    change = find(changes, path, strlen(path));
    when = change != NULL ? change->when : changes->unknown;
    (void)pthread_mutex_unlock(&changes->lock);
    return when;
}
