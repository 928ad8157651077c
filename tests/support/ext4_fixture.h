/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_EXT4_FIXTURE_H
#define SUPPORT_EXT4_FIXTURE_H

/* tests/support/ext4_fixture.h
 * ext4_fixture: trees, ext4 images of them, and what e2fsck says.  What goes wrong fails the test.
 */
#include <stdbool.h>

#include "filesystem/ext4_writer.h"

enum { FIXTURE_EPOCH = 1700000000 };

/* A request with fixed identifiers; the spool lies in the test's folder. */
struct ext4_request fixture_request(const struct tree *tree, uint64_t size_bytes, void *const *state);

/* Inodes with an mtime of nanoseconds; a file's bytes are the pattern's from pattern_offset on. */
struct tree_inode *fixture_inode(enum tree_kind kind, uint16_t mode);
struct tree_inode *fixture_file(uint64_t size_bytes, uint64_t pattern_offset);
struct tree_inode *fixture_symlink(size_t target_bytes);

/* Adds an entry; parent NULL is the root. */
struct tree_entry *fixture_put(struct tree *tree, struct tree_entry *parent, const char *name,
                               struct tree_inode *inode);

/* Adds a run of the pattern to a file, which grows with it. */
void fixture_add_run(struct tree_inode *inode, uint64_t file_offset_bytes, uint64_t size_bytes);
void fixture_set_xattr(struct tree_inode *inode, const char *name, const void *value, size_t value_bytes);

/* Lays the tree out; size_bytes 0 in the request becomes what ext4_measure() says. */
struct ext4_image *fixture_lay_out(struct ext4_request *request);

/* Lays the tree out and writes it to path, poisoned as lay_extents() has it. */
void fixture_write(struct ext4_request *request, const char *path, bool is_poisoned);

/* Whether e2fsck -fn finds path clean (what it says is in a failing test's message). */
void fixture_check_clean(void *const *state, const char *path);

/* A source that reads the file at path; closed by fixture_close(). */
struct fixture_file_source {
        int fd;
        struct byte_source source;
};
void fixture_open(struct fixture_file_source *file, const char *path);
void fixture_close(struct fixture_file_source *file);

/* Walks the image with ext4_reader and compares every entry, its xattrs and its bytes with the tree. */
void fixture_compare(const struct tree *tree, const char *path);

/* What a program printed; owned by the caller (free).  Skips the test when the program is missing. */
char *fixture_output(void *const *state, const char *const argv[]);

#endif
