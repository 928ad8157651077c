/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_IMPORT_REPLY_H
#define WIRE_IMPORT_REPLY_H

/* builder/wire/import_reply.h
 * import_reply: what EC2 answers about the import of a snapshot.
 *
 * Rules    (1) Texts are cut to their room: only ids must fit.
 * Source   EC2 service model 2016-11-15: ImportSnapshot, DescribeImportSnapshotTasks.
 * Tests    tests/unit/publish/test_snapshot_import.c, tests/fuzz/fuzz_ec2_reply.c
 */
#include "wire/ec2_reply.h"

enum { IMPORT_TEXT_CHARS = 255 };

struct import_task {
        char task_id[EC2_ID_CHARS + 1];
        char status[32]; /* "active", "completed", "deleting", ...; "" : not said */
        char status_message[IMPORT_TEXT_CHARS + 1]; /* of a failure, the reason; else where it stands */
        char progress[16];                          /* "42"; "" : not said */
        char snapshot_id[EC2_ID_CHARS + 1];         /* "" : not yet */
};

/*
 * Reads the answer to ImportSnapshot; or to DescribeImportSnapshotTasks, in which the task must be.
 *
 * Fails with   INGOT_E_FORMAT  not XML, another root, no task id, an id that does not fit
 *              INGOT_E_NOT_FOUND  the task is not in the answer
 *              INGOT_E_MEMORY
 */
enum ingot_code import_reply_task(const char *xml, size_t size_bytes, struct import_task *ret_task,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code import_reply_find(const char *xml, size_t size_bytes, const char *task_id,
                                  struct import_task *ret_task, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
