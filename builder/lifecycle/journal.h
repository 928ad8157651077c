/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_JOURNAL_H
#define LIFECYCLE_JOURNAL_H

/* builder/lifecycle/journal.h
 * journal: what an upload did, so that another run can go on with it.
 *
 * Rules    (1) Append only, in the order of what happens: the intent before StartSnapshot, the snapshot before its first
 *              put, a block only once the region has acknowledged it.  Intent, snapshot and completion are flushed
 *              before the next step; acknowledged blocks are written at once, which outlives a SIGKILL, and
 *              flushed every second, which bounds what a power cut can cost.
 *          (2) A line that is torn or damaged is passed over; what it said is done again.
 *          (3) One process at a time: a journal in use is INGOT_E_CONFLICT.
 *          (4) A journal of another key, size or region is INGOT_E_FORMAT, and is left as it is.
 *          (5) Memory is a bit for each block of the volume.
 * Source   docs/journal.md; model/journal_record.h
 * Tests    tests/unit/lifecycle/test_journal.c, scripts/check-resume
 */
#include "base/clock.h"
#include "model/journal_record.h"
#include "publish/snapshot_upload.h"

struct journal;

/* What is uploaded, and where to; borrowed for the call. */
struct journal_volume {
        const char *key; /* what makes two uploads the same */
        const char *region;
        uint64_t size_bytes, volume_size_gib;
};

/* The attempt that another run can go on with. */
struct journal_attempt {
        uint64_t number;
        char token[JOURNAL_WORD_CHARS + 1], parent_id[JOURNAL_WORD_CHARS + 1];
        char snapshot_id[JOURNAL_WORD_CHARS + 1]; /* "": whether it was started is not known */
        char sse_type[JOURNAL_WORD_CHARS + 1];
        int64_t started_seconds;
        bool was_completing;
        uint64_t blocks_acknowledged;
};

/*
 * Opens the journal at path, which is made when missing, and reads it.
 *
 * ret_journal  owned by the caller: journal_drop()
 * Fails with   INGOT_E_CONFLICT rule 3; INGOT_E_FORMAT rule 4; INGOT_E_USAGE  the volume is above 64 TiB
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code journal_open(const char *path, const struct journal_volume *volume,
                             struct journal **ret_journal, struct ingot_error *err) INGOT_MUST_CHECK;
void journal_drop(struct journal **journal); /* the file stays */

/* NULL: none; borrowed until the next call. */
const struct journal_attempt *journal_attempt(const struct journal *journal);
/* The number that no attempt has had. */
uint64_t journal_next_number(const struct journal *journal);

/*
 * Notes an attempt, before StartSnapshot; nothing is acknowledged in it yet.
 *
 * parent_id    "": none
 * Fails with   INGOT_E_SYSTEM, INGOT_E_BUG  a text that a word cannot hold
 */
enum ingot_code journal_intend(struct journal *journal, uint64_t number, const char *token,
                               const char *parent_id, struct ingot_error *err) INGOT_MUST_CHECK;

/* Notes that the attempt's snapshot is gone, or useless and deleted.  Fails with   INGOT_E_SYSTEM */
enum ingot_code journal_abandon(struct journal *journal, struct ingot_error *err) INGOT_MUST_CHECK;

/* What snapshot_upload() tells its steps to; borrowed from journal. */
const struct snapshot_memory *journal_memory(const struct journal *journal);

/* Removes the file and frees the journal: everything it says has come to its end. */
void journal_end(struct journal **journal);

/* ---- what is left ---- */

struct journal_leftover {
        char token[JOURNAL_WORD_CHARS + 1];
        char snapshot_id[JOURNAL_WORD_CHARS + 1]; /* "": an intent without an answer; look for the token */
};

/* Every snapshot that a journal names and does not say is gone. */
struct journal_survey {
        char region[JOURNAL_WORD_CHARS + 1];
        bool is_in_use; /* by a running upload */
        struct journal_leftover *items;
        size_t count;
};

/*
 * Reads any journal.
 *
 * ret_survey   owned by the caller: journal_survey_release()
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_FORMAT  it is none; INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code journal_survey(const char *path, struct journal_survey *ret_survey,
                               struct ingot_error *err) INGOT_MUST_CHECK;
void journal_survey_release(struct journal_survey *survey);

#endif
