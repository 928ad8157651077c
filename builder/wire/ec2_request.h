/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EC2_REQUEST_H
#define WIRE_EC2_REQUEST_H

/* builder/wire/ec2_request.h
 * ec2_request: the form body of a call of the EC2 or the STS Query protocol.
 *
 * Rules    (1) A text that is NULL, a number that is 0 and a tri_state that is TRI_UNSET are left out; an empty
 *              text is sent, since it can mean something (NoDevice).
 *          (2) Lists are flat and count from 1: "Owner.1", "Filter.2.Value.1".
 *          (3) Booleans are "true" and "false".
 *          (4) Percent-encoding is wire/uri.h's, in names too.
 * Source   EC2 service model 2016-11-15, protocol ec2.
 * Tests    tests/unit/wire/test_ec2_request.c
 */
#include "base/buffer.h"
#include "model/mapping.h"
#include "wire/fault.h"

#define EC2_VERSION      "2016-11-15"
#define STS_VERSION      "2011-06-15"
#define EC2_CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"

struct ec2_filter {
        const char *name; /* "tag:team", "name" */
        const char *const *values;
        size_t value_count;
};

/* Begins body: "Action=...&Version=...".  The caller checks it with buffer_check() at the end. */
void ec2_request_begin(struct buffer *body, const char *action, const char *version);

void ec2_request_text(struct buffer *body, const char *name, const char *value);
void ec2_request_number(struct buffer *body, const char *name, uint64_t value);
void ec2_request_tri(struct buffer *body, const char *name, enum tri_state value);

/* "NAME.1=...&NAME.2=..." */
void ec2_request_list(struct buffer *body, const char *name, const char *const *values, size_t count);

/* "Filter.1.Name=...&Filter.1.Value.1=..." */
void ec2_request_filters(struct buffer *body, const struct ec2_filter *filters, size_t count);

/* "PREFIXTag.1.Key=...&PREFIXTag.1.Value=..." */
void ec2_request_tags(struct buffer *body, const char *prefix, const struct wire_tag *tags, size_t count);

/* Whom something is shared with: exactly one of the four. */
struct ec2_permission {
        const char *user_id; /* "123456789012" */
        const char *group;   /* "all": everybody */
        const char *organization_arn, *organizational_unit_arn;
};

/* "NAME.1.UserId=...&NAME.2.Group=..." */
void ec2_request_permissions(struct buffer *body, const char *name, const struct ec2_permission *permissions,
                             size_t count);

/* "BlockDeviceMapping.1.DeviceName=...&BlockDeviceMapping.1.Ebs.SnapshotId=..." */
void ec2_request_block_devices(struct buffer *body, const struct mapping_entry *entries, size_t count);

#endif
