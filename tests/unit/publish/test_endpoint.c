/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "publish/endpoint.h"

static void urls_of_a_host_are_endpoints(void **state)
{
        static const struct {
                const char *url, *authority;
                bool is_tls, is_local;
                uint16_t port;
        } rows[] = {
                { "https://ebs.us-east-1.amazonaws.com", "ebs.us-east-1.amazonaws.com", true, false, 443 },
                { "https://ebs.us-east-1.amazonaws.com:443/", "ebs.us-east-1.amazonaws.com", true, false,
                  443 },
                { "http://127.0.0.1:5810", "127.0.0.1:5810", false, true, 5810 },
                { "http://localhost/", "localhost", false, true, 80 },
                { "http://[::1]:443", "[::1]:443", false, true, 443 },
                { "https://h:80", "h:80", true, false, 80 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char authority[ENDPOINT_AUTHORITY_CHARS + 1];
                struct endpoint endpoint;

                assert_int_equal(endpoint_of_url(rows[i].url, "us-east-1", "ebs", &endpoint, NULL), INGOT_OK);
                endpoint_print_authority(&endpoint, authority);
                assert_string_equal(authority, rows[i].authority);
                assert_int_equal(endpoint.port, rows[i].port);
                assert_int_equal(endpoint.is_tls, rows[i].is_tls);
                assert_int_equal(endpoint_is_local(&endpoint), rows[i].is_local);
        }
}

static void anything_else_is_refused(void **state)
{
        static const char *const urls[] = { "",           "127.0.0.1:80",  "ftp://h",        "http://",
                                            "http:///",   "http://h:0",    "http://h:65536", "http://h:8a",
                                            "http://h:",  "http://h/path", "http://u@h",     "http://[::1",
                                            "http://h i", "http://[::1]x" };
        struct endpoint endpoint;

        (void)state;
        for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
                if (endpoint_of_url(urls[i], "us-east-1", "ebs", &endpoint, NULL) != INGOT_E_USAGE)
                        fail_msg("'%s' was taken", urls[i]);
        assert_int_equal(endpoint_of_url("http://h", "US East", "ebs", &endpoint, NULL), INGOT_E_USAGE);
        assert_int_equal(endpoint_of_url("http://h", "", "ebs", &endpoint, NULL), INGOT_E_USAGE);
}

static void sockets_have_short_paths(void **state)
{
        char path[200];
        struct endpoint endpoint;

        (void)state;
        memset(path, 'a', sizeof(path));
        path[ENDPOINT_SOCKET_CHARS] = '\0';
        assert_int_equal(endpoint_of_socket(path, "local-1", "ec2", &endpoint, NULL), INGOT_OK);
        assert_true(endpoint_is_local(&endpoint));
        path[ENDPOINT_SOCKET_CHARS] = 'a';
        path[ENDPOINT_SOCKET_CHARS + 1] = '\0';
        assert_int_equal(endpoint_of_socket(path, "local-1", "ec2", &endpoint, NULL), INGOT_E_USAGE);
        assert_int_equal(endpoint_of_socket("", "local-1", "ec2", &endpoint, NULL), INGOT_E_USAGE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(urls_of_a_host_are_endpoints),
                cmocka_unit_test(anything_else_is_refused),
                cmocka_unit_test(sockets_have_short_paths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
