/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_TRANSFER_H
#define INGOT_TRANSFER_H

/* include/ingot/transfer.h
 * transfer: any disk image into a snapshot, and snapshots back into image files.
 *
 * Rules    (1) An image is told by its content, never by its name; no file is opened that an image names, but the
 *              extents of a VMDK beside its descriptor.
 *          (2) A completed snapshot of the same bytes and size is success: nothing is sent.
 *          (3) An upload that was stopped, by whatever, is gone on with by the same call: no block is sent again that
 *              its journal says was acknowledged.
 *          (4) A download appears whole under its name or not at all.  What an interrupted one has got stays in
 *              FILE.part, with FILE.part.journal beside it, and the same call goes on from there.
 * Tests    tests/cli/upload.sh, tests/cli/upload_resume.sh, tests/cli/download.sh
 */
#include <stddef.h>

#include <ingot/publish.h>

struct ingot_upload_tag {
        const char *key, *value;
};

struct ingot_upload_request {
        const char *image;              /* a file or block device; "-": input_fd */
        int input_fd;                   /* what "-" is: standard input */
        const char *temp_folder;        /* for what must be unpacked or kept first, sparse; and sockets */
        const char *const *environment; /* for programs ingot runs: NULL-terminated "KEY=VALUE" */
        uint64_t volume_size_gib;       /* 0: the disk's size, rounded up */
        const char *description;        /* of the snapshot; NULL: made of the image's name */
        const struct ingot_upload_tag *tags; /* beyond Name and ingot's own; a Name replaces ingot's */
        size_t tag_count;
        const char *parent;         /* a snapshot: only what differs is sent; NULL: all of it */
        int encrypt;                /* non-zero: whatever the account's default is */
        const char *kms_key_arn;    /* implies encrypt; NULL: the account's key */
        uint32_t puts_per_second;   /* of the account's quota; 0: 1000 */
        uint64_t verify_blocks;     /* to read back: 0: none; INGOT_VERIFY_ALL */
        const char *journal_folder; /* of rule 3's journals, made when missing; NULL: nothing is remembered */
        unsigned threads;           /* 0: as many as processors */
};

struct ingot_upload_receipt {
        char *region;
        char *format;                           /* "raw", "qcow2", "streamOptimized VMDK, in a gzip file" */
        uint64_t disk_bytes;                    /* the disk's size */
        struct ingot_snapshot_receipt snapshot; /* device_name: the image's own */
        uint64_t elapsed_ms;
};

/*
 * Uploads an image as one snapshot and waits until it is complete.
 *
 * Fails with   INGOT_E_USAGE      the target is none, the image is no file, or larger than the volume
 *              INGOT_E_NOT_FOUND  no such file, or no qemu-nbd to read it
 *              INGOT_E_FORMAT     it is damaged, cut short, or of a kind that cannot be read
 *              INGOT_E_CONFLICT   also: another call uploads the same
 *              INGOT_E_DENIED, INGOT_E_THROTTLED, INGOT_E_REMOTE, INGOT_E_SYSTEM,
 *              INGOT_E_CHECKSUM   the image changed while it was read
 *              INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_upload(const struct ingot_upload_request *request, const struct ingot_target *target,
                             const struct ingot_observer *observer, struct ingot_upload_receipt **ret_receipt,
                             struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_upload_receipt_free(struct ingot_upload_receipt *receipt);
enum ingot_code ingot_upload_receipt_json(const struct ingot_upload_receipt *receipt, char **ret_json,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

struct ingot_download_request {
        const char *id;          /* "snap-..." or "ami-..." */
        const char *device_name; /* of an AMI: that volume; NULL: the root volume, or all into a folder */
        const char *output;      /* a file, or a folder that exists: then named after device or snapshot */
        unsigned format;         /* INGOT_FORMAT_RAW (also 0) or INGOT_FORMAT_VMDK (build.h) */
        unsigned threads;        /* 0: as many as processors */
        const char *compressor;  /* of a VMDK, as in build.h */
        int compression_level;
};

struct ingot_downloaded {
        char *device_name; /* NULL: of a snapshot */
        char *snapshot_id, *path;
        uint64_t volume_size_gib;
        uint64_t blocks, blocks_kept; /* that the snapshot has; of them, those an earlier call had got */
        uint64_t retries, elapsed_ms;
        char image_digest[65]; /* hex */
};

struct ingot_download_receipt {
        char *region;
        struct ingot_downloaded *volumes;
        size_t volume_count;
};

/*
 * Downloads a snapshot, or volumes of an AMI.
 *
 * Fails with   INGOT_E_USAGE      id is neither, or the target is none
 *              INGOT_E_NOT_FOUND  no such AMI, snapshot or device
 *              INGOT_E_CHECKSUM   a block came with other bytes than its checksum says
 *              INGOT_E_CONFLICT   another call is downloading to the same file
 *              INGOT_E_DENIED, INGOT_E_THROTTLED, INGOT_E_REMOTE, INGOT_E_BUG (the snapshot is not completed),
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_download(const struct ingot_download_request *request,
                               const struct ingot_target *target, const struct ingot_observer *observer,
                               struct ingot_download_receipt **ret_receipt,
                               struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_download_receipt_free(struct ingot_download_receipt *receipt);
enum ingot_code ingot_download_receipt_json(const struct ingot_download_receipt *receipt, char **ret_json,
                                            struct ingot_error *err) INGOT_MUST_CHECK;

#endif
