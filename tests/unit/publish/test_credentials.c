/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "publish/credentials.h"

static const char *write_file(void **state, const char *text)
{
        const char *path = scratch_path(state, "credentials");

        assert_int_equal(fd_replace_file(path, text, strlen(text), 0600, NULL), INGOT_OK);
        return path;
}

static void a_profile_is_read(void **state)
{
        const char *path = write_file(state, "# keys\n[other]\naws_access_key_id = NO\n\n[ default ]\r\n"
                                             "aws_access_key_id=AKID\r\n  aws_secret_access_key =  a=b+/c \n"
                                             "region = us-east-1\n; end\n[third]\naws_access_key_id = NO2\n");
        OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
        struct sigv4_credentials sign;

        assert_int_equal(credentials_of_file(path, "default", &credentials, NULL), INGOT_OK);
        sign = credentials_to_sign(&credentials);
        assert_string_equal(sign.access_key_id, "AKID");
        assert_string_equal(sign.secret_access_key, "a=b+/c");
        assert_null(sign.session_token);
        assert_non_null(strstr(credentials.origin, "profile 'default' of '"));
}

static void broken_files_are_errors(void **state) /* rule 2 */
{
        static const struct {
                const char *text, *profile;
                enum ingot_code code;
        } rows[] = {
                { "[default]\naws_access_key_id = A\n", "default", INGOT_E_FORMAT },
                { "[default]\naws_secret_access_key = A\n", "default", INGOT_E_FORMAT },
                { "[default\naws_access_key_id = A\n", "default", INGOT_E_FORMAT },
                { "just text\n", "default", INGOT_E_FORMAT },
                { "[default]\n", "default", INGOT_E_FORMAT },
                { "", "default", INGOT_E_NOT_FOUND },
                { "[a]\naws_access_key_id = A\naws_secret_access_key = B", "b", INGOT_E_NOT_FOUND },
                { "[a]\naws_access_key_id = A\naws_secret_access_key = B", "a", INGOT_OK },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
                const char *path = write_file(state, rows[i].text);
                struct ingot_error err = { .code = INGOT_OK };

                assert_int_equal(credentials_of_file(path, rows[i].profile, &credentials, &err),
                                 rows[i].code);
        }
}

static void the_chain_asks_the_environment_first(void **state)
{
        const char *path =
                write_file(state, "[default]\naws_access_key_id = FILE\naws_secret_access_key = F\n"
                                  "[work]\naws_access_key_id = WORK\naws_secret_access_key = W\n"
                                  "aws_session_token = T\n");
        char file[4200], *envs[2][6];
        static char id[] = "AWS_ACCESS_KEY_ID=ENV", secret[] = "AWS_SECRET_ACCESS_KEY=E",
                    token[] = "AWS_SESSION_TOKEN=X", profile[] = "AWS_PROFILE=work";
        const struct {
                unsigned env;
                const char *profile, *key, *token;
        } rows[] = {
                { 0, NULL, "ENV", "X" },
                { 0, "work", "WORK", "T" }, /* rule 1 */
                { 0, "default", "FILE", NULL },
                { 1, NULL, "WORK", "T" },
        };

        (void)snprintf(file, sizeof(file), "AWS_SHARED_CREDENTIALS_FILE=%s", path);
        memcpy(envs[0], (char *[]){ id, secret, token, file, NULL }, 5 * sizeof(char *));
        memcpy(envs[1], (char *[]){ profile, file, NULL }, 3 * sizeof(char *));
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
                struct credentials_request request = { .environment = (const char *const *)envs[rows[i].env],
                                                       .profile = rows[i].profile };

                assert_int_equal(credentials_find(&request, &credentials, NULL), INGOT_OK);
                assert_string_equal(credentials.access_key_id, rows[i].key);
                assert_int_equal(credentials.session_token != NULL, rows[i].token != NULL);
                if (rows[i].token)
                        assert_string_equal(credentials.session_token, rows[i].token);
        }
}

static void half_an_environment_is_an_error(void **state) /* rule 2 */
{
        static const char *const environment[] = { "AWS_ACCESS_KEY_ID=ENV", NULL };
        struct credentials_request request = { .environment = environment };
        struct credentials credentials;

        (void)state;
        assert_int_equal(credentials_find(&request, &credentials, NULL), INGOT_E_FORMAT);
}

static void nobody_knows_any(void **state)
{
        static const char *const environment[] = { "HOME=/nonexistent", "AWS_ACCESS_KEY_ID=", NULL };
        struct credentials_request request = { .environment = environment };
        struct credentials credentials;
        struct ingot_error err;

        (void)state;
        assert_int_equal(credentials_find(&request, &credentials, &err), INGOT_E_NOT_FOUND);
        assert_non_null(
                strstr(ingot_error_frame(&err, 0), "profile 'default' of '/nonexistent/.aws/credentials'"));
        request.environment = NULL;
        assert_int_equal(credentials_find(&request, &credentials, &err), INGOT_E_NOT_FOUND);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_profile_is_read, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(broken_files_are_errors, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(the_chain_asks_the_environment_first, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test(half_an_environment_is_an_error),
                cmocka_unit_test(nobody_knows_any),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
