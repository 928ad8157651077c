/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/plural.h"
#include "commands/publish_plan_text.h"

enum { MICRO_USD_PER_CENT = 10000, MS_PER_SECOND = 1000, MS_PER_MINUTE = 60000 };

/* "$0.02"; what is less than a cent is "under $0.01". */
static void dollars_print(uint64_t micro_usd)
{
        if (micro_usd && micro_usd < MICRO_USD_PER_CENT)
                (void)printf("under $0.01");
        else
                (void)printf("$%" PRIu64 ".%02" PRIu64, micro_usd / MICRO_USD_PER_CENT / 100,
                             micro_usd / MICRO_USD_PER_CENT % 100);
}

static void time_print(uint64_t ms)
{
        if (ms < MS_PER_MINUTE)
                (void)printf("%" PRIu64 ".%" PRIu64 " s", ms / MS_PER_SECOND, ms % MS_PER_SECOND / 100);
        else
                (void)printf("%" PRIu64 " min %" PRIu64 " s", ms / MS_PER_MINUTE,
                             ms % MS_PER_MINUTE / MS_PER_SECOND);
}

static void volume_print(const struct ingot_volume_plan *volume)
{
        char size[BYTE_SIZE_TEXT_CHARS + 1];
        uint64_t zeros = volume->zero_blocks_for_encryption + volume->zero_blocks_over_parent;
        uint64_t left_out = volume->absent_blocks_left_out + volume->zero_blocks_left_out;

        (void)printf("    %-10s %" PRIu64 " GiB: ", volume->device_name, volume->volume_size_gib);
        if (volume->snapshot_id) {
                (void)printf("%s has the same bytes, nothing to send\n", volume->snapshot_id);
                return;
        }
        byte_size_print(volume->bytes, size);
        (void)printf("%" PRIu64 " %s, %s", volume->blocks, plural(volume->blocks, "block", "blocks"), size);
        if (volume->parent_snapshot_id)
                (void)printf(", what differs from %s (%" PRIu64 " as there)", volume->parent_snapshot_id,
                             volume->same_blocks_left_out);
        if (zeros)
                (void)printf(", of them %" PRIu64 " zero (%s)", zeros,
                             volume->zero_blocks_for_encryption ? "it is encrypted"
                                                                : "over the parent's data");
        if (left_out)
                (void)printf("; %" PRIu64 " never written or zero are left out", left_out);
        (void)printf("\n");
}

static void region_print(const struct ingot_region_plan *region)
{
        (void)printf("  %s%s\n", region->region, region->required ? "" : " (best effort)");
        if (region->unasked)
                (void)printf("    could not be asked what is there: %s\n", region->unasked);
        if (region->conflict)
                (void)printf("    would be refused: %s\n", region->conflict);
        if (region->ami_id) {
                (void)printf("    %s is there already, with the same content: nothing to send\n",
                             region->ami_id);
                return;
        }
        if (region->kms_key)
                (void)printf("    encrypted with %s\n", region->kms_key);
        else if (region->encrypted)
                (void)printf("    encrypted with the account's default key\n");
        for (size_t i = 0; i < region->volume_count; i++)
                volume_print(&region->volumes[i]);
        (void)printf("    %" PRIu64 " requests; ", region->requests);
        time_print(region->quota_ms);
        (void)printf(" at %" PRIu64 " blocks/s", region->puts_per_second);
        if (region->measured_blocks_per_second) {
                (void)printf(", ");
                time_print(region->measured_ms);
                (void)printf(" at the %" PRIu64 " measured last", region->measured_blocks_per_second);
        }
        (void)printf("\n    ");
        dollars_print(region->sending_micro_usd);
        (void)printf(" to send, ");
        dollars_print(region->storing_micro_usd_per_month);
        (void)printf(" a month to keep\n");
}

void publish_plan_print(const struct ingot_publish_plan *plan)
{
        (void)printf("%s would be published to %zu %s:\n", plan->name, plan->region_count,
                     plural(plan->region_count, "region", "regions"));
        for (size_t i = 0; i < plan->region_count; i++)
                region_print(&plan->regions[i]);
        if (plan->deprecation)
                (void)printf("  deprecated: %s%s\n", plan->deprecation,
                             strstr(plan->deprecation, "days after") ? " registration" : "");
        if (plan->deregistration_protection)
                (void)printf("  protected against deregistration (%s)\n", plan->deregistration_protection);
        if (plan->is_public)
                (void)printf("  public\n");
        for (size_t i = 0; i < plan->shared_count; i++)
                (void)printf("  shared with %s%s\n", plan->shared_with[i],
                             plan->shares_snapshots && plan->shared_with[i][0] != 'a' ? ", with the snapshots"
                                                                                      : "");
        (void)printf("Nothing was changed.\n");
}
