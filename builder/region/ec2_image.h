/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EC2_IMAGE_H
#define REGION_EC2_IMAGE_H

/* builder/region/ec2_image.h
 * ec2_image: what the operations on one AMI share: reading its id, finding it, changing its record.
 *
 * Tests    tests/unit/region/test_ec2_image_state.c
 */
#include "region/ec2_call.h"
#include "region/images.h"

/* Reads ImageId and refuses what is none; "" then. */
const char *ec2_read_image_id(struct ec2_call *ec2);
/* The same of SnapshotId. */
const char *ec2_read_snapshot_id(struct ec2_call *ec2);

/* Reads Name, and refuses what is no name of an AMI. */
void ec2_read_image_name(struct ec2_call *ec2, char out[IMAGE_NAME_CHARS + 1]);

/* Finds a settled AMI, or refuses. */
enum ingot_code ec2_need_image(struct ec2_call *ec2, const char *id, struct image_record *ret_image,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/* Changes the record it is given, or refuses, for reasons that only the AMI tells. */
typedef enum ingot_code (*ec2_image_change)(struct ec2_call *ec2, struct image_record *image, void *context,
                                            struct ingot_error *err);

/*
 * Lets change() have the AMI in a transaction, which is taken back when it refuses, and answers <return>true</return>.
 *
 * is_usable    refuse an AMI that is pending or failed
 */
enum ingot_code ec2_change_image(struct ec2_call *ec2, const char *id, bool is_usable,
                                 ec2_image_change change, void *context,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Answers <return>true</return>. */
void ec2_reply_true(struct ec2_call *ec2);

/* Ends a transaction: takes it back when ec2 is refused, which is INGOT_OK. */
enum ingot_code ec2_end_change(struct ec2_call *ec2, enum ingot_code so_far,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
