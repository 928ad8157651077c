/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/sha256_pair.h"
#include "base/work.h"
#include "image/assemble.h"

enum {
        /* Of one block under way: a guess from above at what a compressor keeps (libdeflate at its slowest
         * level excepted, where there are fewer threads that matter). */
        TOOLS_BYTES = 1024 * 1024,
        GRAINS = BLOCK_BYTES / VMDK_GRAIN_BYTES, /* holes in the raw file are as fine as those of a VMDK */
        ITEM_PARTS = 2,                          /* blocks that are hashed together (sha256_pair.h) */
};

/* What make needs beyond its item; one set for each slot of the ring, as a slot is with one thread at a time. */
struct tools {
        struct digest_stream *digest;
        struct deflater *deflater; /* NULL: no VMDK is wanted */
        bool hashes_pairs;
};

/* One block of data, or a run of blocks that are zero on purpose. */
struct part {
        uint64_t first_index, end_index;
        bool is_data; /* later: and not all zeros */
        bool grain_used[GRAINS];
        uint64_t done_bytes; /* of data, when this part is drained */
        struct digest digest;
        struct vmdk_packed_block packed;
        _Alignas(64) uint8_t bytes[BLOCK_BYTES];
};

struct item {
        struct tools *tools;
        unsigned part_count;
        struct part parts[ITEM_PARTS];
        uint8_t packed_bytes[]; /* VMDK_PACKED_BLOCK_BYTES for each part when a VMDK is wanted */
};

struct assembly {
        const struct assemble_request *request;
        struct block_map map;
        struct tools *tools;
        size_t tools_made;
        bool hashes_pairs;
        size_t next_extent;  /* the first that may reach into next_index */
        uint64_t next_index; /* blocks below are done */
        uint64_t done_bytes, total_bytes;
};

static void assembly_release(struct assembly *assembly)
{
        for (size_t i = 0; i < assembly->tools_made; i++) {
                digest_stream_free(assembly->tools[i].digest);
                deflater_free(assembly->tools[i].deflater);
        }
        free(assembly->tools);
        block_map_release(&assembly->map);
}

/* Where the sectors end that are read from the extent's source; what follows of it is zeros. */
static uint64_t data_end_lba(const struct extent *extent)
{
        return extent->start_lba + div_up_u64(extent->size_bytes, SECTOR_BYTES);
}

static bool extent_has_data_in(const struct extent *extent, uint64_t start_lba, uint64_t end_lba)
{
        return extent->size_bytes && extent->start_lba < end_lba && data_end_lba(extent) > start_lba;
}

static bool block_has_data(const struct extent_list *list, size_t first, uint64_t index)
{
        uint64_t start_lba = index * BLOCK_SECTORS, end_lba = start_lba + BLOCK_SECTORS;

        for (size_t i = first; i < list->count && list->extents[i].start_lba < end_lba; i++)
                if (extent_has_data_in(&list->extents[i], start_lba, end_lba))
                        return true;
        return false;
}

/* From a block that is touched but has no data: the end of the run of such blocks. */
static uint64_t zero_run_end(const struct extent_list *list, size_t first, uint64_t index)
{
        uint64_t end_index = index + 1;

        for (size_t i = first; i < list->count; i++) {
                const struct extent *extent = &list->extents[i];

                if (extent->start_lba / BLOCK_SECTORS > end_index)
                        break;
                if (extent->size_bytes && extent->start_lba >= (index + 1) * BLOCK_SECTORS)
                        return min_u64(max_u64(end_index, index + 1), extent->start_lba / BLOCK_SECTORS);
                end_index = max_u64(end_index, div_up_u64(extent->end_lba, BLOCK_SECTORS));
        }
        return end_index;
}

