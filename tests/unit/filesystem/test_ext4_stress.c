/* SPDX-License-Identifier: Apache-2.0 */
/* One tree with everything that has broken a writer of file systems, and directories of 100,000 names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/ext4_fixture.h"
#include "support/lay_extents.h"
#include "support/scratch.h"

#include "base/own.h"

static const uint64_t MIB = 1 << 20;

static struct tree *new_tree(void)
{
        struct tree *tree = NULL;

        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        return tree;
}

/* Owned: the paths that scratch_path() gives are soon used again. */
static char *image_path(void *const *state)
{
        char *path = strdup(scratch_path(state, "image"));

        assert_non_null(path);
        return path;
}

static void seal(struct tree *tree)
{
        assert_int_equal(tree_seal(tree, FIXTURE_EPOCH, NULL), INGOT_OK);
}

static void write_and_judge(struct tree *tree, uint64_t size_bytes, void *const *state)
{
        struct ext4_request request = fixture_request(tree, size_bytes, state);
        OWNED(heap_drop) char *path = image_path(state);

        fixture_write(&request, path, false);
        fixture_check_clean(state, path);
        fixture_compare(tree, path);
}

static struct tree_entry *put_many(struct tree *tree, const char *directory, unsigned count,
                                   const char *suffix)
{
        struct tree_entry *parent = fixture_put(tree, NULL, directory, fixture_inode(TREE_DIRECTORY, 0755));

        for (unsigned i = 0; i < count; i++) {
                char name[256];

                (void)snprintf(name, sizeof(name), "name-%u%s", i, suffix);
                (void)fixture_put(tree, parent, name, fixture_inode(TREE_FIFO, 0600));
        }
        return parent;
}

static void a_directory_holds_a_hundred_thousand_names(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        OWNED(heap_drop) char *path = image_path(state);

        (void)put_many(tree, "many", 100000, "");
        seal(tree);
        write_and_judge(tree, 0, state);
        {
                const char *const argv[] = { "debugfs", "-R", "stat /many/name-77777", path, NULL };
                OWNED(heap_drop) char *text = fixture_output(state, argv);

                assert_non_null(strstr(text, "Type: FIFO"));
        }
        {
                const char *const argv[] = { "debugfs", "-R", "htree_dump /many", path, NULL };
                OWNED(heap_drop) char *text = fixture_output(state, argv);

                assert_non_null(strstr(text, "Hash Version: 1"));
                assert_non_null(strstr(text, "Indirect levels: 1"));
                assert_null(strstr(text, "Bad"));
        }
}

/* 16 entries a leaf: the one level of 507 leaves ends at 8,112 names of 195 bytes. */
static void the_index_grows_a_level_where_it_must(void **state)
{
        char suffix[190];

        memset(suffix, 'x', sizeof(suffix) - 1);
        suffix[sizeof(suffix) - 1] = '\0';
        for (unsigned count = 10; count <= 12000; count = count < 30 ? count + 1 : count * 3 / 2) {
                OWNED(tree_drop) struct tree *tree = new_tree();

                (void)put_many(tree, "long", count, suffix);
                seal(tree);
                write_and_judge(tree, 0, state);
        }
}

static void add_times_and_owners(struct tree *tree)
{
        static const int64_t seconds[] = { -3600, 0, -2147483648LL, 2147483647LL, 1699999999 };

        for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
                struct tree_inode *inode = fixture_file(10 + i, i);
                char name[32];

                inode->mtime = (struct tree_time){ .seconds = seconds[i], .nanoseconds = 999999999 };
                inode->uid = 70000 + (uint32_t)i;
                inode->gid = UINT32_MAX - 2;
                inode->mode = 06755;
                (void)snprintf(name, sizeof(name), "time%zu", i);
                (void)fixture_put(tree, NULL, name, inode);
        }
}

