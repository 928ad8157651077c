/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "support/cmocka_all.h"
#include "support/ext4_fixture.h"
#include "support/lay_extents.h"
#include "support/scratch.h"

#include "base/endian.h"
#include "base/fd.h"
#include "base/own.h"

static const uint64_t MIB = 1 << 20;

static struct tree *new_tree(void)
{
        struct tree *tree = NULL;

        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        return tree;
}

static void seal(struct tree *tree)
{
        assert_int_equal(tree_seal(tree, FIXTURE_EPOCH, NULL), INGOT_OK);
}

/* Owned: the paths that scratch_path() gives are soon used again. */
static char *owned_path(void *const *state, const char *name)
{
        char *path = strdup(scratch_path(state, name));

        assert_non_null(path);
        return path;
}

/* Trees that differ in what they are made of, numbered. */
enum { TREE_SORTS = 10 };
static struct tree *tree_of_sort(unsigned sort)
{
        struct tree *tree = new_tree();
        struct tree_entry *directory = fixture_put(tree, NULL, "d", fixture_inode(TREE_DIRECTORY, 0755));

        for (unsigned i = 0; i < 40 + 300 * sort; i++) {
                struct tree_inode *inode;
                char name[128] = { 0 }; /* all of it is written, as an xattr */

                (void)snprintf(name, sizeof(name), "%0*u", (int)(1 + 12 * sort), i);
                switch ((i + sort) % (2 + sort)) {
                case 0: inode = fixture_file((uint64_t)i * 10 * sort, i); break;
                case 1: inode = fixture_inode(TREE_DIRECTORY, 0700); break;
                case 2: inode = fixture_symlink(10 + i % 200); break;
                case 3: inode = fixture_file(1, i); break;
                case 4: inode = fixture_file(0, 0); break;
                default: inode = fixture_inode(TREE_FIFO, 0600); break;
                }
                if (sort == 7)
                        fixture_set_xattr(inode, "user.note", name, sizeof(name));
                (void)fixture_put(tree, sort % 2 ? directory : NULL, name, inode);
        }
        if (sort == 9) {
                struct tree_inode *holed = fixture_inode(TREE_FILE, 0600);

                for (uint64_t i = 0; i < 20000; i++)
                        fixture_add_run(holed, i * 8192, 4096);
                (void)fixture_put(tree, NULL, "holed", holed);
        }
        seal(tree);
        return tree;
}

static void an_empty_tree_is_a_clean_file_system(void **state)
{
        static const unsigned sizes_mib[] = { 1, 2, 3, 7, 8, 9, 64, 127, 129, 130, 300, 700 };
        OWNED(tree_drop) struct tree *tree = new_tree();
        OWNED(heap_drop) char *path = owned_path(state, "image");

        seal(tree);
        for (size_t i = 0; i < sizeof(sizes_mib) / sizeof(sizes_mib[0]); i++) {
                struct ext4_request request = fixture_request(tree, sizes_mib[i] * MIB, state);

                fixture_write(&request, path, sizes_mib[i] < 130);
                fixture_check_clean(state, path);
        }
}

static void what_was_measured_holds_the_tree(void **state)
{
        OWNED(heap_drop) char *path = owned_path(state, "image");

        for (unsigned sort = 0; sort < TREE_SORTS; sort++) {
                OWNED(tree_drop) struct tree *tree = tree_of_sort(sort);
                struct ext4_request request = fixture_request(tree, 0, state);
                uint64_t fit_bytes = 0;

                assert_int_equal(ext4_measure(&request, &fit_bytes, NULL), INGOT_OK);
                assert_int_equal(fit_bytes % MIB, 0);
                request.size_bytes = fit_bytes;
                fixture_write(&request, path, true);
                fixture_check_clean(state, path);
                fixture_compare(tree, path);
        }
}

static void what_was_measured_is_tight(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        OWNED(ext4_image_drop) struct ext4_image *image = NULL;
        struct ext4_request request;

        (void)fixture_put(tree, NULL, "file", fixture_file(600 * MIB, 0));
        seal(tree);
        request = fixture_request(tree, 0, state);
        image = fixture_lay_out(&request);
        assert_true(request.size_bytes < 635 * MIB); /* 16 MiB of it is the journal */
        assert_true(ext4_image_usage(image)->free_bytes < 2 * MIB);
}

