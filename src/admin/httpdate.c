/* HTTP dates, independent of the locale. */
#include "admin/httpdate.h"

#include <stdio.h>
#include <string.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void
admin_date_print(time_t when, char out[ADMIN_DATE_LEN + 1])
{
    struct tm tm = {0};

    if (gmtime_r(&when, &tm) == NULL || tm.tm_year + 1900 > 9999 || tm.tm_year + 1900 < 0) {
        when = 0;
        (void)gmtime_r(&when, &tm);
    }
    (void)snprintf(out, ADMIN_DATE_LEN + 1, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                   days[tm.tm_wday % 7], tm.tm_mday % 100, months[tm.tm_mon % 12],
                   (tm.tm_year + 1900) % 10000, tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

json_t *
admin_date_json(time_t when)
{
    char text[ADMIN_DATE_LEN + 1];

    if (when == 0) {
        return json_null();
    }
    admin_date_print(when, text);
    return json_string(text);
}

/* `len` digits; -1 when something else is there. */
static int
digits(const char *text, size_t len)
{
    int value = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static int
month_of(const char *text)
{
    for (int i = 0; i < 12; i++) {
        if (memcmp(text, months[i], 3) == 0) {
            return i;
        }
    }
    return -1;
}

bool
admin_date_parse(const char *text, time_t *out)
{
    struct tm tm = {0};
    int year;

    if (strlen(text) != ADMIN_DATE_LEN || memcmp(text + 3, ", ", 2) != 0 ||
        memcmp(text + 25, " GMT", 4) != 0 || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
        text[19] != ':' || text[22] != ':') {
        return false;
    }
    tm.tm_mday = digits(text + 5, 2);
    tm.tm_mon = month_of(text + 8);
    year = digits(text + 12, 4);
    tm.tm_hour = digits(text + 17, 2);
    tm.tm_min = digits(text + 20, 2);
    tm.tm_sec = digits(text + 23, 2);
    if (tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_mon < 0 || year < 0 || tm.tm_hour < 0 ||
        tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60) {
        return false;
    }
    tm.tm_year = year - 1900;
    *out = timegm(&tm);
    return true;
}