static void add_files(struct tree *tree)
{
        struct tree_inode *inode = fixture_inode(TREE_FILE, 0644);

        for (uint64_t i = 0; i < 6000; i++)
                fixture_add_run(inode, i * 12288, 4096);
        (void)fixture_put(tree, NULL, "six-thousand-extents", inode);
        inode = fixture_inode(TREE_FILE, 0600);
        inode->size_bytes = 50 * MIB;
        (void)fixture_put(tree, NULL, "zeros", inode);
        inode = fixture_inode(TREE_FILE, 0600);
        fixture_add_run(inode, UINT64_C(1) << 40, 5000);
        (void)fixture_put(tree, NULL, "at-one-tebibyte", inode);
        inode = fixture_inode(TREE_FILE, 0600);
        fixture_add_run(inode, 0, 8192);
        fixture_add_run(inode, 65536, 1);
        inode->size_bytes = 1000001;
        (void)fixture_put(tree, NULL, "hole-at-the-end", inode);
        (void)fixture_put(tree, NULL, "empty", fixture_file(0, 0));
        (void)fixture_put(tree, NULL, "large", fixture_file(200 * MIB + 17, 5));
}

static void add_specials(struct tree *tree)
{
        static const uint32_t devices[][2] = {
                { 1, 3 }, { 259, 70000 }, { 255, 255 }, { 0, 256 }, { 4095, 1048575 }
        };
        static const size_t targets[] = { 1, 59, 60, 61, 4000, 4095 };

        for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
                struct tree_inode *inode =
                        fixture_inode(i % 2 ? TREE_BLOCK_DEVICE : TREE_CHARACTER_DEVICE, 0660);
                char name[32];

                inode->device_major = devices[i][0];
                inode->device_minor = devices[i][1];
                (void)snprintf(name, sizeof(name), "device%zu", i);
                (void)fixture_put(tree, NULL, name, inode);
        }
        for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
                char name[32];

                (void)snprintf(name, sizeof(name), "link%zu", i);
                (void)fixture_put(tree, NULL, name, fixture_symlink(targets[i]));
        }
        (void)fixture_put(tree, NULL, "fifo", fixture_inode(TREE_FIFO, 0622));
        (void)fixture_put(tree, NULL, "socket", fixture_inode(TREE_SOCKET, 0777));
        (void)fixture_put(tree, NULL, "\xff\x80 \n\t\\\"'?*\xc3\xa4", fixture_file(5, 0));
        (void)fixture_put(tree, NULL, "sticky", fixture_inode(TREE_DIRECTORY, 01777));
}

static void add_links(struct tree *tree)
{
        struct tree_entry *first = fixture_put(tree, NULL, "hard", fixture_file(12345, 99));
        struct tree_entry *directory = fixture_put(tree, NULL, "links", fixture_inode(TREE_DIRECTORY, 0755));

        for (unsigned i = 0; i < 500; i++) {
                char name[32];
                int length = snprintf(name, sizeof(name), "hard%u", i);

                assert_int_equal(tree_put_link(tree, directory, name, (size_t)length, first, NULL), INGOT_OK);
        }
}

static void add_depth(struct tree *tree)
{
        struct tree_entry *parent = NULL;

        for (unsigned i = 0; i < 1000; i++)
                parent = fixture_put(tree, parent, "deep", fixture_inode(TREE_DIRECTORY, 0700));
        (void)fixture_put(tree, parent, "bottom", fixture_file(4097, 3));
}

