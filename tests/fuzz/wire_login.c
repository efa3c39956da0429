/*
 * Input: 1 which, 4 capabilities, then a payload: greeting, handshake response, COM_CHANGE_USER,
 * authentication switch. What can be decoded and encoded again must decode to the same.
 */
#include "wire.h"
#include "wire/caps.h"
#include "wire/greeting.h"

static void
check_login(const struct wire_login *login, const uint8_t *data, size_t size)
{
    struct wire_reader attrs;
    struct wire_slice key;
    struct wire_slice value;
    fuzz_check_slice(login->user, data, size);
    fuzz_check_slice(login->token, data, size);
    fuzz_check_slice(login->db, data, size);
    fuzz_check_slice(login->plugin, data, size);
    fuzz_check_slice(login->attrs, data, size);
    wire_reader_init(&attrs, login->attrs.data, login->attrs.len);
    while (wire_attr_next(&attrs, &key, &value)) {
        fuzz_check_slice(key, data, size);
        fuzz_check_slice(value, data, size);
    }
}

static void
login(const uint8_t *data, size_t size, uint32_t offered)
{
    struct wire_login in;
    struct wire_login again;
    enum wire_login_result result = wire_login_decode(data, size, offered, UINT32_MAX, &in);
    if (result != WIRE_LOGIN_OK) {
        return;
    }
    check_login(&in, data, size);
    uint8_t *out = malloc(size + 64);
    struct wire_writer w;
    FUZZ_REQUIRE(out != NULL);
    wire_writer_init(&w, out, size + 64);
    if (wire_login_encode(&w, 1, &in) == 0) {
        result = wire_login_decode(out + 4, w.len - 4, offered, UINT32_MAX, &again);
        FUZZ_REQUIRE(result == WIRE_LOGIN_OK || result == WIRE_LOGIN_SSL_REQUEST);
        FUZZ_REQUIRE(result == WIRE_LOGIN_SSL_REQUEST ||
                     (again.user.len == in.user.len && again.token.len == in.token.len &&
                      again.db.len == in.db.len && again.plugin.len == in.plugin.len &&
                      again.attrs.len == in.attrs.len));
    }
    free(out);
}

static void
greeting(const uint8_t *data, size_t size)
{
    struct wire_greeting g;
    if (wire_greeting_decode(data, size, &g) == WIRE_GREETING_OK) {
        fuzz_check_slice(g.version, data, size);
        fuzz_check_slice(g.plugin, data, size);
        (void)wire_version_parse(g.version, NULL);
    }
}

static void
auth_switch(const uint8_t *data, size_t size)
{
    struct wire_auth_switch request;
    uint8_t scramble[WIRE_SCRAMBLE_SIZE];
    if (wire_auth_switch_decode(data, size, &request) == 0) {
        fuzz_check_slice(request.data, data, size);
        if (wire_auth_switch_scramble(&request, scramble) == 0) {
            FUZZ_REQUIRE(memcmp(scramble, request.data.data, sizeof(scramble)) == 0);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5) {
        return 0;
    }
    struct wire_login change;
    /* No greeting of ours is without it. */
    uint32_t caps = wire_load_u32(data + 1) | WIRE_CAP_PROTOCOL_41;
    switch (data[0] % 4) {
    case 0:
        greeting(data + 5, size - 5);
        break;
    case 1:
        login(data + 5, size - 5, caps);
        break;
    case 2:
        if (wire_change_user_decode(data + 5, size - 5, caps, &change) == 0) {
            check_login(&change, data + 5, size - 5);
        }
        break;
    default:
        auth_switch(data + 5, size - 5);
        break;
    }
    return 0;
}
