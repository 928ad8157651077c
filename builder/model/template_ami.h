/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_AMI_H
#define MODEL_TEMPLATE_AMI_H

/* builder/model/template_ami.h
 * template_ami: the `ami` section: what RegisterImage and the calls after it are told.
 *
 * Rules    (1) What AWS would fill in to somebody's harm has a default here: ENA, IMDS, SR-IOV, the boot mode.
 *          (2) uefi-data names a file: reading it is a caller's work.
 * Source   docs/template.md, "AMI"; EC2 service model 2016-11-15.
 * Tests    tests/unit/model/test_template_release.c
 */
#include "model/template_fields.h"

/* field.take for `ami`; member is struct template_ami. */
void take_ami(struct checker *checker, const struct node *value, const struct field *field, void *member);

/* Checks what the section must be beside the others: boot mode, TPM, UEFI variables. */
void check_ami(struct checker *checker, const struct template *template);

/* Rule 1. */
void fill_ami(struct checker *checker, struct template *template);

#endif
