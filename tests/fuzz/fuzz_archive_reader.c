/* SPDX-License-Identifier: Apache-2.0 */
/* An archive of any bytes: read into a tree whose names are sound, whose runs can be read, and whose data holds
 * no zero block, whatever the archive says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "content/archive_reader.h"

enum { READ_BYTES = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void check_file(const struct tree_inode *inode)
{
        static uint8_t piece[READ_BYTES];
        size_t size_bytes = inode->size_bytes < READ_BYTES ? (size_t)inode->size_bytes : READ_BYTES;
        struct ingot_error err;

        if (tree_inode_read(inode, 0, piece, size_bytes, &err))
                abort();
        for (size_t i = 0; i < inode->run_count; i++) {
                const struct tree_run *run = &inode->runs[i];
                size_t block = run->size_bytes < TREE_HOLE_BYTES ? (size_t)run->size_bytes : TREE_HOLE_BYTES;

                if (run->file_offset_bytes % TREE_HOLE_BYTES != 0 ||
                    run->file_offset_bytes + run->size_bytes > inode->size_bytes ||
                    byte_source_read(run->source, run->source_offset_bytes, piece, block, &err) ||
                    (piece[0] == 0 && memcmp(piece, piece + 1, block - 1) == 0))
                        abort();
        }
}

static void check_tree(struct tree *tree)
{
        struct ingot_error err;

        if (tree_seal(tree, 0, &err))
                abort();
        for (struct tree_entry *at = tree_root(tree); at; at = tree_walk_next(tree_root(tree), at)) {
                if (at->parent && (!*at->name || strchr(at->name, '/') || strcmp(at->name, "..") == 0))
                        abort();
                if (at->inode->kind == TREE_FILE)
                        check_file(at->inode);
                if (at->inode->kind == TREE_SYMLINK && !*at->inode->target)
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        struct archive_request request = { .strip_components = size_bytes % 3 == 2,
                                           .limits = { 1000, 1 << 24, 1 << 24 } };
        struct content_store *store = NULL;
        struct tree *tree = NULL;
        struct ingot_error err;
        char path[64];
        int fd = memfd_create("archive", MFD_CLOEXEC);

        if (fd < 0 || write(fd, bytes, size_bytes) != (ssize_t)size_bytes || tree_new(&tree, &err) ||
            store_new("/tmp", &store, &err))
                abort();
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        request.path = path;
        if (!archive_read_into(tree, tree_root(tree), store, &request, NULL, &err))
                check_tree(tree);
        tree_free(tree);
        store_free(store);
        (void)close(fd);
        return 0;
}
