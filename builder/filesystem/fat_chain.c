/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/fat_chain.h"

enum { COUNT_BYTES = 65536 };

void fat_chain_init(struct fat_chain *chain, const struct byte_source *source,
                    const struct fat_boot_facts *boot)
{
        chain->source = source;
        chain->boot = *boot;
        chain->window_at_bytes = UINT64_MAX;
}

static enum ingot_code read_fat(struct fat_chain *chain, uint64_t at_bytes, const uint8_t **ret_bytes,
                                struct ingot_error *err)
{
        uint64_t window_at_bytes = at_bytes / FAT_WINDOW_BYTES * FAT_WINDOW_BYTES;

        if (window_at_bytes != chain->window_at_bytes) {
                size_t size_bytes =
                        (size_t)min_u64(sizeof(chain->window), chain->boot.fat_bytes - window_at_bytes);
                enum ingot_code r;

                chain->window_at_bytes = UINT64_MAX;
                r = byte_source_read(chain->source, chain->boot.fat_offset_bytes + window_at_bytes,
                                     chain->window, size_bytes, err);
                if (r)
                        return ingot_while(err, r, "reading the FAT");
                chain->window_at_bytes = window_at_bytes;
        }
        *ret_bytes = chain->window + (at_bytes - window_at_bytes);
        return INGOT_OK;
}

bool fat_chain_has(const struct fat_chain *chain, uint32_t cluster)
{
        return cluster >= FAT_FIRST_CLUSTER && cluster - FAT_FIRST_CLUSTER < chain->boot.cluster_count;
}

enum ingot_code fat_chain_value(struct fat_chain *chain, uint32_t cluster, uint32_t *ret_value,
                                struct ingot_error *err)
{
        const uint8_t *bytes = NULL;
        enum ingot_code r = read_fat(chain, (uint64_t)cluster * chain->boot.fat_bits / 8, &bytes, err);

        if (r)
                return r;
        if (chain->boot.fat_bits == 32)
                *ret_value = get_le32(bytes) & 0x0FFFFFFF;
        else if (chain->boot.fat_bits == 16)
                *ret_value = get_le16(bytes);
        else
                *ret_value = cluster & 1 ? get_le16(bytes) >> 4 : get_le16(bytes) & 0xFFF;
        return INGOT_OK;
}

enum ingot_code fat_chain_follow(struct fat_chain *chain, uint32_t *cluster, struct ingot_error *err)
{
        uint32_t next;
        enum ingot_code r = fat_chain_value(chain, *cluster, &next, err);

        if (r)
                return r;
        if (!fat_chain_has(chain, next))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "a FAT chain breaks off at cluster %u, which leads to %u", *cluster, next);
        *cluster = next;
        return INGOT_OK;
}

uint64_t fat_chain_offset_bytes(const struct fat_chain *chain, uint32_t cluster)
{
        return chain->boot.data_offset_bytes +
               (uint64_t)(cluster - FAT_FIRST_CLUSTER) * chain->boot.cluster_bytes;
}

static enum ingot_code count_free_12(struct fat_chain *chain, uint64_t *ret_free, struct ingot_error *err)
{
        uint64_t free_clusters = 0;

        for (uint32_t i = 0; i < chain->boot.cluster_count; i++) {
                uint32_t value;
                enum ingot_code r = fat_chain_value(chain, FAT_FIRST_CLUSTER + i, &value, err);

                if (r)
                        return r;
                free_clusters += value == 0;
        }
        *ret_free = free_clusters;
        return INGOT_OK;
}

static uint64_t count_zeros(const uint8_t *bytes, size_t size_bytes, unsigned fat_bits)
{
        uint64_t zeros = 0;

        for (size_t at = 0; at < size_bytes; at += fat_bits / 8)
                zeros +=
                        fat_bits == 32 ? (get_le32(bytes + at) & 0x0FFFFFFF) == 0 : get_le16(bytes + at) == 0;
        return zeros;
}

enum ingot_code fat_chain_count_free(struct fat_chain *chain, uint64_t *ret_free, struct ingot_error *err)
{
        uint64_t entry_bytes = chain->boot.fat_bits / 8, at_bytes = FAT_FIRST_CLUSTER * entry_bytes;
        uint64_t end_bytes = at_bytes + chain->boot.cluster_count * entry_bytes, free_clusters = 0;
        OWNED(heap_drop) uint8_t *piece = NULL;

        if (chain->boot.fat_bits == 12)
                return count_free_12(chain, ret_free, err);
        piece = malloc(COUNT_BYTES);
        if (!piece)
                return ingot_fail_memory(err, COUNT_BYTES);
        while (at_bytes < end_bytes) {
                size_t now_bytes = (size_t)min_u64(COUNT_BYTES, end_bytes - at_bytes);
                enum ingot_code r = byte_source_read(chain->source, chain->boot.fat_offset_bytes + at_bytes,
                                                     piece, now_bytes, err);

                if (r)
                        return ingot_while(err, r, "reading the FAT");
                free_clusters += count_zeros(piece, now_bytes, chain->boot.fat_bits);
                at_bytes += now_bytes;
        }
        *ret_free = free_clusters;
        return INGOT_OK;
}
