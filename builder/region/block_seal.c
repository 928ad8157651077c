/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/block_store_files.h"

enum { LIST_SPAN = 256 };

/* Records on their way into a list that is being written. */
struct list_writer {
        struct draft draft;
        uint64_t written_bytes, record_count;
        size_t held;
        uint8_t span[LIST_SPAN * BLOCK_RECORD_BYTES];
};

static enum ingot_code write_span(struct list_writer *writer, struct ingot_error *err)
{
        size_t size_bytes = writer->held * BLOCK_RECORD_BYTES;
        enum ingot_code r =
                fd_write_at(writer->draft.fd, writer->draft.path, BLOCK_RECORD_BYTES + writer->written_bytes,
                            writer->span, size_bytes, err);

        writer->written_bytes += size_bytes;
        writer->held = 0;
        return r;
}

static enum ingot_code write_record(struct list_writer *writer, const struct block_record *record,
                                    struct ingot_error *err)
{
        block_record_encode(writer->span + writer->held * BLOCK_RECORD_BYTES, record);
        writer->held++;
        writer->record_count++;
        return writer->held == LIST_SPAN ? write_span(writer, err) : INGOT_OK;
}

/* Merges own records with the parent's: where both have a block, ours is the one that shows. */
static enum ingot_code write_merged(struct list_writer *writer, const struct block_record *own,
                                    size_t own_count, struct block_list *parent, struct ingot_error *err)
{
        struct block_record inherited;
        bool parent_ended = parent->fd == FD_NONE;
        size_t at = 0;
        enum ingot_code r = INGOT_OK;

        if (!parent_ended)
                r = block_list_next(parent, &inherited, &parent_ended, err);
        while (!r && (at < own_count || !parent_ended)) {
                if (parent_ended || (at < own_count && own[at].block_index <= inherited.block_index)) {
                        bool hides = !parent_ended && own[at].block_index == inherited.block_index;

                        r = write_record(writer, &own[at++], err);
                        if (!r && hides)
                                r = block_list_next(parent, &inherited, &parent_ended, err);
                } else {
                        inherited.generation++;
                        r = write_record(writer, &inherited, err);
                        if (!r)
                                r = block_list_next(parent, &inherited, &parent_ended, err);
                }
        }
        return r ? r : write_span(writer, err);
}

/* Asks the kernel to begin writing a snapshot's data, so that the flush later has little left to wait for. */
static void start_writeback(const struct block_store *store, const char *id)
{
        for (unsigned i = 0; i < DATA_FILES; i++) {
                OWNED(heap_drop) char *path = NULL;
                OWNED(fd_drop) int fd = FD_NONE;
                char tail[16];

                (void)snprintf(tail, sizeof(tail), "/data.%u", i);
                if (block_store_path(store, id, tail, &path, NULL) == INGOT_OK &&
                    fd_open_read(path, &fd, NULL) == INGOT_OK)
                        (void)sync_file_range(fd, 0, 0,
                                              SYNC_FILE_RANGE_WRITE); /* a hint: the flush decides */
        }
}

enum ingot_code block_store_seal(struct block_store *store, const char *parent_id, uint64_t *ret_shown,
                                 struct ingot_error *err)
{
        const struct block_table *table;
        const char *id = block_store_locked(store, &table);
        OWNED(block_list_release) struct block_list parent = BLOCK_LIST_NONE;
        OWNED(heap_drop) struct block_record *own = NULL;
        OWNED(heap_drop) struct list_writer *writer = calloc(1, sizeof(*writer));
        OWNED(heap_drop) char *path = NULL;
        uint8_t header[BLOCK_RECORD_BYTES];
        size_t own_count;
        enum ingot_code r;

        if (!writer)
                return ingot_fail_memory(err, sizeof(*writer));
        writer->draft = (struct draft)DRAFT_NONE;
        start_writeback(store, id);
        r = block_store_path(store, id, "/blocks", &path, err);
        if (!r && parent_id)
                r = block_list_open(&parent, store, parent_id, err);
        if (!r)
                r = block_table_sort(table, &own, &own_count, err);
        if (!r)
                r = draft_open(&writer->draft, path, 0600, err);
        if (!r)
                r = write_merged(writer, own, own_count, &parent, err);
        if (!r) {
                block_list_header_encode(header, writer->record_count);
                r = fd_write_at(writer->draft.fd, path, 0, header, sizeof(header), err);
        }
        if (!r)
                r = draft_publish(&writer->draft, err);
        if (!r)
                *ret_shown = writer->record_count;
        draft_drop(&writer->draft);
        return ingot_while(err, r, "sealing the blocks of '%s'", id);
}

static enum ingot_code flush_path(const struct block_store *store, const char *id, const char *tail,
                                  bool may_be_missing, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        OWNED(fd_drop) int fd = FD_NONE;
        enum ingot_code r = block_store_path(store, id, tail, &path, err);

        if (!r)
                r = fd_open_read(path, &fd, err);
        if (r == INGOT_E_NOT_FOUND && may_be_missing)
                return INGOT_OK;
        return r ? r : fd_settle(&fd, path, err);
}

enum ingot_code block_store_flush(struct block_store *store, const char *id, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        for (unsigned i = 0; !r && i < DATA_FILES; i++) {
                char tail[16];

                (void)snprintf(tail, sizeof(tail), "/data.%u", i);
                r = flush_path(store, id, tail, true, err);
        }
        if (!r)
                r = flush_path(store, id, "/blocks", false, err);
        if (!r)
                r = flush_path(store, id, "/journal", false, err);
        if (!r)
                r = flush_path(store, id, "", false, err);
        if (!r)
                r = flush_path(store, ".", "", false, err); /* the folder that names this one */
        return r;
}
