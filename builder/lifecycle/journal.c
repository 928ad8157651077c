/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/journal.h"

enum {
        CHUNK_BYTES = 65536,
        BLOCKS_PER_GIB = 2048,
        VOLUME_GIB_MAX = 65536,
        FLUSH_EVERY_NS = 1000000000,
        ATTEMPTS_MAX = 100000 /* that a survey keeps */
};

struct journal {
        char *path;
        int fd;
        bool has_volume, is_torn, is_dirty;
        uint64_t flushed_ns, next_number, block_count;
        uint8_t *acknowledged; /* a bit for each block of the volume */
        bool has_attempt;
        struct journal_attempt attempt;
        struct snapshot_memory memory;
};

/* ---- reading ---- */

typedef enum ingot_code (*take_record)(void *context, const struct journal_record *record,
                                       struct ingot_error *err);

/* Tells every record of a file in order; what is none is passed over (rule 2).  *ret_is_torn: the file does not end
 * in a newline. */
static enum ingot_code read_records(int fd, const char *path, take_record take, void *context,
                                    bool *ret_is_torn, struct ingot_error *err)
{
        OWNED(heap_drop) char *bytes = malloc(CHUNK_BYTES + JOURNAL_LINE_MAX);
        uint64_t size_bytes, at_bytes = 0;
        size_t kept = 0;
        enum ingot_code r = fd_size(fd, path, &size_bytes, err);

        if (!bytes)
                return ingot_fail_memory(err, CHUNK_BYTES);
        while (!r && at_bytes < size_bytes) {
                size_t count = (size_t)min_u64(CHUNK_BYTES, size_bytes - at_bytes);
                char *line = bytes, *end;

                r = fd_read_at(fd, path, at_bytes, bytes + kept, count, err);
                at_bytes += count;
                kept += count;
                while (!r && (end = memchr(line, '\n', (size_t)(bytes + kept - line)))) {
                        struct journal_record record;

                        if (journal_record_parse(line, (size_t)(end - line), &record))
                                r = take(context, &record, err);
                        line = end + 1;
                }
                kept -= (size_t)(line - bytes);
                if (kept >= JOURNAL_LINE_MAX) /* longer than any record: its end will not be one either */
                        kept = 1;
                memmove(bytes, line, kept);
        }
        *ret_is_torn = kept > 0;
        return r;
}

static void forget_blocks(struct journal *journal)
{
        memset(journal->acknowledged, 0, (size_t)div_up_u64(journal->block_count, 8));
        journal->attempt.blocks_acknowledged = 0;
}

static bool has_block(const struct journal *journal, uint64_t index)
{
        return index < journal->block_count && (journal->acknowledged[index / 8] >> (index % 8) & 1);
}

static void keep_block(struct journal *journal, uint64_t index)
{
        if (index >= journal->block_count || has_block(journal, index))
                return;
        journal->acknowledged[index / 8] |= (uint8_t)(1u << (index % 8));
        journal->attempt.blocks_acknowledged++;
}

static void begin_attempt(struct journal *journal, const struct journal_record *record)
{
        journal->attempt = (struct journal_attempt){ .number = record->attempt };
        memcpy(journal->attempt.token, record->token, sizeof(record->token));
        memcpy(journal->attempt.parent_id, record->parent_id, sizeof(record->parent_id));
        journal->has_attempt = true;
        if (record->attempt >= journal->next_number && record->attempt < UINT64_MAX)
                journal->next_number = record->attempt + 1;
        forget_blocks(journal);
}

static bool is_of_attempt(const struct journal *journal, const struct journal_record *record)
{
        return journal->has_attempt && strcmp(record->snapshot_id, journal->attempt.snapshot_id) == 0;
}

