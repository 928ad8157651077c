/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_TAGS_H
#define LIFECYCLE_TAGS_H

/* builder/lifecycle/tags.h
 * tags: the tags by which ingot knows its own AMIs and snapshots again.
 */
#include <stddef.h>

#include "wire/fault.h"

#define TAG_IMAGE_DIGEST    "ingot:image-sha256"   /* of a snapshot: its volume's image digest */
#define TAG_CONTENT_DIGEST  "ingot:volumes-sha256" /* of an AMI: over all its volumes */
#define TAG_VERSION         "ingot:version"
#define TAG_RUN             "ingot:run"     /* of a snapshot: the client token it was started with */
#define TAG_RELEASE         "ingot:release" /* of an AMI of a release of several regions: */
#define TAG_RELEASE_PENDING "pending"       /* provisional: not every required region is ready */
#define TAG_RELEASE_DONE    "released"

/* The value of the tag with that key, borrowed; NULL when there is none. */
const char *tags_find(const struct wire_tag *tags, size_t count, const char *key);

#endif
