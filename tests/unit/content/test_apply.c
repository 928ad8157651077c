/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"
#include "support/tar_maker.h"

#include "base/own.h"
#include "content/apply.h"
#include "content/tree_edit.h"

struct world {
        struct content_target target;
        struct content_source source;
        struct ingot_error err;
};

#define TEXT(WORDS)                                                                                          \
        {                                                                                                    \
                .text = (char *)(WORDS), .mark = { "t.yaml", 7, 9 }                                          \
        }
#define STEP(VERB, ...)                                                                                      \
        &(struct content_step)                                                                               \
        {                                                                                                    \
                .verb = (VERB), .mark = { "t.yaml", 5, 3 }, __VA_ARGS__                                      \
        }

static void world_open(struct world *world, void *const *state)
{
        memset(world, 0, sizeof(*world));
        world->target.folder = *state;
        world->target.epoch_seconds = 86400;
        assert_int_equal(tree_new(&world->target.tree, NULL), INGOT_OK);
        assert_int_equal(store_new(*state, &world->target.store, NULL), INGOT_OK);
}

static void world_close(struct world *world)
{
        tree_free(world->target.tree);
        store_free(world->target.store);
}

static void apply(struct world *world, const struct content_step *step)
{
        if (content_apply(&world->target, step, &world->source, &world->err))
                fail_msg("%s", ingot_error_frame(&world->err, 0));
}

static void expect_failure(struct world *world, const struct content_step *step, enum ingot_code code,
                           const char *cause)
{
        assert_int_equal(content_apply(&world->target, step, &world->source, &world->err), code);
        assert_int_equal(world->err.code, code);
        if (!strstr(ingot_error_frame(&world->err, 0), cause))
                fail_msg("'%s' does not say '%s'", ingot_error_frame(&world->err, 0), cause);
}

static struct tree_inode *inode_at(const struct world *world, const char *path)
{
        struct tree_entry *entry = NULL;

        assert_int_equal(tree_find(world->target.tree, path, &entry, NULL), INGOT_OK);
        return entry->inode;
}

static void expect_text(const struct world *world, const char *path, const char *text)
{
        OWNED(heap_drop) char *is = NULL;

        assert_int_equal(tree_edit_read_text(world->target.tree, path, 1 << 20, &is, NULL, NULL), INGOT_OK);
        assert_string_equal(is, text);
}

static void save(const char *path, const char *text)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void make_base(struct world *world)
{
        apply(world, STEP(CONTENT_MKDIR, .to = TEXT("/etc/systemd/system")));
        apply(world,
              STEP(CONTENT_WRITE, .to = TEXT("/etc/passwd"), .text = TEXT("root:x:0:0::/root:/bin/sh\n")));
        apply(world, STEP(CONTENT_WRITE, .to = TEXT("/etc/group"), .text = TEXT("root:x:0:\n")));
        apply(world, STEP(CONTENT_WRITE, .to = TEXT("/etc/shadow"), .text = TEXT(""), .mode = TEXT("0640")));
}

