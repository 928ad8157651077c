/* SPDX-License-Identifier: Apache-2.0 */
#include <grp.h>
#include <gshadow.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "content/accounts.h"
#include "content/authorized_key.h"
#include "content/tree_edit.h"

enum { EPOCH = 19000 * 86400 + 5 };

struct world {
        struct tree *tree;
        struct content_store *store;
        struct ingot_error err;
};

static void put_file(struct world *world, const char *path, const char *text, uint16_t mode)
{
        assert_int_equal(tree_edit_write_text(world->tree, world->store, path, text, mode, NULL), INGOT_OK);
}

static void world_open(struct world *world, void *const *state)
{
        memset(world, 0, sizeof(*world));
        assert_int_equal(tree_new(&world->tree, NULL), INGOT_OK);
        assert_int_equal(store_new(*state, &world->store, NULL), INGOT_OK);
        assert_int_equal(tree_edit_mkdir(world->tree, "/etc/skel/.config", 0755, NULL, NULL), INGOT_OK);
        assert_int_equal(tree_edit_mkdir(world->tree, "/bin", 0755, NULL, NULL), INGOT_OK);
        assert_int_equal(tree_edit_mkdir(world->tree, "/root", 0700, NULL, NULL), INGOT_OK);
        put_file(world, "/etc/passwd",
                 "root:x:0:0:root:/root:/bin/bash\nmessagebus:x:100:102::/nonexistent:/usr/sbin/nologin",
                 0644);
        put_file(world, "/etc/group", "root:x:0:\nsudo:x:27:\nadm:x:4:syslog\nmessagebus:x:102:\n", 0644);
        put_file(world, "/etc/shadow", "root:*:18000:0:99999:7:::\nmessagebus:!:18000::::::\n", 0640);
        put_file(world, "/etc/gshadow", "root:*::\nsudo:*::\nadm:*::syslog\nmessagebus:!::\n", 0640);
        put_file(world, "/etc/skel/.bashrc", "rc\n", 0644);
        put_file(world, "/bin/bash", "", 0755);
}

static void world_close(struct world *world)
{
        tree_free(world->tree);
        store_free(world->store);
}

static char *text_at(const struct world *world, const char *path)
{
        char *text = NULL;

        assert_int_equal(tree_edit_read_text(world->tree, path, 1 << 20, &text, NULL, NULL), INGOT_OK);
        return text;
}

static void expect_line(const struct world *world, const char *path, const char *line)
{
        char *text = text_at(world, path), with_ends[1024];

        (void)snprintf(with_ends, sizeof(with_ends), "\n%s\n", line);
        if (!strstr(text, with_ends))
                fail_msg("no line '%s' in %s:\n%s", line, path, text);
        free(text);
}

static struct tree_inode *inode_at(const struct world *world, const char *path)
{
        struct tree_entry *entry = NULL;

        assert_int_equal(tree_find(world->tree, path, &entry, NULL), INGOT_OK);
        return entry->inode;
}

static enum ingot_code add_user(struct world *world, const struct account_user *user)
{
        return accounts_add_user(world->tree, world->store, user, EPOCH, &world->err);
}

/* Writes one of the tree's files out for libc to read. */
static FILE *open_copy(const struct world *world, void *const *state, const char *name)
{
        char path[64], *text;
        FILE *file = fopen(scratch_path(state, name), "w+b");

        (void)snprintf(path, sizeof(path), "/etc/%s", name);
        text = text_at(world, path);
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        free(text);
        rewind(file);
        return file;
}

/* libc, which will read the files in the image, sees each line. */
static void judge_files(const struct world *world, void *const *state)
{
        static const char *const names[] = { "passwd", "shadow", "group", "gshadow" };

        for (unsigned i = 0; i < 4; i++) {
                FILE *file = open_copy(world, state, names[i]);
                unsigned lines = 0, entries = 0;

                for (int c = fgetc(file); c != EOF; c = fgetc(file))
                        lines += c == '\n';
                rewind(file);
                while (i == 0   ? fgetpwent(file) != NULL
                       : i == 1 ? fgetspent(file) != NULL
                       : i == 2 ? fgetgrent(file) != NULL
                                : fgetsgent(file) != NULL)
                        entries++;
                assert_int_equal(entries, lines);
                assert_int_equal(fclose(file), 0);
        }
}

