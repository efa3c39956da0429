/* Dates: read from the API's forms, written as the user's locale has them. */
#include "dates.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

/*
 * Walks text along a pattern: a letter of "YMDhmsb" reads digits into that part (b: a month's
 * name), 'a' skips a day's name, 'T' stands for a T or a blank, everything else for itself. Returns
 * the rest of the text, NULL when it does not fit.
 */
static const char *
match(const char *text, const char *pattern, struct tm *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char letters[] = "YMDhms";
    int *const parts[] = {&out->tm_year, &out->tm_mon, &out->tm_mday,
                          &out->tm_hour, &out->tm_min, &out->tm_sec};
    const char *p = text;
    for (const char *want = pattern; *want != '\0'; want++) {
        const char *letter = strchr(letters, *want);
        if (letter != NULL) {
            size_t digits = *want == 'Y' ? 4 : 2;
            if (strspn(p, "0123456789") < digits) {
                return NULL;
            }
            int *part = parts[letter - letters];
            *part = 0;
            for (; digits > 0; digits--) {
                *part = *part * 10 + (*p++ - '0');
            }
        } else if (*want == 'a' || *want == 'b') {
            char name[4] = {0};
            (void)strncpy(name, p, 3);
            const char *at = strstr(months, name);
            if (strlen(name) != 3 || (*want == 'b' && (at == NULL || (at - months) % 3 != 0))) {
                return NULL;
            }
            out->tm_mon = *want == 'b' ? (int)(at - months) / 3 + 1 : out->tm_mon;
            p += 3;
        } else if (*p == *want || (*want == 'T' && *p == ' ')) {
            p++;
        } else {
            return NULL;
        }
    }
    return p;
}

static bool
parse_rfc1123(const char *text, struct tm *out)
{
    *out = (struct tm){0};
    const char *rest = match(text, "a, D b Y h:m:s", out);
    return rest != NULL && strcmp(rest, " GMT") == 0;
}

/* *out_is_utc tells whether a zone was written; it is worked in. */
static bool
parse_iso(const char *text, struct tm *out, bool *out_is_utc)
{
    struct tm zone = {0};
    *out = (struct tm){.tm_isdst = -1};
    *out_is_utc = false;
    const char *p = match(text, "Y-M-DTh:m:s", out);
    if (p == NULL) {
        return false;
    }
    if (*p == '.') {
        p += 1 + strspn(p + 1, "0123456789");
    }
    if (*p == 'Z' && p[1] == '\0') {
        *out_is_utc = true;
    } else if (*p == '+' || *p == '-') {
        const char *rest = match(p + 1, "h:m", &zone);
        int sign = *p == '+' ? -1 : 1;
        *out_is_utc = true;
        out->tm_hour += sign * zone.tm_hour;
        out->tm_min += sign * zone.tm_min;
        return rest != NULL && *rest == '\0';
    }
    return *out_is_utc || *p == '\0';
}

bool
cli_date_parse(const char *text, time_t *out)
{
    struct tm tm;
    bool is_utc = true;
    if (!parse_rfc1123(text, &tm) && !parse_iso(text, &tm, &is_utc)) {
        return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
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
