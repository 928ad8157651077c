/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MANIFEST_VOLUME_H
#define MODEL_MANIFEST_VOLUME_H

/* builder/model/manifest_volume.h
 * manifest_volume: reads one volume of a manifest: layout, block map, files.
 *
 * Rules    (1) Partitions lie within the image and do not overlap; runs ascend; every data block has its digest.
 *          (2) The image and LINEAR digests must be those of the block map.
 * Source   docs/manifest.md, "volumes"
 * Tests    tests/unit/model/test_manifest.c, tests/fuzz/fuzz_manifest.c
 */
#include "model/manifest.h"

/*
 * Fills in volume, which is zeroed; also on failure the manifest releases what it holds.
 *
 * is_plan      there is a layout and nothing else
 * Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY
 *              INGOT_E_CHECKSUM  rule 2
 */
enum ingot_code manifest_read_volume(const struct json_value *object, bool is_plan,
                                     struct manifest_volume *volume,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

#endif
