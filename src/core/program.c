/* mx/program.h: what is fixed when the program has read its configuration. */
#include "mx/program.h"

#include "core/build.h"

static struct {
    const char *execdir;
    const struct conf_secrets *secrets;
} program = {.execdir = "/usr/bin"};

void
core_program_init(const char *execdir, const struct conf_secrets *secrets)
{
    program.execdir = execdir;
    program.secrets = secrets;
}

const char *
mx_program_execdir(void)
{
    return program.execdir;
}

char *
mx_program_password(const char *text, struct mx_err *err)
{
    if (program.secrets != NULL && conf_secrets_is_encrypted(program.secrets, text)) {
        return conf_secrets_decrypt(program.secrets, text, err);
    }
    return mx_strdup(text);
}