static void an_ordinary_user_gets_all_that_useradd_gives(void **state) /* rules 2 to 5 */
{
        const char *const groups[] = { "sudo", "4" };
        struct world world;

        world_open(&world, state);
        assert_int_equal(add_user(&world, &(struct account_user){ .name = "ada",
                                                                  .comment = "Ada L",
                                                                  .groups = groups,
                                                                  .group_count = 2 }),
                         INGOT_OK);
        expect_line(&world, "/etc/passwd", "ada:x:1000:1000:Ada L:/home/ada:/bin/bash");
        expect_line(&world, "/etc/shadow", "ada:!:19000:0:99999:7:::");
        expect_line(&world, "/etc/group", "ada:x:1000:");
        expect_line(&world, "/etc/group", "sudo:x:27:ada");
        expect_line(&world, "/etc/group", "adm:x:4:syslog,ada");
        expect_line(&world, "/etc/gshadow", "adm:*::syslog,ada");
        expect_line(&world, "/etc/gshadow", "ada:!::");
        assert_int_equal(inode_at(&world, "/home")->uid, 0);
        assert_int_equal(inode_at(&world, "/home/ada")->mode, 0700);
        assert_int_equal(inode_at(&world, "/home/ada/.bashrc")->uid, 1000);
        assert_int_equal(inode_at(&world, "/home/ada/.config")->gid, 1000);
        assert_int_equal(inode_at(&world, "/etc/shadow")->mode, 0640);
        judge_files(&world, state);
        assert_int_equal(add_user(&world, &(struct account_user){ .name = "bob" }), INGOT_OK);
        expect_line(&world, "/etc/passwd", "bob:x:1001:1001::/home/bob:/bin/bash");
        judge_files(&world, state);
        world_close(&world);
}

static void a_system_user_gets_no_more_than_asked(void **state) /* rules 3 and 5 */
{
        const uint32_t uid = 990, gid = 27;
        struct world world;

        world_open(&world, state);
        assert_int_equal(add_user(&world, &(struct account_user){ .name = "daemon1", .system = true }),
                         INGOT_OK);
        expect_line(&world, "/etc/passwd", "daemon1:x:101:101::/nonexistent:/usr/sbin/nologin");
        expect_line(&world, "/etc/shadow", "daemon1:!:19000::::::");
        assert_int_equal(tree_edit_mkdir(world.tree, "/opt/app", 0750, NULL, NULL), INGOT_OK);
        assert_int_equal(add_user(&world,
                                  &(struct account_user){
                                          .name = "app", .uid = &uid, .system = true, .home = "/opt/app" }),
                         INGOT_OK);
        expect_line(&world, "/etc/passwd", "app:x:990:990::/opt/app:/usr/sbin/nologin");
        assert_int_equal(inode_at(&world, "/opt/app")->mode, 0750);
        assert_int_equal(inode_at(&world, "/opt/app")->uid, 0);
        assert_int_equal(add_user(&world, &(struct account_user){ .name = "web",
                                                                  .gid = &gid,
                                                                  .system = true,
                                                                  .home = "/srv/web",
                                                                  .shell = "/bin/sh" }),
                         INGOT_OK);
        expect_line(&world, "/etc/passwd", "web:x:102:27::/srv/web:/bin/sh");
        assert_int_equal(inode_at(&world, "/srv/web")->uid, 102);
        judge_files(&world, state);
        world_close(&world);
}

static void what_is_taken_or_malformed_is_refused(void **state) /* rule 6 */
{
        const uint32_t zero = 0;
        const char *const gone[] = { "gone" };
        const struct {
                struct account_user user;
                enum ingot_code code;
        } rows[] = {
                { { .name = "root" }, INGOT_E_CONFLICT },
                { { .name = "toor", .uid = &zero }, INGOT_E_CONFLICT },
                { { .name = "Upper" }, INGOT_E_USAGE },
                { { .name = "a:b" }, INGOT_E_USAGE },
                { { .name = "" }, INGOT_E_USAGE },
                { { .name = "ok", .comment = "a:b" }, INGOT_E_USAGE },
                { { .name = "ok", .comment = "a\nroot2:x:0:0::/:/bin/sh" }, INGOT_E_USAGE },
                { { .name = "ok", .home = "relative" }, INGOT_E_USAGE },
                { { .name = "ok", .groups = gone, .group_count = 1 }, INGOT_E_NOT_FOUND },
                { { .name = "ok", .primary_group = "gone" }, INGOT_E_NOT_FOUND },
        };
        struct world world;
        char *before, *after;

        world_open(&world, state);
        before = text_at(&world, "/etc/passwd");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_int_equal(add_user(&world, &rows[i].user), rows[i].code);
        after = text_at(&world, "/etc/passwd");
        assert_string_equal(before, after);
        free(before);
        free(after);
        assert_int_equal(accounts_add_group(world.tree, world.store, "sudo", NULL, false, NULL),
                         INGOT_E_CONFLICT);
        assert_int_equal(accounts_add_group(world.tree, world.store, "ops", &zero, false, NULL),
                         INGOT_E_CONFLICT);
        assert_int_equal(accounts_add_group(world.tree, world.store, "ops", NULL, true, NULL), INGOT_OK);
        expect_line(&world, "/etc/group", "ops:x:100:");
        world_close(&world);
}

