/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lifecycle/target.h"

static const char default_region[] = "local-1";

static enum ingot_code add_region(struct target *target, const char *name, size_t chars,
                                  struct ingot_error *err)
{
        char *region = target->regions[target->region_count];

        if (!chars || chars > ENDPOINT_WORD_CHARS ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") < chars)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%.*s' is no name of a region: 1 to %d of a-z, 0-9 and '-'",
                                  chars > 100 ? 100 : (int)chars, name, ENDPOINT_WORD_CHARS);
        memcpy(region, name, chars);
        region[chars] = '\0';
        for (size_t i = 0; i < target->region_count; i++) {
                if (strcmp(target->regions[i], region) == 0)
                        return ingot_fail(err, INGOT_E_USAGE, "region '%s' is named twice", region);
        }
        target->region_count++;
        return INGOT_OK;
}

static enum ingot_code add_regions(struct target *target, const char *names, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        for (const char *at = names, *end; !r; at = end + 1) {
                end = at + strcspn(at, ",");
                if (target->region_count == TARGET_REGIONS_MAX)
                        return ingot_fail(err, INGOT_E_USAGE, "more than %d regions in one target",
                                          TARGET_REGIONS_MAX);
                r = add_region(target, at, (size_t)(end - at), err);
                if (!*end)
                        break;
        }
        return r;
}

enum ingot_code target_parse(const char *to, struct target *ret_target, struct ingot_error *err)
{
        struct target target = { .kind = TARGET_LOCAL };
        enum ingot_code r = INGOT_OK;

        if (strcmp(to, "local") == 0) {
                r = add_region(&target, default_region, strlen(default_region), err);
        } else if (strncmp(to, "local:", 6) == 0) {
                r = add_region(&target, to + 6, strlen(to + 6), err);
        } else if (strncmp(to, "aws:", 4) == 0) {
                target.kind = TARGET_AWS;
                if (to[4])
                        r = add_regions(&target, to + 4, err);
        } else {
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%s' is no target: local, local:REGION and aws:REGION are", to);
        }
        if (!r)
                *ret_target = target;
        return r;
}
