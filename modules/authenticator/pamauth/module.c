/* Descriptor of PAMAuth, and what its options mean together. */
#include "mx/module.h"
#include "helper.h"
#include "mx/program.h"
#include "pamauth.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mx_enum_value mode_values[] = {{"password", PAMAUTH_MODE_PASSWORD},
                                                   {"password_2FA", PAMAUTH_MODE_2FA},
                                                   {"suid", PAMAUTH_MODE_SUID},
                                                   {NULL, 0}};

static const struct mx_enum_value mapping_values[] = {
    {"none", PAMAUTH_MAPPING_NONE}, {"mariadb", PAMAUTH_MAPPING_MARIADB}, {NULL, 0}};

static const struct mx_param params[] = {
    {.name = "pam_backend_mapping",
     .type = MX_PARAM_ENUM,
     .offset = offsetof(struct pamauth_config, mapping),
     .value_default = "none",
     .values = mapping_values,
     .doc = "mariadb: log in to servers as the user that PAM has made of the client's, with a "
            "password of pam_mapped_pw_file."},
    {.name = "pam_mapped_pw_file",
     .type = MX_PARAM_PATH,
     .flags = MX_PARAM_PATH_R,
     .offset = offsetof(struct pamauth_config, mapped_pw_file),
     .doc = "JSON file with the passwords of mapped users."},
    {.name = "pam_mode",
     .type = MX_PARAM_ENUM,
     .offset = offsetof(struct pamauth_config, mode),
     .value_default = "password",
     .values = mode_values,
     .doc = "What is asked of the client and who asks PAM: a password, a password and a code, or "
            "whatever PAM asks a helper program with the rights of root."},
    {.name = "pam_use_cleartext_plugin",
     .type = MX_PARAM_BOOL,
     .offset = offsetof(struct pamauth_config, use_cleartext),
     .value_default = "false",
     .doc = "Ask clients with the plugin mysql_clear_password instead of dialog."},
};

char *
pamauth_tool_path(void)
{
    return mx_asprintf("%s/" HELPER_PROGRAM, mx_program_execdir());
}

static void
check_tool(mx_report_fn report, void *context)
{
    struct stat about = {0};
    char *path = pamauth_tool_path();
    char *hint = mx_asprintf("chown root:maxscale %s; chmod 4750 %s", path, path);
    if (stat(path, &about) != 0 || access(path, X_OK) != 0) {
        char *text = mx_asprintf("The helper program '%s' is not there or not executable.", path);
        report(context, true, "pam_mode", text, hint);
        free(text);
    } else if (geteuid() != 0 && (about.st_uid != 0 || (about.st_mode & S_ISUID) == 0)) {
        char *text =
            mx_asprintf("The helper program '%s' does not run with the rights of root.", path);
        report(context, false, "pam_mode", text, hint);
        free(text);
    }
    free(hint);
    free(path);
}

static void
config_check(void *arg, mx_report_fn report, void *context)
{
    const struct pamauth_config *config = arg;
    if (config->mode == PAMAUTH_MODE_2FA && config->use_cleartext) {
        report(context, true, "pam_use_cleartext_plugin",
               "The clear text plugin asks for one password only; two factors need dialog.",
               "Remove pam_use_cleartext_plugin, or use pam_mode=password.");
    }
    if (config->mapped_pw_file != NULL && config->mapping == PAMAUTH_MAPPING_NONE) {
        report(context, false, "pam_mapped_pw_file",
               "The file is not used without pam_backend_mapping=mariadb.",
               "Add pam_backend_mapping=mariadb, or remove the file.");
    }
    if (config->mode == PAMAUTH_MODE_SUID) {
        check_tool(report, context);
    }
}

static void *
instance_new(const void *arg, struct mx_err *err)
{
    const struct pamauth_config *config = arg;
    bool is_used = config->mapping == PAMAUTH_MAPPING_MARIADB;
    return pwfile_load(is_used ? config->mapped_pw_file : NULL, err);
}

static void
instance_free(void *instance)
{
    pwfile_free(instance);
}

static const char *const account_plugins[] = {"pam", NULL};
static const char *const server_plugins[] = {"dialog", "mysql_clear_password", NULL};

static const struct mx_authenticator_ops ops = {
    .account_plugins = account_plugins,
    .server_plugins = server_plugins,
    .allows_anonymous = true,
    .instance_new = instance_new,
    .instance_free = instance_free,
    .client_step = pamauth_client_step,
    .client_free = pamauth_client_free,
    .server_step = pamauth_server_step,
    .server_free = pamauth_server_free,
};

MX_MODULE(.kind = MX_MODULE_AUTHENTICATOR, .maturity = MX_MATURITY_GA, .name = "PAMAuth",
          .version = "1.0.0", .doc = "Accounts of the plugin pam.",
          .config_size = sizeof(struct pamauth_config), .params = params,
          .param_count = MX_COUNT(params), .config_check = config_check, .authenticator = &ops);
