/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "model/tree.h"

static struct tree *new_tree(void)
{
        struct tree *tree = NULL;

        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        return tree;
}

static struct tree_entry *put(struct tree *tree, struct tree_entry *parent, const char *name,
                              enum tree_kind kind)
{
        struct tree_inode *inode = tree_inode_new(kind);
        struct tree_entry *entry = NULL;

        assert_non_null(inode);
        assert_int_equal(tree_put(tree, parent, name, strlen(name), inode, &entry, NULL), INGOT_OK);
        return entry;
}

static struct tree_entry *put_symlink(struct tree *tree, struct tree_entry *parent, const char *name,
                                      const char *target)
{
        struct tree_entry *entry = put(tree, parent, name, TREE_SYMLINK);

        entry->inode->target = strdup(target);
        return entry;
}

static void expect_path(const struct tree_entry *entry, const char *path)
{
        char *is = tree_entry_path(entry);

        assert_string_equal(is, path);
        free(is);
}

static void children_in_any_order_are_sealed_in_bytewise_order(void **state) /* rule 2 */
{
        enum { COUNT = 100000 };
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_entry *entry, *before = NULL;
        char name[32];

        (void)state;
        for (unsigned i = 0; i < COUNT; i++) {
                (void)snprintf(name, sizeof(name), "name-%u", (unsigned)((i * 61003ull) % COUNT));
                (void)put(tree, tree_root(tree), name, TREE_FIFO);
        }
        assert_int_equal(tree_root(tree)->child_count, COUNT);
        for (unsigned i = 0; i < COUNT; i++) {
                (void)snprintf(name, sizeof(name), "name-%u", i);
                assert_non_null(tree_child(tree_root(tree), name, strlen(name)));
        }
        assert_int_equal(tree_seal(tree, 0, NULL), INGOT_OK);
        for (entry = tree_walk_next(tree_root(tree), tree_root(tree)); entry;
             entry = tree_walk_next(tree_root(tree), entry)) {
                if (before)
                        assert_true(strcmp(before->name, entry->name) < 0);
                before = entry;
        }
}

static void bytes_above_127_sort_after_ascii_and_prefixes_first(void **state) /* rule 2 */
{
        static const char *const names[] = { "\xc3\xa9", "a", "ab", "Z", "\xff", "a b" };
        static const char *const sorted[] = { "Z", "a", "a b", "ab", "\xc3\xa9", "\xff" };
        OWNED(tree_drop) struct tree *tree = new_tree();

        (void)state;
        for (size_t i = 0; i < 6; i++)
                (void)put(tree, tree_root(tree), names[i], TREE_FILE);
        assert_int_equal(tree_seal(tree, 0, NULL), INGOT_OK);
        for (size_t i = 0; i < 6; i++)
                assert_string_equal(tree_root(tree)->children[i]->name, sorted[i]);
}

static void removal_keeps_lookup_and_order_right(void **state)
{
        enum { COUNT = 3000 };
        OWNED(tree_drop) struct tree *tree = new_tree();
        bool there[COUNT];
        unsigned dice = 1;
        char name[32];

        (void)state;
        for (unsigned i = 0; i < COUNT; i++) {
                (void)snprintf(name, sizeof(name), "%u", i);
                (void)put(tree, tree_root(tree), name, TREE_FILE);
                there[i] = true;
        }
        for (unsigned step = 0; step < 4 * COUNT; step++) {
                unsigned i;

                dice = dice * 1664525u + 1013904223u;
                i = (dice >> 8) % COUNT;
                (void)snprintf(name, sizeof(name), "%u", i);
                if (there[i])
                        tree_remove(tree, tree_child(tree_root(tree), name, strlen(name)));
                else
                        (void)put(tree, tree_root(tree), name, TREE_FILE);
                there[i] = !there[i];
        }
        for (unsigned i = 0; i < COUNT; i++) {
                (void)snprintf(name, sizeof(name), "%u", i);
                assert_int_equal(tree_child(tree_root(tree), name, strlen(name)) != NULL, there[i]);
        }
        for (size_t i = 0; i < tree_root(tree)->child_count; i++)
                assert_int_equal(tree_root(tree)->children[i]->position, i);
}

static void depth_costs_no_stack(void **state)
{
        enum { DEPTH = 200000 };
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_entry *at = tree_root(tree);
        struct tree_census census;
        char *path;

        (void)state;
        for (unsigned i = 0; i < DEPTH; i++)
                at = put(tree, at, "d", TREE_DIRECTORY);
        assert_int_equal(tree_seal(tree, 0, NULL), INGOT_OK);
        tree_take_census(tree, &census);
        assert_int_equal(census.directories, DEPTH + 1);
        path = tree_entry_path(at);
        assert_int_equal(strlen(path), 2 * DEPTH);
        free(path);
}

