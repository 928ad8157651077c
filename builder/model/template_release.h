/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_RELEASE_H
#define MODEL_TEMPLATE_RELEASE_H

/* builder/model/template_release.h
 * template_release: the `release` section: which regions are one release, and with whom its AMIs are shared.
 *
 * Rules    (1) A region is a name, or a mapping with the key `region`; none is named twice.
 *          (2) With a key of one's own in a region its volumes are encrypted there; what is encrypted is not made
 *              public.
 *          (3) At least one region is required, where there are regions.
 * Source   docs/release.md; EC2 service model 2016-11-15, LaunchPermission.
 * Tests    tests/unit/model/test_template_release.c
 */
#include "model/template_fields.h"

enum { RELEASE_REGIONS_MAX = 64, RELEASE_ACCOUNTS_MAX = 1000 };

/* field.take for `release`; member is struct template_release. */
void take_release(struct checker *checker, const struct node *value, const struct field *field, void *member);

/* Checks the section as a whole: rules 2 and 3. */
void check_release(struct checker *checker, const struct template *template);

#endif
