/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_TAGS_H
#define REGION_CATALOGUE_TAGS_H

/* builder/region/catalogue_tags.h
 * catalogue_tags: the tags of snapshots and AMIs.
 *
 * Tests    tests/unit/region/test_catalogue.c
 */
#include <stdint.h>

#include "region/catalogue.h"

enum { TAGS_MAX = 50, TAG_KEY_CHARS = 127, TAG_VALUE_CHARS = 256 };

struct tag {
        char key[4 * TAG_KEY_CHARS + 1], value[4 * TAG_VALUE_CHARS + 1]; /* UTF-8 */
};

/* Sets a tag, replacing the value it has. */
enum ingot_code catalogue_set_tag(struct catalogue *catalogue, const char *region, const char *resource_id,
                                  const struct tag *tag, struct ingot_error *err) INGOT_MUST_CHECK;

/* Removes the tag of that key when its value is value, or whatever it is when value is NULL. */
enum ingot_code catalogue_remove_tag(struct catalogue *catalogue, const char *resource_id, const char *key,
                                     const char *value, struct ingot_error *err) INGOT_MUST_CHECK;

/* Removes all tags of a resource. */
enum ingot_code catalogue_remove_tags(struct catalogue *catalogue, const char *resource_id,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads the tags of a resource in bytewise order of keys.
 *
 * ret_tags     of TAGS_MAX elements, the caller's
 */
enum ingot_code catalogue_read_tags(struct catalogue *catalogue, const char *resource_id,
                                    struct tag ret_tags[TAGS_MAX], uint32_t *ret_count,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* Walks the tags of a region, by resource and key, after those of (after_id, after_key). */
enum ingot_code catalogue_each_tag(struct catalogue *catalogue, const char *region, const char *after_id,
                                   const char *after_key,
                                   enum ingot_code (*visit)(void *context, const char *resource_id,
                                                            const struct tag *tag, bool *ret_stop,
                                                            struct ingot_error *err),
                                   void *context, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