static void names_that_no_file_can_have_are_refused(void **state) /* rule 1 */
{
        static const struct {
                const char *name;
                size_t name_bytes;
        } rows[] = { { "", 0 }, { ".", 1 }, { "..", 2 }, { "a/b", 3 }, { "a\0b", 3 } };
        OWNED(tree_drop) struct tree *tree = new_tree();
        char longest[TREE_NAME_MAX_BYTES + 1];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_int_equal(tree_put(tree, tree_root(tree), rows[i].name, rows[i].name_bytes,
                                          tree_inode_new(TREE_FILE), NULL, NULL),
                                 INGOT_E_FORMAT);
        memset(longest, 'n', sizeof(longest));
        assert_int_equal(tree_put(tree, tree_root(tree), longest, 256, tree_inode_new(TREE_FILE), NULL, NULL),
                         INGOT_E_FORMAT);
        assert_int_equal(tree_put(tree, tree_root(tree), longest, 255, tree_inode_new(TREE_FILE), NULL, NULL),
                         INGOT_OK);
}

static void later_entries_replace_earlier_ones(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_entry *directory = put(tree, tree_root(tree), "x", TREE_DIRECTORY), *same;

        (void)state;
        (void)put(tree, directory, "child", TREE_FILE);
        same = put(tree, tree_root(tree), "x", TREE_DIRECTORY);
        assert_ptr_equal(same, directory);
        assert_int_equal(same->child_count, 1);
        same = put(tree, tree_root(tree), "x", TREE_FILE);
        assert_int_equal(same->child_count, 0);
        assert_int_equal(same->inode->kind, TREE_FILE);
        assert_int_equal(tree_root(tree)->child_count, 1);
        assert_int_equal(tree_put(tree, same, "y", 1, tree_inode_new(TREE_FILE), NULL, NULL), INGOT_E_USAGE);
}

static void hard_links_share_one_inode_and_count(void **state) /* rule 3 */
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_entry *root = tree_root(tree), *a = put(tree, root, "a", TREE_FILE);
        struct tree_entry *d = put(tree, root, "d", TREE_DIRECTORY),
                          *inner = put(tree, d, "inner", TREE_FILE);
        struct tree_census census;

        (void)state;
        assert_int_equal(tree_put_link(tree, root, "b", 1, a, NULL), INGOT_OK);
        assert_ptr_equal(tree_child(root, "b", 1)->inode, a->inode);
        assert_int_equal(a->inode->link_count, 2);
        assert_int_equal(tree_put_link(tree, root, "a", 1, a, NULL), INGOT_OK); /* onto itself */
        assert_int_equal(a->inode->link_count, 2);
        tree_take_census(tree, &census);
        assert_int_equal(census.files, 2);
        assert_int_equal(census.entries, 5);
        tree_remove(tree, a);
        assert_int_equal(tree_child(root, "b", 1)->inode->link_count, 1);
        assert_int_equal(tree_put_link(tree, root, "e", 1, d, NULL), INGOT_E_USAGE);
        /* a link that replaces the directory its target lies in */
        assert_int_equal(tree_put_link(tree, root, "d", 1, inner, NULL), INGOT_OK);
        assert_int_equal(tree_child(root, "d", 1)->inode->link_count, 1);
}

