/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_HTTP_SERVER_H
#define REGION_HTTP_SERVER_H

/* builder/region/http_server.h
 * http_server: requests in, replies out, over one listening socket, in one thread.
 *
 * Rules    (1) One request is answered at a time, in a thread of the server's own; bodies are hashed as their
 *              pieces come in.
 *          (2) At most HTTP_CONNECTIONS_MAX connections, HTTP_CONNECTION_BYTES of memory for each beside one
 *              body, and no body longer than HTTP_BODY_MAX_BYTES.  Of a body, HTTP_SPOOL_BYTES are kept in memory;
 *              what is longer goes to a file without a name, and is seen through a mapping of it.
 *          (3) A request that has to wait for its fate is set aside: it holds up no other and costs no thread.
 * Tests    tests/unit/region/test_region.c
 */
#include "region/exchange.h"

enum {
        HTTP_CONNECTIONS_MAX = 200,
        HTTP_CONNECTION_BYTES = 128 << 10,
        HTTP_SPOOL_BYTES = 4 << 20,
        HTTP_IDLE_SECONDS = 60,
};
#define HTTP_BODY_MAX_BYTES (UINT64_C(6) << 30) /* a part of S3, 5 GiB, and what aws-chunked adds */

struct http_handler {
        void *context;
        const char *spool_folder; /* borrowed; for the files of rule 2 */
        /* How much of a request's body to keep. */
        uint64_t (*body_ceiling)(const char *method, const char *path);
        /* Answers; reply is empty before and whole afterwards. */
        void (*answer)(void *context, const struct region_request *request, struct region_reply *reply);
        void (*log)(void *context, const char *line); /* NULL: nobody listens */
        /* Decides what befalls a request.  Asked when its headers are there (is_whole false), and again with its
         * body if it could not be decided then.  NULL: nothing ever does. */
        void (*judge)(void *context, const struct region_request *request, bool is_whole,
                      struct region_fate *fate);
        /* Tells how many nanoseconds bytes take that came in or are about to go out; *flow belongs to one request
         * and is 0 at its start.  NULL: none. */
        uint64_t (*pass)(void *context, uint64_t size_bytes, uint64_t *flow);
};

struct http_server; /* opaque */

/*
 * Serves what connects to listen_fd.
 *
 * listen_fd    taken, also on failure
 * handler      copied; called from the server's thread
 * ret_server   owned by the caller
 * Fails with   INGOT_E_SYSTEM  no thread or no epoll; INGOT_E_MEMORY
 */
enum ingot_code http_server_start(int listen_fd, const struct http_handler *handler,
                                  struct http_server **ret_server, struct ingot_error *err) INGOT_MUST_CHECK;

/* Closes all connections, waits for the thread and frees. NULL is fine. */
void http_server_stop(struct http_server *server);

#endif
