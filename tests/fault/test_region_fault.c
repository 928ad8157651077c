/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault/faults.h"
#include "region/region.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"

/* SQLite makes its system calls itself; what is here is linked so that they are counted too. */
static int open_for_sqlite(const char *path, int flags, int mode)
{
        return open(path, flags, mode);
}

static ssize_t pwrite_for_sqlite(int fd, const void *bytes, size_t size_bytes, off_t offset_bytes)
{
        return pwrite(fd, bytes, size_bytes, offset_bytes);
}

static int ftruncate_for_sqlite(int fd, off_t size_bytes)
{
        return ftruncate(fd, size_bytes);
}

static int count_calls_of_sqlite(void **state)
{
        sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

        (void)state;
        if (!vfs || vfs->iVersion < 3)
                return -1;
        /* Only one of the two names of pwrite is in use; neither is an error. */
        (void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)pwrite_for_sqlite);
        (void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)pwrite_for_sqlite);
        (void)vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)ftruncate_for_sqlite);
        return vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_for_sqlite) == SQLITE_OK ? 0 : -1;
}

enum { BLOCKS = 8, SNAPSHOTS = 2, NOT_PUT = -1, IN_DOUBT = -2 };

/* What the client was told, and what it knows. */
struct client {
        struct region_rig *rig;
        bool gives_up; /* the first refusal ends it; otherwise whatever is refused is asked for once more */
        bool has_given_up;
        char ids[SNAPSHOTS][RESOURCE_ID_CHARS + 1]; /* "": not acknowledged */
        int fills[SNAPSHOTS][BLOCKS];               /* acknowledged, or NOT_PUT, or IN_DOUBT */
};

static bool again(struct client *client, unsigned *attempts, bool is_done)
{
        if (is_done || client->has_given_up)
                return false;
        client->has_given_up = client->gives_up && faults_fired();
        /* One fault: the second attempt finds none. */
        if (!client->has_given_up && (!faults_fired() || ++*attempts > 1))
                fail_msg("refused: %u %s", client->rig->reply.status, client->rig->reply.body.bytes);
        return !client->has_given_up;
}

static void start(struct client *client, int number, const char *parent_id)
{
        char json[256];
        unsigned attempts = 0;
        bool is_done;

        (void)snprintf(json, sizeof(json), "{\"VolumeSize\":1,\"ClientToken\":\"token-%d\"%s%s%s}", number,
                       parent_id ? ",\"ParentSnapshotId\":\"" : "", parent_id ? parent_id : "",
                       parent_id ? "\"" : "");
        do {
                is_done = !client->has_given_up && region_rig_send(client->rig, "ebs", "POST", "/snapshots",
                                                                   NULL, json, strlen(json)) == 201;
                if (is_done)
                        region_rig_pick(client->rig, "\"SnapshotId\":\"", "\"", client->ids[number],
                                        RESOURCE_ID_CHARS + 1);
        } while (again(client, &attempts, is_done));
}

/* Whoever starts anew may find the snapshot completed: the block is there. */
static bool put_once(const struct client *client, int number, int index, uint8_t fill)
{
        return region_rig_put(client->rig, client->ids[number], (uint64_t)index, fill) == 201 ||
               strstr(client->rig->reply.body.bytes, "was completed");
}

static void put(struct client *client, int number, int index, uint8_t fill)
{
        unsigned attempts = 0;
        bool is_done;

        do {
                is_done = !client->has_given_up && put_once(client, number, index, fill);
                if (!client->has_given_up)
                        client->fills[number][index] = is_done ? fill : IN_DOUBT;
        } while (again(client, &attempts, is_done));
}

static void complete(struct client *client, int number, uint64_t count)
{
        unsigned attempts = 0;
        bool is_done;

        do
                is_done = !client->has_given_up &&
                          region_rig_complete(client->rig, client->ids[number], count) == 202;
        while (again(client, &attempts, is_done));
        attempts = 0;
        do
                is_done = !client->has_given_up &&
                          region_rig_ec2(client->rig, "Action=DescribeSnapshots") == 200;
        while (again(client, &attempts, is_done));
}

