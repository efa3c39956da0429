/*
 * Accounts and logins of sessions: which account a client means, who checks it, what happens after
 * a failure. The password exchange itself is between protocol and authenticator.
 */
#include "base/utf8.h"
#include "core/authenticators.h"
#include "core/host_names.h"
#include "core/session.h"
#include "core/user_mapping.h"
#include "core/users.h"
#include "core/users_manager.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define HOST_NAME_WAIT_MS  INT64_C(4000)
#define DATABASE_CHARS_MAX 64
#define DATABASE_SHOWN_MAX 100

/* ------------------------------------------------------------ the listener's part */

static const struct core_auth_options *
options_of(const struct mx_session *session)
{
    return &session->listener->authenticators->options;
}

struct mx_authenticators *
mx_session_authenticators(const struct mx_session *session)
{
    return session->listener->authenticators;
}

bool
mx_session_skips_check(const struct mx_session *session)
{
    return options_of(session)->skip_authentication;
}

bool
mx_session_logs_auth(const struct mx_session *session)
{
    return session->service->config.log_auth_warnings;
}

/* ------------------------------------------------------------ the account */

void
mx_login_account_free(struct mx_login_account *account)
{
    core_users_unref(account->from);
    free(account->database_error);
    *account = (struct mx_login_account){0};
}

/* No database can be called that; servers say it in other words. */
static bool
is_database_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && name[len - 1] != ' ' && base_utf8_count(name, len) <= DATABASE_CHARS_MAX;
}

static void
unknown_database(struct mx_err *err, const char *name)
{
    size_t len = strlen(name);
    if (is_database_name(name)) {
        (void)mx_err_set(err, 1049, "42000", "Unknown database '%s'", name);
    } else if (len <= DATABASE_SHOWN_MAX) {
        (void)mx_err_set(err, 1102, "42000", "Incorrect database name '%s'", name);
    } else {
        (void)mx_err_set(err, 1102, "42000", "Incorrect database name '%.*s...'",
                         DATABASE_SHOWN_MAX - 3, name);
    }
}

/* Told after a good password only, so that nobody can probe for names. */
static struct mx_err *
database_error(const struct core_users_account *account, const char *database,
               enum core_users_database verdict)
{
    struct mx_err *err = NULL;
    switch (verdict) {
    case CORE_USERS_DB_OK:
        break;
    case CORE_USERS_DB_UNKNOWN:
        err = mx_alloc(sizeof(*err));
        unknown_database(err, database);
        break;
    case CORE_USERS_DB_DENIED:
        err = mx_alloc(sizeof(*err));
        (void)mx_err_set(err, 1044, "42000", "Access denied for user '%s'@'%s' to database '%s'",
                         account->user, account->host, database);
        break;
    }
    return err;
}

struct waiting {
    uint64_t session;
};

/* The session that waited; NULL when it does not any more. */
static struct mx_session *
waiting_end(struct waiting *waiting)
{
    struct mx_session *session = core_session_find(waiting->session);
    free(waiting);
    if (session == NULL || !session->waits_accounts || !mx_session_is_open(session)) {
        return NULL;
    }
    session->waits_accounts = false;
    return session;
}

static void
accounts_read(void *arg)
{
    struct mx_session *session = waiting_end(arg);
    if (session != NULL) {
        session->protocol->client_accounts(session);
    }
}

/* False: no reload now; the answer stands. */
static bool
wait_for_reload(struct mx_session *session)
{
    struct waiting *waiting = mx_calloc(1, sizeof(*waiting));
    waiting->session = session->id;
    session->waits_accounts = true;
    session->accounts_read = true;
    if (session->service->rt->users != NULL &&
        core_users_manager_refresh(session->service->rt->users, mx_worker_self(), accounts_read,
                                   waiting)) {
        return true;
    }
    session->waits_accounts = false;
    free(waiting);
    return false;
}

static void
set_host_name(struct mx_session *session, const char *name)
{
    session->host_name = name == NULL ? NULL : mx_strdup(name);
    session->host_name_known = true;
}

static void
host_name_found(void *arg, const char *name)
{
    struct mx_session *session = waiting_end(arg);
    if (session != NULL) {
        set_host_name(session, name);
        session->protocol->client_accounts(session);
    }
}

