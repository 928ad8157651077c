/* SPDX-License-Identifier: Apache-2.0 */
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guid.h"
#include "base/own.h"
#include "region/http_server.h"
#include "region/store.h"

enum { SPARE_BODIES_MAX = 16 };

struct http_server {
        struct MHD_Daemon *daemon;
        struct http_handler handler;
        /* Buffers of BLOCK_BYTES from requests that are over: for the server's thread only. */
        uint8_t *spare_bodies[SPARE_BODIES_MAX];
        size_t spare_body_count;
        struct guid request_seed; /* request ids: the seed with a count in it */
        uint64_t request_count;
};

struct http_exchange {
        struct http_server *server;
        char *path, *query; /* of one allocation: path's */
        struct sigv4_header headers[SIGV4_HEADERS_MAX];
        size_t header_count;
        bool is_begun, has_too_many_headers;
        struct digest_stream *hash;
        uint8_t *body;
        size_t body_room, body_bytes;
        uint64_t received_bytes;
        bool is_body_too_long;
};

/* ---- bodies ---- */

static uint8_t *take_body(struct http_server *server, size_t room_bytes)
{
        if (room_bytes == BLOCK_BYTES && server->spare_body_count > 0)
                return server->spare_bodies[--server->spare_body_count];
        return malloc(room_bytes);
}

static void give_body(struct http_server *server, uint8_t *body, size_t room_bytes)
{
        if (body && room_bytes == BLOCK_BYTES && server->spare_body_count < SPARE_BODIES_MAX)
                server->spare_bodies[server->spare_body_count++] = body;
        else
                free(body);
}

/* Makes room for more_bytes, up to the ceiling; false when out of memory. */
static bool grow_body(struct http_exchange *exchange, size_t more_bytes, size_t ceiling_bytes)
{
        size_t wanted = exchange->body_bytes + more_bytes, room = exchange->body_room;
        uint8_t *grown;

        if (wanted <= room)
                return true;
        if (ceiling_bytes == BLOCK_BYTES) { /* a block: all at once */
                exchange->body = take_body(exchange->server, BLOCK_BYTES);
                exchange->body_room = exchange->body ? BLOCK_BYTES : 0;
                return exchange->body != NULL;
        }
        for (room = room ? room : 4096; room < wanted;)
                room *= 2;
        grown = realloc(exchange->body, room);
        if (!grown)
                return false;
        exchange->body = grown;
        exchange->body_room = room;
        return true;
}

static bool receive(struct http_exchange *exchange, const char *method, const char *bytes, size_t size_bytes)
{
        size_t ceiling_bytes = exchange->server->handler.body_ceiling(method, exchange->path);

        exchange->received_bytes += size_bytes;
        if (exchange->received_bytes > HTTP_BODY_MAX_BYTES)
                return false;
        digest_stream_update(exchange->hash, bytes, size_bytes);
        if (exchange->is_body_too_long || size_bytes > ceiling_bytes - exchange->body_bytes) {
                exchange->is_body_too_long = true;
                return true;
        }
        if (!grow_body(exchange, size_bytes, ceiling_bytes))
                return false;
        memcpy(exchange->body + exchange->body_bytes, bytes, size_bytes);
        exchange->body_bytes += size_bytes;
        return true;
}

/* ---- one request, as libmicrohttpd calls us ---- */

/* Called first, with the request target as it is on the wire; what it returns is the request's context. */
static void *begin_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
        struct http_exchange *exchange = calloc(1, sizeof(*exchange));
        char *question;

        (void)connection;
        if (!exchange)
                return NULL;
        exchange->server = context;
        exchange->path = strdup(uri);
        if (!exchange->path || digest_stream_new(&exchange->hash, NULL) != INGOT_OK) {
                free(exchange->path);
                free(exchange);
                return NULL;
        }
        question = strchr(exchange->path, '?');
        exchange->query = question ? question + 1 : exchange->path + strlen(exchange->path);
        if (question)
                *question = '\0';
        return exchange;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
        struct http_exchange *exchange = *state;

        (void)context;
        (void)connection;
        (void)why;
        *state = NULL;
        if (!exchange)
                return;
        give_body(exchange->server, exchange->body, exchange->body_room);
        digest_stream_free(exchange->hash);
        free(exchange->path);
        free(exchange);
}

