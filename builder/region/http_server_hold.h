/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_HTTP_SERVER_HOLD_H
#define REGION_HTTP_SERVER_HOLD_H

/* builder/region/http_server_hold.h
 * http_server_hold: connections of libmicrohttpd that are set aside for a while, or ended rudely.
 *
 * Unit     nanoseconds
 * Rules    (1) A connection that is set aside is libmicrohttpd's again when its time is over; whoever set it aside is
 *              called again by then, or when more of its request comes.
 *          (2) A silent connection is closed when its client has left, or when its time is over.
 * Tests    tests/unit/region/test_http_server.c
 */
#include <microhttpd.h>
#include <stdint.h>

#include <ingot/error.h>

#include "region/fate.h"

struct http_hold; /* opaque */

/* Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM */
enum ingot_code http_hold_new(struct http_hold **ret_hold, struct ingot_error *err) INGOT_MUST_CHECK;

/* Sets a connection aside; false when out of memory. */
bool http_hold_wait(struct http_hold *hold, struct MHD_Connection *connection, uint64_t wait_ns);
/* Sets it aside to be closed. */
bool http_hold_silent(struct http_hold *hold, struct MHD_Connection *connection, uint64_t silence_ns);

/* Sends a reset, or the end of the stream. What the server's thread does next closes the connection. */
void http_connection_end(struct MHD_Connection *connection, enum fate_end end);

/* Gives all connections back: due before MHD_stop_daemon(). */
void http_hold_close(struct http_hold *hold);
void http_hold_free(struct http_hold *hold); /* NULL is fine */

#endif
