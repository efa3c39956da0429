/* Growable bytes of mx/buf.h; storage from the calling thread's pool. */
#include "mx/buf.h"

#include "base/pool.h"

#include <string.h>

static void
move_to(struct mx_buf *buf, size_t need)
{
    size_t capacity = 0;
    uint8_t *bytes = base_pool_get(need, &capacity);
    if (buf->bytes != NULL && buf->len > 0) {
        memcpy(bytes, buf->bytes, buf->len);
    }
    base_pool_put(buf->bytes, buf->capacity);
    buf->bytes = bytes;
    buf->capacity = capacity;
}

uint8_t *
mx_buf_room(struct mx_buf *buf, size_t len)
{
    size_t limit = buf->max > 0 ? buf->max : SIZE_MAX / 2;
    if (buf->len > limit || len > limit - buf->len) {
        return NULL;
    }
    size_t need = buf->len + len;
    if (buf->bytes == NULL || need > buf->capacity) {
        size_t twice = mx_min_size(buf->capacity * 2, limit);
        move_to(buf, mx_max_size(need, twice));
    }
    return buf->bytes + buf->len;
}

void
mx_buf_fill(struct mx_buf *buf, size_t len)
{
    MX_ASSERT(len <= buf->capacity - buf->len);
    buf->len += len;
}

int
mx_buf_append(struct mx_buf *buf, const void *bytes, size_t len)
{
    uint8_t *room = mx_buf_room(buf, len);
    if (room == NULL) {
        return -1;
    }
    if (len > 0) {
        memcpy(room, bytes, len);
        buf->len += len;
    }
    return 0;
}

void
mx_buf_consume(struct mx_buf *buf, size_t len)
{
    if (len >= buf->len) {
        mx_buf_free(buf);
    } else if (len > 0) {
        memmove(buf->bytes, buf->bytes + len, buf->len - len);
        buf->len -= len;
    }
}

void
mx_buf_clear(struct mx_buf *buf)
{
    buf->len = 0;
}

void
mx_buf_free(struct mx_buf *buf)
{
    base_pool_put(buf->bytes, buf->capacity);
    buf->bytes = NULL;
    buf->len = 0;
    buf->capacity = 0;
}

void
mx_buf_wipe(struct mx_buf *buf)
{
    if (buf->bytes != NULL) {
        explicit_bzero(buf->bytes, buf->capacity);
    }
    mx_buf_free(buf);
}

void
mx_buf_take(struct mx_buf *to, struct mx_buf *from)
{
    if (to == from) {
        return;
    }
    mx_buf_free(to);
    to->bytes = from->bytes;
    to->len = from->len;
    to->capacity = from->capacity;
    from->bytes = NULL;
    from->len = 0;
    from->capacity = 0;
}
