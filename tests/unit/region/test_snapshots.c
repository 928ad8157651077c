/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "region/region.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"
#include "support/scratch.h"

static enum snapshot_state state_of(struct region_rig *rig, const char *id)
{
        struct snapshot_record record;

        assert_int_equal(snapshots_look(rig->store, "us-east-1", id, &record, NULL), INGOT_OK);
        return record.state;
}

static bool has_files(struct region_rig *rig, const char *id)
{
        char name[128];

        (void)snprintf(name, sizeof(name), "store/blocks/%s/journal", id);
        return access(scratch_path(&rig->folder, name), F_OK) == 0;
}

static enum ingot_code check(struct region_rig *rig, struct region_census *census)
{
        return region_check(scratch_path(&rig->folder, "store"), census, NULL);
}

static void pending_snapshot_lapses_after_its_timeout(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_start(rig, "{\"VolumeSize\":1,\"Timeout\":10}", id);
        rig->now_seconds += 600;
        assert_int_equal(region_rig_put(rig, id, 0, 1), 201); /* and starts the time anew */
        rig->now_seconds += 600;
        assert_int_equal(state_of(rig, id), SNAPSHOT_PENDING);
        rig->now_seconds += 1;
        assert_int_equal(state_of(rig, id), SNAPSHOT_ERROR);
        assert_int_equal(region_rig_put(rig, id, 0, 1), 400);
        assert_true(region_rig_says(rig, "state error"));
        assert_int_equal(region_rig_complete(rig, id, 1), 400);
}

static void put_after_the_timeout_is_too_late_though_nobody_looked(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_start(rig, "{\"VolumeSize\":1,\"Timeout\":10}", id);
        rig->now_seconds += 601;
        assert_int_equal(region_rig_put(rig, id, 0, 1), 400);
}

static void pending_snapshot_of_an_earlier_run_of_the_machine_is_an_error(void **state)
{
        struct region_rig *rig = *state;
        char pending[RESOURCE_ID_CHARS + 1], completing[RESOURCE_ID_CHARS + 1],
                completed[RESOURCE_ID_CHARS + 1];

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1 }, 1, completed);
        region_rig_start(rig, "{\"VolumeSize\":1}", pending);
        region_rig_start(rig, "{\"VolumeSize\":1}", completing);
        assert_int_equal(region_rig_complete(rig, completing, 0), 202);
        (void)snprintf(rig->store->boot_id, sizeof(rig->store->boot_id), "another-run");
        assert_int_equal(state_of(rig, pending), SNAPSHOT_ERROR);
        assert_int_equal(state_of(rig, completing), SNAPSHOT_ERROR);
        assert_int_equal(state_of(rig, completed), SNAPSHOT_COMPLETED);
}

static void pending_snapshot_goes_on_after_the_process_died(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(region_rig_put(rig, id, 0, 1), 201);
        region_rig_reopen(rig);
        assert_int_equal(region_rig_put(rig, id, 1, 2), 201);
        assert_int_equal(region_rig_complete(rig, id, 2), 202);
        region_rig_reopen(rig);
        assert_int_equal(state_of(rig, id), SNAPSHOT_COMPLETED);
}

/* In a process of its own: puts blocks until it is killed, and tells of each that was acknowledged. */
static void put_until_killed(struct region_rig *rig, const char *id, int told_fd)
{
        region_rig_reopen(rig);
        for (uint32_t i = 0; i < 2048; i++) {
                if (region_rig_put(rig, id, i, (uint8_t)(i % 255 + 1)) != 201 ||
                    write(told_fd, &i, sizeof(i)) != sizeof(i))
                        _exit(1);
                if (i % 3 == 2) /* and one is replaced: the death may come between the two records */
                        (void)region_rig_put(rig, id, i - 1, (uint8_t)(i % 255 + 1));
        }
        _exit(0);
}

static void acknowledged_puts_survive_the_death_of_the_process(void **state)
{
        struct region_rig *rig = *state;

        for (unsigned round = 0; round < 6; round++) {
                const struct timespec delay = { .tv_nsec = (long)(5 + 13 * round) * 1000000 };
                char id[RESOURCE_ID_CHARS + 1];
                uint64_t told_count = 0, found_count;
                struct region_census census;
                struct digest linear;
                uint32_t index;
                int told[2];
                pid_t child;

                region_rig_start(rig, "{\"VolumeSize\":1}", id);
                region_store_free(rig->store);
                rig->store = NULL;
                assert_int_equal(pipe(told), 0);
                child = fork();
                assert_true(child >= 0);
                if (child == 0)
                        put_until_killed(rig, id, told[1]);
                (void)close(told[1]);
                (void)nanosleep(&delay, NULL);
                assert_int_equal(kill(child, SIGKILL), 0);
                assert_int_equal(waitpid(child, NULL, 0), child);
                while (read(told[0], &index, sizeof(index)) == sizeof(index))
                        told_count++;
                (void)close(told[0]);
                region_rig_reopen(rig);
                /* One may be written whose acknowledgement was cut off, and one withdrawn to be replaced. */
                assert_int_equal(block_store_lock(rig->store->blocks, id, NULL), INGOT_OK);
                assert_int_equal(block_store_sum(rig->store->blocks, &found_count, &linear, NULL), INGOT_OK);
                block_store_unlock(rig->store->blocks);
                if (found_count + 1 < told_count || found_count > told_count + 1)
                        fail_msg("%u acknowledged, %u found", (unsigned)told_count, (unsigned)found_count);
                assert_int_equal(region_rig_complete(rig, id, found_count), 202);
                assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
                assert_int_equal(check(rig, &census), INGOT_OK);
                assert_int_equal(census.snapshots_completed, round + 1);
        }
}

