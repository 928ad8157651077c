/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/ext4_fixture.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"

static const uint64_t MIB = 1 << 20;

static char *owned_path(void *const *state, const char *name)
{
        char *path = strdup(scratch_path(state, name));

        assert_non_null(path);
        return path;
}

/* What a day brings. */
struct day {
        unsigned files;           /* how many there are */
        int changed, grown, gone; /* the number of a file; -1: none */
        unsigned grown_by_bytes;
        bool has_new_directory;
};

static const struct day first_day = { 300, -1, -1, -1, 0, false };

static struct tree *tree_of(const struct day *day)
{
        struct tree *tree = NULL;
        struct tree_entry *folders[8];

        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        for (unsigned i = 0; i < 8; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "d%u", i);
                folders[i] = fixture_put(tree, NULL, name, fixture_inode(TREE_DIRECTORY, 0755));
        }
        for (unsigned i = 0; i < day->files; i++) {
                uint64_t size_bytes = 1 + (uint64_t)i * i * 37 % 90000;
                struct tree_inode *inode;
                char name[16];

                if ((int)i == day->gone)
                        continue;
                if ((int)i == day->grown)
                        size_bytes += day->grown_by_bytes;
                inode = i % 17 == 3 ? fixture_symlink(100) : fixture_file(size_bytes, i);
                inode->package = i % 5;
                if ((int)i == day->changed || (int)i == day->grown)
                        inode->mtime.seconds++;
                if (i % 29 == 4)
                        fixture_set_xattr(inode, "user.big",
                                          "0123456789abcdef0123456789abcdef0123456789abcdef"
                                          "0123456789abcdef0123456789abcdef",
                                          80);
                (void)snprintf(name, sizeof(name), "f%u", i);
                (void)fixture_put(tree, folders[i % 8], name, inode);
        }
        if (day->has_new_directory)
                (void)fixture_put(tree, fixture_put(tree, NULL, "new", fixture_inode(TREE_DIRECTORY, 0700)),
                                  "in it", fixture_file(5000, 7));
        assert_int_equal(tree_seal(tree, FIXTURE_EPOCH, NULL), INGOT_OK);
        return tree;
}

