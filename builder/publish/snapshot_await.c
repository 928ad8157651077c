/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "publish/snapshot_await.h"

enum { FIRST_MS = 500, CEILING_MS = 15000, DEADLINE_MS = 1800000 };

static const struct ec2_snapshot *find(const struct ec2_snapshot_list *list, const char *snapshot_id)
{
        for (size_t i = 0; i < list->count; i++)
                if (list->items[i].snapshot_id && strcmp(list->items[i].snapshot_id, snapshot_id) == 0)
                        return &list->items[i];
        return NULL;
}

/* Where the snapshots stand after one look. */
struct standing {
        size_t completed;
        const char *unknown; /* one that was not described, or NULL */
        const char *pending; /* one that is not completed, or NULL */
};

static enum ingot_code look(const struct ec2_client *ec2, const char *const *snapshot_ids, size_t count,
                            struct standing *ret_standing, struct ingot_error *err)
{
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list list = { .items = NULL };
        const struct ec2_describe_request request = { .ids = snapshot_ids, .id_count = count };
        struct standing standing = { .completed = 0 };
        enum ingot_code r = ec2_describe_snapshots(ec2, &request, &list, err);

        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        for (size_t i = 0; i < count; i++) {
                const struct ec2_snapshot *snapshot = find(&list, snapshot_ids[i]);
                const char *state = snapshot && snapshot->state ? snapshot->state : "";

                if (strcmp(state, "error") == 0)
                        return ingot_fail(err, INGOT_E_REMOTE, "%s ended in error: %s", snapshot_ids[i],
                                          snapshot->state_message ? snapshot->state_message
                                                                  : "the region does not say why");
                if (!snapshot)
                        standing.unknown = snapshot_ids[i];
                if (strcmp(state, "completed") == 0)
                        standing.completed++;
                else
                        standing.pending = snapshot_ids[i];
        }
        *ret_standing = standing;
        return INGOT_OK;
}

enum ingot_code snapshot_await(const struct ec2_client *ec2, const char *const *snapshot_ids, size_t count,
                               const struct snapshot_await_policy *policy,
                               const struct ingot_observer *observer, struct ingot_error *err)
{
        const struct clock *clock = region_link_clock(ec2->link);
        uint64_t started_ns = clock_monotonic_ns(clock), random_state = started_ns;
        struct retry_policy waits = { .first_ms = policy && policy->first_ms ? policy->first_ms : FIRST_MS,
                                      .ceiling_ms = policy && policy->ceiling_ms ? policy->ceiling_ms
                                                                                 : CEILING_MS };
        uint32_t deadline_ms = policy && policy->deadline_ms ? policy->deadline_ms : DEADLINE_MS;

        for (uint32_t round = 1;; round++) {
                struct standing standing = { .completed = 0 };
                enum ingot_code r = look(ec2, snapshot_ids, count, &standing, err);

                if (!r)
                        r = ingot_observe(observer, "waiting for snapshots", 0, 0, err);
                if (r || standing.completed == count)
                        return r;
                if ((clock_monotonic_ns(clock) - started_ns) / 1000000 >= deadline_ms)
                        return standing.unknown
                                       ? ingot_fail(err, INGOT_E_NOT_FOUND,
                                                    "%s is not known to the region after %u s",
                                                    standing.unknown, deadline_ms / 1000)
                                       : ingot_fail(err, INGOT_E_REMOTE, "%s is still pending after %u s",
                                                    standing.pending, deadline_ms / 1000);
                /* Half of the wait is certain, half is chance: never a burst, never in step with others. */
                r = region_link_wait(ec2->link,
                                     waits.first_ms / 2 + retry_wait_ms(&waits, round, &random_state), err);
                if (r)
                        return r;
        }
}
