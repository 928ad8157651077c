/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_JSON_MARKS_H
#define MODEL_JSON_MARKS_H

/* builder/model/json_marks.h
 * json_marks: JSON bytes in, a tree of nodes that remember where they stood, as template_reader makes of YAML.
 *
 * Unit     line and column count from 1; columns count characters.
 * Rules    (1) base/json judges whether the bytes are JSON (and have no key twice); the walk here is only for
 *              the places.
 *          (2) A string is a quoted scalar; a number, true, false or null is a plain one, as it was written.
 *          (3) At most JSON_MARKS_MAX_BYTES, within the limits of node.h.
 * Source   RFC 8259
 * Tests    tests/unit/model/test_json_marks.c, tests/fuzz/fuzz_mapping.c
 */
#include "model/node.h"

enum { JSON_MARKS_MAX_BYTES = 1 << 20 };

/*
 * Fails with   INGOT_E_TEMPLATE  not JSON, or past a limit; a complaint says where and why
 *              INGOT_E_MEMORY
 */
enum ingot_code json_marks_read(const char *bytes, size_t size_bytes, const char *file,
                                struct complaint_list *complaints, struct node **ret_root,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