/* Where mke2fs's rule for the journal makes a step, a larger size must not hold less. */
static void any_larger_size_holds_it_too(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct ext4_request request;
        uint64_t fit_bytes = 0;

        (void)fixture_put(tree, NULL, "file", fixture_file(985 * MIB, 0));
        seal(tree);
        request = fixture_request(tree, 0, state);
        assert_int_equal(ext4_measure(&request, &fit_bytes, NULL), INGOT_OK);
        assert_in_range(fit_bytes / MIB, 1005, 1023);
        for (uint64_t more = 0; more < 40; more++) {
                struct ext4_image *image = NULL;

                request.size_bytes = fit_bytes + more * MIB;
                assert_int_equal(ext4_image_new(&request, &image, NULL), INGOT_OK);
                ext4_image_free(image);
        }
}

static void a_tree_too_large_is_told_what_it_needs(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct ext4_image *image = NULL;
        struct ingot_error err = { .code = INGOT_OK };
        struct ext4_request request;
        char expected[64];
        uint64_t fit_bytes = 0;

        (void)fixture_put(tree, NULL, "file", fixture_file(40 * MIB, 0));
        seal(tree);
        request = fixture_request(tree, 32 * MIB, state);
        assert_int_equal(ext4_image_new(&request, &image, &err), INGOT_E_LAYOUT);
        assert_int_equal(ext4_measure(&request, &fit_bytes, NULL), INGOT_OK);
        (void)snprintf(expected, sizeof(expected), "of %u MiB and has 32 MiB", (unsigned)(fit_bytes / MIB));
        assert_non_null(strstr(ingot_error_frame(&err, 0), expected));
        request.size_bytes = fit_bytes - MIB;
        assert_int_equal(ext4_image_new(&request, &image, &err), INGOT_E_LAYOUT);
        request.size_bytes = 0;
        assert_int_equal(ext4_image_new(&request, &image, &err), INGOT_E_LAYOUT);
        request.size_bytes = UINT64_C(1) << 44;
        assert_int_equal(ext4_image_new(&request, &image, &err), INGOT_E_LAYOUT);
        assert_null(image);
}

static void a_broken_request_is_refused(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct ext4_image *image = NULL;
        struct ext4_request request;

        seal(tree);
        request = fixture_request(tree, 64 * MIB + 512, state);
        assert_int_equal(ext4_image_new(&request, &image, NULL), INGOT_E_USAGE);
        request = fixture_request(tree, 64 * MIB, state);
        request.label = "seventeen letters";
        assert_int_equal(ext4_image_new(&request, &image, NULL), INGOT_E_USAGE);
        request.label = "sixteen letters!";
        assert_int_equal(ext4_image_new(&request, &image, NULL), INGOT_OK);
        ext4_image_free(image);
        image = NULL;
        request.label = NULL;
        request.spool_folder = "/nowhere/at/all";
        assert_int_equal(ext4_image_new(&request, &image, NULL), INGOT_E_SYSTEM);
}

static void expect_layout_error(struct tree_inode *inode, const char *text, void *const *state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct ext4_image *image = NULL;
        struct ingot_error err = { .code = INGOT_OK };
        struct ext4_request request;

        (void)fixture_put(tree, NULL, "odd", inode);
        seal(tree);
        request = fixture_request(tree, 64 * MIB, state);
        assert_int_equal(ext4_image_new(&request, &image, &err), INGOT_E_LAYOUT);
        if (!strstr(ingot_error_frame(&err, 0), text))
                fail_msg("'%s' is not in '%s'", text, ingot_error_frame(&err, 0));
}

static void what_ext4_cannot_hold_is_refused(void **state)
{
        struct tree_inode *inode = fixture_file(1, 0);
        uint8_t large[5000] = { 1 };

        fixture_set_xattr(inode, "user.large", large, sizeof(large));
        expect_layout_error(inode, "xattr 'user.large' has 5000 bytes", state);
        inode = fixture_file(1, 0);
        fixture_set_xattr(inode, "user.a", large, 2100);
        fixture_set_xattr(inode, "user.b", large, 2100);
        expect_layout_error(inode, "2 xattrs need", state);
        inode = fixture_file(1, 0);
        fixture_set_xattr(inode, "system.data", large, 1);
        expect_layout_error(inode, "no place for xattr 'system.data'", state);
        inode = fixture_inode(TREE_CHARACTER_DEVICE, 0600);
        inode->device_major = 4096;
        expect_layout_error(inode, "device 4096:0", state);
        inode = fixture_inode(TREE_FILE, 0600);
        inode->size_bytes = UINT64_C(1) << 44;
        expect_layout_error(inode, "'/odd' has 17592186044416 bytes", state);
}

