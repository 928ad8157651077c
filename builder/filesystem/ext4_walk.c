/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "filesystem/ext4_access.h"
#include "filesystem/ext4_walk.h"

enum { PATH_BYTES_MAX = 16 << 20 };

/* A directory on the way to where the walk is. */
struct frame {
        struct ext4_names names;
        size_t next;
        size_t path_bytes; /* of the path to the directory */
};

struct walk {
        struct ext4_reader *reader;
        ext4_walk_visit visit;
        void *context;
        struct frame *frames;
        size_t depth, capacity;
        struct buffer path;
        ext2fs_inode_bitmap met; /* directories */
        uint64_t names_max;      /* that may still be held at once */
};

static void walk_release(struct walk *walk)
{
        while (walk->depth)
                ext4_names_release(&walk->frames[--walk->depth].names);
        free(walk->frames);
        buffer_release(&walk->path);
        if (walk->met)
                ext2fs_free_inode_bitmap(walk->met);
}

static enum ingot_code show(struct walk *walk, const struct ext4_node *node, struct ingot_error *err)
{
        OWNED(ext4_xattr_list_release) struct ext4_xattr_list xattrs = { .xattrs = NULL };
        char target[TREE_TARGET_MAX_BYTES + 1];
        struct ext4_visit visit = { .node = *node,
                                    .path = walk->path.size_bytes ? walk->path.bytes : "/",
                                    .target = node->kind == TREE_SYMLINK ? target : NULL };
        enum ingot_code r = ext4_access_xattrs(walk->reader, node, &xattrs, err);

        if (r || (visit.target && (r = ext4_access_target(walk->reader, node, target, err))))
                return r;
        visit.xattrs = xattrs.xattrs;
        visit.xattr_count = xattrs.count;
        return walk->visit(walk->context, &visit, err);
}

static enum ingot_code enter(struct walk *walk, const struct ext4_node *node, struct ingot_error *err)
{
        struct frame *frame;
        enum ingot_code r;

        if (ext2fs_test_inode_bitmap2(walk->met, node->inode_number))
                return ingot_fail(err, INGOT_E_FORMAT, "the directory in inode %u is met twice",
                                  (unsigned)node->inode_number);
        ext2fs_mark_inode_bitmap2(walk->met, node->inode_number);
        if (walk->depth == walk->capacity) {
                size_t capacity = walk->capacity ? 2 * walk->capacity : 16;
                struct frame *grown = reallocarray(walk->frames, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                walk->frames = grown;
                walk->capacity = capacity;
        }
        frame = &walk->frames[walk->depth++];
        *frame = (struct frame){ .path_bytes = walk->path.size_bytes };
        r = ext4_access_names(walk->reader, node, walk->names_max, &frame->names, err);
        walk->names_max -= frame->names.count;
        return r;
}

static void leave(struct walk *walk)
{
        struct frame *frame = &walk->frames[--walk->depth];

        walk->names_max += frame->names.count;
        ext4_names_release(&frame->names);
}

static void set_path(struct walk *walk, size_t keep_bytes, const struct ext4_name *name)
{
        walk->path.size_bytes = keep_bytes;
        buffer_append_char(&walk->path, '/');
        buffer_append(&walk->path, name->name, name->name_bytes);
}

static enum ingot_code walk_entry(struct walk *walk, uint32_t number, struct ingot_error *err)
{
        struct ext4_node node;
        enum ingot_code r = ext4_access_load(walk->reader, number, &node, err);

        if (r || (r = show(walk, &node, err)))
                return r;
        return node.kind == TREE_DIRECTORY ? enter(walk, &node, err) : INGOT_OK;
}

static enum ingot_code walk_all(struct walk *walk, struct ingot_error *err)
{
        enum ingot_code r = walk_entry(walk, EXT2_ROOT_INO, err);

        while (!r && walk->depth) {
                struct frame *frame = &walk->frames[walk->depth - 1];

                if (frame->next == frame->names.count) {
                        leave(walk);
                        continue;
                }
                set_path(walk, frame->path_bytes, &frame->names.names[frame->next]);
                if ((r = buffer_check(&walk->path, err)))
                        return r;
                r = walk_entry(walk, frame->names.names[frame->next++].inode_number, err);
        }
        return r;
}

enum ingot_code ext4_reader_walk(struct ext4_reader *reader, ext4_walk_visit visit, void *context,
                                 struct ingot_error *err)
{
        OWNED(walk_release)
        struct walk walk = { .reader = reader,
                             .visit = visit,
                             .context = context,
                             .names_max = ext4_access_names_max(reader) };
        enum ingot_code r;
        errcode_t status;

        buffer_init(&walk.path, PATH_BYTES_MAX);
        ext4_access_refill(reader);
        status = ext2fs_allocate_inode_bitmap(reader->fs, "directories met", &walk.met);
        if (status)
                return ext4_access_fail(reader, status, "starting a walk", err);
        r = walk_all(&walk, err);
        return ingot_while(err, r, "walking at '%.200s'", walk.path.size_bytes ? walk.path.bytes : "/");
}
