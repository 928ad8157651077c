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
 *          (3) The receipt is written to FOLDER/receipt-REGION.json, whole, after registration; the manifest as it
 *              was published, to FOLDER/published-REGION.json before it: the next publication from this folder sends
 *              what differs.
 *          (4) What a run that was stopped leaves in the region is named by its journals, FOLDER/journal-...; the
 *              next run goes on with it.
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
        char *image_digest;       /* in hex */
        char *parent_snapshot_id; /* NULL: all of it was sent */
        uint64_t volume_size_gib;
        int reused;    /* non-zero: a completed snapshot of the same bytes was there; nothing was sent */
        int encrypted; /* non-zero; of one that was reused: not known */
        /* Every block of the disk has one reason (and so have zeros over a parent's data beyond its end). */
        uint64_t data_blocks, zero_blocks_for_encryption, zero_blocks_over_parent;   /* sent */
        uint64_t absent_blocks_left_out, zero_blocks_left_out, same_blocks_left_out; /* left out */
        uint64_t blocks_sent;    /* acknowledged in this run */
        uint64_t blocks_resumed; /* acknowledged in earlier runs, by the journal */
        uint64_t bytes_sent;     /* in this run */
        uint64_t parent_blocks_read;
        uint64_t retries, throttles, deadlines_missed, elapsed_ms, in_flight_most;
        uint64_t put_p50_us, put_p99_us;
        uint64_t verified_blocks, verified_zero_blocks; /* read back and compared; left out and not listed */
        int verified_all;                               /* non-zero: that is every block */
        uint64_t cost_micro_usd;                        /* at list price: puts, gets and lists */
        /* Of one that came by way of S3: */
        char *import_task_id; /* NULL: it was sent in blocks */
        uint64_t object_bytes, object_parts, object_parts_resumed;
        char *via_reason; /* with INGOT_VIA_AUTO: why this way was taken; else NULL */
};

struct ingot_receipt {
        char *ami_id, *name, *region;
        char *content_digest;     /* in hex, over all volumes */
        int64_t finished_seconds; /* since 1970 */
        int already_published;    /* non-zero: rule 2 */
        struct ingot_snapshot_receipt *snapshots;
        size_t snapshot_count;
        uint64_t elapsed_ms;
        char *deprecation_time;          /* "2027-06-30T00:00:00.000Z"; NULL: none */
        char *deregistration_protection; /* "enabled-with-cooldown", ...; NULL: none */
        int is_public;                   /* non-zero: everybody was given launch permission */
        char **shared_with;              /* accounts, and ARNs of organizations and organizational units */
        size_t shared_count;
};

#define INGOT_VERIFY_ALL UINT64_MAX

/*
 * The way into the region: by the EBS direct APIs, block by block; or by S3, compressed, and ImportSnapshot.
 *
 * AUTO begins with blocks, and measures for 5 s what the uplink takes, R bytes/s.  Where
 * (bytes that a sample of the disk says the compressed image has) / R + 600 s < (bytes of the blocks left) / R,
 * the snapshot that was begun is deleted and S3 is taken; also where the account may not use the EBS direct APIs.
 * Without a bucket it is always EBS.
 */
enum ingot_via { INGOT_VIA_EBS, INGOT_VIA_S3, INGOT_VIA_AUTO };

/* Borrowed for the call. */
struct ingot_publish_request {
        const char *folder;
        int full; /* non-zero: no parent */
        const char *
                parent; /* a snapshot id, or the folder of an earlier build; NULL: rule 3's, where it can be */
        int resume;     /* non-zero: there must be a run to go on with */
        int encrypt;    /* non-zero: whatever the account's default is */
        const char *kms_key_arn;  /* implies encrypt; NULL: the account's key */
        uint32_t puts_per_second; /* of the account's quota; 0: 1000 */
        uint64_t verify_blocks;   /* to read back of each volume; 0: none; INGOT_VERIFY_ALL */
        enum ingot_via via;
        const char *bucket;    /* for INGOT_VIA_S3 and _AUTO: in the region of the target */
        const char *prefix;    /* of the object's key; NULL: none */
        const char *role_name; /* that ImportSnapshot takes; NULL: vmimport */
        uint64_t part_bytes;   /* of the upload to S3; 0: 16 MiB */
};

/*
 * Uploads every volume of a build as a snapshot, waits, registers the AMI, writes the receipt.
 *
 * Fails with   INGOT_E_USAGE      the target is not one
 *              INGOT_E_NOT_FOUND  no manifest in folder, an image is missing; no such parent; nothing to resume
 *              INGOT_E_CHECKSUM   an image does not match its manifest; what was read back is not what was sent
 *              INGOT_E_CONFLICT   another AMI has the name; its id is in the cause; the parent cannot be one; another
 *                                 process publishes the same
 *              INGOT_E_DENIED, INGOT_E_THROTTLED, INGOT_E_REMOTE, INGOT_E_SYSTEM, INGOT_E_MEMORY,
 *              INGOT_E_CANCELLED
 */
enum ingot_code ingot_publish(const struct ingot_publish_request *request, const struct ingot_target *target,
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
