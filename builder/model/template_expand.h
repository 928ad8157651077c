/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_EXPAND_H
#define MODEL_TEMPLATE_EXPAND_H

/* builder/model/template_expand.h
 * template_expand: ${...} in the texts of a template.
 *
 * Rules    (1) ${KEY} is the value of --set KEY=VALUE, or the template's version or name.  $$ is one $; a $
 *              before anything else is itself.  Keys of mappings are not expanded.
 *          (2) --set version=, name= and description= take the place of the template's own.
 *          (3) version is expanded first, then name, then the rest: version may use what was --set, name
 *              also ${version}.  What a value brings in is not expanded again.
 *          (4) An unknown name, a ${ without its }, a value that grows past TEMPLATE_VALUE_MAX_BYTES, a --set
 *              key that is no name, is given twice, or that nothing uses is a complaint.
 *          (5) A node keeps its mark.
 * Tests    tests/unit/model/test_template_expand.c
 */
#include "model/node.h"
#include "model/template.h"

enum { TEMPLATE_VALUE_MAX_BYTES = 1 << 20 };

/*
 * Expands every value below root, which is a mapping, in place.
 *
 * Fails with   INGOT_E_MEMORY  (mistakes are complaints)
 */
enum ingot_code template_expand(struct node *root, const struct template_setting *settings,
                                size_t setting_count, struct complaint_list *complaints,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