static void deleted_parent_keeps_its_blocks_while_a_child_needs_them(void **state)
{
        struct region_rig *rig = *state;
        char parent[RESOURCE_ID_CHARS + 1], child[RESOURCE_ID_CHARS + 1], json[128], form[128];
        struct region_census census;

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1, 2 }, 2, parent);
        (void)snprintf(json, sizeof(json), "{\"VolumeSize\":1,\"ParentSnapshotId\":\"%s\"}", parent);
        region_rig_upload(rig, json, (const uint8_t[]){ 0, 3 }, 2, child);
        (void)snprintf(form, sizeof(form), "Action=DeleteSnapshot&SnapshotId=%s", parent);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_int_equal(region_rig_ec2(rig, form), 400);
        assert_true(region_rig_says(rig, "InvalidSnapshot.NotFound"));
        assert_true(has_files(rig, parent));
        assert_int_equal(check(rig, &census), INGOT_OK);
        assert_int_equal(census.snapshots_completed, 1);
        (void)snprintf(form, sizeof(form), "Action=DeleteSnapshot&SnapshotId=%s", child);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_false(has_files(rig, child));
        assert_false(has_files(rig, parent));
}

static void leftovers_of_processes_that_died_are_removed_when_they_are_old(void **state)
{
        struct region_rig *rig = *state;
        char kept[RESOURCE_ID_CHARS + 1], deleted[RESOURCE_ID_CHARS + 1];
        struct snapshot_record record;

        region_rig_start(rig, "{\"VolumeSize\":1,\"Timeout\":4320}", kept);
        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1 }, 1, deleted);
        assert_int_equal(block_store_create(rig->store->blocks, "snap-dead", NULL), INGOT_OK);
        assert_int_equal(snapshots_find(rig->store, "us-east-1", deleted, &record, NULL), INGOT_OK);
        record.state = SNAPSHOT_DELETED; /* and then it died */
        assert_int_equal(catalogue_update_snapshot(rig->store->catalogue, &record, NULL), INGOT_OK);
        assert_int_equal(snapshots_tidy(rig->store, NULL), INGOT_OK);
        assert_true(has_files(rig, "snap-dead"));
        assert_false(has_files(rig, deleted));
        rig->now_seconds += 3600;
        assert_int_equal(snapshots_tidy(rig->store, NULL), INGOT_OK);
        assert_false(has_files(rig, "snap-dead"));
        assert_true(has_files(rig, kept));
        assert_int_equal(region_rig_put(rig, kept, 0, 1), 201);
}

static void check_counts_what_there_is(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];
        struct region_census census;

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1, 2, 0, 4 }, 4, id);
        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(check(rig, &census), INGOT_OK);
        assert_int_equal(census.blocks, 3);
        assert_int_equal(census.snapshots_completed, 1);
        assert_int_equal(census.snapshots_pending, 1);
}

static void check_finds_a_damaged_block_and_a_missing_list(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], name[128];
        struct region_census census;

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1, 2 }, 2, id);
        (void)snprintf(name, sizeof(name), "store/blocks/%s/data.0", id);
        assert_int_equal(truncate(scratch_path(&rig->folder, name), BLOCK_BYTES + 4096), 0);
        assert_int_equal(check(rig, &census), INGOT_E_CHECKSUM);
        (void)snprintf(name, sizeof(name), "store/blocks/%s/blocks", id);
        assert_int_equal(unlink(scratch_path(&rig->folder, name)), 0);
        assert_int_equal(check(rig, &census), INGOT_E_FORMAT);
        assert_int_equal(region_check(scratch_path(&rig->folder, "none"), &census, NULL), INGOT_E_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(pending_snapshot_lapses_after_its_timeout),
                TEST(put_after_the_timeout_is_too_late_though_nobody_looked),
                TEST(pending_snapshot_of_an_earlier_run_of_the_machine_is_an_error),
                TEST(pending_snapshot_goes_on_after_the_process_died),
                TEST(acknowledged_puts_survive_the_death_of_the_process),
                TEST(deleted_parent_keeps_its_blocks_while_a_child_needs_them),
                TEST(leftovers_of_processes_that_died_are_removed_when_they_are_old),
                TEST(check_counts_what_there_is),
                TEST(check_finds_a_damaged_block_and_a_missing_list),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
