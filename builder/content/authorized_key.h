/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_AUTHORIZED_KEY_H
#define CONTENT_AUTHORIZED_KEY_H

/* builder/content/authorized_key.h
 * authorized_key: lets the holder of an SSH key in as a user of the tree.
 *
 * Rules    (1) The user's numbers and home are those of the tree's etc/passwd.
 *          (2) A line that is there already is not added again.
 * Source   sshd(8), "AUTHORIZED_KEYS FILE FORMAT".
 * Tests    tests/unit/content/test_accounts.c
 */
#include "content/store.h"
#include "model/tree.h"

/*
 * Adds a line to ~/.ssh/authorized_keys of a user of the tree, unless it is there already; makes what is
 * missing: the folder 0700, the file 0600, both the user's.
 *
 * Fails with   INGOT_E_USAGE      key is not one line with a public key
 *              INGOT_E_NOT_FOUND  no such user, or the user's home does not exist
 *              INGOT_E_FORMAT, INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code authorized_key_add(struct tree *tree, struct content_store *store, const char *user,
                                   const char *key, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
