/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_VMDK_WRITER_H
#define IMAGE_VMDK_WRITER_H

/* builder/image/vmdk_writer.h
 * vmdk_writer: write one disk as a stream-optimized VMDK, front to back.
 *
 * The file, in order; every part is padded to a whole sector and every number is little-endian:
 *
 *   header | descriptor | { grain ... grain table } ... | grain directory | footer | end marker
 *
 * The header's grain-directory offset is all ones: a reader starts from the footer, which is the last
 * sector but one.
 *
 * Unit     sector = 512 bytes.  grain = 128 sectors = 64 KiB.  block = 8 grains = 512 KiB.  grain table = 512
 *          grains = 32 MiB.
 * Rules    (1) Output is only ever appended; nothing is read back, so fd may be a pipe.  The one exception:
 *              when the content digest was not known at the start, vmdk_writer_seal() puts it into the
 *              descriptor at the end, and then fd must be a file.
 *          (2) Grains appear in ascending LBA.  A grain that is all zero is not stored: its entry in the
 *              grain table is 0; a grain table without grains is not stored either.  A short last grain is
 *              padded with zeros; capacity still states the true size.
 *          (3) The bytes are a function of the disk's content, the extent's name and the compression
 *              (deflate.h rule 1): not of the threads, nor of when the content digest was known.
 *          (4) Until vmdk_writer_finish(), and vmdk_writer_seal() where it is needed, return INGOT_OK the file
 *              is not a VMDK; forget it.
 *          (5) The grain tables in memory are those of one 32 MiB; the directory is 4 bytes for each 32 MiB.
 * Source   VMware "Virtual Disk Format 5.0", stream-optimized extents.  Version 3 and flags 0x30001: ESXi
 *          refuses lower versions; the redundant directory is left out.
 * Tests    tests/unit/image/test_vmdk_writer.c, tests/fault/test_assemble_fault.c
 */
#include "image/deflate.h"
#include "image/vmdk_descriptor.h"
#include "image/vmdk_format.h"
#include "model/block_map.h"
#include "model/byte_sink.h"
#include "model/extent.h"

enum {
        VMDK_BLOCK_GRAINS = BLOCK_BYTES / VMDK_GRAIN_BYTES,
        /* Marker, the longest zlib stream of 64 KiB by any compressor, padding. */
        VMDK_PACKED_GRAIN_BYTES = VMDK_GRAIN_BYTES + 2048,
        VMDK_PACKED_BLOCK_BYTES = VMDK_BLOCK_GRAINS * VMDK_PACKED_GRAIN_BYTES,
};

/* One block as it will stand in the file: grain after grain, each with marker and padding. */
struct vmdk_packed_block {
        uint32_t grain_bytes[VMDK_BLOCK_GRAINS]; /* multiples of 512; 0: all zeros, not stored */
        uint8_t *bytes;                          /* borrowed: room for VMDK_PACKED_BLOCK_BYTES */
};

/*
 * Packs one block; a pure function, for a worker thread.
 *
 * index        of the block on the disk
 * bytes        BLOCK_BYTES of it, past the end of the disk zeros
 * packed       bytes is set by the caller; the rest is filled in
 * Fails with   INGOT_E_BUG  the compressor refused
 */
enum ingot_code vmdk_block_pack(struct deflater *deflater, uint64_t index, const uint8_t bytes[BLOCK_BYTES],
                                struct vmdk_packed_block *packed, struct ingot_error *err) INGOT_MUST_CHECK;

struct vmdk_writer;

/*
 * Starts a VMDK and writes its header and descriptor.
 *
 * fd           borrowed, open for writing, at its end; outlives the writer
 * path         borrowed, for messages; outlives the writer
 * identity     borrowed for this call
 * ret_writer   owned by the caller: vmdk_writer_free()
 * Fails with   INGOT_E_USAGE   capacity_sectors is 0 or above 2^32 - 1 (entries hold 32-bit sectors), or the
 *                              extent's name is not one
 *              INGOT_E_MEMORY  the grain directory could not be allocated
 *              INGOT_E_SYSTEM  a write failed
 */
enum ingot_code vmdk_writer_new(int fd, const char *path, uint64_t capacity_sectors,
                                const struct vmdk_identity *identity, const struct compression *compression,
                                struct vmdk_writer **ret_writer, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * The same into a sink, of which nothing is read back or written twice: the content digest must be known.
 *
 * sink         borrowed, outlives the writer
 * name         what path is
 * Fails with   as above, and what the sink fails with; INGOT_E_BUG  the content digest is not given
 */
enum ingot_code vmdk_writer_new_to_sink(const struct byte_sink *sink, const char *name,
                                        uint64_t capacity_sectors, const struct vmdk_identity *identity,
                                        const struct compression *compression,
                                        struct vmdk_writer **ret_writer,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
void vmdk_writer_free(struct vmdk_writer *writer);
void vmdk_writer_drop(struct vmdk_writer **writer);

/* What the blocks that are appended must be packed with. */
const struct compression *vmdk_writer_compression(const struct vmdk_writer *writer);

/*
 * Appends a packed block; index is above every index so far.
 *
 * Fails with   INGOT_E_SYSTEM  a write failed
 *              INGOT_E_LAYOUT  the file would pass 2^32 sectors
 *              INGOT_E_BUG     index does not ascend or is past the end
 */
enum ingot_code vmdk_writer_append(struct vmdk_writer *writer, uint64_t index,
                                   const struct vmdk_packed_block *packed,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes the last grain table, the directory, the footer and the end marker.
 *
 * Fails with   as vmdk_writer_append()
 */
enum ingot_code vmdk_writer_finish(struct vmdk_writer *writer, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Puts the content digest into the descriptor of a finished file; nothing to do when it was given at the start.
 *
 * Fails with   INGOT_E_SYSTEM  fd cannot be written at an offset
 */
enum ingot_code vmdk_writer_seal(struct vmdk_writer *writer, const struct digest *content,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* How many bytes were written so far. */
uint64_t vmdk_writer_size_bytes(const struct vmdk_writer *writer);

#endif
