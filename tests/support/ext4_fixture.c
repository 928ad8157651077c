/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/ext4_fixture.h"
#include "support/lay_extents.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "filesystem/ext4_walk.h"

enum { LOG_BYTES_MAX = 64 << 20 };

struct ext4_request fixture_request(const struct tree *tree, uint64_t size_bytes, void *const *state)
{
        struct ext4_request request = { .tree = tree,
                                        .size_bytes = size_bytes,
                                        .label = "root",
                                        .epoch_seconds = FIXTURE_EPOCH,
                                        .spool_folder = *state };

        for (uint8_t i = 0; i < GUID_BYTES; i++) {
                request.uuid.bytes[i] = (uint8_t)(0x10 + i);
                request.hash_seed.bytes[i] = (uint8_t)(0xf0 - 7 * i);
        }
        return request;
}

struct tree_inode *fixture_inode(enum tree_kind kind, uint16_t mode)
{
        struct tree_inode *inode = tree_inode_new(kind);

        assert_non_null(inode);
        inode->mode = mode;
        inode->mtime = (struct tree_time){ .seconds = FIXTURE_EPOCH - 1000, .nanoseconds = 123456789 };
        return inode;
}

void fixture_add_run(struct tree_inode *inode, uint64_t file_offset_bytes, uint64_t size_bytes)
{
        struct tree_run run = { .file_offset_bytes = file_offset_bytes,
                                .size_bytes = size_bytes,
                                .source = pattern_source(),
                                .source_offset_bytes = file_offset_bytes };

        assert_int_equal(tree_inode_add_run(inode, &run, NULL), INGOT_OK);
        if (inode->size_bytes < file_offset_bytes + size_bytes)
                inode->size_bytes = file_offset_bytes + size_bytes;
}

struct tree_inode *fixture_file(uint64_t size_bytes, uint64_t pattern_offset)
{
        struct tree_inode *inode = fixture_inode(TREE_FILE, 0644);
        struct tree_run run = { .size_bytes = size_bytes,
                                .source = pattern_source(),
                                .source_offset_bytes = pattern_offset };

        inode->size_bytes = size_bytes;
        if (size_bytes)
                assert_int_equal(tree_inode_add_run(inode, &run, NULL), INGOT_OK);
        return inode;
}

struct tree_inode *fixture_symlink(size_t target_bytes)
{
        struct tree_inode *inode = fixture_inode(TREE_SYMLINK, 0777);

        inode->target = malloc(target_bytes + 1);
        assert_non_null(inode->target);
        memset(inode->target, 't', target_bytes);
        inode->target[target_bytes] = '\0';
        return inode;
}

struct tree_entry *fixture_put(struct tree *tree, struct tree_entry *parent, const char *name,
                               struct tree_inode *inode)
{
        struct tree_entry *entry = NULL;
        struct ingot_error err = { .code = INGOT_OK };

