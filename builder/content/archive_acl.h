/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_ARCHIVE_ACL_H
#define CONTENT_ARCHIVE_ACL_H

/* builder/content/archive_acl.h
 * archive_acl: POSIX ACLs of an archive's entry as the extended attributes that Linux keeps them in.
 *
 * Rules    (1) system.posix_acl_access, system.posix_acl_default: le32 version 2, then entries of le16 tag,
 *              le16 permissions, le32 id, ordered by tag and id.
 *          (2) With an access ACL the group bits of the mode are its mask, as stat(2) shows them.
 *          (3) An owner is a number; a name without one is refused.
 * Source   linux/posix_acl_xattr.h.
 * Tests    tests/unit/content/test_archive_reader.c
 */
#include "model/tree.h"

struct archive_entry;

enum { ARCHIVE_ACL_ENTRIES_MAX = 1000 };

/*
 * Sets the ACL xattrs of inode from those of entry; nothing where it has none.
 *
 * Fails with   INGOT_E_FORMAT  rule 3, or an entry that is no POSIX ACL's
 *              INGOT_E_MEMORY  more than ARCHIVE_ACL_ENTRIES_MAX entries
 */
enum ingot_code archive_acl_convert(struct archive_entry *entry, struct tree_inode *inode,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

#endif
