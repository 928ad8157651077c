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