        if (tree_put(tree, parent ? parent : tree_root(tree), name, strlen(name), inode, &entry, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return entry;
}

void fixture_set_xattr(struct tree_inode *inode, const char *name, const void *value, size_t value_bytes)
{
        assert_int_equal(tree_inode_set_xattr(inode, name, value, value_bytes, NULL), INGOT_OK);
}

struct ext4_image *fixture_lay_out(struct ext4_request *request)
{
        struct ext4_image *image = NULL;
        struct ingot_error err = { .code = INGOT_OK };

        if ((!request->size_bytes && ext4_measure(request, &request->size_bytes, &err)) ||
            ext4_image_new(request, &image, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return image;
}

void fixture_write(struct ext4_request *request, const char *path, bool is_poisoned)
{
        OWNED(ext4_image_drop) struct ext4_image *image = fixture_lay_out(request);

        if (lay_extents(path, ext4_image_extents(image), request->size_bytes, is_poisoned))
                fail_msg("'%s' cannot be written", path);
}

char *fixture_output(void *const *state, const char *const argv[])
{
        char *text = NULL;
        size_t size_bytes = 0;

        if (!scratch_has_program(argv[0])) {
                print_message("%s is not here: what it would judge is not judged\n", argv[0]);
                skip();
        }
        (void)unlink(scratch_path(state, "log"));
        (void)scratch_run(state, argv);
        assert_int_equal(fd_read_file(scratch_path(state, "log"), LOG_BYTES_MAX, &text, &size_bytes, NULL),
                         INGOT_OK);
        return text;
}

void fixture_check_clean(void *const *state, const char *path)
{
        const char *const argv[] = { "e2fsck", "-fn", path, NULL };
        int status;

        if (!scratch_has_program(argv[0])) {
                print_message("e2fsck is not here: '%s' is not judged\n", path);
                skip();
        }
        status = scratch_run(state, argv);
        if (status) {
                OWNED(heap_drop) char *text = fixture_output(state, argv);

                fail_msg("e2fsck says %d: %s", status, text);
        }
}

static enum ingot_code read_file(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        const struct fixture_file_source *file = context;

        return fd_read_at(file->fd, "image", offset_bytes, bytes, size_bytes, err);
}

void fixture_open(struct fixture_file_source *file, const char *path)
{
        file->fd = FD_NONE;
        file->source = (struct byte_source){ .context = file, .read = read_file };
        assert_int_equal(fd_open_read(path, &file->fd, NULL), INGOT_OK);
}

void fixture_close(struct fixture_file_source *file)
{
        fd_drop(&file->fd);
}

struct comparison {
        struct tree_entry *root, *expected;
        uint32_t *inode_numbers; /* by mark - 1 of the tree's inodes: hard links must agree */
        struct ext4_reader *reader;
};

static void compare_bytes(struct ext4_reader *reader, uint32_t number, const struct tree_inode *inode,
                          const char *path)
{
        enum { PIECE_BYTES = 1 << 20, BOTH_ENDS_ABOVE_BYTES = 64 << 20 };
        OWNED(heap_drop) uint8_t *is = malloc(PIECE_BYTES);
        OWNED(heap_drop) uint8_t *should_be = malloc(PIECE_BYTES);

        assert_true(is && should_be);
        for (uint64_t at = 0; at < inode->size_bytes; at += PIECE_BYTES) {
                size_t part =
                        inode->size_bytes - at < PIECE_BYTES ? (size_t)(inode->size_bytes - at) : PIECE_BYTES;

                if (inode->size_bytes > BOTH_ENDS_ABOVE_BYTES && at == PIECE_BYTES)
                        at = (inode->size_bytes - 1) / PIECE_BYTES * PIECE_BYTES - PIECE_BYTES;
                assert_int_equal(tree_inode_read(inode, at, should_be, part, NULL), INGOT_OK);
                assert_int_equal(ext4_reader_read(reader, number, at, is, part, NULL), INGOT_OK);
                if (memcmp(is, should_be, part) != 0)
                        fail_msg("'%s' differs at or after byte %llu", path, (unsigned long long)at);
        }
}

static void compare_xattrs(const struct ext4_visit *visit, const struct tree_inode *inode)
{
        assert_int_equal(visit->xattr_count, inode->xattr_count);
        for (size_t i = 0; i < inode->xattr_count; i++) {
                assert_string_equal(visit->xattrs[i].name, inode->xattrs[i].name);
                assert_int_equal(visit->xattrs[i].value_bytes, inode->xattrs[i].value_bytes);
                if (inode->xattrs[i].value_bytes)
                        assert_memory_equal(visit->xattrs[i].value, inode->xattrs[i].value,
                                            inode->xattrs[i].value_bytes);
        }
}

static void compare_inode(const struct ext4_visit *visit, const struct tree_inode *inode)
{
        const struct ext4_node *node = &visit->node;

        assert_int_equal(node->kind, inode->kind);
        assert_int_equal(node->mode, inode->mode);
        assert_int_equal(node->uid, inode->uid);
        assert_int_equal(node->gid, inode->gid);
        assert_int_equal(node->mtime.seconds, inode->mtime.seconds);
        assert_int_equal(node->mtime.nanoseconds, inode->mtime.nanoseconds);
        assert_int_equal(node->atime.seconds, inode->mtime.seconds);
        assert_int_equal(node->ctime.seconds, inode->mtime.seconds);
        if (inode->kind != TREE_DIRECTORY)
                assert_int_equal(node->link_count, inode->link_count);
        if (inode->kind == TREE_FILE)
                assert_int_equal(node->size_bytes, inode->size_bytes);
        if (inode->kind == TREE_SYMLINK)
                assert_string_equal(visit->target, inode->target);
        if (inode->kind == TREE_CHARACTER_DEVICE || inode->kind == TREE_BLOCK_DEVICE) {
                assert_int_equal(node->device_major, inode->device_major);
                assert_int_equal(node->device_minor, inode->device_minor);
        }
        compare_xattrs(visit, inode);
}

static enum ingot_code compare_one(void *context, const struct ext4_visit *visit, struct ingot_error *err)
{
        struct comparison *comparison = context;
        struct tree_entry *entry = comparison->expected;
        OWNED(heap_drop) char *path = NULL;
        uint32_t *number;

        (void)err;
        if (strcmp(visit->path, "/lost+found") == 0 &&
            !tree_child(comparison->root, "lost+found", sizeof("lost+found") - 1))
                return INGOT_OK;
        if (!entry)
                fail_msg("'%s' is not in the tree", visit->path);
        path = tree_entry_path(entry);
        assert_non_null(path);
        assert_string_equal(visit->path, path);
        compare_inode(visit, entry->inode);
        number = &comparison->inode_numbers[entry->inode->mark - 1];
        assert_true(!*number || *number == visit->node.inode_number);
        *number = visit->node.inode_number;
        comparison->expected = tree_walk_next(comparison->root, entry);
        return INGOT_OK;
}

/* Marks inodes 1, 2, 3 ...; returns how many there are. */
static size_t mark_inodes(struct tree_entry *root)
{
        uint32_t count = 0;

        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry))
                if (!entry->inode->mark)
                        entry->inode->mark = ++count;
        return count;
}

void fixture_compare(const struct tree *tree, const char *path)
{
        struct tree_entry *root = tree_root(tree);
        struct comparison comparison = { .root = root, .expected = root };
        struct ingot_error err = { .code = INGOT_OK };
        struct fixture_file_source file;
        uint64_t size_bytes = 0;

        fixture_open(&file, path);
        assert_int_equal(fd_size(file.fd, path, &size_bytes, NULL), INGOT_OK);
        if (ext4_reader_open(&file.source, size_bytes, &comparison.reader, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        comparison.inode_numbers = calloc(mark_inodes(root), sizeof(uint32_t));
        assert_non_null(comparison.inode_numbers);
        if (ext4_reader_walk(comparison.reader, compare_one, &comparison, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        assert_null(comparison.expected);
        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry)) {
                if (entry->inode->kind == TREE_FILE && entry->inode->mark)
                        compare_bytes(comparison.reader, comparison.inode_numbers[entry->inode->mark - 1],
                                      entry->inode, entry->name);
        }
        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry))
                entry->inode->mark = 0;
        free(comparison.inode_numbers);
        ext4_reader_free(comparison.reader);
        fixture_close(&file);
}