/* False: it is known already. A name that never comes leaves time for the rest of the login. */
static bool
wait_for_host_name(struct mx_session *session)
{
    const struct core_global_config *globals = core_registry_mine()->globals;
    int64_t login_ms = globals->auth_connect_timeout_ms;
    int64_t limit_ms =
        login_ms > 0 && login_ms < 2 * HOST_NAME_WAIT_MS ? login_ms / 2 : HOST_NAME_WAIT_MS;
    struct core_host_question question = {
        .address = session->remote, .limit_ms = limit_ms, .cache_size = globals->host_cache_size};
    const char *name = NULL;
    if (core_host_names_get(core_host_names_mine(), session->remote, &name)) {
        set_host_name(session, name);
        return false;
    }
    struct waiting *waiting = mx_calloc(1, sizeof(*waiting));
    waiting->session = session->id;
    session->waits_accounts = true;
    core_host_names_ask(core_host_names_mine(), &question, host_name_found, waiting);
    return true;
}

/* NEEDS_NAME at most once for a session: the name stays with it. */
static void
find(const struct mx_session *session, const struct core_users *users, const char *user,
     const char *database, struct core_users_match *out)
{
    bool skip_name = core_registry_mine()->globals->skip_name_resolve;
    const struct core_auth_options *options = options_of(session);
    struct core_users_query query = {
        .user = user,
        .address = session->remote,
        .host_name = skip_name ? NULL : session->host_name,
        .name_known = skip_name || session->host_name_known,
        .any_host = !options->match_host,
        .enable_root = session->service->config.enable_root_user,
        .anonymous = core_authenticators_allow_anonymous(session->listener->authenticators),
        .table_case = (enum core_users_case)options->lower_case_table_names,
        .database = database,
    };
    core_users_find(users, &query, out);
}

enum mx_login_verdict
mx_session_find_account(struct mx_session *session, const char *user, const char *database,
                        bool again, struct mx_login_account *out, struct mx_err *err)
{
    struct core_users *users = session->service->rt->users == NULL
                                   ? NULL
                                   : core_users_manager_get(session->service->rt->users);
    struct core_users_match match;
    session->accounts_read = again && session->accounts_read;
    find(session, users, user, database, &match);
    if (match.verdict == CORE_USERS_NEEDS_NAME) {
        if (wait_for_host_name(session)) {
            core_users_unref(users);
            return MX_LOGIN_WAIT;
        }
        find(session, users, user, database, &match);
    }
    enum mx_login_verdict verdict = MX_LOGIN_DENIED;
    bool stale = match.verdict != CORE_USERS_OK || match.database != CORE_USERS_DB_OK;
    if (stale && !session->accounts_read && match.verdict != CORE_USERS_ROOT &&
        wait_for_reload(session)) {
        verdict = MX_LOGIN_WAIT;
    } else if (match.verdict != CORE_USERS_OK) {
        (void)mx_err_set(err, 1045, "28000", "%s", core_users_verdict_text(match.verdict));
    } else {
        out->from = users;
        out->user = match.account->user;
        out->plugin = match.account->plugin;
        out->secret = match.account->secret;
        out->version = core_users_version(users);
        out->is_super = match.account->super_priv;
        out->has_default_role = match.account->default_role[0] != '\0';
        out->has_roles = core_users_has_roles(users, user);
        out->authenticator =
            core_authenticators_for_account(session->listener->authenticators, match.account, user);
        out->tls_problem = core_session_tls_problem(session, match.account);
        out->database_error = database_error(match.account, database, match.database);
        return MX_LOGIN_FOUND;
    }
    core_users_unref(users);
    return verdict;
}

/* ------------------------------------------------------------ mapped users */

struct group_job {
    struct core_listener *listener; /* reference held */
    char *user;
    const struct core_mapped_user *found;
};

static void
group_job_free(void *arg)
{
    struct group_job *job = arg;
    core_listener_unref(job->listener);
    free(job->user);
    free(job);
}

static void
group_work(void *arg)
{
    struct group_job *job = arg;
    job->found = core_user_mapping_group(job->listener->mapping, job->user);
}

static bool
group_done(struct mx_session *session, void *arg)
{
    struct group_job *job = arg;
    session->mapped = job->found;
    session->groups_known = true;
    group_job_free(job);
    session->protocol->client_mapped(session);
    return true;
}

