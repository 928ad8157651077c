/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "region/region.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static struct region_server *start(void **state, const char *listen, const char *unix_socket)
{
        const struct region_options options = { .folder = scratch_path(state, "store"),
                                                .listen = listen,
                                                .unix_socket = unix_socket,
                                                .clock = &clock_of_system };
        struct region_server *server;
        struct ingot_error err = { 0 };

        if (region_start(&options, &server, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return server;
}

static int dial_unix(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(strlen(path) < sizeof(address.sun_path));
        memcpy(address.sun_path, path, strlen(path) + 1);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static int dial_tcp(uint16_t port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* Sends text and reads all that comes until the other end closes; returns the status, 0 for no reply at all. */
static unsigned exchange(int fd, const char *text, size_t size_bytes)
{
        char reply[4096] = "";
        size_t used = 0;
        ssize_t got;

        while (size_bytes > 0) {
                ssize_t sent = send(fd, text, size_bytes, MSG_NOSIGNAL);

                if (sent <= 0)
                        break; /* closed early: what was answered can be read */
                text += sent;
                size_bytes -= (size_t)sent;
        }
        while (used + 1 < sizeof(reply) && (got = read(fd, reply + used, sizeof(reply) - 1 - used)) > 0)
                used += (size_t)got;
        (void)close(fd);
        return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? (unsigned)strtoul(reply + 9, NULL, 10) : 0;
}

static const char get[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

static void region_answers_on_tcp_and_on_a_unix_socket(void **state)
{
        struct region_server *server = start(state, "127.0.0.1:0", scratch_path(state, "socket"));
        struct stat status;

        assert_int_not_equal(region_port(server), 0);
        assert_int_equal(exchange(dial_tcp(region_port(server)), get, strlen(get)), 403);
        assert_int_equal(exchange(dial_unix(region_unix_socket(server)), get, strlen(get)), 403);
        assert_int_equal(stat(scratch_path(state, "socket"), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_int_equal(access(region_credentials_file(server), R_OK), 0);
        region_stop(server);
        assert_int_not_equal(access(scratch_path(state, "socket"), F_OK), 0);
}

static void socket_without_a_name_is_reached_and_leaves_nothing(void **state)
{
        struct region_server *server = start(state, NULL, REGION_SOCKET_UNNAMED);

        assert_int_equal(region_port(server), 0);
        assert_int_equal(exchange(dial_unix(region_unix_socket(server)), get, strlen(get)), 403);
        region_stop(server);
        {
                const char *const argv[] = { "find", scratch_path(state, "store"), "-type", "s", NULL };
                struct stat status;

                assert_int_equal(scratch_run(state, argv), 0);
                assert_true(stat(scratch_path(state, "log"), &status) != 0 || status.st_size == 0);
        }
}

static void socket_with_a_long_path_is_reached(void **state)
{
        char folder[512], path[600];
        struct region_server *server;

        (void)snprintf(folder, sizeof(folder), "%s/%0200d", scratch_path(state, "."), 7);
        assert_int_equal(mkdir(folder, 0700), 0);
        (void)snprintf(path, sizeof(path), "%s/socket", folder);
        server = start(state, NULL, path);
        assert_int_equal(exchange(dial_unix(region_unix_socket(server)), get, strlen(get)), 403);
        region_stop(server);
}

static void stale_socket_is_replaced_and_a_served_one_is_not(void **state)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = scratch_path(state, "socket");
        int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct region_options options = { .clock = &clock_of_system };
        struct region_server *server, *second;
        char kept[4096];

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof(address)), 0);
        (void)close(stale);
        (void)snprintf(kept, sizeof(kept), "%s", path);
        server = start(state, NULL, kept);
        options.folder = scratch_path(state, "store");
        options.unix_socket = kept;
        assert_int_equal(region_start(&options, &second, NULL), INGOT_E_CONFLICT);
        assert_int_equal(exchange(dial_unix(kept), get, strlen(get)), 403);
        region_stop(server);
}

static void address_that_is_none_is_refused(void **state)
{
        static const char *const bad[] = { "",       "localhost:1", "127.0.0.1:x",      "127.0.0.1:",
                                           "::1:80", "[::1:80",     "127.0.0.1:123456", "1.2.3:4:5" };
        struct region_options options = { .folder = scratch_path(state, "store"), .clock = &clock_of_system };
        struct region_server *server;

        assert_int_equal(region_start(&options, &server, NULL), INGOT_E_USAGE);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                options.listen = bad[i];
                if (region_start(&options, &server, NULL) != INGOT_E_USAGE)
                        fail_msg("'%s'", bad[i]);
        }
        options.listen = "192.0.2.1:0"; /* not ours: RFC 5737 */
        assert_int_equal(region_start(&options, &server, NULL), INGOT_E_SYSTEM);
}

static void what_is_no_http_ends_the_connection_only(void **state)
{
        static const char *const texts[] = {
                "\r\n\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        };
        struct region_server *server = start(state, NULL, REGION_SOCKET_UNNAMED);

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                int fd = dial_unix(region_unix_socket(server));

                (void)send(fd, texts[i], strlen(texts[i]), MSG_NOSIGNAL);
                (void)close(fd);
        }
        assert_int_equal(exchange(dial_unix(region_unix_socket(server)), get, strlen(get)), 403);
        region_stop(server);
}

static void body_in_chunks_and_one_too_long_are_answered(void **state)
{
        enum { LONG_BYTES = 700000 };
        struct region_server *server = start(state, NULL, REGION_SOCKET_UNNAMED);
        static const char chunked[] =
                "PUT /snapshots/snap-1/blocks/0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        static const char head[] =
                "PUT /snapshots/snap-1/blocks/0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                "Content-Length: 700000\r\n\r\n";
        char *text = calloc(1, sizeof(head) + LONG_BYTES);

        assert_non_null(text);
        memcpy(text, head, sizeof(head) - 1);
        assert_int_equal(exchange(dial_unix(region_unix_socket(server)), chunked, strlen(chunked)), 403);
        assert_int_equal(exchange(dial_unix(region_unix_socket(server)), text, sizeof(head) - 1 + LONG_BYTES),
                         403);
        free(text);
        region_stop(server);
}

static void stopping_does_not_wait_for_a_request_that_never_ends(void **state)
{
        struct region_server *server = start(state, NULL, REGION_SOCKET_UNNAMED);
        int fd = dial_unix(region_unix_socket(server));
        static const char begun[] =
                "PUT /snapshots/snap-1/blocks/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 524288\r\n\r\nx";

        assert_int_equal(send(fd, begun, strlen(begun), MSG_NOSIGNAL), (ssize_t)strlen(begun));
        region_stop(server);
        (void)close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(region_answers_on_tcp_and_on_a_unix_socket),
                TEST(socket_without_a_name_is_reached_and_leaves_nothing),
                TEST(socket_with_a_long_path_is_reached),
                TEST(stale_socket_is_replaced_and_a_served_one_is_not),
                TEST(address_that_is_none_is_refused),
                TEST(what_is_no_http_ends_the_connection_only),
                TEST(body_in_chunks_and_one_too_long_are_answered),
                TEST(stopping_does_not_wait_for_a_request_that_never_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
