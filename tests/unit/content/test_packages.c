/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "content/packages.h"
#include "model/memory_source.h"

static struct tree_entry *put(struct tree *tree, struct tree_entry *parent, const char *name,
                              enum tree_kind kind)
{
        struct tree_inode *inode = tree_inode_new(kind);
        struct tree_entry *entry = NULL;

        assert_non_null(inode);
        assert_int_equal(tree_put(tree, parent, name, strlen(name), inode, &entry, NULL), INGOT_OK);
        return entry;
}

static struct tree_entry *put_text(struct tree *tree, struct tree_entry *parent, const char *name,
                                   struct memory_source *source, const char *text)
{
        struct tree_entry *entry = put(tree, parent, name, TREE_FILE);
        struct tree_run run = { .size_bytes = strlen(text), .source = &source->source };

        memory_source_init(source, text, strlen(text));
        entry->inode->size_bytes = strlen(text);
        assert_int_equal(tree_inode_add_run(entry->inode, &run, NULL), INGOT_OK);
        return entry;
}

/* rules 1 to 3 */
static void files_have_the_number_of_their_package(void **state)
{
        static const char apt[] = "/.\n/bin\n/bin/apt\n/usr/lib/python3/apt.py\n/usr/bin/gone\n";
        static const char zsh[] = "/bin/zsh\n/bin/apt";
        struct memory_source sources[2];
        OWNED(tree_drop) struct tree *tree = NULL;
        struct tree_entry *usr, *bin, *python, *cache, *info, *one, *two, *compiled, *own, *other, *link;

        (void)state;
        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        usr = put(tree, tree_root(tree), "usr", TREE_DIRECTORY);
        bin = put(tree, usr, "bin", TREE_DIRECTORY);
        link = put(tree, tree_root(tree), "bin", TREE_SYMLINK);
        link->inode->target = strdup("usr/bin");
        one = put(tree, bin, "apt", TREE_FILE);
        two = put(tree, bin, "zsh", TREE_FILE);
        other = put(tree, bin, "other", TREE_FILE);
        python = put(tree, put(tree, usr, "lib", TREE_DIRECTORY), "python3", TREE_DIRECTORY);
        (void)put(tree, python, "apt.py", TREE_FILE);
        cache = put(tree, python, "__pycache__", TREE_DIRECTORY);
        compiled = put(tree, cache, "apt.cpython-311.pyc", TREE_FILE);
        info = put(tree,
                   put(tree,
                       put(tree, put(tree, tree_root(tree), "var", TREE_DIRECTORY), "lib", TREE_DIRECTORY),
                       "dpkg", TREE_DIRECTORY),
                   "info", TREE_DIRECTORY);
        (void)put_text(tree, info, "zsh.list", &sources[0], zsh);
        own = put_text(tree, info, "apt.list", &sources[1], apt);
        assert_int_equal(packages_mark(tree, NULL), INGOT_OK);
        assert_int_equal(one->inode->package, 1);
        assert_int_equal(two->inode->package, 2);
        assert_int_equal(compiled->inode->package, 1);
        assert_int_equal(own->inode->package, 1);
        assert_int_equal(other->inode->package, 0);
        assert_int_equal(bin->inode->package, 0);
}

static void no_database_is_no_package(void **state)
{
        OWNED(tree_drop) struct tree *tree = NULL;
        struct tree_entry *file;

        (void)state;
        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        file = put(tree, tree_root(tree), "file", TREE_FILE);
        file->inode->package = 7;
        assert_int_equal(packages_mark(tree, NULL), INGOT_OK);
        assert_int_equal(file->inode->package, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(files_have_the_number_of_their_package),
                cmocka_unit_test(no_database_is_no_package),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
