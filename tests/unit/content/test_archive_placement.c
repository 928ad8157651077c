/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/archive_world.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "content/archive_reader.h"

static const struct archive_request plain_request = { .path = NULL };

static void entries_are_placed_as_a_chroot_would(void **state) /* rules 6, 7 and 9 */
{
        struct world world;

        world_open(&world, state);
        world_read_members(&world, state, "/", &plain_request, INGOT_OK,
                           MEMBERS(DIRECTORY("./", 0711), DIRECTORY("./usr/bin/", 0750),
                                   SYMLINK("./bin", "usr/bin"), PLAIN("./bin/sh"), PLAIN("deep/er/file"),
                                   PLAIN("twice"), DIRECTORY("twice", 0700), PLAIN("twice/inner"),
                                   SYMLINK("abs", "/usr"), PLAIN("abs/file")));
        assert_int_equal(tree_root(world.tree)->inode->mode, 0711);
        assert_true(is_there(&world, "usr/bin/sh"));
        assert_true(is_there(&world, "usr/file"));
        assert_int_equal(inode_at(&world, "deep")->mode, 0755);
        assert_true(is_there(&world, "twice/inner"));
        world_read_members(&world, state, "/", &plain_request, INGOT_OK,
                           MEMBERS(DIRECTORY("bin/", 0777), PLAIN("bin/dash"), PLAIN("twice")));
        assert_int_equal(inode_at(&world, "bin")->kind, TREE_SYMLINK);
        assert_int_equal(inode_at(&world, "usr/bin")->mode, 0750);
        assert_true(is_there(&world, "usr/bin/dash"));
        assert_int_equal(inode_at(&world, "twice")->kind, TREE_FILE);
        world_close(&world);
}

static void components_are_stripped_as_tar_does(void **state) /* rule 8 */
{
        const struct archive_request request = { .strip_components = 1 };
        struct world world;

        world_open(&world, state);
        world_read_members(&world, state, "/", &request, INGOT_OK,
                           MEMBERS(DIRECTORY("app-1.0/", 0700), PLAIN("app-1.0/bin/app"), PLAIN("README"),
                                   HARD_LINK("app-1.0/copy", "app-1.0/bin/app"), PLAIN("./kept"),
                                   HARD_LINK("app-1.0/lost", "README")));
        assert_true(is_there(&world, "bin/app"));
        assert_true(is_there(&world, "kept"));
        assert_ptr_equal(inode_at(&world, "copy"), inode_at(&world, "bin/app"));
        assert_false(is_there(&world, "README"));
        assert_false(is_there(&world, "lost"));
        assert_int_equal(tree_root(world.tree)->inode->mode, 0755);
        assert_int_equal(world.report.entries_left_out, 3);
        world_close(&world);
}

static void an_owner_given_is_that_of_all_entries(void **state)
{
        const struct placement_owner owner = { .has_uid = true, .uid = 990 };
        const struct archive_request request = { .owner = &owner };
        struct world world;

        world_open(&world, state);
        world_read_members(&world, state, "/", &request, INGOT_OK,
                           MEMBERS({ .name = "a/b", .type = '0', .uid = 5, .gid = 6 }));
        assert_int_equal(inode_at(&world, "a")->uid, 990);
        assert_int_equal(inode_at(&world, "a/b")->uid, 990);
        assert_int_equal(inode_at(&world, "a/b")->gid, 6);
        world_close(&world);
}

