/* What the journal is sent, received on a socket of the test's own. */
#define JOURNAL_PATH "journal.socket"
#include "base/log_journal.c" /* with that path; relative, in the test's folder */

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void
test_line_becomes_one_datagram_of_fields(void **state)
{
    static const char text[] = "2026-01-05 07:23:54   error  : (7) [mod] (obj); it failed\n";
    const struct base_log_line line = {.level = MX_LOG_ERROR,
                                       .session = 7,
                                       .module = "mod",
                                       .object = "obj",
                                       .text = text,
                                       .len = sizeof(text) - 1,
                                       .message = sizeof(text) - 1 - 10};
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_PATH};
    char folder[] = "/tmp/mx-test-journal-XXXXXX";
    char got[1024];
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    base_log_journal_send(&line);
    ssize_t len = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
    assert_true(len > 0);
    got[len] = '\0';
    assert_non_null(strstr(got, "PRIORITY=3\nSYSLOG_IDENTIFIER=maxscale\nTIMESTAMP=1970-01-0"));
    assert_non_null(strstr(got, "\nSESSION=7\nMODULE=mod\nOBJECT=obj\nMESSAGE=it failed\n"));
    assert_int_equal(got[len - 1], '\n');
    assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1); /* nothing else */
    (void)close(fd);
    assert_int_equal(unlink(JOURNAL_PATH), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_becomes_one_datagram_of_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
