/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/checked.h"
#include "filesystem/ext4_fit.h"
#include "filesystem/ext4_writer.h"

enum { MIB = 1 << 20 };

/* Goes up from what the content takes; every step adds what the last one lacked, at least 1 MiB. */
enum ingot_code ext4_fit_measure(const struct ext4_inventory *inventory, uint64_t *ret_fit_bytes,
                                 struct ingot_error *err)
{
        uint64_t size_bytes = max_u64(align_up_u64(inventory->content_blocks * EXT4_BLOCK_BYTES, MIB), MIB);

        for (;;) {
                struct ext4_geometry geometry;
                uint64_t needed_bytes = 0;

                if (!ext4_geometry_plan(size_bytes, inventory->last_inode, EXT4_JOURNAL_BLOCKS_MAX, &geometry,
                                        NULL)) {
                        uint64_t bound = ext4_inventory_bound(inventory, &geometry);

                        if (bound <= geometry.block_count)
                                break;
                        needed_bytes = align_up_u64(bound * EXT4_BLOCK_BYTES, MIB);
                }
                size_bytes = max_u64(size_bytes + MIB, needed_bytes);
                if (size_bytes / EXT4_BLOCK_BYTES > UINT32_MAX)
                        return ingot_fail(err, INGOT_E_LAYOUT,
                                          "%" PRIu64 " bytes of content do not fit an ext4 file system below "
                                          "16 TiB",
                                          inventory->content_blocks * EXT4_BLOCK_BYTES);
        }
        *ret_fit_bytes = size_bytes;
        return INGOT_OK;
}
static enum ingot_code does_not_fit(const struct ext4_inventory *inventory, uint64_t size_bytes,
                                    struct ingot_error *err)
{
        uint64_t fit_bytes;
        enum ingot_code r = ext4_fit_measure(inventory, &fit_bytes, err);

        if (r)
                return r;
        return ingot_fail(err, INGOT_E_LAYOUT,
                          "the tree needs an ext4 file system of %" PRIu64 " MiB and has %" PRIu64
                          " MiB (%" PRIu64 " bytes)",
                          fit_bytes / MIB, size_bytes / MIB, size_bytes);
}

/* Where a size just past a step of the journal's rule is too small, a shorter journal makes it do. */
enum ingot_code ext4_fit_geometry(const struct ext4_inventory *inventory, uint64_t size_bytes,
                                  struct ext4_geometry *ret_geometry, struct ingot_error *err)
{
        uint32_t journal_blocks_max = EXT4_JOURNAL_BLOCKS_MAX;

        for (;;) {
                struct ext4_geometry geometry;
                enum ingot_code r = ext4_geometry_plan(size_bytes, inventory->last_inode, journal_blocks_max,
                                                       &geometry, err);

                if (r && size_bytes / EXT4_BLOCK_BYTES > UINT32_MAX)
                        return r;
                if (r)
                        return does_not_fit(inventory, size_bytes, err);
                if (ext4_inventory_bound(inventory, &geometry) <= geometry.block_count) {
                        *ret_geometry = geometry;
                        return INGOT_OK;
                }
                if (geometry.journal_blocks <= EXT4_JOURNAL_BLOCKS_MIN)
                        return does_not_fit(inventory, size_bytes, err);
                journal_blocks_max = geometry.journal_blocks / 2;
        }
}