/* Reads what one extent has of the block that starts at start_lba. */
static enum ingot_code read_extent(const struct extent *extent, uint64_t start_lba, struct part *part,
                                   uint64_t *done_bytes, struct ingot_error *err)
{
        uint64_t from_lba = max_u64(extent->start_lba, start_lba);
        uint64_t end_lba = min_u64(extent->end_lba, start_lba + BLOCK_SECTORS);
        uint64_t skipped_bytes = (from_lba - extent->start_lba) * SECTOR_BYTES, size_bytes;
        uint8_t *out = part->bytes + (from_lba - start_lba) * SECTOR_BYTES;
        enum ingot_code r;

        *done_bytes += (end_lba - from_lba) * SECTOR_BYTES;
        if (skipped_bytes >= extent->size_bytes)
                return INGOT_OK;
        size_bytes = min_u64(extent->size_bytes - skipped_bytes, (end_lba - from_lba) * SECTOR_BYTES);
        r = byte_source_read(extent->source, extent->source_offset_bytes + skipped_bytes, out,
                             (size_t)size_bytes, err);
        return ingot_while(err, r, "reading what belongs at sector %" PRIu64 " of the disk", from_lba);
}

/* Reads every extent that has data in the block, with zeros where there is none. */
static enum ingot_code read_block(struct assembly *assembly, struct part *part, struct ingot_error *err)
{
        const struct extent_list *list = assembly->request->extents;
        uint64_t start_lba = part->first_index * BLOCK_SECTORS, end_lba = start_lba + BLOCK_SECTORS;
        uint64_t filled_lba = start_lba;

        for (size_t i = assembly->next_extent; i < list->count; i++) {
                const struct extent *extent = &list->extents[i];
                uint64_t from_lba = max_u64(extent->start_lba, start_lba);
                enum ingot_code r;

                if (extent->start_lba >= end_lba)
                        break;
                if (!extent_has_data_in(extent, start_lba, end_lba))
                        continue;
                memset(part->bytes + (filled_lba - start_lba) * SECTOR_BYTES, 0,
                       (from_lba - filled_lba) * SECTOR_BYTES);
                filled_lba = min_u64(data_end_lba(extent), end_lba);
                if (extent->size_bytes % SECTOR_BYTES && filled_lba == data_end_lba(extent))
                        memset(part->bytes + (filled_lba - 1 - start_lba) * SECTOR_BYTES, 0, SECTOR_BYTES);
                r = read_extent(extent, start_lba, part, &assembly->done_bytes, err);
                if (r)
                        return r;
        }
        memset(part->bytes + (filled_lba - start_lba) * SECTOR_BYTES, 0,
               (end_lba - filled_lba) * SECTOR_BYTES);
        return INGOT_OK;
}

/* Gives a slot its tools the first time that it is filled. */
static enum ingot_code equip(struct assembly *assembly, struct item *item, struct ingot_error *err)
{
        struct tools *tools = &assembly->tools[assembly->tools_made];
        const struct vmdk_writer *vmdk = assembly->request->vmdk;
        enum ingot_code r;

        if (item->tools)
                return INGOT_OK;
        assembly->tools_made++;
        r = digest_stream_new(&tools->digest, err);
        if (!r && vmdk)
                r = deflater_new(vmdk_writer_compression(vmdk), &tools->deflater, err);
        if (r)
                return r;
        tools->hashes_pairs = assembly->hashes_pairs;
        item->tools = tools;
        for (unsigned i = 0; i < ITEM_PARTS; i++)
                item->parts[i].packed.bytes = item->packed_bytes + (size_t)i * VMDK_PACKED_BLOCK_BYTES;
        return INGOT_OK;
}

static enum ingot_code fill_part(struct assembly *assembly, struct part *part, bool *ret_end,
                                 struct ingot_error *err)
{
        const struct extent_list *list = assembly->request->extents;
        enum ingot_code r = INGOT_OK;

