/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SCRIPTED_SERVER_H
#define SUPPORT_SCRIPTED_SERVER_H

/* tests/support/scripted_server.h
 * scripted_server: an HTTP/1.1 server on loopback, in threads of its own, that answers as a test tells it to,
 * well or badly.
 *
 * Rules    (1) answer() is called for one request at a time, from the server's threads.
 *          (2) After scripted_server_stop() nothing of it is left.
 */
#include <stddef.h>
#include <stdint.h>

struct scripted_request {
        const char *method, *target;
        const char *head; /* request line and headers as they came */
        const char *body;
        size_t body_bytes;
        unsigned number; /* of all requests of this server, from 0 */
};

enum scripted_trick {
        SCRIPTED_ANSWER,  /* as it should be */
        SCRIPTED_HANG_UP, /* no answer, the connection ends */
        SCRIPTED_HALF,    /* half of the answer, then the connection ends */
        SCRIPTED_STALL,   /* no answer for a second, or until the server is stopped */
        SCRIPTED_GARBAGE  /* not HTTP */
};

struct scripted_reply {
        enum scripted_trick trick;
        unsigned status;     /* 0: 200 */
        const char *headers; /* "A: b\r\nC: d\r\n"; NULL: none */
        const char *body;    /* NULL: empty; read before the next call of answer() */
};

typedef void (*scripted_answer)(void *context, const struct scripted_request *request,
                                struct scripted_reply *reply);

struct scripted_server;

/* unix_socket: a path to listen on instead of loopback; NULL: any free port.  NULL when it cannot be started. */
struct scripted_server *scripted_server_start(scripted_answer answer, void *context, const char *unix_socket);
uint16_t scripted_server_port(const struct scripted_server *server);
unsigned scripted_server_request_count(struct scripted_server *server);
void scripted_server_stop(struct scripted_server *server);

/* Copies the value of a header of the request (any case) into out; "" when it did not come. */
void scripted_header(const struct scripted_request *request, const char *name, char *out, size_t room);

#endif
