/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "content/tree_edit.h"

struct world {
        struct tree *tree;
        struct content_store *store;
        struct ingot_error err;
};

static void world_open(struct world *world, void *const *state)
{
        memset(world, 0, sizeof(*world));
        assert_int_equal(tree_new(&world->tree, NULL), INGOT_OK);
        assert_int_equal(store_new(*state, &world->store, NULL), INGOT_OK);
        assert_int_equal(tree_edit_mkdir(world->tree, "/usr/bin", 0755, NULL, NULL), INGOT_OK);
        assert_int_equal(tree_edit_mkdir(world->tree, "/etc", 0755, NULL, NULL), INGOT_OK);
        assert_int_equal(tree_edit_symlink(world->tree, "/bin", "usr/bin", NULL), INGOT_OK);
        assert_int_equal(tree_edit_symlink(world->tree, "/out", "../../tmp", NULL), INGOT_OK);
}

static void world_close(struct world *world)
{
        tree_free(world->tree);
        store_free(world->store);
}

static enum ingot_code write_text(struct world *world, const char *path, const char *text)
{
        return tree_edit_write_text(world->tree, world->store, path, text, 0644, &world->err);
}

static struct tree_entry *entry_at(const struct world *world, const char *path)
{
        struct tree_entry *entry = NULL;

        assert_int_equal(tree_find(world->tree, path, &entry, NULL), INGOT_OK);
        return entry;
}

static void expect_text(const struct world *world, const char *path, const char *text)
{
        char *is = NULL;
        size_t size;

        assert_int_equal(tree_edit_read_text(world->tree, path, 1 << 20, &is, &size, NULL), INGOT_OK);
        assert_string_equal(is, text);
        assert_int_equal(size, strlen(text));
        free(is);
}

static void writes_follow_links_inside_the_tree(void **state) /* rules 1 and 5 */
{
        struct world world;

        world_open(&world, state);
        assert_int_equal(write_text(&world, "/bin/tool", "one"), INGOT_OK);
        expect_text(&world, "/usr/bin/tool", "one");
        assert_int_equal(tree_edit_symlink(world.tree, "/etc/link", "../usr/bin/tool", NULL), INGOT_OK);
        assert_int_equal(write_text(&world, "etc//link", "two"), INGOT_OK);
        expect_text(&world, "/usr/bin/tool", "two");
        assert_int_equal(entry_at(&world, "/etc/link")->inode->kind, TREE_SYMLINK);
        world_close(&world);
}

static void writes_that_cannot_be_say_why(void **state) /* rules 1, 2 and 5 */
{
        static const struct {
                const char *path;
                enum ingot_code code;
                const char *cause;
        } rows[] = {
                { "/opt/app/file", INGOT_E_NOT_FOUND,
                  "the directory '/opt/app' does not exist; make it first" },
                { "/out/file", INGOT_E_FORMAT, "leads out of the tree" },
                { "/etc/../file", INGOT_E_FORMAT, "'..'" },
                { "/etc", INGOT_E_FORMAT, "is a directory" },
                { "/bin", INGOT_E_FORMAT, "is a directory" },
                { "/", INGOT_E_FORMAT, "root of the tree" },
                { "/etc/resolv.conf", INGOT_E_NOT_FOUND, "symlink to '../run/stub', which does not exist" },
                { "/etc/file/below", INGOT_E_FORMAT, "not a directory" },
                { "/etc/..", INGOT_E_FORMAT, "'..'" },
        };
        struct world world;

        world_open(&world, state);
        assert_int_equal(tree_edit_symlink(world.tree, "/etc/resolv.conf", "../run/stub", NULL), INGOT_OK);
        assert_int_equal(write_text(&world, "/etc/file", "x"), INGOT_OK);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(write_text(&world, rows[i].path, "x"), rows[i].code);
                if (!strstr(ingot_error_frame(&world.err, 0), rows[i].cause))
                        fail_msg("'%s' does not say '%s'", ingot_error_frame(&world.err, 0), rows[i].cause);
        }
        world_close(&world);
}

