/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_ARCHIVE_WORLD_H
#define SUPPORT_ARCHIVE_WORLD_H

/* tests/support/archive_world.h
 * archive_world: a tree and a store that archives are read into, and questions about what came of it.
 */
#include "content/archive_reader.h"
#include "support/tar_maker.h"

struct world {
        struct tree *tree;
        struct content_store *store;
        struct archive_report report;
        struct ingot_error err;
};

/* state is a test's, with its scratch folder (support/scratch.h). */
void world_open(struct world *world, void *const *state);
void world_close(struct world *world);

/* Reads the archive at path below the directory `to` of the tree; the error stays in the world. */
enum ingot_code world_read_to(struct world *world, const char *path, const char *to,
                              struct archive_request request);
/* Reads it into the root, with its digest. */
enum ingot_code world_read(struct world *world, const char *path);

/* Makes a tar of the members, which end with one without a name, and reads it; expects that code. */
void world_read_members(struct world *world, void *const *state, const char *to,
                        const struct archive_request *request, enum ingot_code code,
                        const struct tar_member *members);

#define MEMBERS(...)                                                                                         \
        (const struct tar_member[])                                                                          \
        {                                                                                                    \
                __VA_ARGS__,                                                                                 \
                {                                                                                            \
                        .name = NULL                                                                         \
                }                                                                                            \
        }
#define DIRECTORY(NAME, MODE)                                                                                \
        {                                                                                                    \
                .name = (NAME), .type = '5', .mode = (MODE)                                                  \
        }
#define PLAIN(NAME)                                                                                          \
        {                                                                                                    \
                .name = (NAME), .type = '0', .mode = 0644, .data = "x", .size = 1                            \
        }
#define SYMLINK(NAME, TARGET)                                                                                \
        {                                                                                                    \
                .name = (NAME), .type = '2', .mode = 0777, .link = (TARGET)                                  \
        }
#define HARD_LINK(NAME, TARGET)                                                                              \
        {                                                                                                    \
                .name = (NAME), .type = '1', .link = (TARGET)                                                \
        }

struct tree_inode *inode_at(const struct world *world, const char *path);
bool is_there(const struct world *world, const char *path);
/* The innermost frame of the last error says `part`. */
void expect_cause(const struct world *world, const char *part);

#endif
