/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/archive_world.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"

enum { TAR_CEILING = 64 << 20 };

void world_open(struct world *world, void *const *state)
{
        memset(world, 0, sizeof(*world));
        assert_int_equal(tree_new(&world->tree, NULL), INGOT_OK);
        assert_int_equal(store_new(*state, &world->store, NULL), INGOT_OK);
}

void world_close(struct world *world)
{
        tree_free(world->tree);
        store_free(world->store);
}

enum ingot_code world_read_to(struct world *world, const char *path, const char *to,
                              struct archive_request request)
{
        struct tree_entry *destination;

        assert_int_equal(tree_resolve(world->tree, to, true, &destination, NULL), INGOT_OK);
        request.path = path;
        return archive_read_into(world->tree, destination, world->store, &request, &world->report,
                                 &world->err);
}

enum ingot_code world_read(struct world *world, const char *path)
{
        return world_read_to(world, path, "/", (struct archive_request){ .want_digest = true });
}

struct tree_inode *inode_at(const struct world *world, const char *path)
{
        struct tree_entry *entry = NULL;

        assert_int_equal(tree_find(world->tree, path, &entry, NULL), INGOT_OK);
        return entry->inode;
}

bool is_there(const struct world *world, const char *path)
{
        struct tree_entry *entry;

        return tree_find(world->tree, path, &entry, NULL) == INGOT_OK;
}

void expect_cause(const struct world *world, const char *part)
{
        const char *cause = ingot_error_frame(&world->err, 0);

        assert_non_null(cause);
        if (!strstr(cause, part))
                fail_msg("'%s' does not say '%s'", cause, part);
}

void world_read_members(struct world *world, void *const *state, const char *to,
                        const struct archive_request *request, enum ingot_code code,
                        const struct tar_member *members)
{
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(TAR_CEILING);

        for (; members->name; members++)
                tar_add(&tar, members);
        tar_end(&tar);
        tar_save(&tar, scratch_path(state, "m.tar"));
        assert_int_equal(world_read_to(world, scratch_path(state, "m.tar"), to, *request), code);
}
