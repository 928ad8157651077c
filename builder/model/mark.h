/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MARK_H
#define MODEL_MARK_H

/* builder/model/mark.h
 * mark: where in a file a value stood; and lists of complaints that carry marks.
 *
 * Unit     line and column count from 1, as editors show them; 0: the file as a whole.
 * Rules    (1) A complaint's text states the fact and what to write instead; it does not repeat the mark.
 *          (2) A list keeps at most COMPLAINTS_MAX; more are counted, not kept.
 * Tests    tests/unit/model/test_mark.c
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

struct mark {
        const char *file; /* borrowed; outlives every value that carries the mark */
        uint32_t line, column;
};

enum { COMPLAINTS_MAX = 200 };

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

/* Sorts by file, line and column. */
void complaint_list_sort(struct complaint_list *list);

/* Records a cause that carries the mark: "web.yaml:14:11: ...".  Returns code. */
enum ingot_code mark_fail(struct ingot_error *err, enum ingot_code code, const struct mark *mark,
                          const char *format, ...) INGOT_PRINTF(4, 5);

#endif
