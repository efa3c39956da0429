/* PROXY headers of clients: who may send one, and what it changes. */
#include "core/session.h"
#include "net/conn.h"
#include "net/proxy.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

bool
core_session_has_address(const struct mx_session *session)
{
    uint16_t family = session->conn == NULL ? 0 : net_conn_peer(session->conn)->family;
    return family == AF_INET || family == AF_INET6;
}

static bool
may_send(const struct mx_session *session)
{
    const struct net_network_list *list = &session->listener->proxy_networks;
    const struct net_peer *peer = net_conn_peer(session->conn);
    struct sockaddr_in in4 = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (peer->family == AF_INET) {
        memcpy(&in4.sin_addr, peer->ip, 4);
        return net_network_list_has(list, (const struct sockaddr *)&in4);
    }
    if (peer->family == AF_INET6) {
        memcpy(&in6.sin6_addr, peer->ip, 16);
        return net_network_list_has(list, (const struct sockaddr *)&in6);
    }
    return net_network_list_has(list, NULL);
}

static enum mx_proxy_verdict
become(struct mx_session *session, const struct net_peer *client, struct mx_err *err)
{
    char address[MX_CONN_ADDRESS_MAX];
    net_conn_set_peer(session->conn, client);
    char *remote = mx_strdup(net_peer_text(client, address, sizeof(address)));
    free(session->remote);
    session->remote = remote;
    return core_block_check(remote, err) == 0 ? MX_PROXY_TAKEN : MX_PROXY_REFUSED;
}

enum mx_proxy_verdict
mx_session_proxy_header(struct mx_session *session, const uint8_t *data, size_t len,
                        size_t *out_size, struct mx_err *err)
{
    struct net_proxy proxy;
    struct mx_err why;
    if (session->proxied) {
        return MX_PROXY_NONE; /* one is enough: a second one would be the client's own invention */
    }
    enum net_proxy_result result = net_proxy_decode(data, len, &proxy, &why);
    if (result == NET_PROXY_NONE || (result == NET_PROXY_MORE && len < NET_PROXY_MARK_LEN)) {
        return result == NET_PROXY_NONE ? MX_PROXY_NONE : MX_PROXY_MORE;
    }
    if (!may_send(session)) {
        (void)mx_err_set(err, 1130, "HY000", "A PROXY header is not accepted from '%s'",
                         session->remote);
        return MX_PROXY_REFUSED;
    }
    *out_size = proxy.size;
    switch (result) {
    case NET_PROXY_NONE:
    case NET_PROXY_MORE:
        return MX_PROXY_MORE;
    case NET_PROXY_LOCAL:
        session->proxied = true;
        return MX_PROXY_TAKEN;
    case NET_PROXY_CLIENT:
        session->proxied = true;
        return become(session, &proxy.client, err);
    case NET_PROXY_BAD:
        break;
    }
    (void)mx_err_set(err, 1105, "HY000", "The PROXY header is not valid: %s", why.text);
    return MX_PROXY_REFUSED;
}
