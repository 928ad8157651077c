/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_REGION_H
#define INGOT_REGION_H

/* include/ingot/region.h
 * region: the local region as an HTTP endpoint for the AWS CLI and SDKs.
 *
 * Rules    (1) The store survives restarts and kills; several processes may serve one store.
 *          (2) Requests are signed: the key pair is in credentials_file, an AWS shared credentials file made
 *              with the store, readable by its owner only.
 * Tests    tests/cli/, tests/judges/
 */
#include <ingot/error.h>

struct ingot_region; /* a running server */

/*
 * Starts serving on threads of its own.
 *
 * region_folder  the store; made when missing
 * listen         "127.0.0.1:5810"; port 0: any free one
 * chaos_path     a chaos file (docs/chaos.md), by which the region behaves badly; NULL: it behaves
 * Fails with     INGOT_E_USAGE   listen is not ADDRESS:PORT
 *                INGOT_E_TEMPLATE  the chaos file has a mistake; the first is the cause
 *                INGOT_E_SYSTEM  the address is taken, the store cannot be opened
 *                INGOT_E_FORMAT  the store's catalogue is not one
 *                INGOT_E_MEMORY
 */
enum ingot_code ingot_region_serve(const char *region_folder, const char *listen, const char *chaos_path,
                                   struct ingot_region **ret_region,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
const char *ingot_region_url(const struct ingot_region *region);              /* "http://127.0.0.1:5810" */
const char *ingot_region_credentials_file(const struct ingot_region *region); /* a path */
void ingot_region_stop(struct ingot_region *region);
/* Ends serving and tells how often each rule of the chaos file hit, a line for each; the text is owned by the
 * caller: free().  NULL: there was no chaos, or no memory. */
char *ingot_region_stop_chaos(struct ingot_region *region);

struct ingot_region_census {
        uint64_t snapshots_pending, snapshots_completed, snapshots_error, amis;
        uint64_t blocks; /* of completed snapshots, each read and compared with its digest */
};

/*
 * Reads a whole store, which may be served meanwhile, and compares its catalogue with its blocks.
 *
 * Fails with   INGOT_E_NOT_FOUND  there is no store in region_folder
 *              INGOT_E_CHECKSUM   a block is damaged or missing; snapshot and index are named
 *              INGOT_E_FORMAT     catalogue and block store disagree
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code ingot_region_check(const char *region_folder, struct ingot_region_census *ret_census,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
