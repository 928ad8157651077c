/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_acl.h"
#include "filesystem/ext4_xattr.h"

enum {
        BLOCK_BYTES = 4096,
        MAGIC_BYTES = 4,
        BLOCK_HEAD_BYTES = 32,
        ENTRY_BYTES = 16,
        END_BYTES = 4, /* four zeros after the last entry */
};

static const uint32_t MAGIC = 0xEA020000;

static const struct name_index {
        uint8_t index;
        bool is_acl; /* the prefix is the whole name */
        const char *prefix;
} name_indexes[] = {
        { 1, false, "user." },
        { 2, true, "system.posix_acl_access" },
        { 3, true, "system.posix_acl_default" },
        { 4, false, "trusted." },
        { 6, false, "security." },
};
enum { NAME_INDEXES = sizeof(name_indexes) / sizeof(name_indexes[0]) };

/* One xattr in ext4's terms. */
struct item {
        const struct name_index *space;
        const char *name; /* what follows the prefix */
        uint8_t name_bytes;
        const uint8_t *value;
        size_t value_bytes;
        uint8_t *converted; /* owned */
        bool is_placed;
};

struct items {
        struct item *items;
        size_t count;
};

static void items_release(struct items *items)
{
        for (size_t i = 0; items->items && i < items->count; i++)
                free(items->items[i].converted);
        free(items->items);
}

static size_t entry_bytes(const struct item *item)
{
        return (size_t)align_up_u64((uint64_t)ENTRY_BYTES + item->name_bytes, 4);
}

static size_t padded_value_bytes(const struct item *item)
{
        return (size_t)align_up_u64(item->value_bytes, 4);
}

static const struct name_index *find_space(const char *name)
{
        for (size_t i = 0; i < NAME_INDEXES; i++) {
                size_t prefix_bytes = strlen(name_indexes[i].prefix);

                if (strncmp(name, name_indexes[i].prefix, prefix_bytes) == 0 &&
                    (name[prefix_bytes] == '\0') == name_indexes[i].is_acl)
                        return &name_indexes[i];
        }
        return NULL;
}

static enum ingot_code translate(const struct tree_xattr *xattr, struct item *item, struct ingot_error *err)
{
        size_t name_bytes;

        item->space = find_space(xattr->name);
        if (!item->space)
                return ingot_fail(err, INGOT_E_LAYOUT, "ext4 has no place for xattr '%s'", xattr->name);
        item->name = xattr->name + strlen(item->space->prefix);
        name_bytes = strlen(item->name);
        if (name_bytes > UINT8_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT, "the name of xattr '%s' is longer than 255 bytes",
                                  xattr->name);
        item->name_bytes = (uint8_t)name_bytes;
        item->value = xattr->value;
        item->value_bytes = xattr->value_bytes;
        if (item->space->is_acl) {
                enum ingot_code r = ext4_acl_encode(xattr->value, xattr->value_bytes, &item->converted,
                                                    &item->value_bytes, err);

                if (r)
                        return ingot_while(err, r, "encoding xattr '%s'", xattr->name);
                item->value = item->converted;
        }
        if (item->value_bytes > BLOCK_BYTES)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "xattr '%s' has %zu bytes, more than the block that ext4 keeps them in",
                                  xattr->name, item->value_bytes);
        return INGOT_OK;
}

static int compare_items(const void *left, const void *right)
{
        const struct item *a = left, *b = right;

        if (a->space->index != b->space->index)
                return a->space->index < b->space->index ? -1 : 1;
        if (a->name_bytes != b->name_bytes)
                return a->name_bytes < b->name_bytes ? -1 : 1;
        return memcmp(a->name, b->name, a->name_bytes);
}

static enum ingot_code translate_all(const struct tree_xattr *xattrs, size_t count, struct items *ret_items,
                                     struct ingot_error *err)
{
        OWNED(items_release) struct items items = { .items = calloc(count ? count : 1, sizeof(struct item)) };

        if (!items.items)
                return ingot_fail_memory(err, count * sizeof(struct item));
        for (size_t i = 0; i < count; i++) {
                enum ingot_code r = translate(&xattrs[i], &items.items[items.count++], err);

                if (r)
                        return r;
        }
        qsort(items.items, items.count, sizeof(struct item), compare_items);
        *ret_items = items;
        items = (struct items){ .items = NULL };
        return INGOT_OK;
}

/* Marks what goes into the inode, in order, as far as it fits; returns what the rest needs in a block. */
static size_t split(struct items *items)
{
        size_t used_bytes = MAGIC_BYTES + END_BYTES, rest_bytes = 0;

        for (size_t i = 0; i < items->count; i++) {
                struct item *item = &items->items[i];
                size_t needed_bytes = entry_bytes(item) + padded_value_bytes(item);

                item->is_placed = used_bytes + needed_bytes <= EXT4_XATTR_INODE_BYTES;
                if (item->is_placed)
                        used_bytes += needed_bytes;
                else
                        rest_bytes += needed_bytes;
        }
        return rest_bytes ? BLOCK_HEAD_BYTES + rest_bytes + END_BYTES : 0;
}

