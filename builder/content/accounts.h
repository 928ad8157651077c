/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_ACCOUNTS_H
#define CONTENT_ACCOUNTS_H

/* builder/content/accounts.h
 * accounts: users and groups of a tree, in its own etc/passwd, group, shadow and gshadow.
 *
 * Rules    (1) Nothing of the build machine is asked: names and numbers are those of the tree.
 *          (2) New lines are appended, with a locked password ("!"), the last change being the day of the
 *              build's epoch.  etc/shadow and etc/gshadow are kept only where they exist.
 *          (3) A number that is not given is the lowest free one: from 100 to 999 for system accounts, from
 *              1000 to 59999 for others.  A user's own group gets the user's number where that is free.
 *          (4) A user's group is, in this order: primary_group; the existing group gid; a new group of the
 *              user's name, with number gid if given.
 *          (5) An ordinary user gets a home (default /home/NAME, 0700) with a copy of etc/skel, and a shell
 *              (default /bin/bash where the tree has it, else /bin/sh).  A system user gets a home only
 *              where one is given (0755, else /nonexistent is noted and not made) and /usr/sbin/nologin.
 *              A home that exists is left as it is.
 *          (6) A name or number that is taken is refused.
 * Source   passwd(5), group(5), shadow(5), gshadow(5), useradd(8).
 * Tests    tests/unit/content/test_accounts.c
 */
#include <stdbool.h>

#include "content/store.h"
#include "model/tree.h"

struct account_user {
        const char *name;
        bool system;
        const uint32_t *uid, *gid; /* NULL: not given */
        const char *primary_group; /* name or number; NULL: rule 4 */
        const char *home, *shell;  /* NULL: rule 5 */
        const char *comment;       /* NULL: empty */
        const char *const *groups; /* supplementary, names or numbers */
        size_t group_count;
};

struct account_found {
        uint32_t uid, gid;
        char *home; /* owned by the caller (free) */
};

/*
 * Fails with   INGOT_E_USAGE      a name, number or text cannot stand in the files
 *              INGOT_E_CONFLICT   rule 6, or no number is free
 *              INGOT_E_NOT_FOUND  a group, or etc/passwd, is not there
 *              INGOT_E_FORMAT, INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code accounts_add_user(struct tree *tree, struct content_store *store,
                                  const struct account_user *user, int64_t epoch_seconds,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code accounts_add_group(struct tree *tree, struct content_store *store, const char *name,
                                   const uint32_t *gid, bool system,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Looks a user up by name.
 *
 * Fails with   INGOT_E_NOT_FOUND  there is no such user, or no etc/passwd
 *              INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code accounts_find_user(const struct tree *tree, const char *name, struct account_found *ret_user,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads "user", "user:group", "user:" or ":group", each a name or a number.
 *
 * ret_has_uid, ret_has_gid  which of the two was there; "user:" gives the user's own group
 * Fails with   INGOT_E_USAGE      it is none of these
 *              INGOT_E_NOT_FOUND  a name is not in the tree's files
 */
enum ingot_code accounts_parse_owner(const struct tree *tree, const char *text, uint32_t *ret_uid,
                                     bool *ret_has_uid, uint32_t *ret_gid, bool *ret_has_gid,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

#endif