        while (assembly->next_extent < list->count &&
               list->extents[assembly->next_extent].end_lba <= assembly->next_index * BLOCK_SECTORS)
                assembly->next_extent++;
        *ret_end = assembly->next_extent == list->count;
        if (*ret_end)
                return INGOT_OK;
        part->first_index =
                max_u64(assembly->next_index, list->extents[assembly->next_extent].start_lba / BLOCK_SECTORS);
        part->is_data = block_has_data(list, assembly->next_extent, part->first_index);
        if (part->is_data) {
                part->end_index = part->first_index + 1;
                r = read_block(assembly, part, err);
        } else {
                part->end_index = zero_run_end(list, assembly->next_extent, part->first_index);
        }
        part->done_bytes = assembly->done_bytes;
        assembly->next_index = part->end_index;
        return r;
}

static enum ingot_code fill(void *context, void *memory, bool *ret_end, struct ingot_error *err)
{
        struct assembly *assembly = context;
        struct item *item = memory;
        bool end = false;
        enum ingot_code r = equip(assembly, item, err);

        item->part_count = 0;
        while (!r && !end && item->part_count < ITEM_PARTS) {
                r = fill_part(assembly, &item->parts[item->part_count], &end, err);
                if (!r && !end)
                        item->part_count++;
        }
        *ret_end = item->part_count == 0;
        return r;
}

static bool is_zero(const uint8_t *bytes, size_t size_bytes)
{
        return bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0;
}

static void look_for_zeros(struct part *part)
{
        part->is_data = false;
        for (unsigned i = 0; i < GRAINS; i++) {
                part->grain_used[i] = !is_zero(part->bytes + (size_t)i * VMDK_GRAIN_BYTES, VMDK_GRAIN_BYTES);
                part->is_data |= part->grain_used[i];
        }
}

static enum ingot_code hash_parts(struct item *item, struct ingot_error *err)
{
        struct digest_stream *stream = item->tools->digest;
        struct part *parts = item->parts;
        enum ingot_code r = INGOT_OK;

        if (item->tools->hashes_pairs && item->part_count == 2 && parts[0].is_data && parts[1].is_data)
                return sha256_pair(parts[0].bytes, parts[1].bytes, BLOCK_BYTES, &parts[0].digest,
                                   &parts[1].digest, err);
        for (unsigned i = 0; !r && i < item->part_count; i++) {
                if (!parts[i].is_data)
                        continue;
                digest_stream_update(stream, parts[i].bytes, BLOCK_BYTES);
                r = digest_stream_finish(stream, &parts[i].digest, err);
        }
        return r;
}

static enum ingot_code make(void *memory, struct ingot_error *err)
{
        struct item *item = memory;
        struct deflater *deflater = item->tools->deflater;
        enum ingot_code r;

        for (unsigned i = 0; i < item->part_count; i++)
                if (item->parts[i].is_data)
                        look_for_zeros(&item->parts[i]);
        r = hash_parts(item, err);
        for (unsigned i = 0; !r && deflater && i < item->part_count; i++)
                if (item->parts[i].is_data)
                        r = vmdk_block_pack(deflater, item->parts[i].first_index, item->parts[i].bytes,
                                            &item->parts[i].packed, err);
        return r;
}

/* Writes the grains that are not all zeros; the rest of the block stays a hole. */
static enum ingot_code write_raw(const struct assemble_request *request, const struct part *part,
                                 struct ingot_error *err)
{
        uint64_t start_bytes = part->first_index * BLOCK_BYTES;
        uint64_t size_bytes = min_u64(BLOCK_BYTES, request->size_bytes - start_bytes);

