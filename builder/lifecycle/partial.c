/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/endian.h"
#include "base/own.h"
#include "image/sparse_file.h"
#include "lifecycle/partial.h"
#include "model/block_map.h"

enum { RECORD_BYTES = 8 + DIGEST_BYTES + 4, HEADER_CHARS = 127, JOURNAL_BYTES_MAX = 1 << 30 };

static const uint64_t gib = UINT64_C(1) << 30;

/* ---- the journal ---- */

static void record_encode(uint8_t out[RECORD_BYTES], uint64_t index, const struct digest *digest)
{
        put_be64(out, index);
        memcpy(out + 8, digest->bytes, DIGEST_BYTES);
        put_be32(out + 8 + DIGEST_BYTES, crc32_of(out, 8 + DIGEST_BYTES));
}

static int compare_blocks(const void *left, const void *right)
{
        const struct partial_block *a = left, *b = right;

        return (a->index > b->index) - (a->index < b->index);
}

/* Takes every record that is whole; one cut short by a crash, and what follows it, is not. */
static enum ingot_code take_records(struct partial *partial, const char *bytes, size_t size_bytes,
                                    struct ingot_error *err)
{
        size_t count = size_bytes / RECORD_BYTES;

        partial->blocks = calloc(count + 1, sizeof(*partial->blocks));
        if (!partial->blocks)
                return ingot_fail_memory(err, count * sizeof(*partial->blocks));
        for (size_t i = 0; i < count; i++) {
                const uint8_t *record = (const uint8_t *)bytes + i * RECORD_BYTES;
                struct partial_block *block = &partial->blocks[partial->block_count];

                if (crc32_of(record, 8 + DIGEST_BYTES) != get_be32(record + 8 + DIGEST_BYTES))
                        continue;
                block->index = get_be64(record);
                memcpy(block->digest.bytes, record + 8, DIGEST_BYTES);
                partial->block_count++;
        }
        qsort(partial->blocks, partial->block_count, sizeof(*partial->blocks), compare_blocks);
        return INGOT_OK;
}

/* Reads what an earlier run left; *ret_used_bytes is where the next record goes, 0 when it is of no use. */
static enum ingot_code read_journal(struct partial *partial, const char *header, uint64_t *ret_used_bytes,
                                    struct ingot_error *err)
{
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes = 0, header_bytes = strlen(header);
        enum ingot_code r = fd_read_file(partial->journal_path, JOURNAL_BYTES_MAX, &bytes, &size_bytes, err);

        *ret_used_bytes = 0;
        if (r || size_bytes < header_bytes || memcmp(bytes, header, header_bytes) != 0)
                return r;
        r = take_records(partial, bytes + header_bytes, size_bytes - header_bytes, err);
        *ret_used_bytes = size_bytes - (size_bytes - header_bytes) % RECORD_BYTES;
        return r;
}

static enum ingot_code open_journal(struct partial *partial, const char *path, struct ingot_error *err)
{
        size_t path_bytes = strlen(path) + sizeof(".part.journal");

        partial->journal_path = malloc(path_bytes);
        if (!partial->journal_path)
                return ingot_fail_memory(err, path_bytes);
        (void)snprintf(partial->journal_path, path_bytes, "%s.part.journal", path);
        partial->journal_fd = open(partial->journal_path,
                                   O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        if (partial->journal_fd < 0)
                return ingot_fail_errno(err, "opening '%s'", partial->journal_path);
        return INGOT_OK;
}

static enum ingot_code cut(int fd, const char *path, uint64_t size_bytes, struct ingot_error *err)
{
        if (ftruncate(fd, (off_t)size_bytes))
                return ingot_fail_errno(err, "giving '%s' its size of %" PRIu64 " bytes", path, size_bytes);
        return INGOT_OK;
}

/* Goes on with what is there, or starts anew (rule 2). */
static enum ingot_code settle(struct partial *partial, const char *snapshot_id, uint64_t volume_size_gib,
                              struct ingot_error *err)
{
        char header[HEADER_CHARS + 1];
        uint64_t used_bytes = 0;
        struct stat status;
        enum ingot_code r;

