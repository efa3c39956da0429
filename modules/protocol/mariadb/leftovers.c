/*
 * What a command leaves behind on a server's connection that COM_RESET_CONNECTION does not clear:
 * servers keep the default database, the role, the identity and recorded profiles over it. Only
 * statements that are known to change none of these count as harmless; whoever is not in the list
 * costs a cleaning and a COM_CHANGE_USER, nothing worse.
 */
#include "mariadb.h"

#include <string.h>
#include <strings.h>

static const char *const harmless[] = {
    "SELECT", "INSERT",    "UPDATE",   "DELETE",   "REPLACE", "SET",  "SHOW",
    "BEGIN",  "START",     "COMMIT",   "ROLLBACK", "EXPLAIN", "DESC", "DESCRIBE",
    "WITH",   "SAVEPOINT", "TRUNCATE", "ANALYZE",  "VALUES",  "DO",
};

/* Words that turn a harmless SET or ANALYZE into something else. */
static const char *const harmful[] = {"ROLE", "STATEMENT", "AUTHORIZATION", "PROFILING"};

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
starts_harmless(const char *text, size_t len)
{
    size_t end = 0;
    while (end < len && is_letter(text[end])) {
        end++;
    }
    for (size_t i = 0; i < MX_COUNT(harmless); i++) {
        if (strlen(harmless[i]) == end && strncasecmp(text, harmless[i], end) == 0) {
            return true;
        }
    }
    return false;
}

/* As a part of another word or a literal as well: that costs little. */
static bool
has_harmful(const char *text, size_t len)
{
    for (size_t i = 0; i < MX_COUNT(harmful); i++) {
        size_t size = strlen(harmful[i]);
        for (size_t at = 0; at + size <= len; at++) {
            if (strncasecmp(text + at, harmful[i], size) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* A semicolon anywhere but at the end may begin another statement. */
static bool
is_single(const char *text, size_t len)
{
    while (len > 0 && (is_space(text[len - 1]) || text[len - 1] == ';')) {
        len--;
    }
    return len == 0 || memchr(text, ';', len) == NULL;
}

static bool
is_plain(const char *text, size_t len)
{
    while (len > 0 && is_space(*text)) {
        text++;
        len--;
    }
    if (!starts_harmless(text, len) || !is_single(text, len)) {
        return false;
    }
    bool sets = strncasecmp(text, "SET", 3) == 0 || strncasecmp(text, "ANALYZE", 7) == 0;
    return !sets || !has_harmful(text, len);
}

enum leftover
leftover_of(uint8_t command, const char *text, size_t len)
{
    switch (command) {
    case WIRE_COM_QUERY:
    case WIRE_COM_STMT_PREPARE:
        return text != NULL && is_plain(text, len) ? LEFTOVER_NONE : LEFTOVER_USER;
    case WIRE_COM_STMT_EXECUTE:
    case WIRE_COM_STMT_BULK_EXECUTE:
    case WIRE_COM_STMT_SEND_LONG_DATA:
    case WIRE_COM_STMT_FETCH:
    case WIRE_COM_STMT_RESET:
    case WIRE_COM_STMT_CLOSE:
    case WIRE_COM_PING:
    case WIRE_COM_STATISTICS:
    case WIRE_COM_FIELD_LIST:
    case WIRE_COM_PROCESS_INFO:
    case WIRE_COM_RESET_CONNECTION:
        return LEFTOVER_NONE;
    case WIRE_COM_INIT_DB:
    case WIRE_COM_CHANGE_USER:
        return LEFTOVER_USER;
    default:
        return LEFTOVER_FOREVER; /* capabilities were changed, replication began ... */
    }
}
