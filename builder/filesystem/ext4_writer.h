/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_WRITER_H
#define FILESYSTEM_EXT4_WRITER_H

/* builder/filesystem/ext4_writer.h
 * ext4_writer: lay a sealed tree out as an ext4 file system, without writing it.
 *
 * The image is a list of extents: metadata that lies in an unnamed spool file, file data that still lies
 * where the tree's runs say, and sectors that are zero on purpose.  Whoever assembles the disk copies them
 * once, front to back.
 *
 * Unit     block = 4096 bytes; extents are in sectors of 512 bytes from the start of the file system.
 * Rules    (1) Equal requests give equal extents and equal bytes, whatever the clock, the user, mke2fs.conf
 *              or the version of libext2fs.
 *          (2) No file data is read here.
 *          (3) Features, exactly: has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg
 *              sparse_super large_file huge_file dir_nlink extra_isize metadata_csum.  GRUB 2.06 and the
 *              kernels of EL9 and Debian 12 take them all.  Below 8 MiB there is no journal.
 *          (4) One inode per 16 KiB as mke2fs has it, but never less than five for four that the tree
 *              needs; 5 % of the blocks are reserved for root; the journal has mke2fs's size, at most 128 MiB,
 *              and is empty.
 *          (5) Nothing is left to be initialised by the kernel: inode tables are zero on purpose, bitmaps of
 *              groups that hold nothing are marked as not needed.
 *          (6) It can be grown while mounted: into the reserved descriptor blocks to 2048 times its size, and
 *              at least to 2 TiB from 256 MiB on; further by the kernel's conversion to meta_bg.
 *          (7) All four times of an inode are the tree's mtime, so that a build of another date changes no inode;
 *              generations are 0.  Inodes of no file have the root's.
 *          (8) Inodes are numbered in order: files of no package, directory by directory: they change most, and
 *              stand beside the bitmaps; then directories, those with the most names first, for the
 *              same reason; then files, package by package.
 *          (9) Time and memory are those of the tree and of about 1 KiB a block group, not of size_bytes.
 *          (10) With a lock everything that is still there stays where it was (ext4_placement, ext4_numbers), tables,
 *              journal and copies of the superblock included.  A lock that cannot be followed, because the file
 *              system had another size or its space is too short, is left aside, and the image says why; one
 *              that contradicts itself is refused.
 * Source   Linux Documentation/filesystems/ext4; e2fsprogs 1.47 lib/ext2fs/ext2_fs.h.
 * Tests    tests/unit/filesystem/test_ext4_writer.c, test_ext4_directory.c, test_ext4_stress.c
 */
#include <stdint.h>

#include "base/guid.h"
#include "model/extent.h"
#include "model/layout_lock.h"
#include "model/tree.h"

enum { EXT4_BLOCK_BYTES = 4096, EXT4_LABEL_MAX_BYTES = 16 };

struct ext4_request {
        const struct tree *tree; /* sealed; borrowed; outlives the image.  Inode marks are used meanwhile. */
        uint64_t size_bytes;     /* a multiple of 4096 */
        struct guid uuid, hash_seed;
        const char *label;                 /* at most 16 bytes; "" or NULL for none; borrowed for the call */
        int64_t epoch_seconds;             /* what the file system calls now */
        const struct lock_partition *lock; /* of an earlier build, or NULL; borrowed for the call */
        const char *spool_folder;          /* where the unnamed spool file is made; borrowed for the call */
};

struct ext4_usage {
        uint64_t size_bytes; /* of the file system: it may leave less than 1 MiB of the request unused */
        uint64_t used_bytes, free_bytes;
        uint64_t metadata_bytes; /* part of used_bytes that is neither file data nor directories */
        uint64_t journal_bytes;  /* part of metadata_bytes */
        uint64_t reserved_bytes; /* part of free_bytes that only root may use */
        uint64_t inode_count, used_inodes;
};

struct ext4_image;

/*
 * Finds the smallest multiple of 1 MiB that is certain to hold the tree; size_bytes is ignored.
 *
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_LAYOUT  no ext4 file system that we make can hold the tree
 */
enum ingot_code ext4_measure(const struct ext4_request *request, uint64_t *ret_fit_bytes,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether the tree can be laid out by the request's lock in size_bytes: INGOT_OK; INGOT_E_LAYOUT when not.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_FORMAT  the lock contradicts itself
 */
enum ingot_code ext4_check_lock(const struct ext4_request *request, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Lays the tree out.
 *
 * request      borrowed for this call, but for the tree
 * ret_image    owned by the caller: ext4_image_free()
 * Fails with   INGOT_E_LAYOUT  the tree does not fit (what is needed and what is there are told), or has
 *                              something that ext4 cannot hold: xattrs beyond a block, a file over 16 TiB
 *              INGOT_E_USAGE   size_bytes or the label breaks its rule
 *              INGOT_E_SYSTEM  the spool could not be made or written
 *              INGOT_E_MEMORY
 */
enum ingot_code ext4_image_new(const struct ext4_request *request, struct ext4_image **ret_image,
                               struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_image_free(struct ext4_image *image);
void ext4_image_drop(struct ext4_image **image);

/* Settled; borrowed from the image, which must outlive every reader of the extents' sources. */
const struct extent_list *ext4_image_extents(const struct ext4_image *image);
const struct ext4_usage *ext4_image_usage(const struct ext4_image *image);

/* Why the request's lock was left aside; NULL when it was followed, or there was none.  Borrowed from the image. */
const char *ext4_image_lock_refusal(const struct ext4_image *image);

/*
 * Tells where everything was put.  The paths are borrowed from the image.
 *
 * partition    what is of ext4 is filled in
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_image_lock(const struct ext4_image *image, struct lock_partition *partition,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* The library that lays it out: "1.47.0". */
const char *ext4_library_version(void);

/* Rule 3's list, as dumpe2fs prints it: names with one space between; borrowed from the image. */
const char *ext4_image_features(const struct ext4_image *image);

#endif
