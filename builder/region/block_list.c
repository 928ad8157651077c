/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/block_store_files.h"

/* The header is as long as a record: magic | record count u64 | zeros. */
static const uint8_t list_magic[8] = { 'i', 'n', 'g', 'o', 't', 'b', 'l', '1' };

void block_list_header_encode(uint8_t out[BLOCK_RECORD_BYTES], uint64_t record_count)
{
        memset(out, 0, BLOCK_RECORD_BYTES);
        memcpy(out, list_magic, sizeof(list_magic));
        put_le64(out + sizeof(list_magic), record_count);
}

enum ingot_code block_list_open(struct block_list *list, const struct block_store *store, const char *id,
                                struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        OWNED(fd_drop) int fd = FD_NONE;
        uint8_t header[BLOCK_RECORD_BYTES];
        uint64_t size_bytes, record_count;
        enum ingot_code r;

        r = block_store_path(store, id, "/blocks", &path, err);
        if (!r)
                r = fd_open_read(path, &fd, err);
        if (!r)
                r = fd_size(fd, path, &size_bytes, err);
        if (!r)
                r = fd_read_at(fd, path, 0, header, sizeof(header), err);
        if (r)
                return r;
        record_count = get_le64(header + sizeof(list_magic));
        if (memcmp(header, list_magic, sizeof(list_magic)) != 0 || record_count > UINT32_MAX ||
            size_bytes != (record_count + 1) * BLOCK_RECORD_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is not a list of blocks", path);
        list->record_count = record_count;
        list->next = list->ahead_first = list->ahead_count = 0;
        list->path = TAKE(path);
        list->fd = fd;
        fd = FD_NONE;
        return INGOT_OK;
}

void block_list_release(struct block_list *list)
{
        fd_drop(&list->fd);
        free(list->path);
        list->path = NULL;
}

/* Reads record number at, with those that follow it. */
static enum ingot_code record_at(struct block_list *list, uint64_t at, struct block_record *ret_record,
                                 struct ingot_error *err)
{
        if (at < list->ahead_first || at >= list->ahead_first + list->ahead_count) {
                uint64_t count = list->record_count - at;
                enum ingot_code r;

                if (count > BLOCK_LIST_AHEAD)
                        count = BLOCK_LIST_AHEAD;
                list->ahead_count = 0;
                r = fd_read_at(list->fd, list->path, (at + 1) * BLOCK_RECORD_BYTES, list->ahead,
                               (size_t)count * BLOCK_RECORD_BYTES, err);
                if (r)
                        return r;
                list->ahead_first = at;
                list->ahead_count = count;
        }
        block_record_decode(list->ahead + (at - list->ahead_first) * BLOCK_RECORD_BYTES, ret_record);
        return INGOT_OK;
}

enum ingot_code block_list_seek(struct block_list *list, uint64_t block_index, struct ingot_error *err)
{
        uint64_t low = 0, high = list->record_count;

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;
                struct block_record record;
                enum ingot_code r = record_at(list, middle, &record, err);

                if (r)
                        return r;
                if (record.block_index < block_index)
                        low = middle + 1;
                else
                        high = middle;
        }
        list->next = low;
        return INGOT_OK;
}

enum ingot_code block_list_next(struct block_list *list, struct block_record *ret_record, bool *ret_end,
                                struct ingot_error *err)
{
        struct block_record before = { 0 }, record;
        enum ingot_code r;

        if (list->next >= list->record_count) {
                *ret_end = true;
                return INGOT_OK;
        }
        if (list->next > list->ahead_first && list->next <= list->ahead_first + list->ahead_count &&
            (r = record_at(list, list->next - 1, &before, err)))
                return r;
        r = record_at(list, list->next, &record, err);
        if (r)
                return r;
        if (before.block_index > record.block_index)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is damaged: block %u is listed after block %u",
                                  list->path, record.block_index, before.block_index);
        list->next++;
        *ret_record = record;
        *ret_end = false;
        return INGOT_OK;
}