static void a_new_file_leaves_other_links_alone_and_a_change_does_not(void **state) /* rule 4 */
{
        struct world world;

        world_open(&world, state);
        assert_int_equal(write_text(&world, "/etc/a", "old"), INGOT_OK);
        assert_int_equal(tree_edit_hard_link(world.tree, "/etc/b", "/etc/a", NULL), INGOT_OK);
        assert_int_equal(tree_edit_append_text(world.tree, world.store, "/etc/a", "er", NULL), INGOT_OK);
        expect_text(&world, "/etc/b", "older");
        assert_int_equal(write_text(&world, "/etc/a", "new"), INGOT_OK);
        expect_text(&world, "/etc/b", "older");
        assert_int_equal(entry_at(&world, "/etc/b")->inode->link_count, 1);
        entry_at(&world, "/etc/b")->inode->mode = 0600;
        assert_int_equal(tree_edit_replace_text(world.tree, world.store, "/etc/b", "", NULL), INGOT_OK);
        expect_text(&world, "/etc/b", "");
        assert_int_equal(entry_at(&world, "/etc/b")->inode->mode, 0600);
        assert_int_equal(tree_edit_hard_link(world.tree, "/etc/c", "/usr", &world.err), INGOT_E_FORMAT);
        assert_int_equal(tree_edit_append_text(world.tree, world.store, "/etc/gone", "x", NULL),
                         INGOT_E_NOT_FOUND);
        world_close(&world);
}

static void appending_in_any_steps_gives_the_whole(void **state)
{
        static char whole[60001];
        struct world world;
        char piece[4000];

        for (size_t i = 0; i + 1 < sizeof(whole); i++)
                whole[i] = (char)('a' + i % 23);
        world_open(&world, state);
        assert_int_equal(write_text(&world, "/etc/log", ""), INGOT_OK);
        for (size_t at = 0; at + 1 < sizeof(whole);) {
                size_t size = (at * 37) % 3999 + 1;

                size = at + size < sizeof(whole) - 1 ? size : sizeof(whole) - 1 - at;
                memcpy(piece, whole + at, size);
                piece[size] = '\0';
                assert_int_equal(tree_edit_append_text(world.tree, world.store, "/etc/log", piece, NULL),
                                 INGOT_OK);
                at += size;
        }
        expect_text(&world, "/etc/log", whole);
        world_close(&world);
}

static void directories_are_made_with_their_parents_once(void **state)
{
        struct tree_entry *entry;
        struct world world;

        world_open(&world, state);
        assert_int_equal(tree_edit_mkdir(world.tree, "/bin/a/b/", 0700, &entry, NULL), INGOT_OK);
        assert_ptr_equal(entry, entry_at(&world, "/usr/bin/a/b"));
        assert_int_equal(entry->inode->mode, 0700);
        assert_int_equal(entry_at(&world, "/usr/bin/a")->inode->mode, 0755);
        assert_int_equal(tree_edit_mkdir(world.tree, "/usr/bin/a/b", 0777, NULL, NULL), INGOT_OK);
        assert_int_equal(entry->inode->mode, 0700);
        assert_int_equal(tree_edit_mkdir(world.tree, "/", 0700, &entry, NULL), INGOT_OK);
        assert_ptr_equal(entry, tree_root(world.tree));
        assert_int_equal(write_text(&world, "/etc/f", ""), INGOT_OK);
        assert_int_equal(tree_edit_mkdir(world.tree, "/etc/f", 0755, NULL, NULL), INGOT_E_FORMAT);
        assert_int_equal(tree_edit_mkdir(world.tree, "/etc/f/g", 0755, NULL, NULL), INGOT_E_FORMAT);
        assert_int_equal(tree_edit_mkdir(world.tree, "/out/x", 0755, NULL, NULL), INGOT_E_FORMAT);
        assert_int_equal(tree_edit_mkdir(world.tree, "/x/../y", 0755, NULL, NULL), INGOT_E_FORMAT);
        world_close(&world);
}

