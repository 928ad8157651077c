/* SPDX-License-Identifier: Apache-2.0 */

/* tests/bench/bench_ext4.c
 * bench_ext4: what the peers do, and no more: a root file system tar to a finished ext4 image, without a digest,
 * a block map, a flush or a read-back.
 *
 *   bench_ext4 TAR IMAGE
 *
 * The archive is read, the file system laid out, and every extent written, by ingot's own rooms in one thread;
 * zeros become holes as cp --sparse=always makes them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "content/archive_reader.h"
#include "filesystem/ext4_writer.h"

enum { PIECE_BYTES = 128 * 1024, HOLE_BYTES = 64 * 1024, MIB = 1024 * 1024, EPOCH_SECONDS = 1767225600 };

static bool is_zero(const uint8_t *bytes, size_t size_bytes)
{
        return bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0;
}

static enum ingot_code write_extent(int fd, const char *path, const struct extent *extent,
                                    struct ingot_error *err)
{
        static uint8_t piece[PIECE_BYTES];
        enum ingot_code r = INGOT_OK;

        for (uint64_t at = 0; !r && at < extent->size_bytes; at += PIECE_BYTES) {
                size_t piece_bytes = (size_t)min_u64(PIECE_BYTES, extent->size_bytes - at);

                r = byte_source_read(extent->source, extent->source_offset_bytes + at, piece, piece_bytes,
                                     err);
                for (size_t from = 0; !r && from < piece_bytes; from += HOLE_BYTES) {
                        size_t part_bytes = (size_t)min_u64(HOLE_BYTES, piece_bytes - from);

                        if (!is_zero(piece + from, part_bytes))
                                r = fd_write_at(fd, path, extent->start_lba * SECTOR_BYTES + at + from,
                                                piece + from, part_bytes, err);
                }
        }
        return r;
}

static enum ingot_code write_image(const struct ext4_image *image, const char *path, struct ingot_error *err)
{
        const struct extent_list *list = ext4_image_extents(image);
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        enum ingot_code r = INGOT_OK;

        if (fd < 0 || ftruncate(fd, (off_t)ext4_image_usage(image)->size_bytes))
                return ingot_fail_errno(err, "making '%s'", path);
        for (size_t i = 0; !r && i < list->count; i++)
                r = write_extent(fd, path, &list->extents[i], err);
        return r;
}

static enum ingot_code run(const char *tar, const char *path, const char *folder, struct ingot_error *err)
{
        OWNED(store_drop) struct content_store *store = NULL;
        struct ext4_image *image = NULL;
        struct tree *tree = NULL;
        const struct archive_request archive = { .path = tar };
        struct ext4_request request = { .epoch_seconds = EPOCH_SECONDS, .spool_folder = folder };
        enum ingot_code r = store_new(folder, &store, err);

        if (!r)
                r = tree_new(&tree, err);
        if (!r)
                r = archive_read_into(tree, tree_root(tree), store, &archive, NULL, err);
        if (!r)
                r = tree_seal(tree, EPOCH_SECONDS, err);
        request.tree = tree;
        if (!r)
                r = ext4_measure(&request, &request.size_bytes, err);
        request.size_bytes = align_up_u64(request.size_bytes + request.size_bytes * 3 / 10, MIB);
        if (!r)
                r = ext4_image_new(&request, &image, err);
        if (!r)
                r = write_image(image, path, err);
        ext4_image_free(image);
        tree_free(tree);
        return r;
}

int main(int argc, char **argv)
{
        struct ingot_error err = { .code = INGOT_OK };
        char folder[4096];
        char *slash;

        if (argc != 3 || argv[2][0] != '/') {
                (void)fprintf(stderr, "usage: bench_ext4 TAR /ABSOLUTE/IMAGE\n");
                return 2;
        }
        (void)snprintf(folder, sizeof(folder), "%s", argv[2]);
        slash = strrchr(folder, '/');
        slash[slash == folder] = '\0'; /* the spool goes beside the image */
        if (run(argv[1], argv[2], folder, &err)) {
                (void)fprintf(stderr, "bench_ext4: %s\n", ingot_error_frame(&err, 0));
                return 1;
        }
        return 0;
}