/* What a record means, when it is read and when it is written. */
static void apply(struct journal *journal, const struct journal_record *record)
{
        struct journal_attempt *attempt = &journal->attempt;

        switch (record->kind) {
        case JOURNAL_VOLUME: break;
        case JOURNAL_INTENT: begin_attempt(journal, record); break;
        case JOURNAL_STARTED:
                if (!journal->has_attempt || is_of_attempt(journal, record))
                        break; /* the same again: what it has acknowledged stays */
                if (*attempt->snapshot_id)
                        forget_blocks(journal);
                memcpy(attempt->snapshot_id, record->snapshot_id, sizeof(attempt->snapshot_id));
                memcpy(attempt->sse_type, record->sse_type, sizeof(attempt->sse_type));
                attempt->started_seconds = (int64_t)min_u64(record->seconds, INT64_MAX);
                break;
        case JOURNAL_ACK:
                if (journal->has_attempt && *attempt->snapshot_id)
                        keep_block(journal, record->block_index);
                break;
        case JOURNAL_COMPLETING: attempt->was_completing |= is_of_attempt(journal, record); break;
        case JOURNAL_ABANDONED:
                if (is_of_attempt(journal, record))
                        journal->has_attempt = false;
                break;
        }
}

struct opening {
        struct journal *journal;
        const struct journal_volume *volume;
};

static enum ingot_code take_own_record(void *context, const struct journal_record *record,
                                       struct ingot_error *err)
{
        const struct opening *opening = context;
        const struct journal_volume *volume = opening->volume;
        struct journal *journal = opening->journal;

        if (!journal->has_volume &&
            (record->kind != JOURNAL_VOLUME || strcmp(record->key, volume->key) != 0 ||
             strcmp(record->region, volume->region) != 0 || record->size_bytes != volume->size_bytes ||
             record->volume_size_gib != volume->volume_size_gib))
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' is not the journal of this upload; move it away, or let 'ingot gc' look "
                        "at it first",
                        journal->path);
        journal->has_volume = true;
        apply(journal, record);
        return INGOT_OK;
}

/* ---- writing ---- */

static enum ingot_code flush(struct journal *journal, struct ingot_error *err)
{
        enum ingot_code r = fd_flush(journal->fd, journal->path, err);

        journal->is_dirty = false;
        journal->flushed_ns = clock_monotonic_ns(&clock_of_system);
        return r;
}

static enum ingot_code write_record(struct journal *journal, const struct journal_record *record,
                                    struct ingot_error *err)
{
        char line[JOURNAL_LINE_MAX + 1];
        size_t size_bytes = 0;
        enum ingot_code r = journal_record_print(record, line, &size_bytes, err);

        if (!r)
                r = fd_append(journal->fd, journal->path, line, size_bytes, err);
        if (r)
                return r;
        journal->is_dirty = true;
        apply(journal, record);
        return record->kind == JOURNAL_ACK ? INGOT_OK : flush(journal, err);
}

static enum ingot_code write_volume(struct journal *journal, const struct journal_volume *volume,
                                    struct ingot_error *err)
{
        struct journal_record record = { .kind = JOURNAL_VOLUME,
                                         .size_bytes = volume->size_bytes,
                                         .volume_size_gib = volume->volume_size_gib };

        if (strlen(volume->key) > JOURNAL_WORD_CHARS || strlen(volume->region) > JOURNAL_WORD_CHARS)
                return ingot_fail(err, INGOT_E_BUG, "a journal's key or region of more than %d characters",
                                  JOURNAL_WORD_CHARS);
        memcpy(record.key, volume->key, strlen(volume->key) + 1);
        memcpy(record.region, volume->region, strlen(volume->region) + 1);
        return write_record(journal, &record, err);
}

/* ---- snapshot_memory ---- */

static enum ingot_code started(void *context, const struct ebs_started *is, struct ingot_error *err)
{
        struct journal *journal = context;
        struct journal_record record = { .kind = JOURNAL_STARTED,
                                         .seconds = (uint64_t)clock_wall_seconds(&clock_of_system) };

        memcpy(record.snapshot_id, is->snapshot_id, strlen(is->snapshot_id) + 1);
        memcpy(record.sse_type, is->sse_type, strlen(is->sse_type) + 1);
        if (journal->has_attempt && strcmp(journal->attempt.snapshot_id, is->snapshot_id) == 0)
                return INGOT_OK;
        return write_record(journal, &record, err);
}