static void removal_takes_what_it_was_told_to(void **state)
{
        struct tree_entry *entry;
        struct world world;

        world_open(&world, state);
        assert_int_equal(tree_edit_remove(world.tree, "/usr", false, &world.err), INGOT_E_FORMAT);
        assert_int_equal(tree_edit_remove(world.tree, "/bin", false, NULL), INGOT_OK); /* the link */
        assert_int_equal(tree_find(world.tree, "/usr/bin", &entry, NULL), INGOT_OK);
        assert_int_equal(tree_edit_remove(world.tree, "/usr", true, NULL), INGOT_OK);
        assert_int_equal(tree_edit_remove(world.tree, "/usr", true, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(tree_edit_remove_if_there(world.tree, "/usr/bin", NULL), INGOT_OK);
        assert_int_equal(tree_edit_remove(world.tree, "/", true, NULL), INGOT_E_FORMAT);
        assert_int_equal(tree_edit_remove_if_there(world.tree, "/etc/..", NULL), INGOT_E_FORMAT);
        world_close(&world);
}

static void modes_and_owners_go_down_where_asked(void **state)
{
        const uint32_t uid = 5, gid = 6;
        struct world world;

        world_open(&world, state);
        assert_int_equal(write_text(&world, "/usr/bin/x", ""), INGOT_OK);
        assert_int_equal(tree_edit_symlink(world.tree, "/usr/bin/l", "x", NULL), INGOT_OK);
        assert_int_equal(tree_edit_mode(world.tree, "/bin", 0700, false, NULL), INGOT_OK);
        assert_int_equal(entry_at(&world, "/usr/bin")->inode->mode, 0700);
        assert_int_equal(entry_at(&world, "/usr/bin/x")->inode->mode, 0644);
        assert_int_equal(tree_edit_mode(world.tree, "/usr", 04711, true, NULL), INGOT_OK);
        assert_int_equal(entry_at(&world, "/usr/bin/x")->inode->mode, 04711);
        assert_int_equal(entry_at(&world, "/usr/bin/l")->inode->mode, 0777);
        assert_int_equal(tree_edit_owner(world.tree, "/usr", &uid, NULL, false, NULL), INGOT_OK);
        assert_int_equal(entry_at(&world, "/usr/bin")->inode->uid, 0);
        assert_int_equal(tree_edit_owner(world.tree, "/usr", NULL, &gid, true, NULL), INGOT_OK);
        assert_int_equal(entry_at(&world, "/usr/bin/l")->inode->gid, 6);
        assert_int_equal(entry_at(&world, "/usr")->inode->uid, 5);
        world_close(&world);
}

static void copies_share_data_and_nothing_else(void **state)
{
        OWNED(tree_drop) struct tree *other = NULL;
        struct world world;
        struct tree_entry *entry;
        char *text;

        world_open(&world, state);
        assert_int_equal(tree_new(&other, NULL), INGOT_OK);
        assert_int_equal(write_text(&world, "/etc/a", "shared"), INGOT_OK);
        assert_int_equal(tree_inode_set_xattr(entry_at(&world, "/etc/a")->inode, "user.x", "1", 1, NULL),
                         INGOT_OK);
        assert_int_equal(tree_edit_copy_file(world.tree, "/etc/a", other, "/b", NULL), INGOT_OK);
        assert_int_equal(tree_edit_copy_file(world.tree, "/bin", other, "/l", NULL), INGOT_OK);
        assert_int_equal(tree_edit_copy_file(world.tree, "/etc", other, "/c", NULL), INGOT_E_FORMAT);
        assert_int_equal(tree_edit_append_text(world.tree, world.store, "/etc/a", "!", NULL), INGOT_OK);
        assert_int_equal(tree_edit_read_text(other, "/b", 100, &text, NULL, NULL), INGOT_OK);
        assert_string_equal(text, "shared");
        free(text);
        assert_int_equal(tree_find(other, "/b", &entry, NULL), INGOT_OK);
        assert_int_equal(entry->inode->xattr_count, 1);
        assert_int_equal(tree_edit_read_text(other, "/b", 5, &text, NULL, NULL), INGOT_E_MEMORY);
        world_close(&world);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(writes_follow_links_inside_the_tree),
                TEST(writes_that_cannot_be_say_why),
                TEST(a_new_file_leaves_other_links_alone_and_a_change_does_not),
                TEST(appending_in_any_steps_gives_the_whole),
                TEST(directories_are_made_with_their_parents_once),
                TEST(removal_takes_what_it_was_told_to),
                TEST(modes_and_owners_go_down_where_asked),
                TEST(copies_share_data_and_nothing_else),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
