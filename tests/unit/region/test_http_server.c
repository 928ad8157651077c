/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "region/http_server.h"
#include "region/listener.h"
#include "support/cmocka_all.h"

enum { MS = 1000000, MANY = 128 };

/* What stands behind the server: the fate of every request, and what was done. */
struct behind {
        struct region_fate fate;
        uint64_t pass_ns; /* of each piece */
        bool is_judged_late;
        unsigned judged, answered; /* read only when the server has stopped, or after its reply */
        atomic_bool is_over;       /* nothing befalls requests any more */
        struct http_server *http;
        uint16_t port;
};

static size_t ceiling(const char *method, const char *path)
{
        (void)method;
        (void)path;
        return 1 << 20;
}

static void judge(void *context, const struct region_request *request, bool is_whole,
                  struct region_fate *fate)
{
        struct behind *behind = context;

        (void)request;
        if (behind->is_judged_late && !is_whole)
                return;
        behind->judged++;
        if (!atomic_load(&behind->is_over))
                *fate = behind->fate;
        fate->is_decided = true;
}

static uint64_t pass(void *context, uint64_t size_bytes, uint64_t *flow)
{
        const struct behind *behind = context;

        (void)flow;
        return size_bytes ? behind->pass_ns : 0;
}

static void answer(void *context, const struct region_request *request, struct region_reply *reply)
{
        struct behind *behind = context;

        behind->answered++;
        reply->status = 200;
        reply->content_type = "text/plain";
        buffer_appendf(&reply->body, "answer to %zu bytes", request->body_bytes);
}

static void start(struct behind *behind)
{
        const struct http_handler handler = {
                .context = behind, .body_ceiling = ceiling, .answer = answer, .judge = judge, .pass = pass
        };
        struct ingot_error err;
        int fd;

        assert_int_equal(listener_open_tcp("127.0.0.1:0", &fd, &behind->port, &err), INGOT_OK);
        assert_int_equal(http_server_start(fd, &handler, &behind->http, &err), INGOT_OK);
}

