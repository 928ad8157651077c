/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "content/tree_edit.h"
#include "content/units.h"

struct world {
        struct tree *tree;
        struct content_store *store;
        struct ingot_error err;
};

static const struct {
        const char *path, *text;
} unit_files[] = {
        { "/usr/lib/systemd/system/app.service",
          "[Unit]\nWantedBy=no.target\n[Service]\nExecStart=/bin/true\n[Install]\n# WantedBy=comment.target\n"
          "WantedBy = multi-user.target \\\n  "
          "graphical.target\nRequiredBy=needs.service\nAlias=other.service\n"
          "Also=app.socket gone.service\n" },
        { "/usr/lib/systemd/system/app.socket",
          "[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n" },
        { "/usr/lib/systemd/system/getty@.service",
          "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n" },
        { "/usr/lib/systemd/system/bare@.service",
          "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\nAlias=%p-%i-%j.service\n" },
        { "/usr/lib/systemd/system/static.service", "[Service]\nExecStart=/bin/true\n" },
        { "/etc/systemd/system/local.service",
          "[Service]\nExecStart=/bin/"
          "true\n[Install]\nWantedBy=old.target\nWantedBy=\nWantedBy=new.target\n" },
        { "/etc/systemd/system/local.service.d/10-more.conf", "[Install]\nWantedBy=more.target\n" },
        { "/usr/lib/systemd/system/local.service.d/10-more.conf", "[Install]\nWantedBy=hidden.target\n" },
};

static void world_open(struct world *world, void *const *state)
{
        memset(world, 0, sizeof(*world));
        assert_int_equal(tree_new(&world->tree, NULL), INGOT_OK);
        assert_int_equal(store_new(*state, &world->store, NULL), INGOT_OK);
        assert_int_equal(tree_edit_mkdir(world->tree, "/usr/lib", 0755, NULL, NULL), INGOT_OK);
        assert_int_equal(tree_edit_symlink(world->tree, "/lib", "usr/lib", NULL), INGOT_OK);
        for (size_t i = 0; i < sizeof(unit_files) / sizeof(unit_files[0]); i++) {
                OWNED(heap_drop) char *folder = strdup(unit_files[i].path);

                *strrchr(folder, '/') = '\0';
                assert_int_equal(tree_edit_mkdir(world->tree, folder, 0755, NULL, NULL), INGOT_OK);
                assert_int_equal(tree_edit_write_text(world->tree, world->store, unit_files[i].path,
                                                      unit_files[i].text, 0644, NULL),
                                 INGOT_OK);
        }
        assert_int_equal(
                tree_edit_symlink(world->tree, "/usr/lib/systemd/system/alias.service", "app.service", NULL),
                INGOT_OK);
}

static void world_close(struct world *world)
{
        tree_free(world->tree);
        store_free(world->store);
}

/* The links below etc/systemd/system, sorted: "PATH -> TARGET\n". */
static char *list_links(const struct world *world)
{
        char *list = NULL;
        size_t size;
        FILE *out = open_memstream(&list, &size);
        struct tree_entry *top;

        assert_non_null(out);
        assert_int_equal(tree_seal(world->tree, 0, NULL), INGOT_OK);
        assert_int_equal(tree_find(world->tree, "/etc/systemd/system", &top, NULL), INGOT_OK);
        for (struct tree_entry *at = top; at; at = tree_walk_next(top, at)) {
                OWNED(heap_drop) char *path = tree_entry_path(at);

                if (at->inode->kind == TREE_SYMLINK)
                        (void)fprintf(out, "%s -> %s\n", path + strlen("/etc/systemd/system/"),
                                      at->inode->target);
        }
        assert_int_equal(fclose(out), 0);
        return list;
}

static void expect_links(const struct world *world, const char *expected)
{
        OWNED(heap_drop) char *list = list_links(world);

        assert_string_equal(list, expected);
}

static void enable_does_what_install_says(void **state) /* rule 3 */
{
        static const char expected[] =
                "graphical.target.wants/app.service -> /usr/lib/systemd/system/app.service\n"
                "multi-user.target.wants/app.service -> /usr/lib/systemd/system/app.service\n"
                "needs.service.requires/app.service -> /usr/lib/systemd/system/app.service\n"
                "other.service -> /usr/lib/systemd/system/app.service\n"
                "sockets.target.wants/app.socket -> /usr/lib/systemd/system/app.socket\n";
        struct world world;

        world_open(&world, state);
        for (int i = 0; i < 2; i++) { /* rule 7 */
                assert_int_equal(units_enable(world.tree, i ? "app" : "app.service", &world.err), INGOT_OK);
                expect_links(&world, expected);
        }
        for (int i = 0; i < 2; i++) {
                assert_int_equal(units_disable(world.tree, "app", &world.err), INGOT_OK);
                expect_links(&world, "");
        }
        world_close(&world);
}

static void templates_are_enabled_by_instance(void **state) /* rules 2 and 3 */
{
        struct world world;

        world_open(&world, state);
        assert_int_equal(units_enable(world.tree, "getty@.service", NULL), INGOT_OK);
        assert_int_equal(units_enable(world.tree, "getty@ttyS0", NULL), INGOT_OK);
        assert_int_equal(units_enable(world.tree, "bare@x.service", NULL), INGOT_OK);
        expect_links(&world,
                     "bare-x-bare.service -> /usr/lib/systemd/system/bare@.service\n"
                     "getty.target.wants/getty@tty1.service -> /usr/lib/systemd/system/getty@.service\n"
                     "getty.target.wants/getty@ttyS0.service -> /usr/lib/systemd/system/getty@.service\n"
                     "multi-user.target.wants/bare@x.service -> /usr/lib/systemd/system/bare@.service\n");
        assert_int_equal(units_disable(world.tree, "getty@ttyS0", NULL), INGOT_OK);
        assert_int_equal(units_disable(world.tree, "bare@x", NULL), INGOT_OK);
        expect_links(&world,
                     "bare-x-bare.service -> /usr/lib/systemd/system/bare@.service\n"
                     "getty.target.wants/getty@tty1.service -> /usr/lib/systemd/system/getty@.service\n");
        assert_int_equal(units_disable(world.tree, "getty@", NULL), INGOT_OK);
        assert_int_equal(units_enable(world.tree, "bare@", &world.err), INGOT_E_USAGE);
        assert_non_null(strstr(ingot_error_frame(&world.err, 0), "template without a DefaultInstance"));
        world_close(&world);
}

