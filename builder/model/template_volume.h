/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_VOLUME_H
#define MODEL_TEMPLATE_VOLUME_H

/* builder/model/template_volume.h
 * template_volume: the volumes of a template, their partitions and file systems.
 *
 * Rules    (1) A volume has `partition-table: gpt` and `partitions`, or no table and the keys of its one
 *              file system itself.
 *          (2) Names and numbers are unique within a table, labels and mounts within the template.
 *          (3) The root partition stands last in its table, so that it can grow; so does `rest`.
 *          (4) Content goes to the root volume, or to a volume with exactly one file system.
 * Source   docs/template.md, "Volumes"
 * Tests    tests/unit/model/test_template_check.c
 */
#include "model/template_fields.h"

/* field.take for `volumes`; member is struct template. */
void take_volumes(struct checker *checker, const struct node *value, const struct field *field, void *member);

/* Checks what volumes must be together: rules 2 and 4, and the root device. */
void check_volumes(struct checker *checker, const struct template *template);

#endif