static void lost_and_found_is_made_or_taken(void **state)
{
        OWNED(heap_drop) char *path = owned_path(state, "image");
        const char *const argv[] = { "debugfs", "-R", "stat <11>", path, NULL };

        for (unsigned sort = 0; sort < 3; sort++) {
                OWNED(tree_drop) struct tree *tree = new_tree();
                OWNED(heap_drop) char *text = NULL;
                struct tree_entry *lost = NULL;
                struct ext4_request request;

                (void)fixture_put(tree, NULL, "lost", fixture_file(1, 0));
                (void)fixture_put(tree, NULL, "lost+found-2", fixture_file(1, 0));
                (void)fixture_put(tree, NULL, "a", fixture_inode(TREE_DIRECTORY, 0755));
                if (sort == 1)
                        lost = fixture_put(tree, NULL, "lost+found", fixture_inode(TREE_DIRECTORY, 0750));
                if (sort == 1)
                        (void)fixture_put(tree, lost, "#12", fixture_file(1, 0));
                if (sort == 2)
                        (void)fixture_put(tree, NULL, "lost+found", fixture_file(10, 0));
                seal(tree);
                request = fixture_request(tree, 16 * MIB, state);
                fixture_write(&request, path, true);
                fixture_check_clean(state, path);
                fixture_compare(tree, path);
                text = fixture_output(state, argv);
                assert_non_null(strstr(text, sort == 0   ? "Mode:  0700"
                                             : sort == 1 ? "Mode:  0750"
                                                         : "Type: regular"));
                assert_true((strstr(text, "Size: 16384") != NULL) == (sort < 2));
        }
}

static void *read_whole(const char *path, size_t *ret_size_bytes)
{
        char *bytes = NULL;

        assert_int_equal(fd_read_file(path, SIZE_MAX, &bytes, ret_size_bytes, NULL), INGOT_OK);
        return bytes;
}

static void the_bytes_depend_on_the_request_alone(void **state)
{
        OWNED(tree_drop) struct tree *first = tree_of_sort(8);
        OWNED(tree_drop) struct tree *second = tree_of_sort(8);
        OWNED(heap_drop) char *one = owned_path(state, "one");
        OWNED(heap_drop) char *two = owned_path(state, "two");
        struct ext4_request request = fixture_request(first, 0, state);
        OWNED(heap_drop) char *a = NULL;
        OWNED(heap_drop) char *b = NULL;
        size_t a_bytes = 0, b_bytes = 0;

        fixture_write(&request, one, false);
        assert_int_equal(setenv("TZ", "Pacific/Kiritimati", 1), 0);
        assert_int_equal(setenv("SOURCE_DATE_EPOCH", "12345", 1), 0);
        assert_int_equal(setenv("E2FSPROGS_FAKE_TIME", "54321", 1), 0);
        assert_int_equal(setenv("MKE2FS_CONFIG", "/nowhere", 1), 0);
        tzset();
        (void)umask(0777);
        request = fixture_request(second, 0, state);
        fixture_write(&request, two, false);
        (void)umask(022);
        assert_int_equal(unsetenv("TZ") | unsetenv("SOURCE_DATE_EPOCH") | unsetenv("E2FSPROGS_FAKE_TIME") |
                                 unsetenv("MKE2FS_CONFIG"),
                         0);
        a = read_whole(one, &a_bytes);
        b = read_whole(two, &b_bytes);
        assert_int_equal(a_bytes, b_bytes);
        assert_memory_equal(a, b, a_bytes);
}

/* Of the superblock at at_bytes: 40 bits, of which the highest 8 stand elsewhere. */
static int64_t superblock_time(const uint8_t *superblock, size_t low_at, size_t high_at)
{
        return (int64_t)(get_le32(superblock + low_at) | (uint64_t)superblock[high_at] << 32);
}