static void drop_ins_and_resets_count(void **state) /* rule 2; unit_file.h rule 2 */
{
        struct world world;

        world_open(&world, state);
        assert_int_equal(units_enable(world.tree, "local", NULL), INGOT_OK);
        expect_links(&world, "more.target.wants/local.service -> /etc/systemd/system/local.service\n"
                             "new.target.wants/local.service -> /etc/systemd/system/local.service\n");
        world_close(&world);
}

static void what_cannot_be_enabled_is_refused(void **state) /* rule 4 */
{
        static const struct {
                const char *name;
                enum ingot_code code;
                const char *cause;
        } rows[] = {
                { "gone", INGOT_E_NOT_FOUND, "no unit 'gone.service'" },
                { "static", INGOT_E_USAGE, "nothing in [Install]" },
                { "alias", INGOT_E_USAGE, "another name of 'app.service'" },
                { "masked", INGOT_E_USAGE, "masked" },
                { "../app.service", INGOT_E_USAGE, "no name of a systemd unit" },
                { "a b", INGOT_E_USAGE, "no name of a systemd unit" },
                { "", INGOT_E_USAGE, "no name of a systemd unit" },
        };
        struct world world;

        world_open(&world, state);
        assert_int_equal(units_mask(world.tree, "masked", NULL), INGOT_OK);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(units_enable(world.tree, rows[i].name, &world.err), rows[i].code);
                if (!strstr(ingot_error_frame(&world.err, 0), rows[i].cause))
                        fail_msg("'%s' does not say '%s'", ingot_error_frame(&world.err, 0), rows[i].cause);
        }
        assert_int_equal(units_disable(world.tree, "gone", NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(
                tree_edit_symlink(world.tree, "/etc/systemd/system/other.service", "/lib/x.service", NULL),
                INGOT_OK);
        assert_int_equal(units_enable(world.tree, "app", NULL), INGOT_E_CONFLICT);
        world_close(&world);
}

static void mask_stands_before_any_unit(void **state) /* rule 6 */
{
        struct world world;

        world_open(&world, state);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(units_mask(world.tree, "app", NULL), INGOT_OK);
                expect_links(&world, "app.service -> /dev/null\n");
        }
        assert_int_equal(units_mask(world.tree, "local", NULL), INGOT_E_CONFLICT);
        assert_int_equal(units_disable(world.tree, "app", NULL), INGOT_E_USAGE);
        expect_links(&world, "app.service -> /dev/null\n");
        world_close(&world);
}

/* ---- systemctl's own opinion ---- */

static void lay_out(void *const *state, const char *top)
{
        for (size_t i = 0; i < sizeof(unit_files) / sizeof(unit_files[0]); i++) {
                char path[4096], *slash;
                FILE *file;

                (void)snprintf(path, sizeof(path), "%s%s", scratch_path(state, top), unit_files[i].path);
                for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                        *slash = '\0';
                        (void)mkdir(path, 0755);
                        *slash = '/';
                }
                file = fopen(path, "wb");
                assert_non_null(file);
                assert_true(fputs(unit_files[i].text, file) >= 0);
                assert_int_equal(fclose(file), 0);
        }
}

static void every_link_is_one_systemctl_makes(void **state)
{
        static const char *const names[] = { "app.service", "getty@.service", "getty@ttyS0.service",
                                             "local.service" };
        char root[4096];
        struct world world;

        if (!scratch_has_program("systemctl")) {
                print_message("no systemctl to judge by\n");
                skip();
        }
        lay_out(state, "root");
        (void)snprintf(root, sizeof(root), "--root=%s", scratch_path(state, "root"));
        world_open(&world, state);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                (void)scratch_run(state,
                                  (const char *const[]){ "systemctl", root, "enable", names[i], NULL });
                assert_int_equal(units_enable(world.tree, names[i], NULL), INGOT_OK);
        }
        assert_int_equal(tree_seal(world.tree, 0, NULL), INGOT_OK);
        for (struct tree_entry *at = tree_root(world.tree); at;
             at = tree_walk_next(tree_root(world.tree), at)) {
                OWNED(heap_drop) char *path = tree_entry_path(at);
                char theirs[4096], target[4096] = "";
                const char *name, *their_name;

                if (at->inode->kind != TREE_SYMLINK || !strstr(path, "/etc/systemd/system/"))
                        continue;
                (void)snprintf(theirs, sizeof(theirs), "%s%s", scratch_path(state, "root"), path);
                if (readlink(theirs, target, sizeof(target) - 1) < 0)
                        fail_msg("systemctl makes no '%s'", path);
                name = strrchr(at->inode->target, '/');
                their_name = strrchr(target, '/');
                assert_string_equal(name, their_name ? their_name : target);
        }
        world_close(&world);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(enable_does_what_install_says), TEST(templates_are_enabled_by_instance),
                TEST(drop_ins_and_resets_count),     TEST(what_cannot_be_enabled_is_refused),
                TEST(mask_stands_before_any_unit),   TEST(every_link_is_one_systemctl_makes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
