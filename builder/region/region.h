/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_REGION_H
#define REGION_REGION_H

/* builder/region/region.h
 * region: a local stand-in for AWS: the EBS direct APIs, a part of EC2, of STS, KMS, Service Quotas and IAM, over HTTP.
 *
 * Rules    (1) One store holds any number of regions: a request's region is that of its credential scope.
 *          (2) Every request is signed (SigV4) with the one key of the store, which is made with the store
 *              and kept as an AWS shared credentials file, FOLDER/credentials, mode 0600; or with temporary
 *              credentials that STS gave: AssumeRole into any role of any account, each account with resources
 *              of its own.
 *          (3) An acknowledged PutSnapshotBlock survives the death of the process; a completed snapshot
 *              also survives the death of the machine.  A snapshot that was still pending when the machine
 *              went down is found in state error.
 *          (4) Several processes may serve one store at the same time.
 *          (5) The server runs in threads of its own; log is called from them.
 *          (6) TCP is bound where options say, loopback if nothing else is said; there is no TLS.
 *          (7) Chaos is of one opening of the store: other processes that serve it have none of it.
 * Source   EBS direct APIs 2019-11-02, EC2 2016-11-15, STS 2011-06-15.
 * Tests    tests/unit/region/test_region.c, scripts/check-wire
 */
#include <stdint.h>

#include <ingot/error.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "region/chaos_plan.h"

/* As unix_socket: a socket without a name, which only this process can reach; nothing to clean up later. */
#define REGION_SOCKET_UNNAMED ""

struct region_options {
        const char *folder;          /* of the store; made with mode 0700 when missing */
        const char *listen;          /* "127.0.0.1:PORT" or "[::1]:PORT", port 0: any; NULL: no TCP */
        const char *unix_socket;     /* path of any length, mode 0600; REGION_SOCKET_UNNAMED; NULL: none */
        const struct clock *clock;   /* borrowed until the region has stopped; called from its threads */
        uint32_t copy_delay_seconds; /* how long copies of snapshots and AMIs are pending */
        const struct chaos_plan
                *chaos; /* borrowed as clock; for requests that come by TCP; NULL: a good day */
        /* One line, no newline, about something a person should know; NULL: nobody wants to. */
        void (*log)(void *context, const char *line);
        void *log_context;
};

struct region_server; /* opaque */

/*
 * Opens or makes the store and serves it until region_stop().
 *
 * options      borrowed for this call, except clock and log_context
 * ret_server   owned by the caller
 * Fails with   INGOT_E_USAGE     neither listen nor unix_socket, or listen is no address
 *              INGOT_E_SYSTEM    folder, socket or thread could not be made (the address may be in use)
 *              INGOT_E_FORMAT    the catalogue is damaged, or was made by a newer ingot
 *              INGOT_E_MEMORY
 */
enum ingot_code region_start(const struct region_options *options, struct region_server **ret_server,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/* The TCP port; 0 without TCP. */
uint16_t region_port(const struct region_server *server);
/* The path to connect() to, short enough for any sockaddr_un; NULL without one.  Borrowed. */
const char *region_unix_socket(const struct region_server *server);
/* The path of the shared credentials file.  Borrowed. */
const char *region_credentials_file(const struct region_server *server);

/* Closes TCP, for good, and tells how often each rule of the chaos plan hit: a line for each. */
void region_stop_chaos(struct region_server *server, struct buffer *out);

/* Finishes requests under way, closes everything and frees; NULL is fine. */
void region_stop(struct region_server *server);
void region_drop(struct region_server **server);

/*
 * As region_stop(), and tells what last kept the server from answering a request: a client of its own process need
 * not make do with "an internal error".
 *
 * ret_trouble  code INGOT_OK where nothing did
 */
void region_stop_and_tell(struct region_server *server, struct ingot_error *ret_trouble);

struct region_census {
        uint64_t snapshots_pending, snapshots_completed, snapshots_error, images;
        uint64_t blocks; /* of completed snapshots, each read and compared with its digest */
};

/*
 * Reads a whole store, which may be served meanwhile, and compares catalogue and blocks.
 *
 * Fails with   INGOT_E_NOT_FOUND  there is no store in folder
 *              INGOT_E_CHECKSUM   a block is damaged or missing; snapshot and index are named
 *              INGOT_E_FORMAT     catalogue and block store disagree
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code region_check(const char *folder, struct region_census *ret_census,
                             struct ingot_error *err) INGOT_MUST_CHECK;

#endif