static enum MHD_Result keep_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
        struct http_exchange *exchange = context;

        (void)kind;
        if (exchange->header_count == SIGV4_HEADERS_MAX) {
                exchange->has_too_many_headers = true;
                return MHD_NO;
        }
        exchange->headers[exchange->header_count++] =
                (struct sigv4_header){ .name = name, .value = value ? value : "" };
        return MHD_YES;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct region_reply *reply)
{
        size_t size_bytes = reply->body.size_bytes;
        char *bytes = size_bytes ? buffer_take(&reply->body) : NULL;
        struct MHD_Response *response;
        enum MHD_Result queued = MHD_NO;

        if (size_bytes && !bytes)
                return MHD_NO;
        response = MHD_create_response_from_buffer(size_bytes, bytes,
                                                   bytes ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
        if (!response) {
                free(bytes);
                return MHD_NO;
        }
        if (!reply->content_type ||
            MHD_add_response_header(response, "Content-Type", reply->content_type) == MHD_YES)
                queued = MHD_YES;
        for (size_t i = 0; i < reply->header_count && queued == MHD_YES; i++)
                queued = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
        if (queued == MHD_YES)
                queued = MHD_queue_response(connection, reply->status, response);
        MHD_destroy_response(response);
        return queued;
}

static void next_request_id(struct http_server *server, char out[GUID_TEXT_CHARS + 1])
{
        struct guid id = server->request_seed;
        uint64_t count = ++server->request_count;

        for (size_t i = 0; i < 6; i++)
                id.bytes[GUID_BYTES - 1 - i] ^= (uint8_t)(count >> (8 * i));
        guid_print(&id, out);
}

static enum MHD_Result answer(struct http_exchange *exchange, struct MHD_Connection *connection,
                              const char *method)
{
        struct http_server *server = exchange->server;
        struct region_request request = { .method = method,
                                          .path = exchange->path,
                                          .query = exchange->query,
                                          .headers = exchange->headers,
                                          .header_count = exchange->header_count,
                                          .body = exchange->body ? (const char *)exchange->body : "",
                                          .body_bytes = exchange->body_bytes,
                                          .is_body_too_long = exchange->is_body_too_long };
        struct region_reply reply;
        char request_id[GUID_TEXT_CHARS + 1];
        enum MHD_Result sent;

        if (digest_stream_finish(exchange->hash, &request.body_digest, NULL) != INGOT_OK)
                return MHD_NO;
        next_request_id(server, request_id);
        region_reply_init(&reply, request_id);
        server->handler.answer(server->handler.context, &request, &reply);
        sent = send_reply(connection, &reply);
        region_reply_release(&reply);
        return sent;
}

/* Called once when the headers are there, once for each piece of the body, and once after the last. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *uri,
                              const char *method, const char *version, const char *bytes, size_t *size_bytes,
                              void **state)
{
        struct http_exchange *exchange = *state;

        (void)context;
        (void)uri;
        (void)version;
        if (!exchange)
                return MHD_NO;
        if (!exchange->is_begun) {
                exchange->is_begun = true;
                (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_header, exchange);
                return exchange->has_too_many_headers ? MHD_NO : MHD_YES;
        }
        if (*size_bytes > 0) {
                if (!receive(exchange, method, bytes, *size_bytes))
                        return MHD_NO;
                *size_bytes = 0;
                return MHD_YES;
        }
        return answer(exchange, connection, method);
}

static void log_line(void *context, const char *format, va_list args) INGOT_PRINTF(2, 0);

static void log_line(void *context, const char *format, va_list args)
{
        const struct http_server *server = context;
        char line[512];

        if (!server->handler.log)
                return;
        (void)vsnprintf(line, sizeof(line), format, args);
        line[strcspn(line, "\n")] = '\0';
        server->handler.log(server->handler.context, line);
}

/* Paths and queries are signed as they are on the wire: nothing is to be decoded in place. */
static size_t keep_escaped(void *context, struct MHD_Connection *connection, char *text)
{
        (void)context;
        (void)connection;
        return strlen(text);
}

enum ingot_code http_server_start(int listen_fd, const struct http_handler *handler,
                                  struct http_server **ret_server, struct ingot_error *err)
{
        OWNED(heap_drop) struct http_server *server = calloc(1, sizeof(*server));
        enum ingot_code r = server ? INGOT_OK : ingot_fail_memory(err, sizeof(*server));

        if (!r)
                r = random_bytes(server->request_seed.bytes, GUID_BYTES, err);
        if (r) {
                (void)close(listen_fd);
                return r;
        }
        server->handler = *handler;
        server->daemon = MHD_start_daemon(
                MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, server,
                MHD_OPTION_EXTERNAL_LOGGER, log_line, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
                MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, server, MHD_OPTION_NOTIFY_COMPLETED,
                end_exchange, NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
                MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
                MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_END);
        if (!server->daemon) {
                (void)close(listen_fd);
                return ingot_fail(err, INGOT_E_SYSTEM, "the HTTP server could not be started");
        }
        *ret_server = TAKE(server);
        return INGOT_OK;
}

void http_server_stop(struct http_server *server)
{
        if (!server)
                return;
        MHD_stop_daemon(server->daemon); /* closes the listening socket, too */
        for (size_t i = 0; i < server->spare_body_count; i++)
                free(server->spare_bodies[i]);
        free(server);
}