static void links_are_followed_inside_the_tree_and_never_out_of_it(void **state) /* rule 5 */
{
        static const struct {
                const char *path;
                bool follow_last;
                enum ingot_code code;
                const char *leads_to;
        } rows[] = {
                { "/bin/sh", true, INGOT_OK, "/usr/bin/sh" },
                { "//./bin/", true, INGOT_OK, "/usr/bin" },
                { "bin", false, INGOT_OK, "/bin" },
                { "bin/", false, INGOT_OK, "/bin" },
                { "abs/sh", true, INGOT_OK, "/usr/bin/sh" },
                { "usr/up/usr/bin", true, INGOT_OK, "/usr/bin" },
                { "", true, INGOT_OK, "/" },
                { "usr/out/etc", true, INGOT_E_FORMAT, NULL },
                { "loop", true, INGOT_E_FORMAT, NULL },
                { "loop", false, INGOT_OK, "/loop" },
                { "usr/../etc", true, INGOT_E_FORMAT, NULL },
                { "usr/bin/sh/x", true, INGOT_E_FORMAT, NULL },
                { "dangling", true, INGOT_E_NOT_FOUND, NULL },
                { "no/where", true, INGOT_E_NOT_FOUND, NULL },
        };
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_entry *root = tree_root(tree), *usr = put(tree, root, "usr", TREE_DIRECTORY), *entry;
        struct tree_entry *bin = put(tree, usr, "bin", TREE_DIRECTORY);

        (void)state;
        (void)put(tree, bin, "sh", TREE_FILE);
        (void)put_symlink(tree, root, "bin", "usr/bin");
        (void)put_symlink(tree, root, "abs", "/usr/bin/");
        (void)put_symlink(tree, usr, "up", "..");
        (void)put_symlink(tree, usr, "out", "../..");
        (void)put_symlink(tree, root, "loop", "loop");
        (void)put_symlink(tree, root, "dangling", "nothing");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(tree_resolve(tree, rows[i].path, rows[i].follow_last, &entry, NULL),
                                 rows[i].code);
                if (rows[i].leads_to)
                        expect_path(entry, rows[i].leads_to);
        }
        assert_int_equal(tree_find(tree, "/bin/sh", &entry, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(tree_find(tree, "/usr/./bin//sh", &entry, NULL), INGOT_OK);
}

static void missing_parts_are_named(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_entry *entry;
        struct ingot_error err;

        (void)state;
        (void)put(tree, tree_root(tree), "etc", TREE_DIRECTORY);
        assert_int_equal(tree_find(tree, "/etc/x/y", &entry, &err), INGOT_E_NOT_FOUND);
        assert_string_equal(ingot_error_frame(&err, 0), "'/etc/x' of path '/etc/x/y' does not exist");
}

static void times_after_the_epoch_are_clamped(void **state) /* rule 2 */
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_inode *old = put(tree, tree_root(tree), "old", TREE_FILE)->inode;
        struct tree_inode *late = put(tree, tree_root(tree), "new", TREE_FILE)->inode;

        (void)state;
        old->mtime = (struct tree_time){ 99, 999999999 };
        late->mtime = (struct tree_time){ 100, 1 };
        assert_int_equal(tree_seal(tree, 100, NULL), INGOT_OK);
        assert_int_equal(old->mtime.seconds, 99);
        assert_int_equal(old->mtime.nanoseconds, 999999999);
        assert_int_equal(late->mtime.seconds, 100);
        assert_int_equal(late->mtime.nanoseconds, 0);
}

static void clamped_times_are_counted_once(void **state) /* rule 8 */
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_entry *late = put(tree, tree_root(tree), "late", TREE_FILE);
        struct tree_inode *made = put(tree, tree_root(tree), "made", TREE_FILE)->inode;
        struct tree_inode *same = put(tree, tree_root(tree), "same", TREE_FILE)->inode;
        struct ingot_error err;

        (void)state;
        late->inode->mtime = (struct tree_time){ 101, 0 };
        made->mtime = (struct tree_time)TREE_TIME_OF_EPOCH;
        same->mtime = (struct tree_time){ 100, 0 };
        assert_int_equal(tree_put_link(tree, tree_root(tree), "link", 4, late, &err), INGOT_OK);
        for (int sealed = 0; sealed < 2; sealed++) {
                assert_int_equal(tree_seal(tree, 100, &err), INGOT_OK);
                assert_int_equal(tree_clamped_count(tree), 1);
                assert_int_equal(made->mtime.seconds, 100);
        }
}

static enum ingot_code read_counting(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                     struct ingot_error *err)
{
        (void)context;
        (void)err;
        for (size_t i = 0; i < size_bytes; i++)
                ((uint8_t *)bytes)[i] = (uint8_t)((offset_bytes + i) % 251 + 1);
        return INGOT_OK;
}

