/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_CHAIN_H
#define FILESYSTEM_FAT_CHAIN_H

/* builder/filesystem/fat_chain.h
 * fat_chain: which cluster follows which, as the first FAT says.
 *
 * Rules    (1) Nothing is read outside the FAT; a cluster is only ever asked for where it is one.
 *          (2) A chain may still lead in a circle: whoever follows it counts.
 * Tests    tests/unit/filesystem/test_fat_reader.c, tests/fuzz/fuzz_fat_reader.c
 */
#include "filesystem/fat_boot.h"
#include "model/byte_source.h"

enum { FAT_WINDOW_BYTES = 4096 };

struct fat_chain {
        const struct byte_source *source; /* borrowed */
        struct fat_boot_facts boot;
        uint8_t window[FAT_WINDOW_BYTES + 4]; /* of the FAT; 4 more, as an entry may lie across */
        uint64_t window_at_bytes;             /* UINT64_MAX: nothing is there yet */
};

void fat_chain_init(struct fat_chain *chain, const struct byte_source *source,
                    const struct fat_boot_facts *boot);

/* Whether a number is that of a cluster. */
bool fat_chain_has(const struct fat_chain *chain, uint32_t cluster);

/* Where a cluster's bytes lie in the source. */
uint64_t fat_chain_offset_bytes(const struct fat_chain *chain, uint32_t cluster);

/*
 * Tells what the FAT has for a cluster: 0 for a free one; without FAT32's four reserved bits.
 *
 * Fails with   whatever source fails with
 */
enum ingot_code fat_chain_value(struct fat_chain *chain, uint32_t cluster, uint32_t *ret_value,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Moves *cluster to the one that follows it.
 *
 * Fails with   INGOT_E_FORMAT  none does; and whatever source fails with
 */
enum ingot_code fat_chain_follow(struct fat_chain *chain, uint32_t *cluster,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Counts the free clusters.
 *
 * Fails with   INGOT_E_MEMORY, and whatever source fails with
 */
enum ingot_code fat_chain_count_free(struct fat_chain *chain, uint64_t *ret_free,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

#endif