static void add_xattrs(struct tree *tree)
{
        static const uint8_t capability[20] = { 1, 0, 0, 2, 0, 4 };
        static const uint8_t acl[] = {
                2,    0, 0, 0, 1,    0,    7,    0,    0xff, 0xff, 0xff, 0xff, 2,    0,    5,    0,   1, 2,
                3,    4, 4, 0, 5,    0,    0xff, 0xff, 0xff, 0xff, 8,    0,    4,    0,    9,    0,   0, 0,
                0x10, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0,    0,    0,    0xff, 0xff, 0xff, 0xff
        };
        static const char label[] = "system_u:object_r:bin_t:s0";
        struct tree_inode *inode = fixture_file(100, 0);
        uint8_t large[3000];

        memset(large, 'x', sizeof(large));
        fixture_set_xattr(inode, "security.capability", capability, sizeof(capability));
        (void)fixture_put(tree, NULL, "capable", inode);
        inode = fixture_file(100, 0);
        fixture_set_xattr(inode, "user.large", large, sizeof(large));
        fixture_set_xattr(inode, "user.empty", "", 0);
        fixture_set_xattr(inode, "trusted.three", "abc", 3);
        fixture_set_xattr(inode, "security.selinux", label, sizeof(label));
        fixture_set_xattr(inode, "security.capability", capability, sizeof(capability));
        fixture_set_xattr(inode, "system.posix_acl_access", acl, sizeof(acl));
        (void)fixture_put(tree, NULL, "all-xattrs", inode);
        inode = fixture_inode(TREE_DIRECTORY, 0750);
        fixture_set_xattr(inode, "system.posix_acl_access", acl, sizeof(acl));
        fixture_set_xattr(inode, "system.posix_acl_default", acl, sizeof(acl));
        (void)fixture_put(tree, NULL, "acl-directory", inode);
        inode = fixture_symlink(20);
        fixture_set_xattr(inode, "security.selinux", label, sizeof(label));
        (void)fixture_put(tree, NULL, "labelled-link", inode);
}

static struct tree *strange_tree(void)
{
        struct tree *tree = new_tree();

        add_times_and_owners(tree);
        add_files(tree);
        add_specials(tree);
        add_links(tree);
        add_depth(tree);
        add_xattrs(tree);
        seal(tree);
        return tree;
}

static void everything_strange_comes_back_as_it_was(void **state)
{
        OWNED(tree_drop) struct tree *tree = strange_tree();

        write_and_judge(tree, 0, state);
        write_and_judge(tree, 3000 * MIB, state);
}

static void a_time_after_2038_is_kept(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_inode *inode = fixture_file(1, 0);
        struct ext4_request request;
        OWNED(heap_drop) char *path = image_path(state);
        const char *const argv[] = { "debugfs", "-R", "stat /later", path, NULL };
        OWNED(heap_drop) char *text = NULL;

        inode->mtime = (struct tree_time){ .seconds = 4291747200, .nanoseconds = 5 }; /* 2105-12-31 */
        (void)fixture_put(tree, NULL, "later", inode);
        assert_int_equal(tree_seal(tree, 5000000000, NULL), INGOT_OK);
        request = fixture_request(tree, 16 * MIB, state);
        request.epoch_seconds = 5000000000; /* past 32 bits */
        fixture_write(&request, path, true);
        fixture_check_clean(state, path);
        text = fixture_output(state, argv);
        assert_non_null(strstr(text, " mtime: 0xffcedd80:00000015"));
        assert_non_null(strstr(text, "crtime: 0xffcedd80:00000015"));
}

static void over_65000_subdirectories_count_as_one_link(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        OWNED(heap_drop) char *path = image_path(state);
        const char *const argv[] = { "debugfs", "-R", "stat /full", path, NULL };
        struct tree_entry *full = fixture_put(tree, NULL, "full", fixture_inode(TREE_DIRECTORY, 0755));
        OWNED(heap_drop) char *text = NULL;
        struct ext4_request request;

        for (unsigned i = 0; i < 65100; i++) {
                char name[32];

                (void)snprintf(name, sizeof(name), "%u", i);
                (void)fixture_put(tree, full, name, fixture_inode(TREE_DIRECTORY, 0755));
        }
        seal(tree);
        request = fixture_request(tree, 0, state);
        fixture_write(&request, path, false);
        fixture_check_clean(state, path);
        text = fixture_output(state, argv);
        assert_non_null(strstr(text, "Links: 1 "));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_directory_holds_a_hundred_thousand_names, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(the_index_grows_a_level_where_it_must, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(everything_strange_comes_back_as_it_was, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(a_time_after_2038_is_kept, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(over_65000_subdirectories_count_as_one_link, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
