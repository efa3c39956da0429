/* Dates: read from the API's forms, written as the user's locale has them. */
#include "dates.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
parse_rfc1123(const char *text, struct tm *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4];
    int used = 0;
    *out = (struct tm){0};
    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &out->tm_mday, month,
               &out->tm_year, &out->tm_hour, &out->tm_min, &out->tm_sec, &used) != 6 ||
        used == 0 || text[used] != '\0') {
        return false;
    }
    const char *at = strstr(months, month);
    if (at == NULL || strlen(month) != 3 || (at - months) % 3 != 0) {
        return false;
    }
    out->tm_mon = (int)(at - months) / 3;
    out->tm_year -= 1900;
    return true;
}

/* *out_is_utc tells whether a zone was written; it is worked in. */
static bool
parse_iso(const char *text, struct tm *out, bool *out_is_utc)
{
    int used = 0;
    *out = (struct tm){0};
    *out_is_utc = false;
    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &out->tm_year, &out->tm_mon, &out->tm_mday,
               &out->tm_hour, &out->tm_min, &out->tm_sec, &used) != 6 ||
        used == 0) {
        return false;
    }
    const char *p = text + used;
    if (*p == '.') {
        p += 1 + strspn(p + 1, "0123456789");
    }
    int hours = 0;
    int minutes = 0;
    if (*p == 'Z' && p[1] == '\0') {
        *out_is_utc = true;
    } else if (*p == '+' || *p == '-') {
        if (sscanf(p + 1, "%2d:%2d", &hours, &minutes) != 2) {
            return false;
        }
        *out_is_utc = true;
        int sign = *p == '+' ? -1 : 1;
        out->tm_hour += sign * hours;
        out->tm_min += sign * minutes;
    } else if (*p != '\0') {
        return false;
    }
    out->tm_year -= 1900;
    out->tm_mon -= 1;
    out->tm_isdst = -1;
    return true;
}

bool
cli_date_parse(const char *text, time_t *out)
{
    struct tm tm;
    bool is_utc = true;
    if (!parse_rfc1123(text, &tm) && !parse_iso(text, &tm, &is_utc)) {
        return false;
    }
    *out = is_utc ? timegm(&tm) : mktime(&tm);
    return *out != (time_t)-1;
}

static const char *
locale_name(void)
{
    static const char *const names[] = {"LC_ALL", "LC_TIME", "LANG"};
    for (size_t i = 0; i < MX_COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    return "C";
}

static bool
is_american(const char *name)
{
    return strncmp(name, "C.", 2) == 0 || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0 ||
           strncmp(name, "en_US", 5) == 0;
}

static void
add_american(struct cli_text *out, const struct tm *tm)
{
    int hour = tm->tm_hour % 12;
    cli_text_format(out, "%d/%d/%d, %d:%02d:%02d %s", tm->tm_mon + 1, tm->tm_mday,
                    tm->tm_year + 1900, hour == 0 ? 12 : hour, tm->tm_min, tm->tm_sec,
                    tm->tm_hour < 12 ? "AM" : "PM");
}

void
cli_date_local(struct cli_text *out, const char *text)
{
    time_t when;
    struct tm tm;
    char buffer[128];
    if (!cli_date_parse(text, &when) || localtime_r(&when, &tm) == NULL) {
        cli_text_add(out, text);
        return;
    }
    const char *name = locale_name();
    locale_t locale =
        is_american(name) ? (locale_t)0 : newlocale(LC_TIME_MASK | LC_CTYPE_MASK, name, NULL);
    if (locale == (locale_t)0) {
        add_american(out, &tm);
        return;
    }
    size_t len = strftime_l(buffer, sizeof(buffer), "%x, %X", &tm, locale);
    freelocale(locale);
    cli_text_append(out, buffer, len);
}