static void a_tree_without_shadow_stays_without(void **state) /* rule 2 */
{
        struct tree_entry *entry;
        struct world world;

        world_open(&world, state);
        assert_int_equal(tree_edit_remove(world.tree, "/etc/shadow", false, NULL), INGOT_OK);
        assert_int_equal(tree_edit_remove(world.tree, "/etc/gshadow", false, NULL), INGOT_OK);
        assert_int_equal(add_user(&world, &(struct account_user){ .name = "ada" }), INGOT_OK);
        expect_line(&world, "/etc/passwd", "ada:!:1000:1000::/home/ada:/bin/bash");
        assert_int_equal(tree_find(world.tree, "/etc/shadow", &entry, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(tree_edit_remove(world.tree, "/etc/passwd", false, NULL), INGOT_OK);
        assert_int_equal(add_user(&world, &(struct account_user){ .name = "bob" }), INGOT_E_NOT_FOUND);
        world_close(&world);
}

static void owners_are_names_or_numbers(void **state)
{
        static const struct {
                const char *text;
                enum ingot_code code;
                uint32_t uid, gid;
                bool has_uid, has_gid;
        } rows[] = {
                { "messagebus:sudo", INGOT_OK, 100, 27, true, true },
                { "messagebus", INGOT_OK, 100, 0, true, false },
                { "messagebus:", INGOT_OK, 100, 102, true, true },
                { ":adm", INGOT_OK, 0, 4, false, true },
                { "1234:5678", INGOT_OK, 1234, 5678, true, true },
                { "4294967294", INGOT_OK, 4294967294u, 0, true, false },
                { "4294967295", INGOT_E_NOT_FOUND, 0, 0, false, false },
                { "gone", INGOT_E_NOT_FOUND, 0, 0, false, false },
                { "root:gone", INGOT_E_NOT_FOUND, 0, 0, false, false },
                { "", INGOT_E_USAGE, 0, 0, false, false },
                { ":", INGOT_E_USAGE, 0, 0, false, false },
                { "12:", INGOT_E_USAGE, 0, 0, false, false },
        };
        struct world world;

        world_open(&world, state);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                uint32_t uid, gid;
                bool has_uid, has_gid;

                assert_int_equal(accounts_parse_owner(world.tree, rows[i].text, &uid, &has_uid, &gid,
                                                      &has_gid, &world.err),
                                 rows[i].code);
                if (rows[i].code)
                        continue;
                assert_int_equal(has_uid, rows[i].has_uid);
                assert_int_equal(has_gid, rows[i].has_gid);
                assert_true(!has_uid || uid == rows[i].uid);
                assert_true(!has_gid || gid == rows[i].gid);
        }
        world_close(&world);
}

static void a_key_is_authorised_once(void **state)
{
        static const char key[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey ada@host\n";
        struct world world;
        char *text;

        world_open(&world, state);
        assert_int_equal(add_user(&world, &(struct account_user){ .name = "ada" }), INGOT_OK);
        for (int i = 0; i < 2; i++)
                assert_int_equal(authorized_key_add(world.tree, world.store, "ada", key, NULL), INGOT_OK);
        assert_int_equal(authorized_key_add(world.tree, world.store, "ada",
                                            "restrict,command=\"ls -l\" ecdsa-sha2-nistp256 AAAAE2V", NULL),
                         INGOT_OK);
        text = text_at(&world, "/home/ada/.ssh/authorized_keys");
        assert_string_equal(text, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey ada@host\n"
                                  "restrict,command=\"ls -l\" ecdsa-sha2-nistp256 AAAAE2V\n");
        free(text);
        assert_int_equal(inode_at(&world, "/home/ada/.ssh")->mode, 0700);
        assert_int_equal(inode_at(&world, "/home/ada/.ssh/authorized_keys")->mode, 0600);
        assert_int_equal(inode_at(&world, "/home/ada/.ssh/authorized_keys")->uid, 1000);
        assert_int_equal(authorized_key_add(world.tree, world.store, "root", key, NULL), INGOT_OK);
        assert_int_equal(authorized_key_add(world.tree, world.store, "gone", key, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(authorized_key_add(world.tree, world.store, "messagebus", key, NULL),
                         INGOT_E_NOT_FOUND);
        assert_int_equal(
                authorized_key_add(world.tree, world.store, "ada", "ssh-rsa AAAAB\nssh-rsa AAAAC", NULL),
                INGOT_E_USAGE);
        assert_int_equal(authorized_key_add(world.tree, world.store, "ada", "-----BEGIN KEY-----", NULL),
                         INGOT_E_USAGE);
        world_close(&world);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(an_ordinary_user_gets_all_that_useradd_gives),
                TEST(a_system_user_gets_no_more_than_asked),
                TEST(what_is_taken_or_malformed_is_refused),
                TEST(a_tree_without_shadow_stays_without),
                TEST(owners_are_names_or_numbers),
                TEST(a_key_is_authorised_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