        (void)snprintf(header, sizeof(header), "ingot download 1 %.80s %" PRIu64 "\n", snapshot_id,
                       volume_size_gib);
        if (fstat(partial->draft.fd, &status))
                return ingot_fail_errno(err, "looking at '%s.part'", partial->draft.path);
        if ((uint64_t)status.st_size == volume_size_gib * gib) {
                r = read_journal(partial, header, &used_bytes, err);
                if (r)
                        return r;
        }
        r = cut(partial->journal_fd, partial->journal_path, used_bytes, err);
        partial->is_resumed = used_bytes > 0;
        if (r || partial->is_resumed)
                return r;
        r = cut(partial->draft.fd, partial->draft.path, 0, err);
        if (!r)
                r = cut(partial->draft.fd, partial->draft.path, volume_size_gib * gib, err);
        if (!r)
                r = fd_append(partial->journal_fd, partial->journal_path, header, strlen(header), err);
        return r;
}

/* ---- the disk ---- */

enum ingot_code partial_open(struct partial *partial, const char *path, const char *snapshot_id,
                             uint64_t volume_size_gib, struct ingot_error *err)
{
        enum ingot_code r;

        *partial = (struct partial)PARTIAL_NONE;
        partial->bytes = malloc(BLOCK_BYTES);
        if (!partial->bytes)
                return ingot_fail_memory(err, BLOCK_BYTES);
        r = draft_resume(&partial->draft, path, 0666, err); /* first: it is what is locked */
        if (!r)
                r = open_journal(partial, path, err);
        if (!r)
                r = settle(partial, snapshot_id, volume_size_gib, err);
        if (r)
                partial_release(partial);
        return r;
}

void partial_release(struct partial *partial)
{
        draft_drop(&partial->draft);
        fd_drop(&partial->journal_fd);
        free(partial->journal_path);
        free(partial->blocks);
        free(partial->bytes);
        *partial = (struct partial)PARTIAL_NONE;
}

static bool is_as_noted(struct partial *partial, const struct partial_block *block)
{
        struct digest found;

        return fd_read_at(partial->draft.fd, partial->draft.path, block->index * BLOCK_BYTES, partial->bytes,
                          BLOCK_BYTES, NULL) == INGOT_OK &&
               digest_of(partial->bytes, BLOCK_BYTES, &found, NULL) == INGOT_OK &&
               digest_equal(&found, &block->digest);
}

bool partial_has(struct partial *partial, uint64_t index, struct digest *ret_digest)
{
        const struct partial_block wanted = { .index = index };
        const struct partial_block *block = bsearch(&wanted, partial->blocks, partial->block_count,
                                                    sizeof(*partial->blocks), compare_blocks);

        if (!block || !is_as_noted(partial, block))
                return false;
        *ret_digest = block->digest;
        return true;
}

/* Rule 3.  Where holes cannot be made the whole block is written. */
static enum ingot_code write_anew(struct partial *partial, uint64_t offset_bytes, const void *bytes,
                                  struct ingot_error *err)
{
        if (fallocate(partial->draft.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset_bytes,
                      BLOCK_BYTES))
                return fd_write_at(partial->draft.fd, partial->draft.path, offset_bytes, bytes, BLOCK_BYTES,
                                   err);
        return sparse_write_at(partial->draft.fd, partial->draft.path, offset_bytes, bytes, BLOCK_BYTES, err);
}

enum ingot_code partial_put(struct partial *partial, uint64_t index, const void *bytes,
                            const struct digest *digest, struct ingot_error *err)
{
        uint8_t record[RECORD_BYTES];
        enum ingot_code r;

        if (partial->is_resumed)
                r = write_anew(partial, index * BLOCK_BYTES, bytes, err);
        else
                r = sparse_write_at(partial->draft.fd, partial->draft.path, index * BLOCK_BYTES, bytes,
                                    BLOCK_BYTES, err);
        if (r)
                return r;
        record_encode(record, index, digest);
        return fd_append(partial->journal_fd, partial->journal_path, record, sizeof(record), err);
}

enum ingot_code partial_publish(struct partial *partial, struct ingot_error *err)
{
        enum ingot_code r = draft_publish(&partial->draft, err);

        if (!r && unlink(partial->journal_path) && errno != ENOENT)
                r = ingot_fail_errno(err, "removing '%s'", partial->journal_path);
        return r;
}

void partial_discard(struct partial *partial)
{
        draft_discard(&partial->draft);
        (void)unlink(partial->journal_path); /* without its disk it is of no use, and does no harm */
}
