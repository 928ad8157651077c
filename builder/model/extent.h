/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_EXTENT_H
#define MODEL_EXTENT_H

/* builder/model/extent.h
 * extent: which sectors of a disk hold what.
 *
 * A file system or a partition table is laid out without being written: it says, extent by extent, which
 * sectors are data (and who can read them), which are zero on purpose, and, by leaving them out, which
 * were never written.  The assembler then writes the disk once, front to back.
 *
 * Unit     sector = 512 bytes; ranges are half-open.
 * Rules    (1) An extent's first size_bytes come from source at source_offset_bytes; the rest of its
 *              sectors is zeros.  Without a source the whole extent is zero on purpose: those sectors
 *              must read as zeros (an unused inode table, the tail of a FAT).
 *          (2) After extent_list_settle() extents ascend and do not overlap.
 *          (3) Sources are borrowed; they outlive the list.
 * Tests    tests/unit/model/test_extent.c
 */
#include "model/byte_source.h"

enum { SECTOR_BYTES = 512 };

struct extent {
        uint64_t start_lba, end_lba;
        const struct byte_source *source; /* borrowed; NULL: zero on purpose */
        uint64_t source_offset_bytes;
        uint64_t size_bytes; /* at most the extent's own; 0 without a source */
};

struct extent_list {
        struct extent *extents;
        size_t count, capacity;
};

#define EXTENT_LIST_EMPTY                                                                                    \
        {                                                                                                    \
                .extents = NULL, .count = 0, .capacity = 0                                                   \
        }

void extent_list_release(struct extent_list *list); /* also for OWNED */

/*
 * Adds an extent; one that continues the last one added, on disk and in its source, is joined to it.
 *
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_BUG     the extent is empty, or size_bytes does not fit it
 */
enum ingot_code extent_list_add(struct extent_list *list, const struct extent *extent,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds every extent of part, moved up by shift_sectors: a file system into its partition.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code extent_list_add_all(struct extent_list *list, const struct extent_list *part,
                                    uint64_t shift_sectors, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Sorts the extents and checks rule 2.
 *
 * Fails with   INGOT_E_BUG  two overlap, or one ends past size_sectors; both are named
 */
enum ingot_code extent_list_settle(struct extent_list *list, uint64_t size_sectors,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Counts the sectors that hold data (not those that are zero on purpose). */
uint64_t extent_list_data_sectors(const struct extent_list *list);

#endif
