/* Which answer fits a question; see answers.h. */
#include "answers.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

bool
answers_is_password(const char *question)
{
    static const char word[] = "password";
    /* A server puts messages of its PAM in front of the question, each on a line. */
    const char *line = strrchr(question, '\n');
    line = line != NULL ? line + 1 : question;
    line += strspn(line, " \t");
    return strncasecmp(line, word, sizeof(word) - 1) == 0;
}

const char *
answers_next(struct answers *answers, const char *question)
{
    bool has_code = answers->code != NULL && !answers->gave_code;
    if (answers_is_password(question) && !(answers->gave_password && has_code)) {
        answers->gave_password = true;
        return answers->password;
    }
    if (has_code) {
        answers->gave_code = true;
        return answers->code;
    }
    return NULL;
}