/* The lock that an image leaves, by way of its text; the partition is its only one. */
static struct layout_lock *lock_of(const struct ext4_image *image, const struct ext4_request *request)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(LAYOUT_LOCK_MAX_BYTES);
        OWNED(layout_lock_drop) struct layout_lock *made = NULL;
        struct layout_partition partition = { .file_system = FILE_SYSTEM_EXT4,
                                              .end_lba = request->size_bytes / SECTOR_BYTES,
                                              .uuid = request->uuid,
                                              .hash_seed = request->hash_seed };
        struct layout layout = { .device_name = (char *)"/dev/xvda",
                                 .partitions = &partition,
                                 .partition_count = 1 };
        struct layout_lock *read = NULL;
        struct ingot_error err;

        assert_int_equal(layout_lock_new(&layout, &made, NULL), INGOT_OK);
        assert_int_equal(ext4_image_lock(image, &made->partitions[0], NULL), INGOT_OK);
        assert_int_equal(layout_lock_print(made, &out, NULL), INGOT_OK);
        if (layout_lock_parse(out.bytes, out.size_bytes, "lock", &read, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return read;
}

/* Lays out, checks, and gives the lock that is left behind. */
static struct layout_lock *build(const struct day *day, const struct layout_lock *lock, uint64_t size_bytes,
                                 void *const *state, const char *path)
{
        OWNED(tree_drop) struct tree *tree = tree_of(day);
        OWNED(ext4_image_drop) struct ext4_image *image = NULL;
        struct ext4_request request = fixture_request(tree, size_bytes, state);
        struct layout_lock *left;

        request.lock = lock ? &lock->partitions[0] : NULL;
        fixture_write(&request, path, true);
        fixture_check_clean(state, path);
        fixture_compare(tree, path);
        image = fixture_lay_out(&request);
        assert_null(ext4_image_lock_refusal(image));
        left = lock_of(image, &request);
        return left;
}

static bool same_ranges(const struct lock_partition *a, size_t a_first, size_t a_count,
                        const struct lock_partition *b, size_t b_first, size_t b_count)
{
        return a_count == b_count && (!a_count || memcmp(a->ranges + a_first, b->ranges + b_first,
                                                         a_count * sizeof(*a->ranges)) == 0);
}

static bool stays(const struct lock_partition *before, const struct lock_inode *was,
                  const struct lock_partition *after, const struct lock_inode *is)
{
        return was->number == is->number && was->xattr_block == is->xattr_block &&
               same_ranges(before, was->data_first, was->data_count, after, is->data_first, is->data_count) &&
               same_ranges(before, was->node_first, was->node_count, after, is->node_first, is->node_count);
}

/* Everything in both locks stands where it was, but for the path at except. */
static void check_stays(const struct layout_lock *before, const struct layout_lock *after, const char *except)
{
        const struct lock_partition *was = &before->partitions[0], *is = &after->partitions[0];

        for (size_t i = 0; i < was->inode_count; i++) {
                const struct lock_inode *found = lock_partition_find(is, was->inodes[i].path);

                if (!found || (except && strcmp(except, found->path) == 0))
                        continue;
                if (!stays(was, &was->inodes[i], is, found))
                        fail_msg("'%s' has moved", found->path);
        }
}

/* ext4_placement rule 3 */
static void what_did_not_change_stays(void **state)
{
        static const struct {
                const char *except;
                struct day day;
        } days[] = {
                { NULL, { 300, -1, -1, -1, 0, false } },          { NULL, { 300, 42, -1, -1, 0, false } },
                { "/d2/f42", { 300, -1, 42, -1, 50000, false } }, { NULL, { 300, -1, -1, 111, 0, false } },
                { NULL, { 340, 9, -1, 111, 0, true } },           { NULL, { 100, -1, -1, -1, 0, false } },
        };
        OWNED(heap_drop) char *path = owned_path(state, "image");
        OWNED(layout_lock_drop) struct layout_lock *before = build(&first_day, NULL, 64 * MIB, state, path);

        for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
                OWNED(layout_lock_drop)
                struct layout_lock *after = build(&days[i].day, before, 64 * MIB, state, path);

                check_stays(before, after, days[i].except);
        }
}

static void grown_file_keeps_its_start(void **state)
{
        const struct day grown = { 300, -1, 44, -1, 20000, false };
        OWNED(heap_drop) char *path = owned_path(state, "image");
        OWNED(layout_lock_drop) struct layout_lock *before = build(&first_day, NULL, 64 * MIB, state, path);
        OWNED(layout_lock_drop) struct layout_lock *after = build(&grown, before, 64 * MIB, state, path);
        const struct lock_partition *was = &before->partitions[0], *is = &after->partitions[0];
        const struct lock_inode *old = lock_partition_find(was, "/d4/f44");
        const struct lock_inode *new = lock_partition_find(is, "/d4/f44");

        assert_int_equal(old->number, new->number);
        assert_int_equal(was->ranges[old->data_first].start, is->ranges[new->data_first].start);
}

/* The second build with the lock of the first is the first, whatever the epoch but for the superblock. */
static void own_lock_changes_nothing(void **state)
{
        OWNED(heap_drop) char *a = owned_path(state, "a");
        OWNED(heap_drop) char *b = owned_path(state, "b");
        OWNED(heap_drop) char *a_bytes = NULL, *b_bytes = NULL;
        size_t a_size = 0, b_size = 0;
        OWNED(layout_lock_drop) struct layout_lock *first = build(&first_day, NULL, 64 * MIB, state, a);
        OWNED(layout_lock_drop) struct layout_lock *second = build(&first_day, first, 64 * MIB, state, b);

        check_stays(first, second, NULL);
        assert_int_equal(fd_read_file(a, 128 * MIB, &a_bytes, &a_size, NULL), INGOT_OK);
        assert_int_equal(fd_read_file(b, 128 * MIB, &b_bytes, &b_size, NULL), INGOT_OK);
        assert_int_equal(a_size, b_size);
        assert_memory_equal(a_bytes, b_bytes, a_size);
}

