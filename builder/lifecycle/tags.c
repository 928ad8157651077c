/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lifecycle/tags.h"

const char *tags_find(const struct wire_tag *tags, size_t count, const char *key)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(tags[i].key, key) == 0)
                        return tags[i].value;
        return NULL;
}
