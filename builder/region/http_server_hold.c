/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/checked.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/work_timer.h"
#include "region/http_server_hold.h"

enum { LOOK_NS = 100000000 }; /* how often to look whether a silent connection's client has left */

struct http_hold {
        struct work_timer *timer;
};

struct held {
        struct MHD_Connection *connection;
        uint64_t end_ns;
        int fd; /* of a silent connection; -1: the connection waits for its turn */
};

static bool has_left(int fd)
{
        struct pollfd look = { .fd = fd, .events = POLLRDHUP };

        return poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* A connection that is set aside is not libmicrohttpd's: its socket stays open until it is given back. */
static uint64_t give_back(void *context, void *item, bool is_closing)
{
        struct held *held = item;
        uint64_t now_ns = clock_monotonic_ns(&clock_of_system);

        (void)context;
        if (held->fd >= 0) {
                if (!is_closing && now_ns < held->end_ns && !has_left(held->fd))
                        return min_u64(held->end_ns, now_ns + LOOK_NS);
                (void)shutdown(held->fd, SHUT_RDWR); /* it may be gone already */
        }
        MHD_resume_connection(held->connection);
        free(held);
        return 0;
}

enum ingot_code http_hold_new(struct http_hold **ret_hold, struct ingot_error *err)
{
        static const struct work_alarm alarm = { .fire = give_back };
        OWNED(heap_drop) struct http_hold *hold = calloc(1, sizeof(*hold));
        enum ingot_code r =
                hold ? work_timer_new(&alarm, &hold->timer, err) : ingot_fail_memory(err, sizeof(*hold));

        if (r)
                return r;
        *ret_hold = TAKE(hold);
        return INGOT_OK;
}

static int socket_of(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        return info ? info->connect_fd : -1;
}

static bool set_aside(struct http_hold *hold, struct MHD_Connection *connection, int fd, uint64_t end_ns)
{
        struct held *held = malloc(sizeof(*held));
        uint64_t due_ns = fd < 0 ? end_ns : min_u64(end_ns, clock_monotonic_ns(&clock_of_system) + LOOK_NS);

        if (!held)
                return false;
        *held = (struct held){ .connection = connection, .end_ns = end_ns, .fd = fd };
        MHD_suspend_connection(connection);
        if (work_timer_add(hold->timer, due_ns, held, NULL) == INGOT_OK)
                return true;
        MHD_resume_connection(connection);
        free(held);
        return false;
}

static uint64_t after(uint64_t span_ns)
{
        uint64_t now_ns = clock_monotonic_ns(&clock_of_system);

        return span_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + span_ns;
}

bool http_hold_wait(struct http_hold *hold, struct MHD_Connection *connection, uint64_t wait_ns)
{
        return set_aside(hold, connection, -1, after(wait_ns));
}

bool http_hold_silent(struct http_hold *hold, struct MHD_Connection *connection, uint64_t silence_ns)
{
        int fd = socket_of(connection);

        return fd >= 0 && set_aside(hold, connection, fd, after(silence_ns));
}

void http_connection_end(struct MHD_Connection *connection, enum fate_end end)
{
        static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
        int fd = socket_of(connection);

        /* Linux: TCP that is connected to nowhere sends a reset at once, tcp(7); a unix socket is only closed. */
        if (fd < 0 || (end == FATE_RESET && connect(fd, &nowhere, sizeof(nowhere)) == 0))
                return;
        (void)shutdown(fd, SHUT_RDWR);
}

void http_hold_close(struct http_hold *hold)
{
        work_timer_close(hold->timer);
}

void http_hold_free(struct http_hold *hold)
{
        if (!hold)
                return;
        work_timer_free(hold->timer);
        free(hold);
}
