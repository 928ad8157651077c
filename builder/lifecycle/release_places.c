/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "lifecycle/release_places.h"

static void add(struct release_places *places, const struct manifest_release *section, const char *region)
{
        struct release_place *place = &places->items[places->count++];
        const struct manifest_region *asked = *region ? manifest_release_find(section, region) : NULL;

        *place = (struct release_place){ .required = !asked || asked->required };
        (void)snprintf(place->region, sizeof(place->region), "%s", region);
        (void)snprintf(place->to, sizeof(place->to), "%s:%.*s", places->is_local ? "local" : "aws",
                       ENDPOINT_WORD_CHARS, region);
        if (asked && !places->is_local) {
                place->kms_key = asked->kms_key;
                place->profile = asked->profile;
        }
}

enum ingot_code release_places_find(const struct manifest_release *section, const char *to,
                                    struct release_places *ret_places, struct ingot_error *err)
{
        struct target target;
        enum ingot_code r = target_parse(to ? to : section->region_count ? "aws:" : "local", &target, err);

        if (r)
                return r;
        *ret_places = (struct release_places){ .is_local = target.kind == TARGET_LOCAL };
        for (size_t i = 0; i < target.region_count; i++)
                add(ret_places, section, target.regions[i]);
        for (size_t i = 0; !target.region_count && i < section->region_count && i < TARGET_REGIONS_MAX; i++)
                add(ret_places, section, section->regions[i].name);
        if (!ret_places->count)
                add(ret_places, section, "");
        return INGOT_OK;
}

struct ingot_target release_place_target(const struct release_place *place, const struct ingot_target *target)
{
        struct ingot_target one = *target;

        one.to = place->to;
        if (place->profile)
                one.profile = place->profile;
        return one;
}