        for (unsigned first = 0, end; first < GRAINS; first = end + 1) {
                uint64_t from_bytes = (uint64_t)first * VMDK_GRAIN_BYTES, to_bytes;
                enum ingot_code r;

                for (end = first; end < GRAINS && part->grain_used[end]; end++)
                        ;
                to_bytes = min_u64((uint64_t)end * VMDK_GRAIN_BYTES, size_bytes);
                if (from_bytes >= to_bytes)
                        continue;
                r = fd_write_at(request->raw_fd, request->raw_path, start_bytes + from_bytes,
                                part->bytes + from_bytes, (size_t)(to_bytes - from_bytes), err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code drain_part(struct assembly *assembly, const struct part *part, struct ingot_error *err)
{
        const struct assemble_request *request = assembly->request;
        enum ingot_code r = ingot_observe(request->observer, request->phase, part->done_bytes,
                                          assembly->total_bytes, err);

        if (r)
                return r;
        if (!part->is_data)
                return block_map_append_zero(&assembly->map, part->first_index, part->end_index, err);
        if (request->raw_fd != FD_NONE)
                r = write_raw(request, part, err);
        if (!r && request->vmdk)
                r = vmdk_writer_append(request->vmdk, part->first_index, &part->packed, err);
        if (!r)
                r = block_map_append_data(&assembly->map, part->first_index, &part->digest, err);
        return r;
}

static enum ingot_code drain(void *context, void *memory, struct ingot_error *err)
{
        const struct item *item = memory;
        enum ingot_code r = INGOT_OK;

        for (unsigned i = 0; !r && i < item->part_count; i++)
                r = drain_part(context, &item->parts[i], err);
        return r;
}

static enum ingot_code finish_vmdk(const struct assembly *assembly, struct ingot_error *err)
{
        struct digest content;
        enum ingot_code r = vmdk_writer_finish(assembly->request->vmdk, err);

        if (r)
                return r;
        r = block_map_image_digest(&assembly->map, &content, err);
        if (r)
                return r;
        return vmdk_writer_seal(assembly->request->vmdk, &content, err);
}

enum ingot_code assemble(const struct assemble_request *request, struct block_map *ret_map,
                         struct ingot_error *err)
{
        static const struct work_steps steps = { .fill = fill, .make = make, .drain = drain };
        OWNED(assembly_release) struct assembly assembly = { .request = request };
        const struct extent_list *list = request->extents;
        size_t item_bytes = sizeof(struct item) + (request->vmdk ? ITEM_PARTS * VMDK_PACKED_BLOCK_BYTES : 0);
        unsigned depth = (unsigned)min_u64(2 * (uint64_t)request->threads + 2,
                                           ASSEMBLE_MEMORY_BYTES / (item_bytes + TOOLS_BYTES));
        enum ingot_code r;

        if (list->count &&
            list->extents[list->count - 1].end_lba > div_up_u64(request->size_bytes, SECTOR_BYTES))
                return ingot_fail(err, INGOT_E_BUG,
                                  "the last extent ends at sector %" PRIu64 ", past the disk's %" PRIu64
                                  " bytes",
                                  list->extents[list->count - 1].end_lba, request->size_bytes);
        if (request->raw_fd != FD_NONE && ftruncate(request->raw_fd, (off_t)request->size_bytes))
                return ingot_fail_errno(err, "giving '%s' its size of %" PRIu64 " bytes", request->raw_path,
                                        request->size_bytes);
        block_map_init(&assembly.map, request->size_bytes);
        assembly.hashes_pairs = sha256_pair_is_supported();
        assembly.total_bytes = extent_list_data_sectors(list) * SECTOR_BYTES;
        assembly.tools = calloc(depth, sizeof(*assembly.tools));
        if (!assembly.tools)
                return ingot_fail_memory(err, depth * sizeof(*assembly.tools));
        r = work_run(&steps, &assembly, request->threads, depth, item_bytes, err);
        if (!r && request->vmdk)
                r = finish_vmdk(&assembly, err);
        if (!r)
                r = ingot_observe(request->observer, request->phase, assembly.total_bytes,
                                  assembly.total_bytes, err);
        if (r)
                return r;
        *ret_map = assembly.map;
        block_map_init(&assembly.map, 0);
        return INGOT_OK;
}
