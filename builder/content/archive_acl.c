/* SPDX-License-Identifier: Apache-2.0 */
#include <archive_entry.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/own.h"
#include "content/archive_acl.h"

enum { ACL_VERSION = 2, ACL_HEADER_BYTES = 4, ACL_ENTRY_BYTES = 8 };

/* Tags, in the order that the kernel insists on. */
enum {
        TAG_USER_OBJ = 0x01,
        TAG_USER = 0x02,
        TAG_GROUP_OBJ = 0x04,
        TAG_GROUP = 0x08,
        TAG_MASK = 0x10,
        TAG_OTHER = 0x20
};

static const uint32_t acl_no_id = UINT32_MAX;

struct acl_entry {
        uint16_t tag, permissions;
        uint32_t id;
};

static uint16_t tag_of(int archive_tag)
{
        switch (archive_tag) {
        case ARCHIVE_ENTRY_ACL_USER_OBJ: return TAG_USER_OBJ;
        case ARCHIVE_ENTRY_ACL_USER: return TAG_USER;
        case ARCHIVE_ENTRY_ACL_GROUP_OBJ: return TAG_GROUP_OBJ;
        case ARCHIVE_ENTRY_ACL_GROUP: return TAG_GROUP;
        case ARCHIVE_ENTRY_ACL_MASK: return TAG_MASK;
        case ARCHIVE_ENTRY_ACL_OTHER: return TAG_OTHER;
        default: return 0;
        }
}

static int compare_acl_entries(const void *left, const void *right)
{
        const struct acl_entry *a = left, *b = right;

        if (a->tag != b->tag)
                return a->tag < b->tag ? -1 : 1;
        return (a->id > b->id) - (a->id < b->id);
}

static enum ingot_code collect(struct archive_entry *entry, int type, struct acl_entry *out,
                               size_t *ret_count, struct ingot_error *err)
{
        int got_type, permissions, tag, id;
        const char *name;
        size_t count = 0;

        (void)archive_entry_acl_reset(entry, type);
        while (archive_entry_acl_next(entry, type, &got_type, &permissions, &tag, &id, &name) == 0) {
                struct acl_entry *to = &out[count];

                if (count == ARCHIVE_ACL_ENTRIES_MAX)
                        return ingot_fail(err, INGOT_E_MEMORY, "its ACL has more than %d entries",
                                          ARCHIVE_ACL_ENTRIES_MAX);
                to->tag = tag_of(tag);
                if (to->tag == 0)
                        return ingot_fail(err, INGOT_E_FORMAT, "its ACL is not a POSIX one");
                to->permissions = (uint16_t)((unsigned)permissions & 7);
                to->id = acl_no_id;
                if (to->tag == TAG_USER || to->tag == TAG_GROUP) {
                        if (id < 0)
                                return ingot_fail(
                                        err, INGOT_E_FORMAT,
                                        "its ACL names '%s' without a number; make the archive with "
                                        "numeric owners",
                                        name ? name : "");
                        to->id = (uint32_t)id;
                }
                count++;
        }
        qsort(out, count, sizeof(*out), compare_acl_entries);
        *ret_count = count;
        return INGOT_OK;
}

static enum ingot_code set_xattr(struct tree_inode *inode, const char *name, const struct acl_entry *entries,
                                 size_t count, struct ingot_error *err)
{
        size_t size_bytes = ACL_HEADER_BYTES + count * ACL_ENTRY_BYTES;
        OWNED(heap_drop) uint8_t *value = malloc(size_bytes);

        if (!value)
                return ingot_fail_memory(err, size_bytes);
        put_le32(value, ACL_VERSION);
        for (size_t i = 0; i < count; i++) {
                uint8_t *at = value + ACL_HEADER_BYTES + i * ACL_ENTRY_BYTES;

                put_le16(at, entries[i].tag);
                put_le16(at + 2, entries[i].permissions);
                put_le32(at + 4, entries[i].id);
        }
        return tree_inode_set_xattr(inode, name, value, size_bytes, err);
}

static enum ingot_code convert_type(struct archive_entry *entry, int type, const char *name,
                                    struct tree_inode *inode, struct ingot_error *err)
{
        OWNED(heap_drop) struct acl_entry *entries = calloc(ARCHIVE_ACL_ENTRIES_MAX, sizeof(*entries));
        size_t count = 0;
        enum ingot_code r;

        if (!entries)
                return ingot_fail_memory(err, ARCHIVE_ACL_ENTRIES_MAX * sizeof(*entries));
        r = collect(entry, type, entries, &count, err);
        if (r || count == 0)
                return r;
        for (size_t i = 0; type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS && i < count; i++)
                if (entries[i].tag == TAG_MASK)
                        inode->mode =
                                (uint16_t)((inode->mode & ~070u) | (unsigned)entries[i].permissions << 3);
        return set_xattr(inode, name, entries, count, err);
}

enum ingot_code archive_acl_convert(struct archive_entry *entry, struct tree_inode *inode,
                                    struct ingot_error *err)
{
        int types = archive_entry_acl_types(entry);
        enum ingot_code r = INGOT_OK;

        if (types & ARCHIVE_ENTRY_ACL_TYPE_NFS4)
                return ingot_fail(err, INGOT_E_FORMAT, "its ACL is not a POSIX one");
        if (types & ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
                r = convert_type(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access", inode, err);
        if (!r && types & ARCHIVE_ENTRY_ACL_TYPE_DEFAULT)
                r = convert_type(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default", inode,
                                 err);
        return r;
}
