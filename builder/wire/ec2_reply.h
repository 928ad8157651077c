/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EC2_REPLY_H
#define WIRE_EC2_REPLY_H

/* builder/wire/ec2_reply.h
 * ec2_reply: what EC2 and STS answer, read from their XML.
 *
 * Rules    (1) The root must be the operation's own ("RegisterImageResponse"); names are compared without their
 *              namespace; elements we do not know are passed over, since regions add some every month.
 *          (2) A member that did not come is NULL, 0 or TRI_UNSET; one that came and cannot be read (a size that
 *              is no number) is INGOT_E_FORMAT, which names the element.
 *          (3) Everything of a list lives until the list is released.
 *          (4) A page adds to its list: what came before stays where it is.
 * Source   EC2 service model 2016-11-15, protocol ec2; STS service model 2011-06-15, protocol query.
 * Tests    tests/unit/wire/test_ec2_reply.c, tests/fuzz/fuzz_ec2_reply.c
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "model/mapping.h"
#include "wire/fault.h"
#include "wire/reply_pool.h"

enum { EC2_ID_CHARS = 63, EC2_LIST_MAX = 100000, EC2_REPLY_BYTES_MAX = 32 << 20 };

struct ec2_image {
        const char *image_id, *name, *description, *state, *state_reason, *owner_id, *creation_date;
        const char *architecture, *virtualization_type, *boot_mode, *tpm_support, *imds_support;
        const char *sriov_net_support, *root_device_name, *root_device_type;
        const char *deprecation_time, *deregistration_protection, *last_launched_time;
        const char *source_image_id, *source_image_region, *platform_details;
        enum tri_state ena_support, is_public;
        struct mapping_entry *block_devices; /* marks are empty */
        size_t block_device_count;
        struct wire_tag *tags;
        size_t tag_count;
};

struct ec2_snapshot {
        const char *snapshot_id, *description, *state, *state_message, *progress, *start_time, *owner_id;
        const char *volume_id, *sse_type, *kms_key_id;
        uint64_t volume_size_gib;
        enum tri_state encrypted;
        struct wire_tag *tags;
        size_t tag_count;
};

struct ec2_resource_tag {
        const char *resource_id, *resource_type;
        struct wire_tag tag;
};

struct ec2_region {
        const char *name, *endpoint, *opt_in_status;
};

/* Each: items[count], owned with everything in them by pool; next_token is that of the last page, or NULL. */
struct ec2_image_list {
        struct ec2_image *items;
        size_t count;
        struct reply_pool pool;
        const char *next_token;
};

struct ec2_snapshot_list {
        struct ec2_snapshot *items;
        size_t count;
        struct reply_pool pool;
        const char *next_token;
};

struct ec2_tag_list {
        struct ec2_resource_tag *items;
        size_t count;
        struct reply_pool pool;
        const char *next_token;
};

struct ec2_region_list {
        struct ec2_region *items;
        size_t count;
        struct reply_pool pool;
        const char *next_token; /* always NULL: this call has no pages */
};

struct ec2_caller_identity {
        const char *account, *arn, *user_id;
        struct reply_pool pool;
};

/* Each release is also for OWNED; a zeroed list is an empty one. */
void ec2_image_list_release(struct ec2_image_list *list);
void ec2_snapshot_list_release(struct ec2_snapshot_list *list);
void ec2_tag_list_release(struct ec2_tag_list *list);
void ec2_region_list_release(struct ec2_region_list *list);
void ec2_caller_identity_release(struct ec2_caller_identity *identity);

/*
 * Each reads one reply and adds it to its list (rule 4).
 *
 * Fails with   INGOT_E_FORMAT  not XML, another root, a member that cannot be read
 *              INGOT_E_MEMORY  also: above EC2_REPLY_BYTES_MAX, or a list above EC2_LIST_MAX
 */
enum ingot_code ec2_reply_images(const char *xml, size_t size_bytes, struct ec2_image_list *list,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_reply_snapshots(const char *xml, size_t size_bytes, struct ec2_snapshot_list *list,
                                    struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_reply_tags(const char *xml, size_t size_bytes, struct ec2_tag_list *list,
                               struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_reply_regions(const char *xml, size_t size_bytes, struct ec2_region_list *list,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_reply_caller_identity(const char *xml, size_t size_bytes,
                                          struct ec2_caller_identity *ret_identity,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads the id that RegisterImage answers; ec2_attribute_reply.h has the other short answers. */
enum ingot_code ec2_reply_image_id(const char *xml, size_t size_bytes, char ret_image_id[EC2_ID_CHARS + 1],
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads an answer of which only its root and <return> matter: operation is "CreateTags". */
enum ingot_code ec2_reply_return(const char *xml, size_t size_bytes, const char *operation,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads an error document of either protocol; ret_fault->code is "" when it is none. */
void ec2_reply_fault(const char *xml, size_t size_bytes, struct fault *ret_fault);

#endif
