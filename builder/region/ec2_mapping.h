/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EC2_MAPPING_H
#define REGION_EC2_MAPPING_H

/* builder/region/ec2_mapping.h
 * ec2_mapping: BlockDeviceMapping.N of RegisterImage, read and judged; and written again by DescribeImages.
 *
 * Rules    (1) An entry is one of: Ebs, VirtualName, NoDevice.
 *          (2) VolumeSize follows from the snapshot and VolumeType is gp2 where nothing is said;
 *              DeleteOnTermination is true for the root volume.  Nothing else is made up.
 * Source   facts: EC2 service model 2016-11-15, EbsBlockDevice; user guide, device naming.
 * Tests    tests/unit/region/test_ec2_mapping.c
 */
#include "region/ec2_call.h"

/* Reads the entries and refuses what can be refused without a look at snapshots. */
void ec2_mapping_read(struct ec2_call *ec2, struct mapping_record *mappings, uint32_t *ret_count);

/*
 * Judges the entries against their snapshots and fills in what follows from them.  Run it in the transaction
 * that registers the AMI.
 */
enum ingot_code ec2_mapping_settle(struct ec2_call *ec2, const char *root_device_name,
                                   struct mapping_record *mappings, uint32_t count,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Writes a blockDeviceMapping. */
void ec2_mapping_write(struct ec2_call *ec2, const struct mapping_record *mappings, uint32_t count);

/* Whether EC2 takes the device name: sd[a-z], sd[a-z][1-15], xvd[a-z], xvd[a-z][a-z], hd[a-z], with or without
 * /dev/ before it. */
bool ec2_is_device_name(const char *name);

#endif
