/* A connection for reading accounts, with all options of the server. */
#ifndef CORE_USERS_CONNECT_H
#define CORE_USERS_CONNECT_H

#include "core/users_load.h"

#include <mysql.h>

/* Close with mysql_close. NULL: err says which server, why, and what to look at. */
MYSQL *users_connect(const struct core_users_source *source, const struct core_users_server *server,
                     struct mx_err *err);

#endif