/* The fault may have come after the AMI was there: then its name is taken. */
static void register_ami(struct client *client)
{
        char form[512];
        unsigned attempts = 0;
        bool is_done;

        (void)snprintf(
                form, sizeof(form),
                "Action=RegisterImage&Name=web&RootDeviceName=%%2Fdev%%2Fxvda&VirtualizationType=hvm&"
                "BlockDeviceMapping.1.DeviceName=%%2Fdev%%2Fxvda&BlockDeviceMapping.1.Ebs.SnapshotId=%s",
                client->ids[1]);
        do
                is_done = !client->has_given_up &&
                          (region_rig_ec2(client->rig, form) == 200 ||
                           strstr(client->rig->reply.body.bytes, "InvalidAMIName.Duplicate"));
        while (again(client, &attempts, is_done));
}

/* A snapshot, a block of it written twice, its child, and an AMI of that. */
static void publish(struct client *client)
{
        for (int i = 0; i < SNAPSHOTS; i++)
                for (int j = 0; j < BLOCKS; j++)
                        client->fills[i][j] = NOT_PUT;
        client->has_given_up = false;
        start(client, 0, NULL);
        put(client, 0, 0, 0x11);
        put(client, 0, 3, 0x22);
        put(client, 0, 0, 0x33);
        put(client, 0, 5, 0);
        complete(client, 0, 3);
        start(client, 1, client->ids[0]);
        put(client, 1, 3, 0x44);
        put(client, 1, 6, 0x55);
        complete(client, 1, 2);
        register_ami(client);
}

static void digest_fill(int fill, struct digest *ret_digest)
{
        static uint8_t block[BLOCK_BYTES];

        memset(block, fill, sizeof(block));
        assert_int_equal(digest_of(block, sizeof(block), ret_digest, NULL), INGOT_OK);
}

/* Nothing that was acknowledged, and not asked to be replaced since, is lost. */
static void check_acknowledged(const struct client *client)
{
        static uint8_t block[BLOCK_BYTES];
        struct ingot_error err;
        struct digest digest;

        for (int i = 0; i < SNAPSHOTS; i++) {
                for (uint32_t j = 0; j < BLOCKS; j++) {
                        if (client->fills[i][j] < 0)
                                continue;
                        digest_fill(client->fills[i][j], &digest);
                        if (block_store_read(client->rig->store->blocks, client->ids[i], j, &digest, block,
                                             &err))
                                fail_msg("%s", ingot_error_frame(&err, 0));
                }
        }
}

static void check_list(const struct client *client, int number, const int fills[BLOCKS])
{
        struct block_list list = BLOCK_LIST_NONE;
        struct block_record record;
        struct digest digest;
        bool end;

        assert_int_equal(block_list_open(&list, client->rig->store->blocks, client->ids[number], NULL),
                         INGOT_OK);
        for (uint32_t i = 0; i < BLOCKS; i++) {
                if (fills[i] == NOT_PUT)
                        continue;
                assert_int_equal(block_list_next(&list, &record, &end, NULL), INGOT_OK);
                assert_false(end);
                assert_int_equal(record.block_index, i);
                digest_fill(fills[i], &digest);
                assert_true(digest_equal(&record.digest, &digest));
        }
        assert_int_equal(block_list_next(&list, &record, &end, NULL), INGOT_OK);
        assert_true(end);
        block_list_release(&list);
}

