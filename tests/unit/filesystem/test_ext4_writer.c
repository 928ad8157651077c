/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/ext4_fixture.h"
#include "support/lay_extents.h"
#include "support/scratch.h"

#include "base/own.h"

enum { MIB = 1 << 20 };

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

static void an_empty_tree_is_a_clean_file_system(void **state)
{
        static const unsigned sizes_mib[] = { 1, 2, 3, 7, 8, 9, 64, 127, 129, 130, 300, 700 };
        OWNED(tree_drop) struct tree *tree = new_tree();

        seal(tree);
        for (size_t i = 0; i < sizeof(sizes_mib) / sizeof(sizes_mib[0]); i++) {
                struct ext4_request request = fixture_request(tree, (uint64_t)sizes_mib[i] * MIB, state);

                fixture_write(&request, scratch_path(state, "a"), sizes_mib[i] < 130);
                fixture_check_clean(state, scratch_path(state, "a"));
        }
}

static void files_of_many_sizes_are_clean(void **state)
{
        OWNED(tree_drop) struct tree *tree = new_tree();
        struct ext4_request request;

        for (unsigned i = 0; i < 500; i++) {
                char name[64];

                (void)snprintf(name, sizeof(name), "file%u", i);
                (void)fixture_put(tree, NULL, name, fixture_file((uint64_t)i * i * 7, (uint64_t)i * 4096));
        }
        seal(tree);
        request = fixture_request(tree, 0, state);
        fixture_write(&request, scratch_path(state, "a"), true);
        fixture_check_clean(state, scratch_path(state, "a"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(an_empty_tree_is_a_clean_file_system, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(files_of_many_sizes_are_clean, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
