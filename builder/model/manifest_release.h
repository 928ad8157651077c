/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MANIFEST_RELEASE_H
#define MODEL_MANIFEST_RELEASE_H

/* builder/model/manifest_release.h
 * manifest_release: what a manifest says of an AMI after its registration: its attributes, regions and shares; copied
 * from a template, printed, read.
 *
 * Rules    (1) Every member may be absent: an older manifest has none of them.
 * Source   docs/manifest.md, docs/release.md
 * Tests    tests/unit/model/test_manifest.c
 */
#include "model/manifest.h"

/* NULL texts stay NULL; false: out of memory.  What was copied is the manifest's, also then. */
bool manifest_copy_release(const struct template *template, struct manifest *manifest);
void manifest_release_free(struct manifest_release *release);
void manifest_ami_extras_free(struct manifest_ami *ami);

/* Into the object "ami", and as "release" into root. */
void manifest_put_ami_extras(struct json_doc *doc, struct json_value *object, const struct manifest_ami *ami);
void manifest_put_release(struct json_doc *doc, const struct manifest *manifest);

/* Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY */
enum ingot_code manifest_read_ami_extras(const struct json_value *object, struct manifest_ami *ami,
                                         struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code manifest_read_release(const struct json_value *root, struct manifest *manifest,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

#endif