static void hostile_entries_are_refused_by_name(void **state) /* rules 6, 7 and 10 */
{
        static char long_name[300], long_path[20000];
        const struct {
                const char *cause;
                enum ingot_code code;
                const struct tar_member *members;
        } rows[] = {
                { "entry '/etc/passwd' has an absolute path", INGOT_E_FORMAT, MEMBERS(PLAIN("/etc/passwd")) },
                { "'..' in its path", INGOT_E_FORMAT, MEMBERS(PLAIN("a/../../etc/passwd")) },
                { "'..' in its path", INGOT_E_FORMAT, MEMBERS(PLAIN("a/..")) },
                { "leads out of the tree", INGOT_E_FORMAT, MEMBERS(SYMLINK("l", "../.."), PLAIN("l/x")) },
                { "leads out of the tree", INGOT_E_FORMAT,
                  MEMBERS(SYMLINK("a", "b/.."), SYMLINK("b", ".."), PLAIN("a/x")) },
                { "leads nowhere", INGOT_E_FORMAT, MEMBERS(SYMLINK("l", "gone"), PLAIN("l/x")) },
                { "40 symlinks", INGOT_E_FORMAT, MEMBERS(SYMLINK("l", "l"), PLAIN("l/x")) },
                { "not a directory", INGOT_E_FORMAT, MEMBERS(PLAIN("f"), PLAIN("f/x")) },
                { "hard link to 'gone'", INGOT_E_FORMAT, MEMBERS(HARD_LINK("h", "gone")) },
                { "absolute hard link", INGOT_E_FORMAT, MEMBERS(PLAIN("f"), HARD_LINK("h", "/f")) },
                { "'..' in its hard link", INGOT_E_FORMAT, MEMBERS(PLAIN("f"), HARD_LINK("h", "../f")) },
                { "hard link to the directory", INGOT_E_FORMAT,
                  MEMBERS(DIRECTORY("d", 0755), HARD_LINK("h", "d")) },
                { "without a target", INGOT_E_FORMAT, MEMBERS(SYMLINK("l", "")) },
                { "device 5000:1", INGOT_E_FORMAT,
                  MEMBERS({ .name = "dev", .type = '3', .major = 5000, .minor = 1 }) },
                { "owner 4294967295", INGOT_E_FORMAT,
                  MEMBERS({ .name = "f", .type = '0', .pax = "uid=4294967295" }) },
                { "names 'bob' without a number", INGOT_E_FORMAT,
                  MEMBERS({ .name = "f",
                            .type = '0',
                            .pax = "SCHILY.acl.access=user::rwx,user:bob:rw-,group::r-x,mask::rwx,other::--"
                                   "-" }) },
                { "has 256 bytes", INGOT_E_FORMAT, MEMBERS({ .name = "n", .type = '0', .pax = long_name }) },
                { "16384 is the limit", INGOT_E_FORMAT,
                  MEMBERS({ .name = "n", .type = '0', .pax = long_path }) },
                { "size overflow", INGOT_E_FORMAT,
                  MEMBERS({ .name = "f",
                            .type = '0',
                            .size_field = "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff" }) },
                { "17592186044417 bytes", INGOT_E_FORMAT,
                  MEMBERS({ .name = "f",
                            .type = '0',
                            .pax = "GNU.sparse.size=17592186044417\nGNU.sparse.map=0,1" }) },
                { "link target was lost", INGOT_E_FORMAT,
                  MEMBERS({ .name = "h", .type = '1', .pax = "linkpath=\xc3\xa9" }) },
                { "stands for the destination", INGOT_E_FORMAT, MEMBERS(SYMLINK("./", "etc")) },
        };

        (void)snprintf(long_name, sizeof(long_name), "path=%0256d", 0);
        memcpy(long_path, "path=", 5);
        for (size_t i = 5; i + 1 < sizeof(long_path); i++)
                long_path[i] = i % 2 ? 'a' : '/';
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct world world;

                world_open(&world, state);
                world_read_members(&world, state, "/", &plain_request, rows[i].code, rows[i].members);
                expect_cause(&world, rows[i].cause);
                world_close(&world);
        }
}

static void a_source_cannot_replace_the_ground_it_stands_on(void **state) /* placement.h rule 4 */
{
        struct world world;

        world_open(&world, state);
        world_read_members(&world, state, "/", &plain_request, INGOT_OK, MEMBERS(DIRECTORY("opt/app", 0755)));
        world_read_members(&world, state, "/opt/app", &plain_request, INGOT_E_FORMAT,
                           MEMBERS(SYMLINK("up", "/"), PLAIN("up/opt"), PLAIN("x")));
        expect_cause(&world, "would replace the directory");
        world_read_members(&world, state, "/opt/app", &plain_request, INGOT_E_FORMAT,
                           MEMBERS(PLAIN("f"), SYMLINK("up", "/opt"), HARD_LINK("up/app", "f")));
        expect_cause(&world, "would replace the directory");
        world_close(&world);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(entries_are_placed_as_a_chroot_would),
                TEST(components_are_stripped_as_tar_does),
                TEST(an_owner_given_is_that_of_all_entries),
                TEST(hostile_entries_are_refused_by_name),
                TEST(a_source_cannot_replace_the_ground_it_stands_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
