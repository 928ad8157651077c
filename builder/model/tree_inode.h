/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TREE_INODE_H
#define MODEL_TREE_INODE_H

/* builder/model/tree_inode.h
 * tree_inode: what a file of a tree is, but for its names: kind, mode, owner, time, xattrs, and where its data is.
 *
 * Rules    tree.h, 3, 4 and 6.
 * Tests    tests/unit/model/test_tree.c
 */
#include <stddef.h>
#include <stdint.h>

#include "model/byte_source.h"

enum {
        TREE_HOLE_BYTES = 4096,
        TREE_TARGET_MAX_BYTES = 4095, /* of a symlink: PATH_MAX less its NUL */
};

enum tree_kind {
        TREE_FILE,
        TREE_DIRECTORY,
        TREE_SYMLINK,
        TREE_CHARACTER_DEVICE,
        TREE_BLOCK_DEVICE,
        TREE_FIFO,
        TREE_SOCKET,
};

struct tree_time {
        int64_t seconds; /* since 1970-01-01T00:00:00Z; may be negative */
        uint32_t nanoseconds;
};

/* The time of the build's epoch, whatever that will be: tree_seal() sets it. */
#define TREE_TIME_OF_EPOCH                                                                                   \
        {                                                                                                    \
                .seconds = INT64_MAX                                                                         \
        }

struct tree_xattr {
        char *name; /* "security.capability", "system.posix_acl_access", "user.x" */
        uint8_t *value;
        size_t value_bytes;
};

struct tree_run {
        uint64_t file_offset_bytes, size_bytes;
        const struct byte_source *source; /* borrowed */
        uint64_t source_offset_bytes;
};

struct tree_inode {
        enum tree_kind kind;
        uint16_t mode; /* the low 12 bits: 07777 */
        uint32_t uid, gid;
        struct tree_time mtime;
        uint32_t device_major, device_minor; /* of devices */
        char *target;                        /* of a symlink */
        uint64_t size_bytes;                 /* of a file */
        struct tree_run *runs;               /* of a file */
        size_t run_count, run_capacity;
        struct tree_xattr *xattrs; /* bytewise order of names once sealed */
        size_t xattr_count;
        uint32_t link_count; /* entries that share this inode */
        uint32_t package;    /* files of one package have one number and stand together; 0: of none */
        uint32_t mark;       /* for whoever walks the sealed tree: 0 after tree_seal(); below 2^31 */
};

/* For tree_put(): zeroed but for kind; link_count 0. */
struct tree_inode *tree_inode_new(enum tree_kind kind); /* NULL when out of memory */
void tree_inode_free(struct tree_inode *inode);
void tree_inode_drop(struct tree_inode **inode);

/*
 * Adds a run at the end of a file's runs; joined to the last one where both continue it.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_BUG  rule 4 is broken
 */
enum ingot_code tree_inode_add_run(struct tree_inode *inode, const struct tree_run *run,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Sets an xattr, replacing one of the same name.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_FORMAT  the name has no namespace, is over 255 bytes, or the value is
 *              over 64 KiB
 */
enum ingot_code tree_inode_set_xattr(struct tree_inode *inode, const char *name, const void *value,
                                     size_t value_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a file's bytes, zeros for its holes.
 *
 * Fails with   INGOT_E_FORMAT  past the end; and whatever the source fails with
 */
enum ingot_code tree_inode_read(const struct tree_inode *inode, uint64_t offset_bytes, void *bytes,
                                size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