static void it_grows_at_its_end(void **state)
{
        static const uint64_t sizes_mib[] = { 64, 80, 128, 200, 300 };
        OWNED(heap_drop) char *path = owned_path(state, "image");
        struct layout_lock *lock = build(&first_day, NULL, 64 * MIB, state, path);

        for (size_t i = 1; i < sizeof(sizes_mib) / sizeof(sizes_mib[0]); i++) {
                struct day more = first_day;
                struct layout_lock *next;

                more.files += 50 * (unsigned)i;
                next = build(&more, lock, sizes_mib[i] * MIB, state, path);
                check_stays(lock, next, NULL);
                layout_lock_free(lock);
                lock = next;
        }
        layout_lock_free(lock);
}

static void many_days_leave_it_whole(void **state)
{
        OWNED(heap_drop) char *path = owned_path(state, "image");
        struct layout_lock *lock = build(&first_day, NULL, 24 * MIB, state, path);

        for (unsigned day = 0; day < 25; day++) {
                struct day today = { 280 + day * 7 % 40,
                                     (int)(day * 13 % 280),
                                     (int)(day * 31 % 280),
                                     (int)(day * 17 % 280),
                                     day * 3000,
                                     day % 3 == 0 };
                struct layout_lock *next = build(&today, lock, 24 * MIB, state, path);

                layout_lock_free(lock);
                lock = next;
        }
        layout_lock_free(lock);
}

/* ext4_writer rule 10 */
static void lock_of_another_size_is_left_aside(void **state)
{
        OWNED(heap_drop) char *path = owned_path(state, "image");
        OWNED(layout_lock_drop) struct layout_lock *lock = build(&first_day, NULL, 64 * MIB, state, path);
        OWNED(tree_drop) struct tree *tree = tree_of(&first_day);
        OWNED(ext4_image_drop) struct ext4_image *image = NULL;
        struct ext4_request request = fixture_request(tree, 48 * MIB, state);

        request.lock = &lock->partitions[0];
        image = fixture_lay_out(&request);
        assert_non_null(strstr(ext4_image_lock_refusal(image), "it had 16384 blocks"));
}

static void contradictions_are_refused(void **state)
{
        OWNED(heap_drop) char *path = owned_path(state, "image");
        OWNED(tree_drop) struct tree *tree = tree_of(&first_day);

        for (unsigned sort = 0; sort < 4; sort++) {
                OWNED(layout_lock_drop)
                struct layout_lock *lock = build(&first_day, NULL, 64 * MIB, state, path);
                struct lock_partition *partition = &lock->partitions[0];
                struct ext4_request request = fixture_request(tree, 64 * MIB, state);
                struct ext4_image *image = NULL;

                switch (sort) {
                case 0: partition->ranges[3] = partition->ranges[4]; break;
                case 1: partition->ranges[3] = (struct lock_range){ 0, 1 }; break;
                case 2: partition->ranges[3] = (struct lock_range){ UINT32_MAX - 1, UINT32_MAX }; break;
                default: partition->inodes[5].xattr_block = 3; break;
                }
                request.lock = partition;
                if (sort < 3)
                        assert_int_equal(ext4_image_new(&request, &image, NULL), INGOT_E_FORMAT);
                else if (!ext4_image_new(&request, &image, NULL))
                        ext4_image_free(image); /* an xattr block of an inode without xattrs is nobody's */
        }
}

#define SCRATCH_TEST(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH_TEST(what_did_not_change_stays),  SCRATCH_TEST(grown_file_keeps_its_start),
                SCRATCH_TEST(own_lock_changes_nothing),   SCRATCH_TEST(it_grows_at_its_end),
                SCRATCH_TEST(many_days_leave_it_whole),   SCRATCH_TEST(lock_of_another_size_is_left_aside),
                SCRATCH_TEST(contradictions_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
