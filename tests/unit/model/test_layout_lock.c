/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "model/layout_lock.h"

#define HEAD "ingot-layout-lock 1\nvolume /dev/xvda gpt 00000000-0000-0000-0000-000000000001\n"
#define ESP  "partition 2 00000000-0000-0000-0000-000000000002 2048 4096 vfat 0000abcd\n"
#define ROOT                                                                                                 \
        "partition 3 00000000-0000-0000-0000-000000000003 4096 20480 ext4 "                                  \
        "00000000-0000-0000-0000-000000000004 00000000-0000-0000-0000-000000000005\n"
#define EXT4   "ext4 2048 512 1024 1 1700000000 40+60 -\n"
#define INODES "i d 2 5.000000000 0 40+1 - 0 /\ni f 12 -7.000000009 9000 50+2,60+1 - 77 /a%20b%25\n"
static const char good[] = HEAD ESP ROOT EXT4 INODES "end 2\n";

static enum ingot_code parse(const char *text, struct layout_lock **ret_lock, struct ingot_error *err)
{
        return layout_lock_parse(text, strlen(text), "web.lock", ret_lock, err);
}

/* rule 1 */
static void what_is_read_prints_as_it_was(void **state)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1 << 20);
        OWNED(layout_lock_drop) struct layout_lock *lock = NULL;
        const struct lock_partition *root;
        const struct lock_inode *inode;

        (void)state;
        assert_int_equal(parse(good, &lock, NULL), INGOT_OK);
        assert_int_equal(layout_lock_print(lock, &out, NULL), INGOT_OK);
        assert_string_equal(out.bytes, good);
        root = layout_lock_find(lock, 3, FILE_SYSTEM_EXT4);
        assert_non_null(root);
        assert_null(layout_lock_find(lock, 2, FILE_SYSTEM_EXT4));
        inode = lock_partition_find(root, "/a b%");
        assert_non_null(inode);
        assert_int_equal(inode->mtime.seconds, -7);
        assert_int_equal(inode->data_count, 2);
        assert_null(lock_partition_find(root, "/c"));
}

/* rule 4 */
static void what_breaks_a_rule_is_refused(void **state)
{
        static const struct {
                const char *text, *says;
        } bad[] = {
                { "", "ends too early" },
                { "ingot-layout-lock 2\n", "no layout lock of version 1" },
                { HEAD ROOT EXT4 INODES, "ends too early" },
                { HEAD ROOT EXT4 INODES "end 3\n", "does not tell the number" },
                { HEAD ROOT EXT4 INODES "end 2\nmore\n", "is not the end" },
                { HEAD ROOT "ext4 2049 512 1024 1 0 40+60 -\nend 0\n", "more than its partition" },
                { HEAD ROOT "ext4 2048 500 1024 1 0 40+60 -\nend 0\n", "multiple of 16" },
                { HEAD ROOT "ext4 2048 512 1024 1 0 2000+60 -\nend 0\n", "area for metadata" },
                { HEAD ROOT "ext4 2048 512 1024 1 0 40+60 5\nend 0\n", "cannot have grown" },
                { HEAD ROOT EXT4 "i d 513 5.0 0 - - 0 /\nend 1\n", "none of the file system's" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 2048+1 - 0 /\nend 1\n", "within the file system" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 1+0 - 0 /\nend 1\n", "START+LENGTH" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 1+1,, - 0 /\nend 1\n", "START+LENGTH" },
                { HEAD ROOT EXT4 "i d 2 5.0 99999999999999999999 - - 0 /\nend 1\n", "size are numbers" },
                { HEAD ROOT EXT4 "i d 2 5.1000000000 0 - - 0 /\nend 1\n", "size are numbers" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 - - 0 /%0\nend 1\n", "%XX" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 - - 0 /%00\nend 1\n", "%XX" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 - - 0 a\nend 1\n", "starts with '/'" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 - - 0 /\ni d 3 5.0 0 - - 0 /\nend 2\n", "do not ascend" },
                { HEAD ROOT EXT4 "i d 2 5.0 0 - - 0 /\ni d 2 5.0 0 - - 0 /a\nend 2\n", "is there twice" },
                { HEAD ESP ESP "end 0\n", "number is there twice" },
                { HEAD "i d 2 5.0 0 - - 0 /\nend 1\n", "nothing that is known" },
                { HEAD ESP "i d 2 5.0 0 - - 0 /\nend 1\n", "nothing that is known" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct layout_lock *lock = NULL;
                struct ingot_error err;

                assert_int_equal(parse(bad[i].text, &lock, &err), INGOT_E_FORMAT);
                if (!strstr(ingot_error_frame(&err, 0), bad[i].says))
                        fail_msg("%zu: '%s' does not say '%s'", i, ingot_error_frame(&err, 0), bad[i].says);
        }
}

static void every_cut_is_refused(void **state)
{
        (void)state;
        for (size_t size_bytes = 0; size_bytes + 1 < sizeof(good); size_bytes++) {
                struct layout_lock *lock = NULL;

                assert_int_equal(layout_lock_parse(good, size_bytes, "web.lock", &lock, NULL),
                                 INGOT_E_FORMAT);
        }
}

static void identifiers_are_pinned_where_the_partition_is_still_there(void **state)
{
        OWNED(layout_lock_drop) struct layout_lock *lock = NULL;
        struct layout_partition partitions[3] = {
                { .number = 2, .file_system = FILE_SYSTEM_VFAT },
                { .number = 3, .file_system = FILE_SYSTEM_EXT4 },
                { .number = 4, .file_system = FILE_SYSTEM_EXT4 },
        };
        struct layout layout = { .table = PARTITION_TABLE_GPT,
                                 .partitions = partitions,
                                 .partition_count = 3 };

        (void)state;
        assert_int_equal(parse(good, &lock, NULL), INGOT_OK);
        layout_lock_pin(lock, &layout);
        assert_int_equal(layout.disk_guid.bytes[15], 1);
        assert_int_equal(partitions[0].vfat_serial, 0xabcd);
        assert_int_equal(partitions[0].unique_guid.bytes[15], 2);
        assert_int_equal(partitions[1].uuid.bytes[15], 4);
        assert_int_equal(partitions[1].hash_seed.bytes[15], 5);
        assert_true(guid_is_nil(&partitions[2].uuid));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_read_prints_as_it_was),
                cmocka_unit_test(what_breaks_a_rule_is_refused),
                cmocka_unit_test(every_cut_is_refused),
                cmocka_unit_test(identifiers_are_pinned_where_the_partition_is_still_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
