/* The words of a KILL statement; see kill_words.h. */
#include "kill_words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct words {
    const char *at;
    const char *end;
};

static void
skip_space(struct words *w)
{
    for (;;) {
        while (w->at < w->end && isspace((unsigned char)*w->at)) {
            w->at++;
        }
        size_t left = (size_t)(w->end - w->at);
        if (left < 4 || memcmp(w->at, "/*", 2) != 0 || w->at[2] == '!' || w->at[2] == 'M') {
            return;
        }
        const char *stop = memmem(w->at + 2, left - 2, "*/", 2);
        if (stop == NULL) {
            return;
        }
        w->at = stop + 2;
    }
}

static bool
is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool
take_word(struct words *w, const char *word)
{
    skip_space(w);
    size_t len = strlen(word);
    size_t left = (size_t)(w->end - w->at);
    if (left < len || strncasecmp(w->at, word, len) != 0 ||
        (left > len && is_name_byte(w->at[len]))) {
        return false;
    }
    w->at += len;
    return true;
}

static bool
take_byte(struct words *w, char byte)
{
    skip_space(w);
    if (w->at == w->end || *w->at != byte) {
        return false;
    }
    w->at++;
    return true;
}

static bool
at_end(struct words *w)
{
    while (take_byte(w, ';')) {
    }
    return w->at == w->end;
}

/* Larger ones than servers know are the largest one, as they have it. */
static bool
take_digits(struct words *w, uint64_t *out)
{
    const char *start = w->at;
    uint64_t value = 0;
    while (w->at < w->end && isdigit((unsigned char)*w->at)) {
        unsigned digit = (unsigned)(*w->at - '0');
        value = value > ((uint64_t)INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
        w->at++;
    }
    *out = value;
    return w->at > start && (w->at == w->end || (!is_name_byte(*w->at) && *w->at != '.'));
}

static bool
take_number(struct words *w, struct kill_words *out)
{
    skip_space(w);
    if (take_byte(w, '?')) {
        out->number = KILL_NUMBER_PLACEHOLDER;
        return true;
    }
    if (take_word(w, "CONNECTION_ID")) {
        out->number = KILL_NUMBER_OWN;
        return take_byte(w, '(') && take_byte(w, ')');
    }
    if (take_byte(w, '\'')) {
        return take_digits(w, &out->id) && take_byte(w, '\'');
    }
    return take_digits(w, &out->id);
}

/* A name in quotes, in which the quote itself is doubled. */
static bool
take_quoted(struct words *w, char quote, char *out)
{
    size_t len = 0;
    while (w->at < w->end) {
        char c = *w->at++;
        if (c == quote && (w->at == w->end || *w->at != quote)) {
            out[len] = '\0';
            return true;
        }
        if (c == quote || (c == '\\' && quote != '`' && w->at < w->end)) {
            c = *w->at++;
        }
        if (len + 1 == KILL_NAME_MAX) {
            return false;
        }
        out[len++] = c;
    }
    return false;
}

static bool
take_name(struct words *w, bool is_host, char *out)
{
    size_t len = 0;
    skip_space(w);
    if (w->at == w->end) {
        return false;
    }
    if (strchr("'\"`", *w->at) != NULL) {
        char quote = *w->at++;
        return take_quoted(w, quote, out);
    }
    while (w->at < w->end && len + 1 < KILL_NAME_MAX &&
           (is_name_byte(*w->at) || (is_host && (*w->at == '.' || *w->at == '-')))) {
        out[len++] = *w->at++;
    }
    out[len] = '\0';
    return len > 0;
}

static bool
take_user(struct words *w, struct kill_words *out)
{
    out->what = KILL_USER;
    if (take_word(w, "CURRENT_USER")) {
        out->own_user = true;
        return !take_byte(w, '(') || take_byte(w, ')');
    }
    if (!take_name(w, false, out->user)) {
        return false;
    }
    if (w->at < w->end && *w->at == '@') {
        w->at++;
        out->has_host = take_name(w, true, out->host);
        return out->has_host;
    }
    return true;
}

int
kill_words_parse(const char *text, size_t len, struct kill_words *out)
{
    struct words w = {.at = text, .end = text + len};
    *out = (struct kill_words){0};
    bool soft = take_word(&w, "SOFT");
    out->hard = !soft;
    if (!soft) {
        (void)take_word(&w, "HARD");
    }
    out->query_only = take_word(&w, "QUERY");
    if (!out->query_only) {
        (void)take_word(&w, "CONNECTION");
    }
    bool good = false;
    if (take_word(&w, "USER")) {
        good = take_user(&w, out);
    } else {
        out->what = out->query_only && take_word(&w, "ID") ? KILL_QUERY_ID : KILL_SESSION;
        good = take_number(&w, out);
    }
    return good && at_end(&w) ? 0 : -1;
}
