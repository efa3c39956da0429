/*
 * Bytes of a client that are no commands: the file of LOAD DATA LOCAL, and what a replica says to
 * the server that it reads from.
 */
#include "mariadb.h"

/* ------------------------------------------------------------ numbers of packets */

void
packet_renumber(struct packet_count *count, uint8_t *data, size_t len)
{
    size_t at = 0;
    for (;;) {
        size_t part = mx_min_size(count->left, len - at);
        count->left -= (uint32_t)part;
        at += part;
        while (at < len && count->have < sizeof(count->header)) {
            count->header[count->have++] = data[at++];
        }
        if (at == len) {
            return;
        }
        count->left = wire_load_u24(count->header);
        count->have = 0;
        data[at++] = count->next++;
    }
}

/* ------------------------------------------------------------ LOAD DATA LOCAL */

size_t
client_infile_data(struct mx_session *session, uint8_t *data, size_t len)
{
    struct mariadb_client *client = client_of(session);
    size_t at = 0;
    bool ended = false;
    while (!ended) {
        size_t part = mx_min_size(client->infile_left, len - at);
        at += part;
        client->infile_left -= (uint32_t)part;
        if (client->infile_left > 0 || len - at < WIRE_HEADER_SIZE) {
            break;
        }
        uint32_t size = wire_load_u24(data + at);
        if (client->compress != NULL) {
            data[at + 3] = (uint8_t)(client->walk.sequence + 1);
        }
        client->walk.sequence = data[at + 3];
        ended = size == 0 && !client->infile_goes_on;
        client->infile_goes_on = size == WIRE_PAYLOAD_MAX;
        client->infile_left = size;
        at += WIRE_HEADER_SIZE;
    }
    if (at > 0 && client->infile != NULL) {
        backend_send_raw(client->infile, data, at, false);
    }
    if (ended) {
        client->state = CLIENT_COMMAND;
        client->infile = NULL;
        client->infile_ended = true;
        (void)client_flush_answer(session);
    }
    return at;
}

/* ------------------------------------------------------------ replication */

/*
 * A replica that is being served only acknowledges (semi-synchronous replication) or goes away. Its
 * packets are no commands and are not counted as such.
 */
size_t
client_dump_data(struct mx_session *session, const uint8_t *data, size_t len)
{
    struct mariadb_client *client = client_of(session);
    bool begins = client->infile_left == 0;
    size_t at = 0;
    if (begins) {
        if (len <= WIRE_HEADER_SIZE) {
            return 0; /* the shortest one has a byte */
        }
        client->infile_left = wire_load_u24(data);
        if (client->infile_left == 1 && data[WIRE_HEADER_SIZE] == WIRE_COM_QUIT) {
            client->state = CLIENT_DEAD;
            mx_session_quit(session);
            return len;
        }
        at = WIRE_HEADER_SIZE;
    }
    size_t part = mx_min_size(client->infile_left, len - at);
    client->infile_left -= (uint32_t)part;
    at += part;
    if (client->infile != NULL) {
        backend_send_raw(client->infile, data, at, begins);
    }
    return at;
}