static int dial(const struct behind *behind)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(behind->port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static void say(int fd, const char *text)
{
        assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until the end, or 300 ms of silence; returns errno of the end, 0 for an orderly one, EAGAIN for silence. */
static int hear(int fd, char *out, size_t room)
{
        size_t used = 0;
        int r = EAGAIN;

        for (;;) {
                struct pollfd look = { .fd = fd, .events = POLLIN };
                ssize_t got;

                out[used] = '\0';
                if (poll(&look, 1, 300) <= 0)
                        break;
                got = recv(fd, out + used, room - 1 - used, 0);
                if (got <= 0) {
                        r = got < 0 ? errno : 0;
                        break;
                }
                used += (size_t)got;
        }
        (void)close(fd);
        return r;
}

static const char get[] = "GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
static const char post[] =
        "POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";

/* Rule 3: 128 requests that wait 40 ms each are over long before they would be one after another. */
static void requests_wait_beside_each_other(void **state)
{
        struct behind behind = { .fate = { .delay_ns = 40 * MS } };
        int fds[MANY];
        char reply[1000];
        uint64_t start_ns, took_ns;

        (void)state;
        start(&behind);
        start_ns = clock_monotonic_ns(&clock_of_system);
        for (unsigned i = 0; i < MANY; i++) {
                fds[i] = dial(&behind);
                say(fds[i], i % 2 ? get : post);
        }
        for (unsigned i = 0; i < MANY; i++) {
                assert_int_equal(hear(fds[i], reply, sizeof(reply)), 0);
                assert_non_null(strstr(reply, i % 2 ? "answer to 0 bytes" : "answer to 5 bytes"));
        }
        took_ns = clock_monotonic_ns(&clock_of_system) - start_ns;
        http_server_stop(behind.http);
        assert_int_equal(behind.answered, MANY);
        assert_int_equal(behind.judged, MANY);
        assert_true(took_ns >= UINT64_C(40) * MS);
        assert_true(took_ns < UINT64_C(2000) * MS);
}

static void a_connection_ends_where_its_fate_says(void **state)
{
        static const struct {
                enum fate_end end;
                enum fate_moment moment;
                bool is_late;
                const char *request;
                unsigned answered;
                const char *heard; /* of the reply's body; NULL: nothing at all comes */
                int end_errno;
        } rows[] = {
                { FATE_RESET, FATE_AT_REQUEST, false, post, 0, NULL, ECONNRESET },
                { FATE_RESET, FATE_AT_REQUEST, true, post, 0, NULL, ECONNRESET },
                { FATE_RESET, FATE_AT_BODY, false, post, 0, NULL, ECONNRESET },
                { FATE_RESET, FATE_AT_WORK, false, post, 1, NULL, ECONNRESET },
                { FATE_CLOSE, FATE_AT_REQUEST, false, get, 0, NULL, 0 },
                { FATE_CLOSE, FATE_AT_WORK, false, get, 1, NULL, 0 },
                { FATE_CLOSE, FATE_AT_REPLY, false, get, 1, "answer t", 0 },
                { FATE_HANG, FATE_AT_REQUEST, false, get, 0, NULL, EAGAIN },
                { FATE_HANG, FATE_AT_REQUEST, true, post, 0, NULL, EAGAIN },
                { FATE_HANG, FATE_AT_BODY, false, post, 0, NULL, EAGAIN },
                { FATE_HANG, FATE_AT_WORK, false, get, 1, NULL, EAGAIN },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct behind behind = {
                        .fate = { .end = rows[i].end, .moment = rows[i].moment, .hang_ns = UINT64_MAX },
                        .is_judged_late = rows[i].is_late
                };
                char reply[1000];
                int fd, r;

                start(&behind);
                fd = dial(&behind);
                say(fd, rows[i].request);
                r = hear(fd, reply, sizeof(reply));
                http_server_stop(behind.http);
                if (r != rows[i].end_errno || behind.answered != rows[i].answered ||
                    (rows[i].heard ? strstr(reply, rows[i].heard) == NULL : *reply != '\0') ||
                    strstr(reply, "bytes"))
                        fail_msg("row %zu: %s, answered %u, heard '%s'", i, strerror(r), behind.answered,
                                 reply);
        }
}

static void silence_ends_when_it_is_told_to(void **state)
{
        struct behind behind = { .fate = { .end = FATE_HANG, .hang_ns = 50 * MS } };
        char reply[1000];
        int fd;

        (void)state;
        start(&behind);
        fd = dial(&behind);
        say(fd, post);
        assert_int_equal(hear(fd, reply, sizeof(reply)), 0);
        assert_string_equal(reply, "");
        http_server_stop(behind.http);
}

/* Connections whose clients have left are not kept: a thousand of them, one after another, fit into 200. */
static void a_client_that_leaves_gives_its_place_back(void **state)
{
        struct behind behind = { .fate = { .end = FATE_HANG, .hang_ns = UINT64_MAX } };
        char reply[1000];
        int fd;

        (void)state;
        start(&behind);
        for (unsigned i = 0; i < 3 * HTTP_CONNECTIONS_MAX; i++) {
                fd = dial(&behind);
                say(fd, get);
                (void)close(fd);
                if (i % 100 == 99)
                        (void)usleep(150000);
        }
        atomic_store(&behind.is_over, true);
        (void)usleep(250000);
        fd = dial(&behind);
        say(fd, get);
        assert_int_equal(hear(fd, reply, sizeof(reply)), 0);
        assert_non_null(strstr(reply, "answer to 0 bytes"));
        http_server_stop(behind.http);
}

static void bytes_take_the_time_they_take_both_ways(void **state)
{
        struct behind behind = { .pass_ns = 30 * MS };
        char reply[1000];
        uint64_t start_ns;
        int fd;

        (void)state;
        start(&behind);
        start_ns = clock_monotonic_ns(&clock_of_system);
        fd = dial(&behind);
        say(fd, post);
        assert_int_equal(hear(fd, reply, sizeof(reply)), 0);
        assert_non_null(strstr(reply, "answer to 5 bytes"));
        assert_true(clock_monotonic_ns(&clock_of_system) - start_ns >= UINT64_C(60) * MS);
        http_server_stop(behind.http);
}

static void stopping_does_not_wait_for_anybody(void **state)
{
        struct behind late = { .fate = { .delay_ns = UINT64_C(3600000) * MS } };
        struct behind silent = { .fate = { .end = FATE_HANG, .hang_ns = UINT64_MAX } };
        int fds[2];
        char reply[1000];

        (void)state;
        start(&late);
        start(&silent);
        fds[0] = dial(&late);
        fds[1] = dial(&silent);
        say(fds[0], get);
        say(fds[1], get);
        (void)usleep(20000);
        http_server_stop(late.http);
        http_server_stop(silent.http);
        assert_int_not_equal(hear(fds[0], reply, sizeof(reply)), EAGAIN);
        assert_int_not_equal(hear(fds[1], reply, sizeof(reply)), EAGAIN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(requests_wait_beside_each_other),
                cmocka_unit_test(a_connection_ends_where_its_fate_says),
                cmocka_unit_test(silence_ends_when_it_is_told_to),
                cmocka_unit_test(a_client_that_leaves_gives_its_place_back),
                cmocka_unit_test(bytes_take_the_time_they_take_both_ways),
                cmocka_unit_test(stopping_does_not_wait_for_anybody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
