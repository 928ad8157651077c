/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_DIRECTORY_READER_H
#define CONTENT_DIRECTORY_READER_H

/* builder/content/directory_reader.h
 * directory_reader: a folder or a file of the build machine into a tree.
 *
 * Rules    (1) Nothing of the machine or of its user gets in but names, contents, symlinks and whether the
 *              owner may execute a file: owner 0:0 (or the one asked for); files 0644 or 0755, directories 0755, symlinks 0777;
 *              time of the build's epoch; no xattrs.  So a copy of the folder made by another user, under
 *              another umask or at another time gives the same bytes.
 *          (2) A directory that the tree already has keeps its mode, owner, time and xattrs; a directory
 *              over a symlink to a directory is that directory.  Other entries are replaced.
 *          (3) Hard links are not guessed: each name is a file of its own.
 *          (4) Devices, sockets and fifos are refused by name.  No symlink is followed while reading.
 *          (5) Files of at most DIRECTORY_SPOOL_BYTES are spooled; larger ones are read in place, later, and
 *              must not change until then (store.h rule 3).  Holes are found by us.
 *          (6) The digest of a directory is SHA-256("ingot directory 1\n" { entry }), the entries in
 *              canonical order, the top folder left out; an entry is
 *                  kind u8 ('d', 'f', 'x' for an executable file, 'l') | be32 path length | path |
 *                  files: be64 size | SHA-256 of the content; symlinks: be32 target length | target
 *          (7) At most DIRECTORY_DEPTH_MAX levels.
 * Tests    tests/unit/content/test_directory_reader.c
 */
#include "base/digest.h"
#include "content/placement.h"
#include "content/store.h"
#include "model/tree.h"

enum { DIRECTORY_SPOOL_BYTES = 1 << 20, DIRECTORY_DEPTH_MAX = 256 };

struct directory_report {
        struct digest digest; /* rule 6 */
        uint64_t files, data_bytes;
};

/*
 * Reads what is below the folder at path into tree, below the directory destination.
 *
 * owner        of everything that is made; NULL: 0:0
 * ret_report   may be NULL
 * Fails with   INGOT_E_NOT_FOUND  there is no such folder
 *              INGOT_E_USAGE      path is not a folder; rule 4 or 7 is broken
 *              INGOT_E_CHECKSUM   a file changed while it was being read
 *              INGOT_E_FORMAT     an entry lies below something that is not a directory in the tree
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code directory_read_into(struct tree *tree, struct tree_entry *destination,
                                    struct content_store *store, const char *path,
                                    const struct placement_owner *owner, struct directory_report *ret_report,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads one file as an inode of its own, by the same rules; a symlink at path is followed.
 *
 * expected     SHA-256 of the content, or NULL
 * ret_inode    owned by the caller
 * ret_digest   may be NULL
 * Fails with   as above; INGOT_E_USAGE     path is not a regular file
 *                        INGOT_E_CHECKSUM  the digest is not the expected one: both are named
 */
enum ingot_code directory_read_file(struct content_store *store, const char *path,
                                    const struct digest *expected, struct tree_inode **ret_inode,
                                    struct digest *ret_digest, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