static enum ingot_code acknowledged(void *context, uint64_t block_index, const struct digest *digest,
                                    struct ingot_error *err)
{
        const struct journal_record record = { .kind = JOURNAL_ACK,
                                               .block_index = block_index,
                                               .digest = *digest };

        return write_record(context, &record, err);
}

static bool is_acknowledged(void *context, uint64_t block_index, const struct digest *digest)
{
        (void)digest; /* the key stands for every digest */
        return has_block(context, block_index);
}

static enum ingot_code completing(void *context, struct ingot_error *err)
{
        struct journal *journal = context;
        struct journal_record record = { .kind = JOURNAL_COMPLETING };

        memcpy(record.snapshot_id, journal->attempt.snapshot_id, sizeof(record.snapshot_id));
        return write_record(journal, &record, err);
}

static enum ingot_code idle(void *context, struct ingot_error *err)
{
        struct journal *journal = context;

        if (!journal->is_dirty || clock_monotonic_ns(&clock_of_system) - journal->flushed_ns < FLUSH_EVERY_NS)
                return INGOT_OK;
        return flush(journal, err);
}

/* ---- one journal ---- */

void journal_drop(struct journal **journal)
{
        if (!*journal)
                return;
        fd_drop(&(*journal)->fd);
        free((*journal)->path);
        free((*journal)->acknowledged);
        free(*journal);
        *journal = NULL;
}

static enum ingot_code make(const char *path, const struct journal_volume *volume,
                            struct journal **ret_journal, struct ingot_error *err)
{
        OWNED(journal_drop) struct journal *journal = NULL;

        if (volume->volume_size_gib < 1 || volume->volume_size_gib > VOLUME_GIB_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "a volume of %llu GiB; 1 to %d are possible",
                                  (unsigned long long)volume->volume_size_gib, VOLUME_GIB_MAX);
        journal = calloc(1, sizeof(*journal));
        if (!journal)
                return ingot_fail_memory(err, sizeof(*journal));
        journal->fd = FD_NONE;
        journal->block_count = volume->volume_size_gib * BLOCKS_PER_GIB;
        journal->path = strdup(path);
        journal->acknowledged = calloc(1, (size_t)div_up_u64(journal->block_count, 8));
        if (!journal->path || !journal->acknowledged)
                return ingot_fail_memory(err, journal->block_count / 8);
        journal->memory = (struct snapshot_memory){ .context = journal,
                                                    .started = started,
                                                    .acknowledged = acknowledged,
                                                    .is_acknowledged = is_acknowledged,
                                                    .completing = completing,
                                                    .idle = idle };
        *ret_journal = TAKE(journal);
        return INGOT_OK;
}

enum ingot_code journal_open(const char *path, const struct journal_volume *volume,
                             struct journal **ret_journal, struct ingot_error *err)
{
        OWNED(journal_drop) struct journal *journal = NULL;
        struct opening opening = { .volume = volume };
        enum ingot_code r = make(path, volume, &journal, err);

        if (!r)
                r = fd_open_log(path, 0666, &journal->fd, err);
        if (!r)
                r = fd_lock(journal->fd, path, err);
        opening.journal = journal;
        if (!r)
                r = read_records(journal->fd, path, take_own_record, &opening, &journal->is_torn, err);
        if (!r && journal->is_torn) /* rule 2: what comes next begins a line */
                r = fd_append(journal->fd, path, "\n", 1, err);
        if (!r && !journal->has_volume)
                r = write_volume(journal, volume, err);
        if (r)
                return ingot_while(err, r, "opening the journal '%s'", path);
        *ret_journal = TAKE(journal);
        return INGOT_OK;
}

const struct journal_attempt *journal_attempt(const struct journal *journal)
{
        return journal->has_attempt ? &journal->attempt : NULL;
}

uint64_t journal_next_number(const struct journal *journal)
{
        return journal->next_number;
}