/* Over name and value: how the kernel tells equal blocks; only entries of a block have one. */
static uint32_t entry_hash(const struct item *item, const uint8_t *padded_value)
{
        uint32_t hash = 0;

        for (size_t i = 0; i < item->name_bytes; i++)
                hash = (hash << 5) ^ (hash >> 27) ^ (uint8_t)item->name[i];
        for (size_t i = 0; i < padded_value_bytes(item); i += 4)
                hash = (hash << 16) ^ (hash >> 16) ^ get_le32(padded_value + i);
        return hash;
}

/*
 * Puts the items of one place: entries upwards from entries_at, values downwards from the end.  Offsets of
 * values count from offset_base.  Returns the block's hash.
 */
static uint32_t put_items(const struct items *items, bool placed, uint8_t *bytes, size_t size_bytes,
                          size_t entries_at, size_t offset_base)
{
        uint8_t *entry = bytes + entries_at;
        size_t value_at = size_bytes;
        uint32_t block_hash = 0;
        bool has_zero_hash = false;

        for (size_t i = 0; i < items->count; i++) {
                const struct item *item = &items->items[i];
                uint32_t hash;

                if (item->is_placed != placed)
                        continue;
                value_at -= padded_value_bytes(item);
                entry[0] = item->name_bytes;
                entry[1] = item->space->index;
                put_le16(entry + 2, (uint16_t)(item->value_bytes ? value_at - offset_base : 0));
                put_le32(entry + 8, (uint32_t)item->value_bytes);
                memcpy(entry + ENTRY_BYTES, item->name, item->name_bytes);
                if (item->value_bytes)
                        memcpy(bytes + value_at, item->value, item->value_bytes);
                if (!placed) {
                        hash = entry_hash(item, bytes + value_at);
                        put_le32(entry + 12, hash);
                        block_hash = (block_hash << 16) ^ (block_hash >> 16) ^ hash;
                        has_zero_hash |= hash == 0;
                }
                entry += entry_bytes(item);
        }
        return has_zero_hash ? 0 : block_hash;
}

static bool any_in_inode(const struct items *items)
{
        for (size_t i = 0; i < items->count; i++)
                if (items->items[i].is_placed)
                        return true;
        return false;
}

enum ingot_code ext4_xattr_encode(const struct tree_xattr *xattrs, size_t count,
                                  struct ext4_xattr_image *ret_image, struct ingot_error *err)
{
        OWNED(items_release) struct items items = { .items = NULL };
        struct ext4_xattr_image image = { .block_bytes = NULL };
        enum ingot_code r = translate_all(xattrs, count, &items, err);
        size_t block_bytes;

        if (r)
                return r;
        block_bytes = split(&items);
        if (block_bytes > BLOCK_BYTES)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "%zu xattrs need %zu bytes beside the inode, more than the %d of the block "
                                  "that ext4 keeps them in",
                                  count, block_bytes, BLOCK_BYTES);
        if (any_in_inode(&items)) {
                put_le32(image.inode_bytes, MAGIC);
                (void)put_items(&items, true, image.inode_bytes, sizeof(image.inode_bytes), MAGIC_BYTES,
                                MAGIC_BYTES);
        }
        if (block_bytes) {
                image.block_bytes = calloc(1, BLOCK_BYTES);
                if (!image.block_bytes)
                        return ingot_fail_memory(err, BLOCK_BYTES);
                put_le32(image.block_bytes, MAGIC);
                put_le32(image.block_bytes + 4, 1); /* inodes that share it */
                put_le32(image.block_bytes + 8, 1); /* blocks */
                put_le32(image.block_bytes + 12,
                         put_items(&items, false, image.block_bytes, BLOCK_BYTES, BLOCK_HEAD_BYTES, 0));
        }
        *ret_image = image;
        return INGOT_OK;
}

bool ext4_xattr_needs_block(const struct tree_xattr *xattrs, size_t count)
{
        OWNED(items_release) struct items items = { .items = NULL };

        return count && !translate_all(xattrs, count, &items, NULL) && split(&items);
}

void ext4_xattr_list_release(struct ext4_xattr_list *list)
{
        for (size_t i = 0; i < list->count; i++) {
                free(list->xattrs[i].name);
                free(list->xattrs[i].value);
        }
        free(list->xattrs);
        *list = (struct ext4_xattr_list){ .xattrs = NULL };
}

static void xattr_release(struct tree_xattr *xattr)
{
        free(xattr->name);
        free(xattr->value);
}

