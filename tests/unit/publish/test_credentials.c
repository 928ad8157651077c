/* SPDX-License-Identifier: Apache-2.0 */
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
        const char *path = write_file(state, "# keys\n[other]\naws_access_key_id = NO\n\n[default]\r\n"
                                             "aws_access_key_id=AKID\r\naws_secret_access_key =  a=b+/c \n"
                                             "region = us-east-1\n; end\n[third]\naws_access_key_id = NO2\n");
        OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
        struct sigv4_credentials sign;

        assert_int_equal(credentials_of_file(path, "default", &credentials, NULL), INGOT_OK);
        sign = credentials_to_sign(&credentials);
        assert_string_equal(sign.access_key_id, "AKID");
        assert_string_equal(sign.secret_access_key, "a=b+/c");
        assert_null(sign.session_token);
        assert_int_equal(credentials.expires_seconds, 0);
        assert_non_null(strstr(credentials.origin, "profile 'default' of '"));
}

static void broken_files_are_errors(void **state)
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

                assert_int_equal(credentials_of_file(path, rows[i].profile, &credentials, NULL),
                                 rows[i].code);
        }
}

static void an_end_must_be_a_time(void **state)
{
        static const struct {
                const char *expiration;
                enum ingot_code code;
                int64_t seconds;
        } rows[] = {
                { NULL, INGOT_OK, 0 },
                { "", INGOT_OK, 0 },
                { "2026-11-22T13:47:00Z", INGOT_OK, 1795355220 },
                { "2026-11-22T13:47:00.123Z", INGOT_OK, 1795355220 },
                { "2026-11-22T14:47:00+01:00", INGOT_OK, 1795355220 },
                { "2026-11-22T13:47:00UTC", INGOT_OK, 1795355220 },
                { "2026-11-22 13:47:00", INGOT_OK, 1795355220 },
                { "tomorrow", INGOT_E_FORMAT, 0 },
                { "2026-02-31T13:47:00Z", INGOT_E_FORMAT, 0 },
                { "2026-11-22T13:47:00+1:00", INGOT_E_FORMAT, 0 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
                const struct credentials_text text = { "A", "B", NULL, NULL, rows[i].expiration };

                assert_int_equal(credentials_make(&text, "a test", &credentials, NULL), rows[i].code);
                assert_int_equal(credentials.expires_seconds, rows[i].seconds);
        }
}

static void no_message_shows_a_secret(void **state) /* rule 1 */
{
        const struct credentials_text text = { NULL, "SECRET", "TOKEN", NULL, NULL };
        OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
        struct ingot_error err;

        (void)state;
        assert_int_equal(credentials_make(&text, "a test", &credentials, &err), INGOT_E_FORMAT);
        assert_null(strstr(ingot_error_frame(&err, 0), "SECRET"));
        assert_null(strstr(ingot_error_frame(&err, 0), "TOKEN"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_profile_is_read, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(broken_files_are_errors, scratch_setup, scratch_teardown),
                cmocka_unit_test(an_end_must_be_a_time),
                cmocka_unit_test(no_message_shows_a_secret),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
