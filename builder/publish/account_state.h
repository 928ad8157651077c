/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_ACCOUNT_STATE_H
#define PUBLISH_ACCOUNT_STATE_H

/* builder/publish/account_state.h
 * account_state: what an account has set for a region, and decides about what is published there.
 *
 * Rules    (1) Nothing here changes anything.
 *          (2) A state is EC2's own word: one that we do not know is passed on as it is.
 * Source   EC2 service model 2016-11-15.
 * Tests    tests/unit/publish/test_account_state.c
 *
 * All of these fail with what region_link_call() fails with; INGOT_E_DENIED where the caller may not look.
 */
#include "publish/ec2_client.h"

enum { ACCOUNT_KEY_CHARS = 2048, ACCOUNT_STATE_CHARS = 63 };

/* Whether a snapshot is encrypted though nobody asked for it. */
enum ingot_code account_encrypts_by_default(const struct ec2_client *client, bool *ret_does,
                                            struct ingot_error *err) INGOT_MUST_CHECK;

/* The key that encryption takes where none is said: an ARN, or an alias ("alias/aws/ebs"). */
enum ingot_code account_default_key(const struct ec2_client *client, char ret_key[ACCOUNT_KEY_CHARS + 1],
                                    struct ingot_error *err) INGOT_MUST_CHECK;

struct public_access {
        char state[ACCOUNT_STATE_CHARS + 1];      /* "unblocked", "block-new-sharing", "block-all-sharing" */
        char managed_by[ACCOUNT_STATE_CHARS + 1]; /* "account", "declarative-policy"; "" : not said */
};

/* Whether the state lets something become public that is not yet. */
bool public_access_is_open(const struct public_access *access);

enum ingot_code account_image_public_access(const struct ec2_client *client, struct public_access *ret_access,
                                            struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code account_snapshot_public_access(const struct ec2_client *client,
                                               struct public_access *ret_access,
                                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
