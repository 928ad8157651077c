/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_CONTENT_H
#define MODEL_TEMPLATE_CONTENT_H

/* builder/model/template_content.h
 * template_content: the steps of a volume's content: a verb, and what it takes.
 *
 * Rules    (1) A step is a mapping with one key, the verb; its value is a mapping of the verb's keys, or,
 *              where the verb has a short form, the one text that matters.
 *          (2) `${...}` is expanded already.
 * Source   docs/template.md, "Content"
 * Tests    tests/unit/model/test_template_check.c
 */
#include "model/template_fields.h"

/* field.take for `content`; member is struct template_volume. */
void take_content(struct checker *checker, const struct node *value, const struct field *field, void *member);

/* The verb as templates spell it: "authorized-key". */
const char *template_verb_name(enum content_verb verb);

#endif
