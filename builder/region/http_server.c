/* SPDX-License-Identifier: Apache-2.0 */
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guid.h"
#include "base/own.h"
#include "region/http_server.h"
#include "region/http_server_hold.h"
#include "region/store.h"

enum { SPARE_BODIES_MAX = 16 };

struct http_server {
        struct MHD_Daemon *daemon;
        struct http_handler handler;
        struct http_hold *hold; /* NULL: no request ever waits */
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
        int spool_fd;    /* FD_NONE: the body is in memory */
        void *spool_map; /* of it; NULL: none yet */
        uint64_t received_bytes;
        bool is_body_too_long;
        struct region_fate fate;
        uint64_t flow;                 /* pass()'s */
        bool is_whole;                 /* all of the request is there, and was judged */
        bool is_over;                  /* whatever comes, the connection is closed */
        struct MHD_Response *response; /* made, and waiting to be sent */
        unsigned status;               /* response's */
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
static bool grow_body(struct http_exchange *exchange, size_t more_bytes, uint64_t ceiling_bytes)
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

/* Keeps more of a body that is, or gets, too long for memory; false when there is no room on the disk. */
static bool spool(struct http_exchange *exchange, const char *bytes, size_t size_bytes)
{
        static const char name[] = "the body of a request";
        enum ingot_code r = INGOT_OK;

        if (exchange->spool_fd == FD_NONE) {
                r = fd_open_spool(exchange->server->handler.spool_folder, &exchange->spool_fd, NULL);
                if (!r)
                        r = fd_append(exchange->spool_fd, name, exchange->body, exchange->body_bytes, NULL);
                give_body(exchange->server, exchange->body, exchange->body_room);
                exchange->body = NULL;
                exchange->body_room = 0;
        }
        if (!r)
                r = fd_append(exchange->spool_fd, name, bytes, size_bytes, NULL);
        exchange->body_bytes += size_bytes;
        return r == INGOT_OK;
}

/* The whole body; NULL when a spooled one cannot be mapped. */
static const char *see_body(struct http_exchange *exchange)
{
        if (exchange->spool_fd == FD_NONE)
                return exchange->body ? (const char *)exchange->body : "";
        if (!exchange->spool_map) {
                exchange->spool_map =
                        mmap(NULL, exchange->body_bytes, PROT_READ, MAP_SHARED, exchange->spool_fd, 0);
                if (exchange->spool_map == MAP_FAILED)
                        exchange->spool_map = NULL;
        }
        return exchange->spool_map;
}

static bool receive(struct http_exchange *exchange, const char *method, const char *bytes, size_t size_bytes)
{
        uint64_t ceiling_bytes = exchange->server->handler.body_ceiling(method, exchange->path);

        exchange->received_bytes += size_bytes;
        if (exchange->received_bytes > HTTP_BODY_MAX_BYTES)
                return false;
        digest_stream_update(exchange->hash, bytes, size_bytes);
        if (exchange->is_body_too_long || size_bytes > ceiling_bytes - exchange->body_bytes) {
                exchange->is_body_too_long = true;
                return true;
        }
        if (exchange->body_bytes + size_bytes > HTTP_SPOOL_BYTES && exchange->server->handler.spool_folder)
                return spool(exchange, bytes, size_bytes);
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
        exchange->spool_fd = FD_NONE;
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
        if (exchange->response)
                MHD_destroy_response(exchange->response);
        give_body(exchange->server, exchange->body, exchange->body_room);
        if (exchange->spool_map)
                (void)munmap(exchange->spool_map, exchange->body_bytes);
        fd_drop(&exchange->spool_fd);
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

/* ---- what befalls it ---- */

static void judge(struct http_exchange *exchange, const char *method, bool is_whole)
{
        struct http_server *server = exchange->server;
        const struct region_request request = { .method = method,
                                                .path = exchange->path,
                                                .query = exchange->query,
                                                .headers = exchange->headers,
                                                .header_count = exchange->header_count,
                                                .body = exchange->body ? (const char *)exchange->body : "",
                                                .body_bytes = exchange->body ? exchange->body_bytes : 0 };

        if (server->handler.judge && !exchange->fate.is_decided)
                server->handler.judge(server->handler.context, &request, is_whole, &exchange->fate);
}

static enum MHD_Result wait_for(const struct http_exchange *exchange, struct MHD_Connection *connection,
                                uint64_t wait_ns)
{
        return http_hold_wait(exchange->server->hold, connection, wait_ns) ? MHD_YES : MHD_NO;
}

/* How long so many bytes take to pass. */
static uint64_t pass(struct http_exchange *exchange, uint64_t size_bytes)
{
        const struct http_handler *handler = &exchange->server->handler;

        return handler->pass ? handler->pass(handler->context, size_bytes, &exchange->flow) : 0;
}

static bool ends_at(const struct http_exchange *exchange, enum fate_moment moment)
{
        return exchange->fate.end != FATE_ANSWER && exchange->fate.moment == moment;
}

static enum MHD_Result end_connection(struct http_exchange *exchange, struct MHD_Connection *connection)
{
        exchange->is_over = true;
        if (exchange->fate.end == FATE_HANG)
                return http_hold_silent(exchange->server->hold, connection, exchange->fate.hang_ns) ? MHD_YES
                                                                                                    : MHD_NO;
        http_connection_end(connection, exchange->fate.end);
        return MHD_NO;
}

/* ---- the reply ---- */

/* A reply of which only the first half is sent. */
struct half_reply {
        size_t size_bytes;
        char bytes[];
};

static ssize_t read_half(void *context, uint64_t at, char *out, size_t room_bytes)
{
        const struct half_reply *half = context;
        size_t left_bytes = half->size_bytes - (size_t)at;

        if (left_bytes == 0)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        if (room_bytes > left_bytes)
                room_bytes = left_bytes;
        memcpy(out, half->bytes + at, room_bytes);
        return (ssize_t)room_bytes;
}

static struct MHD_Response *make_half_response(const struct buffer *body)
{
        size_t size_bytes = body->size_bytes / 2;
        struct half_reply *half = malloc(sizeof(*half) + size_bytes);
        struct MHD_Response *response;

        if (!half)
                return NULL;
        half->size_bytes = size_bytes;
        memcpy(half->bytes, body->bytes, size_bytes);
        response = MHD_create_response_from_callback(body->size_bytes ? body->size_bytes : 1, 4096, read_half,
                                                     half, free);
        if (!response)
                free(half);
        return response;
}

static struct MHD_Response *make_whole_response(struct buffer *body)
{
        size_t size_bytes = body->size_bytes;
        char *bytes = size_bytes ? buffer_take(body) : NULL;
        struct MHD_Response *response;

        if (size_bytes && !bytes)
                return NULL;
        response = MHD_create_response_from_buffer(size_bytes, bytes,
                                                   bytes ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
        if (!response)
                free(bytes);
        return response;
}

/* What the reply's file holds; MHD closes it. */
static struct MHD_Response *make_file_response(struct region_reply *reply)
{
        struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(
                reply->file_bytes, reply->file_fd, reply->file_from_bytes);

        if (response)
                reply->file_fd = FD_NONE;
        return response;
}

static bool make_response(struct http_exchange *exchange, struct region_reply *reply)
{
        struct MHD_Response *response = ends_at(exchange, FATE_AT_REPLY) ? make_half_response(&reply->body)
                                        : reply->file_fd != FD_NONE      ? make_file_response(reply)
                                                                         : make_whole_response(&reply->body);
        bool is_whole = response != NULL;

        exchange->response = response;
        exchange->status = reply->status;
        if (is_whole && reply->content_type)
                is_whole = MHD_add_response_header(response, "Content-Type", reply->content_type) == MHD_YES;
        for (size_t i = 0; i < reply->header_count && is_whole; i++)
                is_whole = MHD_add_response_header(response, reply->headers[i].name,
                                                   reply->headers[i].value) == MHD_YES;
        return is_whole;
}

static enum MHD_Result send_response(struct http_exchange *exchange, struct MHD_Connection *connection)
{
        enum MHD_Result queued = MHD_queue_response(connection, exchange->status, exchange->response);

        MHD_destroy_response(exchange->response);
        exchange->response = NULL;
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
                                          .body = see_body(exchange),
                                          .body_bytes = exchange->body_bytes,
                                          .is_body_too_long = exchange->is_body_too_long,
                                          .fate = &exchange->fate };
        struct region_reply reply;
        char request_id[GUID_TEXT_CHARS + 1];
        uint64_t reply_bytes, wait_ns;
        bool is_made;

        if (!request.body || digest_stream_finish(exchange->hash, &request.body_digest, NULL) != INGOT_OK)
                return MHD_NO;
        next_request_id(server, request_id);
        region_reply_init(&reply, request_id);
        server->handler.answer(server->handler.context, &request, &reply);
        reply_bytes = reply.file_fd != FD_NONE ? reply.file_bytes : reply.body.size_bytes;
        is_made = !ends_at(exchange, FATE_AT_WORK) && make_response(exchange, &reply);
        region_reply_release(&reply);
        if (ends_at(exchange, FATE_AT_WORK))
                return end_connection(exchange, connection);
        if (!is_made)
                return MHD_NO;
        wait_ns = pass(exchange, reply_bytes);
        return wait_ns ? wait_for(exchange, connection, wait_ns) : send_response(exchange, connection);
}

static enum MHD_Result take_piece(struct http_exchange *exchange, struct MHD_Connection *connection,
                                  const char *method, const char *bytes, size_t size_bytes)
{
        uint64_t wait_ns;

        if (!receive(exchange, method, bytes, size_bytes))
                return MHD_NO;
        if (ends_at(exchange, FATE_AT_BODY))
                return end_connection(exchange, connection);
        wait_ns = pass(exchange, size_bytes);
        return wait_ns ? wait_for(exchange, connection, wait_ns) : MHD_YES;
}

/* All of the request is there: called again after every wait. */
static enum MHD_Result finish(struct http_exchange *exchange, struct MHD_Connection *connection,
                              const char *method)
{
        if (exchange->response)
                return send_response(exchange, connection);
        if (!exchange->is_whole) {
                exchange->is_whole = true;
                judge(exchange, method, true);
                if (ends_at(exchange, FATE_AT_REQUEST) || ends_at(exchange, FATE_AT_BODY))
                        return end_connection(exchange, connection);
                if (exchange->fate.delay_ns)
                        return wait_for(exchange, connection, exchange->fate.delay_ns);
        }
        return answer(exchange, connection, method);
}

static enum MHD_Result begin(struct http_exchange *exchange, struct MHD_Connection *connection,
                             const char *method)
{
        exchange->is_begun = true;
        (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_header, exchange);
        if (exchange->has_too_many_headers)
                return MHD_NO;
        judge(exchange, method, false);
        return ends_at(exchange, FATE_AT_REQUEST) ? end_connection(exchange, connection) : MHD_YES;
}

/* Called once when the headers are there, once for each piece of the body, and once after the last; and again
 * whenever it has waited. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *uri,
                              const char *method, const char *version, const char *bytes, size_t *size_bytes,
                              void **state)
{
        struct http_exchange *exchange = *state;
        size_t piece_bytes = *size_bytes;

        (void)context;
        (void)uri;
        (void)version;
        if (!exchange || exchange->is_over)
                return MHD_NO;
        if (!exchange->is_begun)
                return begin(exchange, connection, method);
        if (piece_bytes == 0)
                return finish(exchange, connection, method);
        *size_bytes = 0;
        return take_piece(exchange, connection, method, bytes, piece_bytes);
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
        bool may_wait = handler->judge || handler->pass;
        enum ingot_code r = server ? INGOT_OK : ingot_fail_memory(err, sizeof(*server));

        if (!r)
                r = random_bytes(server->request_seed.bytes, GUID_BYTES, err);
        if (!r && may_wait)
                r = http_hold_new(&server->hold, err);
        if (r) {
                (void)close(listen_fd);
                return r;
        }
        server->handler = *handler;
        server->daemon = MHD_start_daemon(
                MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG |
                        (may_wait ? (unsigned)MHD_ALLOW_SUSPEND_RESUME : 0U),
                0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_line, server,
                MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, server,
                MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped,
                NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
                MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_END);
        if (!server->daemon) {
                http_hold_free(server->hold);
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
        if (server->hold)
                http_hold_close(server->hold);
        MHD_stop_daemon(server->daemon); /* closes the listening socket, too */
        http_hold_free(server->hold);
        for (size_t i = 0; i < server->spare_body_count; i++)
                free(server->spare_bodies[i]);
        free(server);
}
