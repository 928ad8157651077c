/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_READER_H
#define MODEL_TEMPLATE_READER_H

/* builder/model/template_reader.h
 * template_reader: YAML bytes in, a tree of nodes that remember where they stood.
 *
 * Unit     line and column count from 1, as editors show them (libyaml counts from 0); columns count
 *          characters, not bytes.
 * Rules    (1) Every node keeps the mark of its first character; every complaint about a value, on whatever
 *              floor, is made with that mark: "web.yaml:14:11: ...".
 *          (2) A key given twice is a complaint that shows both places; libyaml lets it pass.  The first
 *              stays.
 *          (3) One document, at most TEMPLATE_MAX_BYTES, within the limits of node.h.  Anchors, aliases and
 *              tags are refused: a value stands where it is used.
 *          (4) A scalar is text, without a NUL in it.
 * Source   YAML 1.1 as libyaml 0.2 reads it, through its events: its document API hides anchors that are
 *          not used, and builds a document before its depth and size can be judged.
 * Tests    tests/unit/model/test_template_reader.c, tests/fuzz/fuzz_template.c
 */
#include "model/node.h"

enum { TEMPLATE_MAX_BYTES = 1 << 20 };

/*
 * Reads one document.
 *
 * file         borrowed by every mark
 * ret_root     owned by the caller: node_drop()
 * Fails with   INGOT_E_TEMPLATE  the bytes cannot be read further; a complaint says where and why.  A key given
 *                                twice is a complaint too, but no failure.
 *              INGOT_E_MEMORY
 */
enum ingot_code template_read(const char *bytes, size_t size_bytes, const char *file,
                              struct complaint_list *complaints, struct node **ret_root,
                              struct ingot_error *err) INGOT_MUST_CHECK;

#endif
