/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_HTTP_CLIENT_H
#define PUBLISH_HTTP_CLIENT_H

/* builder/publish/http_client.h
 * http_client: many HTTP requests at once over kept connections, in one loop of one thread.
 *
 * Rules    (1) start() only queues; everything happens in pump(), which calls done() for what has ended.
 *          (2) A request is what its caller says and nothing more: HTTP/1.1, no redirect is followed, no
 *              Expect: is sent, the path goes out as it is.  Over TLS the certificate is verified.
 *          (3) A body is read from a byte source straight into what is sent, as often as it takes.
 *          (4) deadline_ms is for the whole exchange; a missed one closes the connection.
 *          (5) A reply above its ceiling ends the exchange.
 *          (6) Local endpoints are never reached through a proxy; others follow the usual variables.
 * Source   libcurl 7.88, multi interface.
 * Tests    tests/unit/publish/test_region_link.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "base/buffer.h"
#include "model/byte_source.h"
#include "publish/endpoint.h"
#include "wire/sigv4.h"

struct http_client;

struct http_request {
        const struct endpoint *endpoint;
        const char *method;
        const char *target;                 /* path and query as on the request line */
        const struct sigv4_header *headers; /* sent as they are; Content-Length is added */
        size_t header_count;
        const struct byte_source *body; /* NULL: none; read from offset 0 */
        uint64_t body_bytes;
        uint32_t deadline_ms;
        size_t reply_bytes_max;
        /* On a kept connection that ends without an answer libcurl sends the request again by itself.  True for
         * a request of which one must know how often it was sent. */
        bool needs_new_connection;
};

enum http_outcome {
        HTTP_ANSWERED,    /* a whole reply, of any status */
        HTTP_UNREACHABLE, /* no connection: name not known, refused, no such socket */
        HTTP_BROKEN,      /* the connection ended, or what came is not HTTP */
        HTTP_DEADLINE,    /* rule 4 */
        HTTP_UNTRUSTED,   /* the certificate does not hold, or TLS could not be agreed on */
        HTTP_TOO_LARGE,   /* rule 5 */
        HTTP_BODY_FAILED  /* the byte source failed: err is its error */
};

struct http_reply {
        enum http_outcome outcome;
        unsigned status;
        struct buffer body;
        struct buffer headers; /* "name: value\n" in lower-case names; read with http_reply_header() */
};

/* Copies the value of a header (name in lower case) into out; false when it did not come or does not fit. */
bool http_reply_header(const struct http_reply *reply, const char *name, char *out, size_t room);

/* The Date header in seconds since 1970; -1 when there is none. */
int64_t http_reply_date(const struct http_reply *reply);

/*
 * Called once for each request that was started and has ended, from pump().
 *
 * reply        borrowed for this call
 * err          what happened, for any outcome but HTTP_ANSWERED
 */
typedef void (*http_done)(void *context, const struct http_reply *reply, const struct ingot_error *err);

/*
 * ca_bundle    a file of certificates to trust instead of the system's, or NULL
 * ret_client   owned by the caller: http_client_free(); one thread at a time
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code http_client_new(const char *ca_bundle, struct http_client **ret_client,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void http_client_free(struct http_client *client); /* what is in flight is dropped without done() */
void http_client_drop(struct http_client **client);

/*
 * Queues a request.
 *
 * request      copied, but its endpoint and body must stay until done()
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM, and then done() is not called
 */
enum ingot_code http_client_start(struct http_client *client, const struct http_request *request,
                                  http_done done, void *context, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Moves everything that can move, waiting at most wait_ms for the first thing to.
 *
 * Fails with   INGOT_E_SYSTEM  the loop itself failed
 */
enum ingot_code http_client_pump(struct http_client *client, uint32_t wait_ms,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

size_t http_client_in_flight(const struct http_client *client);

/* Drops everything in flight without done(). */
void http_client_abandon(struct http_client *client);

#endif
