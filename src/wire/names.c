/* Names and properties of the constants: the lists of cmd.h and errcode.h as tables. */
#include "wire/cmd.h"
#include "wire/errcode.h"

#include "mx/base.h"
#include "wire/request.h"

struct command {
    const char *name; /* NULL: no such command */
    uint8_t answer;   /* enum wire_answer */
    bool has_id;
};

#define COMMAND_ROW(id, byte, reply, id_follows) \
    [byte] = {.name = "COM_" #id, .answer = WIRE_ANSWER_##reply, .has_id = (id_follows) != 0},
static const struct command commands[256] = {WIRE_COMMANDS(COMMAND_ROW)};

const char *
wire_command_name(uint8_t command)
{
    return commands[command].name;
}

enum wire_answer
wire_command_answer(uint8_t command)
{
    return (enum wire_answer)commands[command].answer;
}

int
wire_request_look(const uint8_t *payload, size_t len, struct wire_request *out)
{
    *out = (struct wire_request){0};
    if (len == 0) {
        return -1;
    }
    const struct command *command = &commands[payload[0]];
    out->command = payload[0];
    out->known = command->answer != WIRE_ANSWER_UNKNOWN;
    out->has_reply = command->answer != WIRE_ANSWER_NONE;
    out->has_statement_id = command->has_id;
    if (!command->has_id) {
        return 0;
    }
    if (len < WIRE_STMT_ID_AT + 4) {
        return -1;
    }
    out->statement_id = wire_load_u32(payload + WIRE_STMT_ID_AT);
    return 0;
}

int
wire_request_encode(struct wire_writer *w, uint8_t command, struct wire_slice rest)
{
    size_t mark = wire_packet_begin(w);
    wire_write_u8(w, command);
    wire_write_bytes(w, rest);
    return wire_packet_end(w, mark, 0);
}

const char *
wire_error_sqlstate(uint16_t code)
{
    /* NOLINTBEGIN(bugprone-branch-clone): a case for each error; many share a state. */
    switch (code) {
#define ERROR_CASE(name, number, sqlstate) \
    case (number):                         \
        return sqlstate;
        WIRE_ERRORS(ERROR_CASE)
    default:
        return "HY000";
    }
    /* NOLINTEND(bugprone-branch-clone) */
}
