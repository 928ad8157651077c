/* SPDX-License-Identifier: Apache-2.0 */
/* Damages a small ext4 file system and reads all of it.  The input is patches of four bytes: where (24 bits,
 * counted over what the writer wrote and the first 128 bytes of each file) and the byte that stands there
 * then.  Checksums of metadata are switched off, or nearly every patch would end at the first of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "filesystem/ext4_walk.h"
#include "filesystem/ext4_writer.h"

enum { IMAGE_BYTES = 2 << 20, PATCH_BYTES = 4, PATCHES_MAX = 64, FEATURES_AT = 1024 + 0x64 };

struct image {
        uint8_t bytes[IMAGE_BYTES];
        uint32_t places[IMAGE_BYTES]; /* offsets worth a patch */
        size_t place_count;
        struct byte_source source;
};

static enum ingot_code read_zeros(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                  struct ingot_error *err)
{
        (void)context;
        (void)offset_bytes;
        (void)err;
        memset(bytes, 'd', size_bytes);
        return INGOT_OK;
}

static enum ingot_code read_image(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                  struct ingot_error *err)
{
        const struct image *image = context;

        if (offset_bytes > IMAGE_BYTES || size_bytes > IMAGE_BYTES - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT, "past the end");
        memcpy(bytes, image->bytes + offset_bytes, size_bytes);
        return INGOT_OK;
}

static struct tree_inode *make_inode(enum tree_kind kind, unsigned runs)
{
        static const struct byte_source data = { .read = read_zeros };
        static const uint8_t acl[] = { 2, 0, 0, 0, 1, 0, 7,  0, 255, 255, 255, 255, 2,   0,
                                       5, 0, 1, 2, 3, 4, 32, 0, 0,   0,   255, 255, 255, 255 };
        struct tree_inode *inode = tree_inode_new(kind);

        if (!inode)
                abort();
        for (unsigned i = 0; i < runs; i++) {
                struct tree_run run = { .file_offset_bytes = i * UINT64_C(8192),
                                        .size_bytes = 4096,
                                        .source = &data };

                if (tree_inode_add_run(inode, &run, NULL))
                        abort();
                inode->size_bytes = run.file_offset_bytes + run.size_bytes;
        }
        if (runs % 2 && (tree_inode_set_xattr(inode, "system.posix_acl_access", acl, sizeof(acl), NULL) ||
                         tree_inode_set_xattr(inode, "user.note", acl, sizeof(acl), NULL) ||
                         tree_inode_set_xattr(inode, "user.more", acl, sizeof(acl), NULL)))
                abort();
        if (kind == TREE_SYMLINK &&
            !(inode->target =
                      strdup(runs ? "d/s" : "../../d/l/../l/../l/../l/../l/../l/../l/../l/../l/../l/../f")))
                abort();
        return inode;
}

static struct tree *make_tree(void)
{
        static const struct {
                const char *name;
                enum tree_kind kind;
                unsigned runs;
        } entries[] = { { "f", TREE_FILE, 1 },    { "many", TREE_FILE, 12 }, { "s", TREE_SYMLINK, 0 },
                        { "l", TREE_SYMLINK, 0 }, { "fifo", TREE_FIFO, 0 },  { "sub", TREE_DIRECTORY, 0 } };
        struct tree *tree = NULL;
        struct tree_entry *directory = NULL;

        if (tree_new(&tree, NULL) ||
            tree_put(tree, tree_root(tree), "d", 1, make_inode(TREE_DIRECTORY, 0), &directory, NULL))
                abort();
        for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
                if (tree_put(tree, directory, entries[i].name, strlen(entries[i].name),
                             make_inode(entries[i].kind, entries[i].runs), NULL, NULL))
                        abort();
        for (unsigned i = 0; i < 60; i++) {
                char name[220];
                int length = snprintf(name, sizeof(name), "%0200u", i); /* an index of two leaves */

                if (tree_put(tree, directory, name, (size_t)length, make_inode(TREE_FIFO, 0), NULL, NULL))
                        abort();
        }
        if (tree_seal(tree, 1, NULL))
                abort();
        return tree;
}

static void note_places(struct image *image, const struct extent *extent)
{
        size_t start = (size_t)extent->start_lba * SECTOR_BYTES, size_bytes = (size_t)extent->size_bytes;

        if (byte_source_read(extent->source, extent->source_offset_bytes, image->bytes + start, size_bytes,
                             NULL))
                abort();
        for (size_t at = start; at < start + size_bytes; at++)
                if (image->bytes[at] != 'd' && (image->bytes[at] || image->bytes[at & ~(size_t)7]))
                        image->places[image->place_count++] = (uint32_t)at;
}

static struct image *make_image(void)
{
        OWNED(tree_drop) struct tree *tree = make_tree();
        OWNED(ext4_image_drop) struct ext4_image *laid_out = NULL;
        struct ext4_request request = { .tree = tree, .size_bytes = IMAGE_BYTES, .spool_folder = "/tmp" };
        struct image *image = calloc(1, sizeof(*image));
        const struct extent_list *list;

        if (!image || ext4_image_new(&request, &laid_out, NULL))
                abort();
        list = ext4_image_extents(laid_out);
        for (size_t i = 0; i < list->count; i++)
                if (list->extents[i].source)
                        note_places(image, &list->extents[i]);
        image->bytes[FEATURES_AT + 1] &= (uint8_t)~0x04; /* metadata_csum */
        image->source = (struct byte_source){ .context = image, .read = read_image };
        return image;
}

static enum ingot_code visit(void *context, const struct ext4_visit *entry, struct ingot_error *err)
{
        (void)entry;
        (void)err;
        return ++*(unsigned *)context > 100000 ? INGOT_E_CANCELLED : INGOT_OK;
}

static void read_all(const struct image *image)
{
        OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
        OWNED(extent_list_release) struct extent_list used = EXTENT_LIST_EMPTY;
        OWNED(heap_drop) char *first = NULL;
        OWNED(heap_drop) char *second = NULL;
        size_t size_bytes;
        unsigned count = 0;

        if (ext4_reader_open(&image->source, IMAGE_BYTES, &reader, NULL))
                return;
        (void)!ext4_reader_list_used(reader, &used, NULL);
        (void)!ext4_reader_walk(reader, visit, &count, NULL);
        (void)!ext4_reader_read_file(reader, "/d/many", 1 << 20, &first, &size_bytes, NULL);
        (void)!ext4_reader_read_file(reader, "/d/sub/../l", 1 << 20, &second, &size_bytes, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct image *image; /* made once; every run puts back what it changed */
        uint32_t at[PATCHES_MAX];
        uint8_t was[PATCHES_MAX];
        size_t count = size / PATCH_BYTES < PATCHES_MAX ? size / PATCH_BYTES : PATCHES_MAX;

        if (!image)
                image = make_image();
        for (size_t i = 0; i < count; i++) {
                const uint8_t *patch = data + i * PATCH_BYTES;
                size_t place = (size_t)(patch[0] | patch[1] << 8 | patch[2] << 16) % image->place_count;

                at[i] = image->places[place];
                was[i] = image->bytes[at[i]];
                image->bytes[at[i]] = patch[3];
        }
        read_all(image);
        while (count--)
                image->bytes[at[count]] = was[count];
        return 0;
}
