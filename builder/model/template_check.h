/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_CHECK_H
#define MODEL_TEMPLATE_CHECK_H

/* builder/model/template_check.h
 * template_check: from the bytes of a template to struct template, or to every mistake in it at once.
 *
 * Rules    (1) A mistake does not hide another: checking goes on, with what could be read.
 *          (2) An unknown key, verb or variable is named with the nearest one that exists.
 *          (3) A complaint about a value carries its mark and its key path.
 *          (4) Nothing is looked up on disk: sources are only names here.
 * Source   docs/template.md; EC2's limits from its service model 2016-11-15 (RegisterImage).
 * Tests    tests/unit/model/test_template_check.c, tests/fuzz/fuzz_template.c
 */
#include "model/template_mapping.h"

/*
 * Parses, expands and checks a template.
 *
 * bytes, file        borrowed for this call; file is copied
 * settings           --set KEY=VALUE, borrowed for this call; copied into the template, sorted by key
 * complaints         every mistake is added; marks in it borrow the name of the file from *ret_template when
 *                    there is one, else from file
 * ret_template       owned by the caller; written only on INGOT_OK
 * Fails with   INGOT_E_TEMPLATE  there are complaints; err holds the first
 *              INGOT_E_MEMORY
 */
enum ingot_code template_parse(const char *bytes, size_t size_bytes, const char *file,
                               const struct template_setting *settings, size_t setting_count,
                               struct complaint_list *complaints, struct template **ret_template,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