static void every_verb_edits_the_tree(void **state)
{
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(1 << 20);
        struct digest digest;
        struct world world;

        world_open(&world, state);
        make_base(&world);
        apply(&world, STEP(CONTENT_GROUP, .name = TEXT("web"), .gid = { .value = 500, .given = true }));
        apply(&world, STEP(CONTENT_USER, .name = TEXT("app"), .uid = { .value = 990, .given = true },
                           .system = true, .home = TEXT("/opt/app"), .primary_group = TEXT("web")));
        expect_text(&world, "/etc/shadow", "app:!:1::::::\n");

        tar_add(&tar, &(struct tar_member){
                              .name = "top/bin", .type = '0', .data = "#!", .size = 2, .mode = 0755 });
        tar_end(&tar);
        tar_save(&tar, scratch_path(state, "app.tar"));
        apply(&world, STEP(CONTENT_ARCHIVE, .source = TEXT("app.tar"), .to = TEXT("/srv/new/app"),
                           .owner = TEXT("app:web"), .strip_components = { .value = 1, .given = true }));
        assert_int_equal(inode_at(&world, "/srv/new/app/bin")->uid, 990);
        assert_int_equal(inode_at(&world, "/srv/new/app")->gid, 500);
        assert_int_equal(inode_at(&world, "/srv")->uid, 0);
        assert_int_equal(digest_of(tar.bytes, tar.size_bytes, &digest, NULL), INGOT_OK);
        assert_true(world.source.used && digest_equal(&world.source.digest, &digest));
        assert_int_equal(world.source.size_bytes, tar.size_bytes);

        save(scratch_path(state, "unit"), "[Install]\nWantedBy=multi-user.target\n");
        apply(&world,
              STEP(CONTENT_FILE, .source = TEXT("unit"), .to = TEXT("/etc/systemd/system/app.service"),
                   .mode = TEXT("0600"), .owner = TEXT("0:web")));
        assert_int_equal(inode_at(&world, "/etc/systemd/system/app.service")->mode, 0600);
        assert_int_equal(inode_at(&world, "/etc/systemd/system/app.service")->gid, 500);
        apply(&world, STEP(CONTENT_ENABLE, .name = TEXT("app.service")));
        (void)inode_at(&world, "/etc/systemd/system/multi-user.target.wants/app.service");
        apply(&world, STEP(CONTENT_DISABLE, .name = TEXT("app.service")));
        apply(&world, STEP(CONTENT_MASK, .name = TEXT("other")));
        assert_int_equal(inode_at(&world, "/etc/systemd/system/other.service")->kind, TREE_SYMLINK);

        assert_int_equal(mkdir(scratch_path(state, "data"), 0700), 0);
        save(scratch_path(state, "data/file"), "x");
        apply(&world, STEP(CONTENT_DIRECTORY, .source = TEXT("data"), .to = TEXT("/"), .owner = TEXT("app")));
        assert_int_equal(inode_at(&world, "/file")->uid, 990);

        apply(&world, STEP(CONTENT_HOSTNAME, .text = TEXT("web-1.example")));
        expect_text(&world, "/etc/hostname", "web-1.example\n");
        apply(&world, STEP(CONTENT_APPEND, .to = TEXT("/etc/hostname"), .text = TEXT("#")));
        expect_text(&world, "/etc/hostname", "web-1.example\n#");
        apply(&world, STEP(CONTENT_LINK, .to = TEXT("/etc/l"), .target = TEXT("hostname")));
        apply(&world,
              STEP(CONTENT_LINK, .to = TEXT("/etc/h"), .target = TEXT("/etc/hostname"), .hard = true));
        assert_int_equal(inode_at(&world, "/etc/hostname")->link_count, 2);
        apply(&world, STEP(CONTENT_MODE, .to = TEXT("/srv"), .mode = TEXT("0700"), .recursive = true));
        assert_int_equal(inode_at(&world, "/srv/new/app/bin")->mode, 0700);
        apply(&world, STEP(CONTENT_OWNER, .to = TEXT("/srv"), .owner = TEXT("12:13"), .recursive = true));
        assert_int_equal(inode_at(&world, "/srv/new/app/bin")->gid, 13);
        apply(&world, STEP(CONTENT_DELETE, .to = TEXT("/srv"), .recursive = true));
        apply(&world,
              STEP(CONTENT_AUTHORIZED_KEY, .name = TEXT("app"), .text = TEXT("ssh-ed25519 AAAAC3Nza")));
        assert_int_equal(inode_at(&world, "/opt/app/.ssh/authorized_keys")->mode, 0600);
        world_close(&world);
}

