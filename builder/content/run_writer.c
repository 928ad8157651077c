/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "content/run_writer.h"

static bool bytes_are_zero(const uint8_t *bytes, size_t size_bytes)
{
        return bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0;
}

void run_writer_init(struct run_writer *writer, struct tree_inode *inode, struct content_store *store,
                     uint64_t start_offset_bytes)
{
        writer->inode = inode;
        writer->store = store;
        writer->next_offset_bytes = start_offset_bytes;
        writer->held_bytes = 0;
        writer->source = NULL;
        writer->source_offset_bytes = 0;
}

/* Adds a run for bytes that are known not to be a hole. */
static enum ingot_code add_data(struct run_writer *writer, const struct run_piece *piece,
                                struct ingot_error *err)
{
        struct tree_run run = { .file_offset_bytes = piece->file_offset_bytes,
                                .size_bytes = piece->size_bytes,
                                .source = piece->source,
                                .source_offset_bytes = piece->source_offset_bytes };

        if (!run.source) {
                enum ingot_code r = store_append(writer->store, piece->bytes, piece->size_bytes,
                                                 &run.source_offset_bytes, err);

                if (r)
                        return r;
                run.source = store_spool(writer->store);
        }
        return tree_inode_add_run(writer->inode, &run, err);
}

static enum ingot_code flush_held(struct run_writer *writer, struct ingot_error *err)
{
        struct run_piece piece = { .file_offset_bytes = writer->next_offset_bytes - writer->held_bytes,
                                   .bytes = writer->held,
                                   .size_bytes = writer->held_bytes,
                                   .source = writer->source,
                                   .source_offset_bytes = writer->source_offset_bytes };

        writer->held_bytes = 0;
        return bytes_are_zero(writer->held, piece.size_bytes) ? INGOT_OK : add_data(writer, &piece, err);
}

/* Takes the front of piece into the held block; piece is then what is left of it. */
static enum ingot_code hold(struct run_writer *writer, struct run_piece *piece, struct ingot_error *err)
{
        size_t take = (size_t)min_u64(TREE_HOLE_BYTES - writer->held_bytes, piece->size_bytes);

        if (writer->held_bytes == 0) {
                writer->source = piece->source;
                writer->source_offset_bytes = piece->source_offset_bytes;
        } else if (writer->source != piece->source ||
                   writer->source_offset_bytes + writer->held_bytes != piece->source_offset_bytes) {
                writer->source = NULL;
        }
        memcpy(writer->held + writer->held_bytes, piece->bytes, take);
        writer->held_bytes += take;
        writer->next_offset_bytes += take;
        piece->bytes = (const uint8_t *)piece->bytes + take;
        piece->size_bytes -= take;
        piece->file_offset_bytes += take;
        piece->source_offset_bytes += take;
        return writer->held_bytes == TREE_HOLE_BYTES ? flush_held(writer, err) : INGOT_OK;
}

/* Brings the writer to offset_bytes over zeros that are in no piece. */
static enum ingot_code skip_to(struct run_writer *writer, uint64_t offset_bytes, struct ingot_error *err)
{
        uint64_t block_end = align_up_u64(writer->next_offset_bytes, TREE_HOLE_BYTES);
        uint64_t pad_end = min_u64(offset_bytes, block_end);
        enum ingot_code r = INGOT_OK;

        if (offset_bytes == writer->next_offset_bytes)
                return INGOT_OK;
        if (writer->held_bytes > 0) {
                size_t pad = (size_t)(pad_end - writer->next_offset_bytes);

                memset(writer->held + writer->held_bytes, 0, pad);
                writer->held_bytes += pad;
                writer->source = NULL;
                writer->next_offset_bytes = pad_end;
                if (writer->held_bytes == TREE_HOLE_BYTES)
                        r = flush_held(writer, err);
        }
        if (r || offset_bytes == writer->next_offset_bytes)
                return r;
        writer->held_bytes = (size_t)(offset_bytes % TREE_HOLE_BYTES);
        memset(writer->held, 0, writer->held_bytes);
        writer->source = NULL;
        writer->next_offset_bytes = offset_bytes;
        return INGOT_OK;
}

/* Adds whole blocks, as long stretches of data as there are. */
static enum ingot_code put_blocks(struct run_writer *writer, struct run_piece *piece, struct ingot_error *err)
{
        const uint8_t *bytes = piece->bytes;
        size_t whole = piece->size_bytes / TREE_HOLE_BYTES * TREE_HOLE_BYTES;

        for (size_t at = 0; at < whole;) {
                size_t end = at;
                enum ingot_code r;

                while (end < whole && !bytes_are_zero(bytes + end, TREE_HOLE_BYTES))
                        end += TREE_HOLE_BYTES;
                if (end > at) {
                        r = add_data(
                                writer,
                                &(struct run_piece){ .file_offset_bytes = piece->file_offset_bytes + at,
                                                     .bytes = bytes + at,
                                                     .size_bytes = end - at,
                                                     .source = piece->source,
                                                     .source_offset_bytes = piece->source_offset_bytes + at },
                                err);
                        if (r)
                                return r;
                }
                at = end < whole ? end + TREE_HOLE_BYTES : end;
        }
        writer->next_offset_bytes += whole;
        piece->bytes = bytes + whole;
        piece->size_bytes -= whole;
        piece->file_offset_bytes += whole;
        piece->source_offset_bytes += whole;
        return INGOT_OK;
}

enum ingot_code run_writer_put(struct run_writer *writer, const struct run_piece *given,
                               struct ingot_error *err)
{
        struct run_piece piece = *given;
        uint64_t end;
        enum ingot_code r;

        if (piece.size_bytes == 0)
                return INGOT_OK;
        if (!checked_add_u64(piece.file_offset_bytes, piece.size_bytes, &end) || end > INT64_MAX ||
            piece.file_offset_bytes < writer->next_offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "%zu bytes at offset %" PRIu64 " come after offset %" PRIu64,
                                  piece.size_bytes, piece.file_offset_bytes, writer->next_offset_bytes);
        r = skip_to(writer, piece.file_offset_bytes, err);
        if (!r && writer->held_bytes > 0)
                r = hold(writer, &piece, err);
        if (!r)
                r = put_blocks(writer, &piece, err);
        if (!r && piece.size_bytes > 0)
                r = hold(writer, &piece, err);
        return r;
}

enum ingot_code run_writer_finish(struct run_writer *writer, uint64_t size_bytes, struct ingot_error *err)
{
        enum ingot_code r;

        if (writer->next_offset_bytes > size_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "there is data at offset %" PRIu64 " of a file of %" PRIu64 " bytes",
                                  writer->next_offset_bytes - 1, size_bytes);
        r = skip_to(writer, size_bytes, err);
        if (!r && writer->held_bytes > 0)
                r = flush_held(writer, err);
        if (!r)
                writer->inode->size_bytes = size_bytes;
        return r;
}
