/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/scripted_server.h"

enum { CONNECTIONS_MAX = 256, HEAD_BYTES_MAX = 65536, BODY_BYTES_MAX = 6 << 20, STALL_MS = 1000 };

struct connection {
        struct scripted_server *server;
        pthread_t thread;
        int fd;
};

struct scripted_server {
        pthread_mutex_t mutex;
        pthread_t thread;
        int listener, wake[2]; /* wake[0] is readable once the server stops */
        uint16_t port;
        scripted_answer answer;
        void *context;
        unsigned requests;
        struct connection connections[CONNECTIONS_MAX];
        unsigned connection_count;
};

/* Reads more bytes; 0 at the end, or when the server stops. */
static size_t receive(const struct connection *connection, char *out, size_t room)
{
        struct pollfd fds[] = { { connection->fd, POLLIN, 0 }, { connection->server->wake[0], POLLIN, 0 } };
        ssize_t got;

        if (poll(fds, 2, -1) < 0 || fds[1].revents)
                return 0;
        got = recv(connection->fd, out, room, 0);
        return got > 0 ? (size_t)got : 0;
}

static void send_all(int fd, const char *bytes, size_t size_bytes)
{
        while (size_bytes) {
                ssize_t sent = send(fd, bytes, size_bytes, MSG_NOSIGNAL);

                if (sent <= 0)
                        return;
                bytes += sent;
                size_bytes -= (size_t)sent;
        }
}

void scripted_header(const struct scripted_request *request, const char *name, char *out, size_t room)
{
        size_t chars = strlen(name);

        out[0] = '\0';
        for (const char *line = request->head; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncasecmp(line, name, chars) == 0 && line[chars] == ':') {
                        const char *value = line + chars + 1;

                        value += strspn(value, " ");
                        (void)snprintf(out, room, "%.*s", (int)strcspn(value, "\r\n"), value);
                        return;
                }
        }
}

/* Answers; false when the connection is to end. */
static bool reply_to(struct connection *connection, struct scripted_request *request)
{
        struct scripted_server *server = connection->server;
        struct scripted_reply reply = { .status = 200 };
        struct pollfd stop = { server->wake[0], POLLIN, 0 };
        char *text = NULL;
        int chars;

        (void)pthread_mutex_lock(&server->mutex);
        request->number = server->requests++;
        server->answer(server->context, request, &reply);
        chars = asprintf(&text, "HTTP/1.1 %u Status\r\n%sContent-Length: %zu\r\n\r\n%s",
                         reply.status ? reply.status : 200, reply.headers ? reply.headers : "",
                         reply.body ? strlen(reply.body) : 0, reply.body ? reply.body : "");
        (void)pthread_mutex_unlock(&server->mutex);
        switch (reply.trick) {
        case SCRIPTED_ANSWER: send_all(connection->fd, text, (size_t)chars); break;
        case SCRIPTED_HANG_UP: break;
        case SCRIPTED_HALF: send_all(connection->fd, text, (size_t)chars - 1); break;
        case SCRIPTED_STALL: (void)poll(&stop, 1, STALL_MS); break;
        case SCRIPTED_GARBAGE: send_all(connection->fd, "220 mail ready\r\n\r\n", 18); break;
        }
        free(text);
        return reply.trick == SCRIPTED_ANSWER;
}