enum ingot_code journal_intend(struct journal *journal, uint64_t number, const char *token,
                               const char *parent_id, struct ingot_error *err)
{
        struct journal_record record = { .kind = JOURNAL_INTENT,
                                         .attempt = number,
                                         .seconds = (uint64_t)clock_wall_seconds(&clock_of_system) };

        if (strlen(token) > JOURNAL_WORD_CHARS || strlen(parent_id) > JOURNAL_WORD_CHARS)
                return ingot_fail(err, INGOT_E_BUG, "an intent with a word of more than %d characters",
                                  JOURNAL_WORD_CHARS);
        memcpy(record.token, token, strlen(token) + 1);
        memcpy(record.parent_id, parent_id, strlen(parent_id) + 1);
        return write_record(journal, &record, err);
}

enum ingot_code journal_abandon(struct journal *journal, struct ingot_error *err)
{
        struct journal_record record = { .kind = JOURNAL_ABANDONED };

        if (!journal->has_attempt || !*journal->attempt.snapshot_id) {
                journal->has_attempt = false;
                return INGOT_OK;
        }
        memcpy(record.snapshot_id, journal->attempt.snapshot_id, sizeof(record.snapshot_id));
        return write_record(journal, &record, err);
}

const struct snapshot_memory *journal_memory(const struct journal *journal)
{
        return &journal->memory;
}

void journal_end(struct journal **journal)
{
        if (*journal)
                (void)unlink((*journal)->path); /* one that stays says nothing wrong */
        journal_drop(journal);
}

/* ---- what is left ---- */

void journal_survey_release(struct journal_survey *survey)
{
        free(survey->items);
        *survey = (struct journal_survey){ .region = "" };
}

static enum ingot_code add_leftover(struct journal_survey *survey, const struct journal_record *record,
                                    struct ingot_error *err)
{
        struct journal_leftover *items;

        if (survey->count >= ATTEMPTS_MAX)
                return ingot_fail_memory(err, (uint64_t)ATTEMPTS_MAX * sizeof(*items));
        items = reallocarray(survey->items, survey->count + 1, sizeof(*items));
        if (!items)
                return ingot_fail_memory(err, (survey->count + 1) * sizeof(*items));
        survey->items = items;
        items[survey->count] = (struct journal_leftover){ .token = "" };
        memcpy(items[survey->count++].token, record->token, sizeof(record->token));
        return INGOT_OK;
}

static void drop_leftover(struct journal_survey *survey, const char *snapshot_id)
{
        for (size_t i = 0; i < survey->count; i++)
                if (strcmp(survey->items[i].snapshot_id, snapshot_id) == 0)
                        survey->items[i] = survey->items[--survey->count];
}

static enum ingot_code take_any_record(void *context, const struct journal_record *record,
                                       struct ingot_error *err)
{
        struct journal_survey *survey = context;
        struct journal_leftover *last = survey->count ? &survey->items[survey->count - 1] : NULL;

        if (record->kind == JOURNAL_VOLUME)
                memcpy(survey->region, record->region, sizeof(survey->region));
        if (record->kind == JOURNAL_INTENT)
                return add_leftover(survey, record, err);
        if (record->kind == JOURNAL_STARTED && last)
                memcpy(last->snapshot_id, record->snapshot_id, sizeof(last->snapshot_id));
        if (record->kind == JOURNAL_ABANDONED)
                drop_leftover(survey, record->snapshot_id);
        return INGOT_OK;
}

enum ingot_code journal_survey(const char *path, struct journal_survey *ret_survey, struct ingot_error *err)
{
        OWNED(journal_survey_release) struct journal_survey survey = { .region = "" };
        OWNED(fd_drop) int fd = FD_NONE;
        bool is_torn;
        enum ingot_code r = fd_open_read(path, &fd, err);

        if (r)
                return r;
        r = fd_lock(fd, path, err);
        if (r == INGOT_E_CONFLICT) {
                survey.is_in_use = true; /* it is only appended to: what is there can be read */
                r = INGOT_OK;
        }
        if (!r)
                r = read_records(fd, path, take_any_record, &survey, &is_torn, err);
        if (!r && !*survey.region)
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' is no journal", path);
        if (r)
                return r;
        *ret_survey = survey;
        survey = (struct journal_survey){ .region = "" };
        return INGOT_OK;
}
