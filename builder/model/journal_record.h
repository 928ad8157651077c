/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_JOURNAL_RECORD_H
#define MODEL_JOURNAL_RECORD_H

/* builder/model/journal_record.h
 * journal_record: one line of the journal of an upload, written and read.
 *
 *   ingot-journal 1 KEY SIZE_BYTES VOLUME_GIB REGION CRC      what is uploaded, and where to: the first line
 *   intent ATTEMPT TOKEN PARENT|- SECONDS CRC                  before StartSnapshot
 *   started SNAPSHOT SSE|- SECONDS CRC                         after it
 *   ack INDEX DIGEST CRC                                       the region has this block
 *   completing SNAPSHOT CRC                                    before CompleteSnapshot
 *   abandoned SNAPSHOT CRC                                     it is gone, failed, or was deleted
 *
 * Unit     SECONDS since 1970; DIGEST in base64; CRC-32 (8 hex digits) of the line up to the space before it.
 * Rules    (1) A line stands for itself: one that is torn or damaged is no record, and those after it are read.
 *          (2) print() and parse() are each other's inverse; a line that parse() takes prints as itself.
 *          (3) Words have no white space; a text that a word cannot hold is INGOT_E_BUG.
 * Source   docs/journal.md
 * Tests    tests/unit/model/test_journal_record.c, tests/fuzz/fuzz_journal.c
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"

enum {
        JOURNAL_VERSION = 1,
        JOURNAL_LINE_MAX = 512, /* with its newline */
        JOURNAL_WORD_CHARS = 64
};

enum journal_kind {
        JOURNAL_VOLUME,
        JOURNAL_INTENT,
        JOURNAL_STARTED,
        JOURNAL_ACK,
        JOURNAL_COMPLETING,
        JOURNAL_ABANDONED
};

struct journal_record {
        enum journal_kind kind;
        char key[JOURNAL_WORD_CHARS + 1];         /* VOLUME: what makes two uploads the same */
        char region[JOURNAL_WORD_CHARS + 1];      /* VOLUME */
        char token[JOURNAL_WORD_CHARS + 1];       /* INTENT */
        char parent_id[JOURNAL_WORD_CHARS + 1];   /* INTENT; "": none */
        char snapshot_id[JOURNAL_WORD_CHARS + 1]; /* STARTED, COMPLETING, ABANDONED */
        char sse_type[JOURNAL_WORD_CHARS + 1];    /* STARTED; "": not said */
        uint64_t size_bytes, volume_size_gib;     /* VOLUME */
        uint64_t attempt;                         /* INTENT */
        uint64_t seconds;                         /* INTENT, STARTED */
        uint64_t block_index;                     /* ACK */
        struct digest digest;                     /* ACK */
};

/*
 * Prints a record as a line with its newline and a NUL.
 *
 * Fails with   INGOT_E_BUG  rule 3
 */
enum ingot_code journal_record_print(const struct journal_record *record, char out[JOURNAL_LINE_MAX + 1],
                                     size_t *ret_size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads a line without its newline; false when it is no record. */
bool journal_record_parse(const char *line, size_t size_bytes, struct journal_record *ret_record);

#endif