static void files_read_back_with_zeros_for_holes(void **state) /* rule 4 */
{
        const struct byte_source source = { .read = read_counting };
        struct tree_run run = { 4096, 4096, &source, 100 };
        OWNED(tree_inode_drop) struct tree_inode *inode = tree_inode_new(TREE_FILE);
        uint8_t whole[20000], bytes[20000];

        (void)state;
        inode->size_bytes = 20000;
        assert_int_equal(tree_inode_add_run(inode, &run, NULL), INGOT_OK);
        run = (struct tree_run){ 8192, 4096, &source, 100 + 4096 };
        assert_int_equal(tree_inode_add_run(inode, &run, NULL), INGOT_OK);
        assert_int_equal(inode->run_count, 1); /* joined */
        run = (struct tree_run){ 16384, 3616, &source, 7 };
        assert_int_equal(tree_inode_add_run(inode, &run, NULL), INGOT_OK);
        run = (struct tree_run){ 20480, 4096, &source, 7 };
        assert_int_equal(tree_inode_add_run(inode, &run, NULL), INGOT_E_BUG); /* the last end is odd */
        assert_int_equal(tree_inode_read(inode, 0, whole, 20000, NULL), INGOT_OK);
        for (size_t i = 0; i < 20000; i++) {
                uint8_t expected = 0;

                if (i >= 4096 && i < 12288)
                        expected = (uint8_t)((100 + i - 4096) % 251 + 1);
                else if (i >= 16384)
                        expected = (uint8_t)((7 + i - 16384) % 251 + 1);
                assert_int_equal(whole[i], expected);
        }
        for (size_t at = 0; at < 20000; at += 617) {
                size_t size = 20000 - at < 5000 ? 20000 - at : 5000;

                assert_int_equal(tree_inode_read(inode, at, bytes, size, NULL), INGOT_OK);
                assert_memory_equal(bytes, whole + at, size);
        }
        assert_int_equal(tree_inode_read(inode, 19999, bytes, 2, NULL), INGOT_E_FORMAT);
}

static void xattrs_are_replaced_by_name_and_sealed_in_order(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct tree_inode *inode = tree_root(tree)->inode;

        (void)state;
        assert_int_equal(tree_inode_set_xattr(inode, "user.b", "1", 1, NULL), INGOT_OK);
        assert_int_equal(tree_inode_set_xattr(inode, "user.a", "22", 2, NULL), INGOT_OK);
        assert_int_equal(tree_inode_set_xattr(inode, "user.b", "", 0, NULL), INGOT_OK);
        assert_int_equal(tree_inode_set_xattr(inode, "noname", "", 0, NULL), INGOT_E_FORMAT);
        assert_int_equal(tree_inode_set_xattr(inode, "user.", "", 0, NULL), INGOT_E_FORMAT);
        assert_int_equal(tree_seal(tree, 0, NULL), INGOT_OK);
        assert_int_equal(inode->xattr_count, 2);
        assert_string_equal(inode->xattrs[0].name, "user.a");
        assert_int_equal(inode->xattrs[1].value_bytes, 0);
}

static void split_leaves_an_empty_mount_point(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree(), *part = NULL;
        struct tree_entry *root = tree_root(tree), *boot = put(tree, root, "boot", TREE_DIRECTORY), *kernel;

        (void)state;
        boot->inode->mode = 0700;
        kernel = put(tree, boot, "kernel", TREE_FILE);
        assert_int_equal(tree_put_link(tree, root, "outside", 7, kernel, NULL), INGOT_OK);
        assert_int_equal(tree_split(tree, "/boot", &part, NULL), INGOT_E_FORMAT);
        tree_remove(tree, tree_child(root, "outside", 7));
        assert_int_equal(tree_put_link(tree, boot, "inside", 6, kernel, NULL), INGOT_OK);
        assert_int_equal(tree_split(tree, "/boot", &part, NULL), INGOT_OK);
        assert_int_equal(boot->child_count, 0);
        assert_int_equal(tree_root(part)->inode->mode, 0700);
        expect_path(tree_child(tree_root(part), "kernel", 6), "/kernel");
        assert_int_equal(kernel->inode->mark, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(children_in_any_order_are_sealed_in_bytewise_order),
                cmocka_unit_test(bytes_above_127_sort_after_ascii_and_prefixes_first),
                cmocka_unit_test(removal_keeps_lookup_and_order_right),
                cmocka_unit_test(depth_costs_no_stack),
                cmocka_unit_test(names_that_no_file_can_have_are_refused),
                cmocka_unit_test(later_entries_replace_earlier_ones),
                cmocka_unit_test(hard_links_share_one_inode_and_count),
                cmocka_unit_test(links_are_followed_inside_the_tree_and_never_out_of_it),
                cmocka_unit_test(missing_parts_are_named),
                cmocka_unit_test(times_after_the_epoch_are_clamped),
                cmocka_unit_test(clamped_times_are_counted_once),
                cmocka_unit_test(files_read_back_with_zeros_for_holes),
                cmocka_unit_test(xattrs_are_replaced_by_name_and_sealed_in_order),
                cmocka_unit_test(split_leaves_an_empty_mount_point),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
