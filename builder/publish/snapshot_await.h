/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SNAPSHOT_AWAIT_H
#define PUBLISH_SNAPSHOT_AWAIT_H

/* builder/publish/snapshot_await.h
 * snapshot_await: wait until snapshots are completed.
 *
 * Rules    (1) All of them are asked for in one DescribeSnapshots, with a wait that grows and jitter between two.
 *          (2) Not found is waited out: a snapshot may be described some time after it was started.
 *          (3) One that ends in error ends the wait; its message is told.
 * Tests    tests/unit/publish/test_snapshot_upload.c
 */
#include "publish/ec2_client.h"

struct snapshot_await_policy {
        uint32_t first_ms, ceiling_ms; /* 0: 500 ms growing to 15 s */
        uint32_t deadline_ms;          /* 0: 30 minutes */
};

/*
 * Waits until every snapshot is completed.
 *
 * policy, observer  borrowed; may be NULL
 * Fails with   INGOT_E_REMOTE     one ended in error, or the deadline passed; both name it
 *              INGOT_E_NOT_FOUND  one is not known at the deadline
 *              INGOT_E_CANCELLED, and what ec2_describe_snapshots() fails with
 */
enum ingot_code snapshot_await(const struct ec2_client *ec2, const char *const *snapshot_ids, size_t count,
                               const struct snapshot_await_policy *policy,
                               const struct ingot_observer *observer,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