/* All is as if nothing had ever failed. */
static void check_published(const struct client *client)
{
        static const int first[BLOCKS] = { 0x33, NOT_PUT, NOT_PUT, 0x22, NOT_PUT, 0, NOT_PUT, NOT_PUT };
        static const int second[BLOCKS] = { 0x33, NOT_PUT, NOT_PUT, 0x44, NOT_PUT, 0, 0x55, NOT_PUT };
        struct region_census census;
        struct ingot_error err = { 0 };

        check_list(client, 0, first);
        check_list(client, 1, second);
        if (region_check(client->rig->store->folder, &census, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        assert_int_equal(census.snapshots_completed, SNAPSHOTS);
        assert_int_equal(census.snapshots_pending + census.snapshots_error, 0);
        assert_int_equal(census.images, 1);
}

static void one_fault_is_survived_by_asking_again(void **state)
{
        unsigned fail_at;
        bool fired = true;

        (void)state;
        for (fail_at = 1; fired && fail_at < 2000; fail_at++) {
                void *rig = NULL;
                struct client client = { 0 };

                assert_int_equal(region_rig_setup(&rig), 0);
                client.rig = rig;
                client.rig->now_seconds =
                        time(NULL); /* a journal that could not be dated has the kernel's time */
                faults_begin(fail_at);
                publish(&client);
                fired = faults_fired();
                faults_begin(0);
                check_acknowledged(&client);
                region_rig_reopen(client.rig);
                check_published(&client);
                assert_int_equal(region_rig_teardown(&rig), 0);
        }
        print_message("# %u calls\n", fail_at - 2);
        assert_in_range(fail_at, 60, 1999);
}

static void full_disk_loses_nothing_and_ends_with_the_fullness(void **state)
{
        unsigned fail_at;
        bool fired = true;

        (void)state;
        for (fail_at = 1; fired && fail_at < 2000; fail_at++) {
                void *rig = NULL;
                struct client client = { .gives_up = true };

                assert_int_equal(region_rig_setup(&rig), 0);
                client.rig = rig;
                client.rig->now_seconds =
                        time(NULL); /* a journal that could not be dated has the kernel's time */
                faults_begin_full(fail_at);
                publish(&client);
                fired = faults_fired();
                faults_begin(0);
                check_acknowledged(&client);
                region_rig_reopen(client.rig); /* another process */
                check_acknowledged(&client);
                publish(&client); /* under the same tokens, as a client would that was started again */
                check_acknowledged(&client);
                check_published(&client);
                assert_int_equal(region_rig_teardown(&rig), 0);
        }
        print_message("# %u writes\n", fail_at - 2);
        assert_in_range(fail_at, 30, 1999);
}

/* What failed to be made is made by the next who opens it. */
static void store_that_could_not_be_made_is_made_the_next_time(void **state)
{
        unsigned fail_at;
        bool fired = true;

        (void)state;
        for (fail_at = 1; fired && fail_at < 500; fail_at++) {
                void *rig_state = NULL;
                struct region_rig *rig;
                struct region_store *store = NULL;
                char folder[512];
                struct ingot_error err;
                enum ingot_code r;

                assert_int_equal(region_rig_setup(&rig_state), 0);
                rig = rig_state;
                (void)snprintf(folder, sizeof(folder), "%s.other", rig->store->folder);
                faults_begin(fail_at);
                r = region_store_new(folder, true, &rig->clock, &store, &err);
                fired = faults_fired();
                faults_begin(0);
                assert_true(fired || r == INGOT_OK);
                region_store_free(store);
                if (region_store_new(folder, true, &rig->clock, &store, &err))
                        fail_msg("after call %u: %s", fail_at, ingot_error_frame(&err, 0));
                assert_int_equal(strlen(store->access_key_id), ACCESS_KEY_ID_CHARS);
                region_store_free(store);
                assert_int_equal(region_rig_teardown(&rig_state), 0);
        }
        print_message("# %u calls\n", fail_at - 2);
        assert_in_range(fail_at, 10, 499);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(store_that_could_not_be_made_is_made_the_next_time),
                cmocka_unit_test(one_fault_is_survived_by_asking_again),
                cmocka_unit_test(full_disk_loses_nothing_and_ends_with_the_fullness),
        };

        return cmocka_run_group_tests(tests, count_calls_of_sqlite, NULL);
}
