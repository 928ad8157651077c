/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_ARCHIVE_FACTS_H
#define CONTENT_ARCHIVE_FACTS_H

/* builder/content/archive_facts.h
 * archive_facts: what an archive says about one entry, but for its path and data, as an inode.
 *
 * Rules    (1) archive_reader.h rules 3 and 4.
 *          (2) A number that no file of Linux can have is refused, with the entry's name: an owner above
 *              2^32 - 2, a device above 4095:1048575, a symlink's target that is empty or above 4095 bytes.
 *          (3) The mode of a symlink is 0777, whatever the archive says.
 * Tests    tests/unit/content/test_archive_reader.c
 */
#include "model/tree.h"

struct archive_entry;

/*
 * name             of the entry, for messages
 * ret_inode        owned by the caller
 * xattrs_left_out  goes up by the number of those that are not Linux's
 * Fails with       INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code archive_facts_read(struct archive_entry *entry, const char *name,
                                   struct tree_inode **ret_inode, uint64_t *xattrs_left_out,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
