/* Command bytes of the MariaDB protocol that stages decide by. The whole list is in wire/cmd.h. */
#ifndef MX_COMMAND_H
#define MX_COMMAND_H

enum mx_command {
    MX_COM_QUIT = 0x01,
    MX_COM_INIT_DB = 0x02,
    MX_COM_QUERY = 0x03,
    MX_COM_FIELD_LIST = 0x04,
    MX_COM_REFRESH = 0x07,
    MX_COM_DEBUG = 0x0d,
    MX_COM_PING = 0x0e,
    MX_COM_CHANGE_USER = 0x11,
    MX_COM_STMT_PREPARE = 0x16,
    MX_COM_STMT_EXECUTE = 0x17,
    MX_COM_STMT_SEND_LONG_DATA = 0x18,
    MX_COM_STMT_CLOSE = 0x19,
    MX_COM_STMT_RESET = 0x1a,
    MX_COM_SET_OPTION = 0x1b,
    MX_COM_STMT_FETCH = 0x1c,
    MX_COM_RESET_CONNECTION = 0x1f,
    MX_COM_STMT_BULK_EXECUTE = 0xfa,
};

#endif
