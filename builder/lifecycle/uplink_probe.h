/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_UPLINK_PROBE_H
#define LIFECYCLE_UPLINK_PROBE_H

/* builder/lifecycle/uplink_probe.h
 * uplink_probe: watches an upload of blocks, and ends it when S3 is the better way.
 *
 * Rules    (1) The first 5 s of progress tell what the uplink takes; it is decided once, by the rule of INGOT_VIA_AUTO
 *              (ingot/publish.h).
 *          (2) Everything else goes through to the observer behind.
 * Tests    tests/cli/via-s3.sh
 */
#include <stdbool.h>
#include <stdint.h>

#include <ingot/observer.h>

enum { UPLINK_PROBE_MS = 5000, UPLINK_IMPORT_SECONDS = 600, UPLINK_REASON_CHARS = 255 };

/* An observer in front of the caller's, which ends the upload of blocks when S3 is the better way. */
struct uplink_probe {
        struct ingot_observer observer;
        const struct ingot_observer *behind; /* may be NULL */
        uint64_t object_bytes;               /* what would be sent to S3 */
        uint64_t started_ns, first_bytes;
        uint64_t rate_bytes; /* per second; 0: not measured yet */
        bool takes_s3;
        char reason[UPLINK_REASON_CHARS + 1]; /* which way, and why */
};

/* In place: the observer points to it.  object_bytes is for the caller to set. */
void uplink_probe_init(struct uplink_probe *probe, const struct ingot_observer *behind);

#endif
