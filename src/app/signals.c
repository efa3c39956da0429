/*
 * Signals. The wanted ones are blocked in every thread and taken by one thread of their own, which
 * hands them to the main thread as messages. Fatal ones write where the program was and then take
 * their usual course.
 */
#include "app/app.h"
#include "base/log_sink.h"
#include "core/session_trace.h"
#include "mx/log.h"
#include "mx/worker.h"
#include "mx_build.h"
#include "net/worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_MAX     64
#define CRASH_TEXT_MAX 8192
#define CRASH_TIME_S   15

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

/* Part of the process object: the thread that takes signals. */
static struct {
    pthread_t thread;
    bool is_running;
} taker;

/* Ours from outside; the last one ends the taker. */
static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

static void
fill_wanted(sigset_t *set)
{
    (void)sigemptyset(set);
    for (size_t i = 0; i < MX_COUNT(wanted); i++) {
        (void)sigaddset(set, wanted[i]);
    }
}

void
app_signals_block(void)
{
    sigset_t set;
    fill_wanted(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* On the main thread. */
static void
rotate(void *arg MX_UNUSED)
{
    struct mx_err err = {0};
    if (base_log_rotate(&err) != 0) {
        mx_log_error(NULL, "The log could not be rotated and goes on in the old file: %s",
                     err.text);
        return;
    }
    mx_log_notice(NULL, "Log rotation complete.");
}

static void
stop_main(const char *name)
{
    mx_log_notice(NULL, "Signal %s: MaxScale is asked to shut down.", name);
    net_worker_stop(mx_worker_get(MX_WORKER_MAIN));
}

static void
take_term(int count)
{
    if (count > 1) {
        base_log_flush();
        _exit(APP_EXIT_BAD_CONFIG); /* the contract's code for a second SIGTERM: 1 */
    }
    stop_main("SIGTERM");
}

static void
take_int(int count)
{
    if (count == 1) {
        stop_main("SIGINT");
    } else if (count == 2) {
        mx_log_notice(NULL, "Shutting down already, please wait; a third SIGINT ends at once.");
    } else {
        base_log_flush();
        _exit(APP_EXIT_BAD_CONFIG);
    }
}

static void *
take_signals(void *arg MX_UNUSED)
{
    sigset_t set;
    int terms = 0;
    int ints = 0;
    fill_wanted(&set);
    for (;;) {
        int number = 0;
        if (sigwait(&set, &number) != 0 || number == SIGUSR2) {
            break;
        }
        if (number == SIGTERM) {
            take_term(++terms);
        } else if (number == SIGINT) {
            take_int(++ints);
        } else if (number == SIGUSR1) {
            mx_worker_post(mx_worker_get(MX_WORKER_MAIN), rotate, NULL);
        }
    }
    return NULL;
}

int
app_signals_start(struct mx_err *err)
{
    int rc = pthread_create(&taker.thread, NULL, take_signals, NULL);
    if (rc != 0) {
        return mx_err_text(err, "Cannot start the thread for signals: %s.", strerror(rc));
    }
    taker.is_running = true;
    return 0;
}

void
app_signals_stop(void)
{
    if (taker.is_running) {
        (void)pthread_kill(taker.thread, SIGUSR2);
        (void)pthread_join(taker.thread, NULL);
        taker.is_running = false;
    }
}

/* ------------------------------------------------------------------ fatal signals */

static size_t
add_frame(char *text, size_t used, void *address)
{
    Dl_info info = {0};
    (void)dladdr(address, &info);
    const char *file = info.dli_fname != NULL ? info.dli_fname : "?";
    size_t offset =
        info.dli_fbase != NULL ? (size_t)((const char *)address - (const char *)info.dli_fbase) : 0;
    int len = snprintf(text + used, CRASH_TEXT_MAX - used, "  %s(%s) [+0x%zx]\n", file,
                       info.dli_sname != NULL ? info.dli_sname : "", offset);
    return len > 0 && used + (size_t)len < CRASH_TEXT_MAX ? used + (size_t)len : used;
}

static void
on_fatal(int number)
{
    static char text[CRASH_TEXT_MAX];
    void *frames[FRAMES_MAX];
    (void)alarm(CRASH_TIME_S); /* should this handler itself get stuck */
    int len = snprintf(text, sizeof(text),
                       "alert  : Fatal: MaxScale %s (%s) received fatal signal %d (%s). The calls "
                       "that led there:\n",
                       MX_VERSION, MX_COMMIT, number, strsignal(number));
    size_t used = len > 0 ? (size_t)len : 0;
    int count = backtrace(frames, FRAMES_MAX);
    for (int i = 0; i < count; i++) {
        used = add_frame(text, used, frames[i]);
    }
    base_log_crash(text);
    core_traces_crash();
    (void)raise(number); /* SA_RESETHAND: now with its usual end */
}

void
app_signals_fatal(void)
{
    static const int fatal[] = {SIGSEGV, SIGABRT, SIGILL, SIGFPE, SIGBUS};
    struct sigaction action = {.sa_handler = on_fatal};
    void *frame = NULL;
    if (is_sanitized) {
        return; /* the sanitizer tells more */
    }
    (void)backtrace(&frame, 1); /* loads what it needs now, not in a handler */
    (void)sigemptyset(&action.sa_mask);
    action.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
    for (size_t i = 0; i < MX_COUNT(fatal); i++) {
        (void)sigaction(fatal[i], &action, NULL);
    }
}