static enum ingot_code copy_value(const struct name_index *space, const uint8_t *value, size_t value_bytes,
                                  struct tree_xattr *xattr, struct ingot_error *err)
{
        if (space->is_acl)
                return ext4_acl_decode(value, value_bytes, &xattr->value, &xattr->value_bytes, err);
        xattr->value = malloc(value_bytes ? value_bytes : 1);
        if (!xattr->value)
                return ingot_fail_memory(err, value_bytes);
        if (value_bytes)
                memcpy(xattr->value, value, value_bytes);
        xattr->value_bytes = value_bytes;
        return INGOT_OK;
}

static enum ingot_code add_decoded(struct ext4_xattr_list *list, const struct name_index *space,
                                   const uint8_t *entry, const uint8_t *value, size_t value_bytes,
                                   struct ingot_error *err)
{
        OWNED(xattr_release) struct tree_xattr xattr = { .name = NULL };
        size_t prefix_bytes = strlen(space->prefix), name_bytes = space->is_acl ? 0 : entry[0];
        enum ingot_code r;

        if (memchr(entry + ENTRY_BYTES, '\0', name_bytes))
                return ingot_fail(err, INGOT_E_FORMAT, "the name of an xattr has a NUL");
        if (list->count == list->capacity) {
                size_t capacity = list->capacity ? 2 * list->capacity : 8;
                struct tree_xattr *grown = reallocarray(list->xattrs, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                list->xattrs = grown;
                list->capacity = capacity;
        }
        xattr.name = calloc(1, prefix_bytes + name_bytes + 1);
        if (!xattr.name)
                return ingot_fail_memory(err, prefix_bytes + name_bytes + 1);
        memcpy(xattr.name, space->prefix, prefix_bytes);
        memcpy(xattr.name + prefix_bytes, entry + ENTRY_BYTES, name_bytes);
        if ((r = copy_value(space, value, value_bytes, &xattr, err)))
                return r;
        list->xattrs[list->count++] = xattr;
        xattr = (struct tree_xattr){ .name = NULL };
        return INGOT_OK;
}

static const struct name_index *space_numbered(uint8_t index)
{
        for (size_t i = 0; i < NAME_INDEXES; i++)
                if (name_indexes[i].index == index)
                        return &name_indexes[i];
        return NULL;
}

static enum ingot_code decode(const uint8_t *bytes, size_t size_bytes, size_t entries_at, size_t offset_base,
                              struct ext4_xattr_list *list, struct ingot_error *err)
{
        size_t at = entries_at;

        while (at + END_BYTES <= size_bytes && get_le32(bytes + at)) {
                const uint8_t *entry = bytes + at;
                const struct name_index *space;
                size_t value_at, value_bytes;
                enum ingot_code r;

                if (at + ENTRY_BYTES > size_bytes || at + ENTRY_BYTES + entry[0] > size_bytes)
                        return ingot_fail(err, INGOT_E_FORMAT, "an xattr's name lies outside its place");
                at += (size_t)align_up_u64((uint64_t)ENTRY_BYTES + entry[0], 4);
                space = space_numbered(entry[1]);
                if (!space || get_le32(entry + 4)) /* a value in an inode of its own */
                        continue;
                value_at = offset_base + get_le16(entry + 2);
                value_bytes = get_le32(entry + 8);
                if (value_bytes && (value_at > size_bytes || value_bytes > size_bytes - value_at))
                        return ingot_fail(err, INGOT_E_FORMAT, "an xattr's value lies outside its place");
                r = add_decoded(list, space, entry, value_bytes ? bytes + value_at : bytes, value_bytes, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

enum ingot_code ext4_xattr_decode_inode(const uint8_t *bytes, size_t size_bytes, struct ext4_xattr_list *list,
                                        struct ingot_error *err)
{
        if (size_bytes < MAGIC_BYTES || get_le32(bytes) != MAGIC)
                return INGOT_OK;
        return decode(bytes, size_bytes, MAGIC_BYTES, MAGIC_BYTES, list, err);
}

enum ingot_code ext4_xattr_decode_block(const uint8_t *bytes, size_t size_bytes, struct ext4_xattr_list *list,
                                        struct ingot_error *err)
{
        if (size_bytes < BLOCK_HEAD_BYTES || get_le32(bytes) != MAGIC)
                return ingot_fail(err, INGOT_E_FORMAT, "a block of xattrs does not begin like one");
        return decode(bytes, size_bytes, BLOCK_HEAD_BYTES, 0, list, err);
}

static int compare_names(const void *left, const void *right)
{
        const struct tree_xattr *a = left, *b = right;

        return strcmp(a->name, b->name);
}

void ext4_xattr_list_sort(struct ext4_xattr_list *list)
{
        if (list->count)
                qsort(list->xattrs, list->count, sizeof(*list->xattrs), compare_names);
}
