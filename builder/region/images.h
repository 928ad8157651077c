/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_IMAGES_H
#define REGION_IMAGES_H

/* builder/region/images.h
 * images: the life of an AMI.
 *
 *   RegisterImage --------------------------> AVAILABLE <--EnableImage--- DISABLED
 *   CopyImage --> PENDING --snapshots done--> AVAILABLE ---DisableImage-> DISABLED
 *                    +------a copy failed---> FAILED
 *
 * Rules    (1) Whoever looks at AMIs settles them first: a pending one whose snapshots are all completed becomes
 *              available, one of which a snapshot came to error failed, with the snapshot's message.
 * Tests    tests/unit/region/test_ec2_copy.c
 */
#include "region/catalogue_images.h"
#include "region/snapshots.h"

#define IMAGE_PENDING   "pending"
#define IMAGE_AVAILABLE "available"
#define IMAGE_FAILED    "failed"
#define IMAGE_DISABLED  "disabled"

/* Settles all AMIs of a region (rule 1). */
enum ingot_code images_settle(struct region_store *store, const char *region,
                              struct ingot_error *err) INGOT_MUST_CHECK;

#endif