static void
ask_groups(struct mx_session *session, const char *user)
{
    static const struct core_job_ops ops = {
        .work = group_work, .done = group_done, .drop = group_job_free};
    struct group_job *job = mx_calloc(1, sizeof(*job));
    job->listener = session->listener;
    core_listener_ref(job->listener);
    job->user = mx_strdup(user);
    core_job_run(session, &ops, job);
}

enum mx_login_verdict
mx_session_map_user(struct mx_session *session, const char *user, bool again,
                    struct mx_mapped_user *out)
{
    const struct core_user_mapping *mapping = session->listener->mapping;
    const struct mx_authenticators *set = session->listener->authenticators;
    *out = (struct mx_mapped_user){0};
    if (mapping == NULL) {
        return MX_LOGIN_FOUND;
    }
    const struct core_mapped_user *mapped = core_user_mapping_user(mapping, user);
    if (mapped == NULL && core_user_mapping_has_groups(mapping)) {
        if (!again || !session->groups_known) {
            ask_groups(session, user);
            return MX_LOGIN_WAIT;
        }
        mapped = session->mapped;
        session->groups_known = false;
    }
    if (mapped != NULL) {
        out->user = mapped->user;
        out->password = mapped->password;
        out->authenticator = core_authenticators_for_plugin(set, mapped->plugin);
        if (out->authenticator == NULL) {
            out->authenticator = core_authenticators_for_plugin(set, "mysql_native_password");
        }
    }
    return MX_LOGIN_FOUND;
}

const struct mx_authenticator *
mx_session_passthrough(const struct mx_session *session)
{
    return core_authenticators_trusting(session->listener->authenticators);
}

/* ------------------------------------------------------------ after the exchange */

static enum mx_log_level
event_level(const struct core_global_config *globals)
{
    switch (globals->event_authentication_failure_level) {
    case LOG_EMERG:
    case LOG_ALERT:
    case LOG_CRIT:
        return MX_LOG_ALERT;
    case LOG_ERR:
        return MX_LOG_ERROR;
    case LOG_NOTICE:
        return MX_LOG_NOTICE;
    case LOG_INFO:
        return MX_LOG_INFO;
    case LOG_DEBUG:
        return MX_LOG_DEBUG;
    default:
        return MX_LOG_WARNING;
    }
}

/* Until the accounts have been read once nobody can log in, which is nobody's guess at a password.
 */
static bool
has_accounts(const struct mx_session *session)
{
    struct core_users_manager *users = session->service->rt->users;
    return users == NULL || core_users_manager_loaded_at(users) != 0;
}

void
mx_session_login_failed(struct mx_session *session, const char *user, const struct mx_err *err,
                        const char *reason, bool counts)
{
    const struct core_global_config *globals = core_registry_mine()->globals;
    bool with_reason = session->service->config.log_auth_warnings && reason[0] != '\0';
    mx_log_at(event_level(globals), &session->log,
              "Authentication failed for user '%s'@[%s] to service '%s'. Originating listener: "
              "'%s'. MariaDB error: '%s'.%s%s%s",
              user, session->remote, session->service->name, session->listener->name, err->text,
              with_reason ? " Reason: " : "", with_reason ? reason : "", with_reason ? "." : "");
    if (counts && has_accounts(session) &&
        core_block_failed(session->remote, globals->max_auth_errors_until_block)) {
        mx_log_warning(&session->log,
                       "Host '%s' is blocked for 60 seconds: too many failed logins; see "
                       "max_auth_errors_until_block",
                       session->remote);
    }
    mx_session_refresh_accounts(session);
}

void
mx_session_login_done(struct mx_session *session, bool is_super)
{
    session->is_super = is_super;
    core_block_passed(session->remote);
    if (is_super && core_registry_mine()->globals->log_warn_super_user) {
        mx_log_warning(&session->log, "Super user '%s'@'%s' has logged in to service '%s'",
                       mx_session_user(session), session->remote, session->service->name);
    }
}

void
mx_session_refresh_accounts(struct mx_session *session)
{
    if (session->service->rt->users != NULL) {
        (void)core_users_manager_refresh(session->service->rt->users, mx_worker_self(), NULL, NULL);
    }
}
