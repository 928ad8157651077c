/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MARK_H
#define MODEL_MARK_H

/* builder/model/mark.h
 * mark: where in a file a value stood; and lists of complaints that carry marks.
 *
 * Unit     line and column count from 1, as editors show them; 0: the file as a whole.
 * Rules    (1) A complaint's text states the fact and what to write instead; it does not repeat the mark.
 *          (2) A list keeps at most COMPLAINTS_MAX; more are counted, not kept.
 *          (3) A text is cut at COMPLAINT_MAX_BYTES, between two characters; a control character in it
 *              becomes '?', and so does what is not UTF-8: it quotes what a stranger wrote, and goes to a
 *              terminal and into JSON.
 * Tests    tests/unit/model/test_mark.c
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct mark {
        const char *file; /* borrowed; outlives every value that carries the mark */
        uint32_t line, column;
};

enum { COMPLAINTS_MAX = 200, COMPLAINT_MAX_BYTES = 1000 };

struct complaint {
        struct mark mark;
        char *key_path; /* "volumes./dev/xvda.partitions[2].size"; owned; NULL where there is none */
        char *text;     /* owned */
};

struct complaint_list {
        struct complaint *complaints;
        size_t count, capacity;
        size_t left_out; /* beyond COMPLAINTS_MAX, or lost for want of memory */
};

void complaint_list_release(struct complaint_list *list); /* also for OWNED */

/* Adds a complaint; key_path may be NULL and is copied. */
void complain(struct complaint_list *list, const struct mark *mark, const char *key_path, const char *format,
              ...) INGOT_PRINTF(4, 5);
void vcomplain(struct complaint_list *list, const struct mark *mark, const char *key_path, const char *format,
               va_list args) INGOT_PRINTF(4, 0);

/* Sorts by file, line, column and text. */
void complaint_list_sort(struct complaint_list *list);

/* Makes marks that borrow from, the name of a file that is about to be freed, borrow to. */
void complaint_list_rename(struct complaint_list *list, const char *from, const char *to);

/* Appends "web.yaml:14:11"; "web.yaml" for a mark without a line. */
void mark_print(const struct mark *mark, struct buffer *out);

/* Appends "web.yaml:14:11: [volumes./dev/xvda.size] ..." as a message shows it, without a newline. */
void complaint_print(const struct complaint *complaint, struct buffer *out);

/*
 * Turns a list into one error: the first complaint (sort first), and how many more there are.
 *
 * what         names the file when no memory was left for a single complaint
 * Fails with   INGOT_E_TEMPLATE  there are complaints
 *              INGOT_E_MEMORY    there are, but none could be kept
 */
enum ingot_code complaint_list_fail(const struct complaint_list *list, const char *what,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* Records a cause that carries the mark: "web.yaml:14:11: ...".  Returns code. */
enum ingot_code mark_fail(struct ingot_error *err, enum ingot_code code, const struct mark *mark,
                          const char *format, ...) INGOT_PRINTF(4, 5);

/* As in ingot/error.h: the analyzer is told that a recorded failure is never INGOT_OK. */
#if defined(__clang_analyzer__) && !defined(MODEL_MARK_HOME)
#define mark_fail(err, code, mark, ...) (code)
#endif

#endif
