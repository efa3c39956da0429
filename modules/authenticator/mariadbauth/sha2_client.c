/* See sha2_client.h. */
#include "sha2_client.h"

#include "exchange.h"
#include "sha2_cache.h"
#include "sha2_hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 1024u /* an RSA key of 8192 bits */

/* Of one exchange. A job owns it as long as it runs. */
struct login {
    struct exchange head;
    struct rsa_keys *keys;
    struct sha2_stored stored;
    bool is_checked; /* the password is to be */
    bool is_private;
    bool wants_key; /* of the job: get the key; else check the word */
    bool has_key;
    bool is_good; /* the job's result; else err */
    uint8_t scramble[MX_AUTH_SCRAMBLE_SIZE];
    uint8_t word[WORD_MAX]; /* the client's last one */
    size_t word_len;
    struct mx_buf password;
    struct mx_err err;
};

/* ------------------------------------------------------------ keys that are made here */

/* Made once; threads for jobs wait for it, workers never do. */
static struct {
    pthread_mutex_t lock;
    struct rsa_keys *keys;
} made = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct rsa_keys *
made_keys(void)
{
    (void)pthread_mutex_lock(&made.lock);
    if (made.keys == NULL) {
        made.keys = rsa_keys_generate();
    }
    struct rsa_keys *keys = rsa_keys_ref(made.keys);
    (void)pthread_mutex_unlock(&made.lock);
    return keys;
}

/* When the module is unloaded. */
__attribute__((destructor)) static void
drop_made_keys(void)
{
    rsa_keys_unref(made.keys);
}

/* ------------------------------------------------------------ the jobs */

static int
check(struct login *login)
{
    const struct sha2_word word = {login->word, login->word_len, login->scramble,
                                   login->is_private};
    if (sha2_open(&word, login->keys, &login->password, &login->err) != 0) {
        return -1;
    }
    if (login->password.len > SHA2_PASSWORD_MAX) {
        return mx_err_text(&login->err, "the client's password is too long for " PLUGIN_SHA2);
    }
    bool right = !login->is_checked ||
                 sha2_check(&login->stored, login->password.bytes, login->password.len);
    return right ? 0 : mx_err_text(&login->err, "the password is wrong");
}

static void
work(void *job)
{
    struct login *login = job;
    if (login->keys == NULL && (login->wants_key || !login->is_private)) {
        login->keys = made_keys();
    }
    login->is_good = login->wants_key ? login->keys != NULL : check(login) == 0;
}

static void
login_free(void *state)
{
    struct login *login = state;
    rsa_keys_unref(login->keys);
    mx_buf_wipe(&login->password);
    explicit_bzero(login, sizeof(*login));
    free(login);
}

static enum mx_auth_verdict
run(struct mx_auth_client *x, struct login *login)
{
    *x->state = NULL; /* the job's now */
    mx_auth_run(x->wait, work, login_free, login);
    return MX_AUTH_WAIT;
}

/* ------------------------------------------------------------ steps */

static enum mx_auth_verdict
denied(struct mx_auth_client *x, const char *why)
{
    (void)mx_err_text(x->err, "%s", why);
    return MX_AUTH_DENIED;
}

static enum mx_auth_verdict
begin(struct mx_auth_client *x, struct rsa_keys *keys)
{
    struct login *login = mx_calloc(1, sizeof(*login));
    *x->state = login;
    login->head.end = login_free;
    login->keys = rsa_keys_ref(keys);
    login->is_private = x->is_private;
    login->is_checked = !x->skip_check;
    memcpy(login->scramble, x->scramble, sizeof(login->scramble));
    if (login->is_checked && x->account_secret[0] != '\0' &&
        sha2_parse(x->account_secret, &login->stored) != 0) {
        return denied(x, "the account's authentication string is none of " PLUGIN_SHA2
                         " (\"$A$\", rounds, \"$\", a salt of 20 and a digest of 43 characters)");
    }
    return sha2_ask_switch(x);
}

static enum mx_auth_verdict
take_answer(struct mx_auth_client *x, struct login *login)
{
    bool has_password = x->account_secret[0] != '\0';
    if (sha2_is_empty(x->in, x->in_len)) {
        x->token_is_password = true;
        return has_password && login->is_checked
                   ? denied(x, "no password was given, and the account has one")
                   : MX_AUTH_DONE;
    }
    if (!has_password && login->is_checked) {
        return denied(x, "a password was given, and the account has none");
    }
    if (x->in_len != SHA2_ANSWER_SIZE) {
        return denied(x, "the client's answer is not one of " PLUGIN_SHA2);
    }
    if (login->is_checked && sha2_cache_get(x->account_secret, x->in, x->scramble, x->token)) {
        x->token_is_password = true;
        return sha2_tell_known(x);
    }
    return sha2_ask_password(x);
}

static enum mx_auth_verdict
take_word(struct mx_auth_client *x, struct login *login)
{
    login->wants_key = !login->has_key && sha2_asks_key(x->in, x->in_len);
    if (x->in_len > sizeof(login->word)) {
        return denied(x, "what the client has sent as its password is too long");
    }
    if (x->in_len > 0) {
        memcpy(login->word, x->in, x->in_len);
    }
    login->word_len = x->in_len;
    return run(x, login);
}

static enum mx_auth_verdict
after_job(struct mx_auth_client *x, struct login *login)
{
    *x->state = login;
    if (login->wants_key) {
        if (!login->is_good) {
            (void)mx_err_text(x->err, "RSA keys for " PLUGIN_SHA2 " cannot be made");
            return MX_AUTH_ERROR;
        }
        login->has_key = true;
        return sha2_show_key(x, login->keys);
    }
    if (!login->is_good) {
        return denied(x, login->err.text);
    }
    if (login->is_checked) {
        sha2_cache_put(x->account_secret, login->password.bytes, login->password.len);
    }
    x->token_is_password = true;
    mx_buf_take(x->token, &login->password);
    return MX_AUTH_DONE;
}

enum mx_auth_verdict
sha2_client_step(struct mx_auth_client *x, struct rsa_keys *keys)
{
    if (x->job != NULL) {
        return after_job(x, x->job);
    }
    if (*x->state == NULL) {
        return begin(x, keys);
    }
    return x->round == 1 ? take_answer(x, *x->state) : take_word(x, *x->state);
}