static void every_time_is_the_epoch(void **state)
{
        static const int64_t epochs[] = { 0, 1, FIXTURE_EPOCH, 5000000000 };
        static const size_t superblocks_at[] = { 1024, 128 << 20 }; /* the second is group 1's copy */
        OWNED(tree_drop) struct tree *tree = new_tree();
        OWNED(heap_drop) char *path = owned_path(state, "image");

        assert_int_equal(tree_seal(tree, 0, NULL), INGOT_OK);
        for (size_t i = 0; i < sizeof(epochs) / sizeof(epochs[0]); i++) {
                struct ext4_request request = fixture_request(tree, 200 * MIB, state);
                OWNED(fd_drop) int fd = FD_NONE;

                request.epoch_seconds = epochs[i];
                fixture_write(&request, path, false);
                fixture_check_clean(state, path);
                assert_int_equal(fd_open_read(path, &fd, NULL), INGOT_OK);
                for (size_t copy = 0; copy < 2; copy++) {
                        uint8_t superblock[1024];

                        assert_int_equal(fd_read_at(fd, path, superblocks_at[copy], superblock,
                                                    sizeof(superblock), NULL),
                                         INGOT_OK);
                        assert_int_equal(superblock_time(superblock, 0x30, 0x274), epochs[i]);  /* wtime */
                        assert_int_equal(superblock_time(superblock, 0x108, 0x276), epochs[i]); /* mkfs */
                        assert_int_equal(superblock_time(superblock, 0x40, 0x277), epochs[i]); /* lastcheck */
                        assert_int_equal(superblock_time(superblock, 0x2c, 0x275), 0);         /* mtime */
                }
        }
}

static void features_and_label_are_as_promised(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        OWNED(heap_drop) char *path = owned_path(state, "image");
        OWNED(heap_drop) char *text = NULL;
        OWNED(ext4_image_drop) struct ext4_image *image = NULL;
        const char *const argv[] = { "dumpe2fs", "-h", path, NULL };
        static const char features[] =
                "has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg sparse_super "
                "large_file huge_file dir_nlink extra_isize metadata_csum";
        struct ext4_request request;

        seal(tree);
        request = fixture_request(tree, 1024 * MIB, state);
        image = fixture_lay_out(&request);
        assert_string_equal(ext4_image_features(image), features);
        assert_int_equal(ext4_image_usage(image)->inode_count, 65536);
        fixture_write(&request, path, false);
        text = fixture_output(state, argv);
        assert_non_null(strstr(text, features));
        assert_non_null(strstr(text, "Filesystem volume name:   root\n"));
        assert_non_null(strstr(text, "Filesystem UUID:          10111213-1415-1617-1819-1a1b1c1d1e1f\n"));
        assert_non_null(strstr(text, "Directory Hash Seed:      f0e9e2db-d4cd-c6bf-b8b1-aaa39c958e87\n"));
        assert_non_null(strstr(text, "Filesystem flags:         signed_directory_hash"));
        assert_non_null(strstr(text, "Default mount options:    user_xattr acl\n"));
        assert_non_null(strstr(text, "Reserved block count:     13107\n"));
        assert_non_null(strstr(text, "Inode count:              65536\n"));
        assert_non_null(strstr(text, "Maximum mount count:      -1\n"));
        assert_non_null(strstr(text, "ournal size:       32M\n")); /* "Total j" or "J", by version */
}

static void a_tebibyte_costs_what_is_in_it(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        OWNED(heap_drop) char *path = owned_path(state, "image");
        struct ext4_request request;
        struct stat status;
        clock_t start = clock();

        (void)fixture_put(tree, NULL, "file", fixture_file(10 * MIB, 0));
        seal(tree);
        request = fixture_request(tree, MIB << 20, state);
        fixture_write(&request, path, false);
        assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
        assert_int_equal(stat(path, &status), 0);
        assert_true((uint64_t)status.st_blocks * 512 < 40 * MIB);
        fixture_compare(tree, path);
}

static void marks_are_cleared_again(void **state)
{
        OWNED(tree_drop) struct tree *tree = tree_of_sort(3);
        struct ext4_request request = fixture_request(tree, 0, state);
        OWNED(ext4_image_drop) struct ext4_image *image = fixture_lay_out(&request);
        struct tree_entry *root = tree_root(tree);

        assert_non_null(image);
        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry))
                assert_int_equal(entry->inode->mark, 0);
}

#define SCRATCH_TEST(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH_TEST(an_empty_tree_is_a_clean_file_system),
                SCRATCH_TEST(what_was_measured_holds_the_tree),
                SCRATCH_TEST(what_was_measured_is_tight),
                SCRATCH_TEST(any_larger_size_holds_it_too),
                SCRATCH_TEST(a_tree_too_large_is_told_what_it_needs),
                SCRATCH_TEST(a_broken_request_is_refused),
                SCRATCH_TEST(what_ext4_cannot_hold_is_refused),
                SCRATCH_TEST(lost_and_found_is_made_or_taken),
                SCRATCH_TEST(the_bytes_depend_on_the_request_alone),
                SCRATCH_TEST(every_time_is_the_epoch),
                SCRATCH_TEST(features_and_label_are_as_promised),
                SCRATCH_TEST(a_tebibyte_costs_what_is_in_it),
                SCRATCH_TEST(marks_are_cleared_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