static void every_failure_is_marked_and_says_who_must_act(void **state) /* rules 1 and 2 */
{
        static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
        struct world world;

        world_open(&world, state);
        make_base(&world);
        save(scratch_path(state, "bad.tar"), "not an archive");
        expect_failure(
                &world, STEP(CONTENT_WRITE, .to = TEXT("/opt/x/file"), .text = TEXT("")), INGOT_E_TEMPLATE,
                "t.yaml:7:9: write: '/opt/x/file': the directory '/opt/x' does not exist; make it first");
        expect_failure(&world, STEP(CONTENT_WRITE, .to = TEXT("/../x"), .text = TEXT("")), INGOT_E_TEMPLATE,
                       "t.yaml:7:9: ");
        expect_failure(&world, STEP(CONTENT_WRITE, .to = TEXT("/x"), .mode = TEXT("0999")), INGOT_E_TEMPLATE,
                       "'0999' is not octal");
        expect_failure(&world, STEP(CONTENT_WRITE, .to = TEXT("/x"), .mode = TEXT("10000")), INGOT_E_TEMPLATE,
                       "'10000' is not octal");
        expect_failure(&world, STEP(CONTENT_WRITE, .text = TEXT("")), INGOT_E_TEMPLATE,
                       "t.yaml:5:3: write: it needs 'to'");
        expect_failure(&world, STEP(CONTENT_APPEND, .to = TEXT("/gone"), .text = TEXT("")), INGOT_E_TEMPLATE,
                       "no file '/gone' to append to");
        expect_failure(&world, STEP(CONTENT_DELETE, .to = TEXT("/etc")), INGOT_E_TEMPLATE, "recursive: true");
        expect_failure(&world, STEP(CONTENT_OWNER, .to = TEXT("/etc"), .owner = TEXT("bob")),
                       INGOT_E_TEMPLATE, "no user 'bob'");
        expect_failure(&world, STEP(CONTENT_ENABLE, .name = TEXT("gone")), INGOT_E_TEMPLATE,
                       "no unit 'gone.service'");
        expect_failure(&world, STEP(CONTENT_USER, .name = TEXT("root")), INGOT_E_TEMPLATE, "already");
        expect_failure(&world, STEP(CONTENT_HOSTNAME, .text = TEXT("-bad")), INGOT_E_TEMPLATE,
                       "no host name");
        expect_failure(&world, STEP(CONTENT_HOSTNAME, .text = TEXT("bad\nname")), INGOT_E_TEMPLATE,
                       "no host name");
        expect_failure(&world, STEP(CONTENT_TAR, .source = TEXT("gone.tar"), .to = TEXT("/")),
                       INGOT_E_NOT_FOUND, "t.yaml:7:9: tar: ");
        expect_failure(&world, STEP(CONTENT_TAR, .source = TEXT("bad.tar"), .to = TEXT("/")), INGOT_E_FORMAT,
                       "t.yaml:7:9: tar: ");
        expect_failure(&world, STEP(CONTENT_TAR, .source = TEXT("bad.tar"), .sha256 = TEXT(zeros)),
                       INGOT_E_CHECKSUM, "expected 0000");
        expect_failure(&world, STEP(CONTENT_TAR, .source = TEXT("bad.tar"), .sha256 = TEXT("12")),
                       INGOT_E_TEMPLATE, "64 hex digits");
        expect_failure(&world,
                       STEP(CONTENT_FILE, .source = TEXT("bad.tar"), .to = TEXT("/f"), .sha256 = TEXT(zeros)),
                       INGOT_E_CHECKSUM, "expected 0000");
        expect_failure(&world, STEP(CONTENT_BOOTSTRAP, .suite = TEXT("bookworm")), INGOT_E_USAGE,
                       "t.yaml:5:3: ");
        assert_int_equal(content_apply(&world.target, STEP(CONTENT_DELETE, .to = TEXT("/")), NULL, NULL),
                         INGOT_E_TEMPLATE);
        world_close(&world);
}

static void relative_sources_begin_in_the_templates_folder(void **state)
{
        static const struct {
                const char *folder, *source, *path;
        } rows[] = { { "a/b", "c", "a/b/c" }, { "a/", "c", "a/c" }, { "", "c", "c" }, { "a", "/c", "/c" } };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(heap_drop) char *path = NULL;

                assert_int_equal(content_source_path(rows[i].folder, rows[i].source, &path, NULL), INGOT_OK);
                assert_string_equal(path, rows[i].path);
        }
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(every_verb_edits_the_tree),
                TEST(every_failure_is_marked_and_says_who_must_act),
                TEST(relative_sources_begin_in_the_templates_folder),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
