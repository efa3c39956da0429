/* The key file and encrypted passwords. */
#include "conf/secrets.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/mx-secrets-XXXXXX";
static char file[64];

static int
make_folder(void **state MX_UNUSED)
{
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/.secrets", folder);
    return 0;
}

static int
remove_folder(void **state MX_UNUSED)
{
    (void)unlink(file);
    return rmdir(folder);
}

static void
write_key_file(const char *text, unsigned mode)
{
    struct mx_err err = {0};
    assert_int_equal(base_file_replace(file, text, strlen(text), mode, &err), 0);
}

static void
test_no_file_means_plain_text(void **state MX_UNUSED)
{
    struct conf_secrets secrets;
    struct mx_err err = {0};
    assert_int_equal(conf_secrets_load(folder, &secrets, &err), 0);
    assert_false(secrets.loaded);
    assert_false(conf_secrets_is_encrypted(&secrets, "ABCD"));
}

static void
test_round_trip(void **state MX_UNUSED)
{
    static const char *const passwords[] = {"", "a", "0123456789abcdef", "sech\xc3\xb6ne Worte"};
    struct conf_secrets secrets;
    struct mx_err err = {0};
    (void)unlink(file);
    assert_int_equal(conf_secrets_create(folder, "1.0", &err), 0);
    assert_int_equal(conf_secrets_create(folder, "1.0", &err), -1);
    assert_int_equal(conf_secrets_load(folder, &secrets, &err), 0);
    assert_true(secrets.loaded);
    for (size_t i = 0; i < MX_COUNT(passwords); i++) {
        char *cipher = conf_secrets_encrypt(&secrets, passwords[i], &err);
        assert_non_null(cipher);
        assert_true(conf_secrets_is_encrypted(&secrets, cipher));
        char *plain = conf_secrets_decrypt(&secrets, cipher, &err);
        assert_string_equal(plain, passwords[i]);
        char *other = conf_secrets_encrypt(&secrets, passwords[i], &err);
        assert_string_not_equal(cipher, other); /* a new IV each time */
        free(other);
        free(plain);
        free(cipher);
    }
    assert_false(conf_secrets_is_encrypted(&secrets, "plain"));
}

/* Made with: openssl enc -aes-256-cbc -K <key> -iv <iv>, IV in front. */
static void
test_known_cipher(void **state MX_UNUSED)
{
    struct conf_secrets secrets = {.loaded = true};
    struct mx_err err = {0};
    for (size_t i = 0; i < sizeof(secrets.key); i++) {
        secrets.key[i] = (uint8_t)i;
    }
    char *plain = conf_secrets_decrypt(
        &secrets, "000102030405060708090A0B0C0D0E0F5A64B74F0576BB892D280C48C75A8680", &err);
    assert_non_null(plain);
    assert_string_equal(plain, "password");
    free(plain);
}

static void
test_bad_ciphers(void **state MX_UNUSED)
{
    static const char *const ciphers[] = {
        "",
        "AB",
        "ABC",
        "000102030405060708090A0B0C0D0E0F",
        "000102030405060708090A0B0C0D0E0F00010203040506070809",
        "000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0G",
        "000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F",
    };
    struct conf_secrets secrets = {.loaded = true};
    struct mx_err err = {0};
    for (size_t i = 0; i < MX_COUNT(ciphers); i++) {
        mx_err_clear(&err);
        assert_null(conf_secrets_decrypt(&secrets, ciphers[i], &err));
        assert_int_not_equal(err.text[0], '\0');
    }
}

static void
test_permissions_and_content(void **state MX_UNUSED)
{
    static const char good[] =
        "{\"description\": \"x\", \"encryption_cipher\": \"EVP_aes_256_cbc\", \"encryption_key\": "
        "\"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\"}";
    static const struct {
        const char *text;
        unsigned mode;
        int rc;
    } cases[] = {
        {good, 0400, 0},
        {good, 0600, -1},
        {good, 0440, -1},
        {good, 0644, -1},
        {"{}", 0400, -1},
        {"not json", 0400, -1},
        {"{\"encryption_cipher\": \"EVP_aes_256_cbc\", \"encryption_key\": \"00\"}", 0400, -1},
        {"012345678901234567890123456789012345678901234567", 0400, -1},
    };
    for (size_t i = 0; i < MX_COUNT(cases); i++) {
        struct conf_secrets secrets;
        struct mx_err err = {0};
        write_key_file(cases[i].text, cases[i].mode);
        assert_int_equal(conf_secrets_load(folder, &secrets, &err), cases[i].rc);
        assert_int_equal(secrets.loaded, cases[i].rc == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_file_means_plain_text),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_known_cipher),
        cmocka_unit_test(test_bad_ciphers),
        cmocka_unit_test(test_permissions_and_content),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
