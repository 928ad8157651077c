/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_IMAGE_H
#define INGOT_IMAGE_H

/* include/ingot/image.h
 * image: look into disk images, prove them against their manifest, convert them.
 *
 * Rules    (1) An image is told by its content, never by its name.
 *          (2) Texts of an inspection belong to it; NULL where there is nothing to say.
 * Tests    tests/cli/
 */
#include <stddef.h>

#include <ingot/observer.h>

struct ingot_partition_info {
        uint32_t number; /* 0: the file system is the volume */
        const char *name, *type, *unique_guid;
        uint64_t start_bytes, size_bytes;
        const char *file_system; /* "ext4", "vfat", "swap"; NULL: none recognised */
        const char *label, *uuid, *mount, *features;
        uint64_t used_bytes, free_bytes; /* of the file system; both 0 where not known */
        const char *boot_loader; /* "GRUB i386-pc core.img, 145 KiB", "EFI/BOOT/BOOTX64.EFI"; NULL: none */
};

struct ingot_image_info {
        const char *path;            /* the file that was looked into */
        const char *format;          /* "raw", "streamOptimized VMDK", "qcow2, in a gzip file" */
        const char *device_name;     /* from the manifest; NULL without one */
        const char *partition_table; /* "gpt", "mbr", "none" */
        const char *disk_guid;
        const char *boot_loader;                          /* in the MBR; NULL: none */
        uint64_t size_bytes, file_bytes, allocated_bytes; /* the disk; the file; what the file occupies */
        uint64_t volume_size_gib;                         /* from the manifest; else the size rounded up */
        uint64_t data_blocks, zero_blocks, absent_blocks; /* of 512 KiB */
        const char *image_digest, *linear_digest;         /* hex, base64 */
        struct ingot_partition_info *partitions;
        size_t partition_count;
        const char *const *warnings; /* a damaged backup table, a journal that needs recovery ... */
        size_t warning_count;
};

struct ingot_inspection {
        struct ingot_image_info *images;
        size_t image_count;
        void *owned; /* private */
};

/* Borrowed for the call. */
struct ingot_inspect_request {
        const char *path; /* an image file, or a build folder */
        int digests;      /* non-zero: compute those of an image that has no manifest (reads all its data) */
        /* For what ingot does not read by itself: packed images, and those that QEMU reads. */
        const char *temp_folder; /* for what must be unpacked, sparse; and sockets; NULL: such are refused */
        const char *const *environment; /* for programs ingot runs: NULL-terminated "KEY=VALUE" */
};

/*
 * Looks into an image file, or into every volume of a build folder.
 *
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 *              INGOT_E_FORMAT  it is no image ingot knows, or is damaged beyond looking
 */
enum ingot_code ingot_inspect(const struct ingot_inspect_request *request,
                              const struct ingot_observer *observer, struct ingot_inspection **ret_inspection,
                              struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_inspection_free(struct ingot_inspection *inspection);
enum ingot_code ingot_inspection_json(const struct ingot_inspection *inspection, char **ret_json,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

struct ingot_verify_report {
        uint64_t images, data_blocks, zero_blocks, absent_blocks, bytes_read;
        int past_cache; /* non-zero: every byte came from the disk, not from the page cache */
};

/*
 * Reads the images of a build folder back from the disk and compares every block with the manifest.
 *
 * Fails with   INGOT_E_CHECKSUM  a block differs: the first is named, all are counted
 *              INGOT_E_NOT_FOUND no manifest, or an image it names is missing
 *              INGOT_E_FORMAT    the manifest or a VMDK is damaged
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_verify(const char *folder, const struct ingot_observer *observer,
                             struct ingot_verify_report *ret_report,
                             struct ingot_error *err) INGOT_MUST_CHECK;

struct ingot_convert_request {
        const char *input, *output;
        unsigned format;        /* INGOT_FORMAT_RAW or _VMDK (build.h); 0: the other one than the input's */
        unsigned threads;       /* 0: as many as processors */
        const char *compressor; /* as in build.h */
        int compression_level;
        const char *temp_folder; /* as of ingot_inspect_request */
        const char *const *environment;
};

/*
 * Converts an image of any kind to raw or VMDK; the output appears whole or not at all.
 *
 * Fails with   INGOT_E_USAGE  output is input
 *              INGOT_E_FORMAT, INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_convert(const struct ingot_convert_request *request,
                              const struct ingot_observer *observer,
                              struct ingot_error *err) INGOT_MUST_CHECK;

#endif
