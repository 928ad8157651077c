/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/own.h"
#include "content/archive_acl.h"
#include "content/archive_facts.h"

struct facts {
        struct archive_entry *entry;
        const char *name;
        uint64_t *xattrs_left_out;
};

static enum ingot_code refuse(const struct facts *facts, struct ingot_error *err, const char *fact)
{
        return ingot_fail(err, INGOT_E_FORMAT, "entry '%s' %s", facts->name, fact);
}

static enum ingot_code take_kind(const struct facts *facts, enum tree_kind *ret_kind, struct ingot_error *err)
{
        switch (archive_entry_filetype(facts->entry)) {
        case AE_IFREG: *ret_kind = TREE_FILE; break;
        case AE_IFDIR: *ret_kind = TREE_DIRECTORY; break;
        case AE_IFLNK: *ret_kind = TREE_SYMLINK; break;
        case AE_IFCHR: *ret_kind = TREE_CHARACTER_DEVICE; break;
        case AE_IFBLK: *ret_kind = TREE_BLOCK_DEVICE; break;
        case AE_IFIFO: *ret_kind = TREE_FIFO; break;
        case AE_IFSOCK: *ret_kind = TREE_SOCKET; break;
        default: return refuse(facts, err, "is of an unknown kind");
        }
        return INGOT_OK;
}

static enum ingot_code take_owner(const struct facts *facts, struct tree_inode *inode,
                                  struct ingot_error *err)
{
        int64_t uid = archive_entry_uid(facts->entry), gid = archive_entry_gid(facts->entry);

        /* 2^32 - 1 is (uid_t)-1, which means "leave it" to chown(2). */
        if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "entry '%s' has owner %" PRId64 ":%" PRId64 ", which no file can have",
                                  facts->name, uid, gid);
        inode->uid = (uint32_t)uid;
        inode->gid = (uint32_t)gid;
        return INGOT_OK;
}

static enum ingot_code take_device(const struct facts *facts, struct tree_inode *inode,
                                   struct ingot_error *err)
{
        uint64_t major = archive_entry_rdevmajor(facts->entry), minor = archive_entry_rdevminor(facts->entry);

        if (major > 4095 || minor > 1048575) /* 12 and 20 bits: linux/kdev_t.h */
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "entry '%s' is device %" PRIu64 ":%" PRIu64 "; 4095:1048575 is the last",
                                  facts->name, major, minor);
        inode->device_major = (uint32_t)major;
        inode->device_minor = (uint32_t)minor;
        return INGOT_OK;
}

static enum ingot_code take_target(const struct facts *facts, struct tree_inode *inode,
                                   struct ingot_error *err)
{
        const char *target = archive_entry_symlink(facts->entry);

        if (!target || !*target)
                return refuse(facts, err, "is a symlink without a target");
        if (strlen(target) > TREE_TARGET_MAX_BYTES)
                return refuse(facts, err, "is a symlink whose target is longer than 4095 bytes");
        inode->target = strdup(target);
        return inode->target ? INGOT_OK : ingot_fail_memory(err, strlen(target) + 1);
}

static bool xattr_is_kept(const char *name)
{
        return strncmp(name, "user.", 5) == 0 || strncmp(name, "trusted.", 8) == 0 ||
               strncmp(name, "security.", 9) == 0 || strcmp(name, "system.posix_acl_access") == 0 ||
               strcmp(name, "system.posix_acl_default") == 0;
}

static enum ingot_code take_xattrs(const struct facts *facts, struct tree_inode *inode,
                                   struct ingot_error *err)
{
        const char *name;
        const void *value;
        size_t value_bytes;

        (void)archive_entry_xattr_reset(facts->entry);
        while (archive_entry_xattr_next(facts->entry, &name, &value, &value_bytes) == ARCHIVE_OK) {
                enum ingot_code r;

                if (!name || !xattr_is_kept(name)) {
                        ++*facts->xattrs_left_out;
                        continue;
                }
                r = tree_inode_set_xattr(inode, name, value, value_bytes, err);
                if (r)
                        return ingot_while(err, r, "taking the attributes of entry '%s'", facts->name);
        }
        return INGOT_OK;
}

static enum ingot_code take_facts(const struct facts *facts, struct tree_inode *inode,
                                  struct ingot_error *err)
{
        struct archive_entry *entry = facts->entry;
        enum ingot_code r = take_owner(facts, inode, err);

        inode->mode = (uint16_t)(archive_entry_perm(entry) & 07777);
        if (archive_entry_mtime_is_set(entry))
                inode->mtime = (struct tree_time){ .seconds = archive_entry_mtime(entry),
                                                   .nanoseconds = (uint32_t)archive_entry_mtime_nsec(entry) };
        if (inode->mtime.nanoseconds > 999999999)
                inode->mtime.nanoseconds = 0;
        if (!r && inode->kind == TREE_SYMLINK) {
                inode->mode = 0777;
                r = take_target(facts, inode, err);
        }
        if (!r && (inode->kind == TREE_CHARACTER_DEVICE || inode->kind == TREE_BLOCK_DEVICE))
                r = take_device(facts, inode, err);
        if (!r)
                r = take_xattrs(facts, inode, err);
        if (!r && inode->kind != TREE_SYMLINK) {
                r = archive_acl_convert(entry, inode, err);
                r = ingot_while(err, r, "taking the ACL of entry '%s'", facts->name);
        }
        return r;
}

enum ingot_code archive_facts_read(struct archive_entry *entry, const char *name,
                                   struct tree_inode **ret_inode, uint64_t *xattrs_left_out,
                                   struct ingot_error *err)
{
        const struct facts facts = { .entry = entry, .name = name, .xattrs_left_out = xattrs_left_out };
        OWNED(tree_inode_drop) struct tree_inode *inode = NULL;
        enum tree_kind kind = TREE_FILE;
        enum ingot_code r = take_kind(&facts, &kind, err);

        if (r)
                return r;
        inode = tree_inode_new(kind);
        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        r = take_facts(&facts, inode, err);
        if (r)
                return r;
        *ret_inode = TAKE(inode);
        return INGOT_OK;
}
