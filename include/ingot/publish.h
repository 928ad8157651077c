/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_PUBLISH_H
#define INGOT_PUBLISH_H

/* include/ingot/publish.h
 * publish: from a build folder to an AMI in a region, and what a region holds.
 *
 * Rules    (1) A target is "local" or "local:REGION" (default region: local-1): the region whose data lie in
 *              region_folder, served in process over HTTP for the length of the call; or "aws:REGION": a region
 *              of AWS, or of what AWS_ENDPOINT_URL names.  "aws:" takes the region that the environment or the
 *              profile names.
 *          (2) Publishing what is there already, by name and image digests, is success and changes nothing.
 *          (3) The receipt is written to FOLDER/receipt-REGION.json, whole, after registration.
 * Source   EBS direct APIs 2019-11-02; EC2 2016-11-15.
 * Tests    tests/cli/
 */
#include <stddef.h>

#include <ingot/observer.h>

struct ingot_target {
        const char *to;            /* rule 1 */
        const char *region_folder; /* where the local region keeps its data; made when missing */
        /* Of "aws:" only: */
        const char *const *environment; /* "NAME=VALUE", NULL-terminated: the AWS_ variables, HOME and what a
                                         * credential_process may need; NULL: none */
        const char *profile;            /* of AWS's files, instead of AWS_PROFILE; NULL: not given */
        const char *ca_bundle;          /* certificates to trust instead of the system's; NULL: not given */
};

struct ingot_snapshot_receipt {
        char *device_name, *snapshot_id;
        uint64_t volume_size_gib, blocks_sent, zero_blocks_left_out, absent_blocks_left_out, bytes_sent;
        uint64_t retries, throttles, elapsed_ms;
        int reused; /* non-zero: a completed snapshot of the same bytes was there; nothing was sent */
};

struct ingot_receipt {
        char *ami_id, *name, *region;
        int already_published; /* non-zero: rule 2 */
        struct ingot_snapshot_receipt *snapshots;
        size_t snapshot_count;
        uint64_t elapsed_ms;
};

/*
 * Uploads every volume of a build as a snapshot, waits, registers the AMI, writes the receipt.
 *
 * Fails with   INGOT_E_USAGE      the target is not one
 *              INGOT_E_NOT_FOUND  no manifest in folder, or an image is missing
 *              INGOT_E_CHECKSUM   an image does not match its manifest
 *              INGOT_E_CONFLICT   another AMI has the name; its id is in the cause
 *              INGOT_E_DENIED, INGOT_E_THROTTLED, INGOT_E_REMOTE, INGOT_E_SYSTEM, INGOT_E_MEMORY,
 *              INGOT_E_CANCELLED
 */
enum ingot_code ingot_publish(const char *folder, const struct ingot_target *target,
                              const struct ingot_observer *observer, struct ingot_receipt **ret_receipt,
                              struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_receipt_free(struct ingot_receipt *receipt);
enum ingot_code ingot_receipt_json(const struct ingot_receipt *receipt, char **ret_json,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

struct ingot_device_info {
        char *device_name;
        char *virtual_name, *snapshot_id, *volume_type; /* NULL: not given */
        int no_device;
        uint64_t volume_size_gib, iops, throughput_mibs;
        int delete_on_termination, encrypted; /* -1: not given */
};

struct ingot_ami_info {
        char *ami_id, *name, *description, *state, *created, *architecture, *boot_mode, *imds, *root_device,
                *image_digest; /* from ingot's tag; NULL for AMIs ingot did not make */
        int ena;
        struct ingot_device_info *devices;
        size_t device_count;
};

struct ingot_snapshot_info {
        char *snapshot_id, *state, *started, *description, *progress, *image_digest;
        uint64_t volume_size_gib;
        int encrypted;
};

struct ingot_listing {
        char *region;
        struct ingot_ami_info *amis;
        size_t ami_count;
        struct ingot_snapshot_info *snapshots;
        size_t snapshot_count;
};

/*
 * Lists the region's own AMIs and snapshots, newest first.
 *
 * id           NULL: all; "ami-..." or "snap-...": that one (and, of an AMI, its snapshots)
 * Fails with   INGOT_E_NOT_FOUND  no such AMI or snapshot
 *              INGOT_E_USAGE      id is neither; the target is not one
 *              INGOT_E_DENIED, INGOT_E_THROTTLED, INGOT_E_REMOTE, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code ingot_list(const struct ingot_target *target, const char *id,
                           struct ingot_listing **ret_listing, struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_listing_free(struct ingot_listing *listing);
enum ingot_code ingot_listing_json(const struct ingot_listing *listing, char **ret_json,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