/* Reads one request into text and answers it; false at the end of the connection. */
static bool serve_one(struct connection *connection, char *text)
{
        struct scripted_request request = { .head = text };
        char length[32], *end = NULL, *space, method[16], target[4096];
        size_t used = 0, head_bytes, body_bytes;

        while (!end) {
                size_t got = receive(connection, text + used, HEAD_BYTES_MAX - used - 1);

                if (!got)
                        return false;
                used += got;
                text[used] = '\0';
                end = strstr(text, "\r\n\r\n");
        }
        head_bytes = (size_t)(end + 4 - text);
        end[2] = '\0';
        scripted_header(&request, "content-length", length, sizeof(length));
        body_bytes = (size_t)atol(length);
        if (body_bytes > BODY_BYTES_MAX)
                return false;
        while (used < head_bytes + body_bytes) {
                size_t got = receive(connection, text + used, head_bytes + body_bytes - used);

                if (!got)
                        return false;
                used += got;
        }
        text[used] = '\0';
        request.body = text + head_bytes;
        request.body_bytes = body_bytes;
        (void)snprintf(method, sizeof(method), "%.*s", (int)strcspn(text, " "), text);
        space = strchr(text, ' ');
        (void)snprintf(target, sizeof(target), "%.*s", space ? (int)strcspn(space + 1, " ") : 0,
                       space ? space + 1 : "");
        request.method = method;
        request.target = target;
        return reply_to(connection, &request);
}

static void *serve_connection(void *argument)
{
        struct connection *connection = argument;
        char *text = malloc(HEAD_BYTES_MAX + BODY_BYTES_MAX + 1);

        while (text && serve_one(connection, text))
                ;
        free(text);
        (void)shutdown(connection->fd, SHUT_RDWR);
        return NULL;
}

static void *accept_connections(void *argument)
{
        struct scripted_server *server = argument;

        while (server->connection_count < CONNECTIONS_MAX) {
                struct pollfd fds[] = { { server->listener, POLLIN, 0 }, { server->wake[0], POLLIN, 0 } };
                struct connection *connection = &server->connections[server->connection_count];

                if (poll(fds, 2, -1) < 0 || fds[1].revents)
                        break;
                connection->fd = accept(server->listener, NULL, NULL);
                if (connection->fd < 0)
                        continue;
                connection->server = server;
                if (pthread_create(&connection->thread, NULL, serve_connection, connection) == 0)
                        server->connection_count++;
                else
                        (void)close(connection->fd);
        }
        return NULL;
}

static int listen_on(const char *unix_socket, uint16_t *ret_port)
{
        struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct sockaddr_un local = { .sun_family = AF_UNIX };
        socklen_t bytes = sizeof(inet);
        int fd = socket(unix_socket ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), bound;

        if (unix_socket) {
                (void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", unix_socket);
                bound = bind(fd, (struct sockaddr *)&local, sizeof(local));
        } else {
                bound = bind(fd, (struct sockaddr *)&inet, sizeof(inet));
        }
        if (bound || listen(fd, 128)) {
                (void)close(fd);
                return -1;
        }
        if (!unix_socket && getsockname(fd, (struct sockaddr *)&inet, &bytes) == 0)
                *ret_port = ntohs(inet.sin_port);
        return fd;
}

struct scripted_server *scripted_server_start(scripted_answer answer, void *context, const char *unix_socket)
{
        struct scripted_server *server = calloc(1, sizeof(*server));

        if (!server)
                return NULL;
        (void)pthread_mutex_init(&server->mutex, NULL);
        server->answer = answer;
        server->context = context;
        server->listener = listen_on(unix_socket, &server->port);
        if (server->listener >= 0 && pipe(server->wake) == 0 &&
            pthread_create(&server->thread, NULL, accept_connections, server) == 0)
                return server;
        free(server);
        return NULL;
}

uint16_t scripted_server_port(const struct scripted_server *server)
{
        return server->port;
}

unsigned scripted_server_request_count(struct scripted_server *server)
{
        unsigned count;

        (void)pthread_mutex_lock(&server->mutex);
        count = server->requests;
        (void)pthread_mutex_unlock(&server->mutex);
        return count;
}

void scripted_server_stop(struct scripted_server *server)
{
        (void)close(server->wake[1]); /* makes wake[0] readable for ever */
        (void)pthread_join(server->thread, NULL);
        for (unsigned i = 0; i < server->connection_count; i++) {
                (void)pthread_join(server->connections[i].thread, NULL);
                (void)close(server->connections[i].fd);
        }
        (void)close(server->listener);
        (void)close(server->wake[0]);
        (void)pthread_mutex_destroy(&server->mutex);
        free(server);
}
