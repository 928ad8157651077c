/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_MAPPING_H
#define MODEL_TEMPLATE_MAPPING_H

/* builder/model/template_mapping.h
 * template_mapping: whether the volumes of a template and the entries of a mapping belong together.
 *
 * Rules    (1) Each volume has an EBS entry of its device name, without a SnapshotId: the snapshot is what
 *              ingot makes.  Since it then has one, Encrypted is refused there (facts: RegisterImage).
 *          (2) What the template fixes fits into VolumeSize; 'rest' needs one.  What depends on content is
 *              for layout_place() to judge.
 *          (3) An EBS entry with neither volume nor snapshot is blank, and needs a VolumeSize.
 * Source   EC2 user guide, RegisterImage
 * Tests    tests/unit/model/test_template_mapping.c
 */
#include "model/mapping.h"
#include "model/template.h"

/*
 * Fails with   INGOT_E_TEMPLATE  a complaint was added; err holds the first of the list
 *              INGOT_E_MEMORY    there are mistakes, but no memory is left to name one
 */
enum ingot_code template_check_mapping(const struct template *template, const struct mapping *mapping,
                                       struct complaint_list *complaints,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

#endif
