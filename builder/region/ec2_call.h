/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EC2_CALL_H
#define REGION_EC2_CALL_H

/* builder/region/ec2_call.h
 * ec2_call: what the EC2 operations share: reading parameters, refusing, replying in XML.
 *
 * Rules    (1) The first refusal stands: what is asked or refused after it changes nothing, so an operation
 *              reads all its parameters and looks once, with ec2_may_go_on().
 *          (2) Nothing is changed before ec2_may_go_on() has said yes: it refuses unknown parameters, and
 *              stops a dry run.
 * Source   EC2 2016-11-15; protocol ec2.
 * Tests    tests/unit/region/test_ec2_routes.c
 */
#include "region/catalogue_images.h"
#include "region/form.h"
#include "region/routes.h"
#include "region/snapshots.h"
#include "region/xml_writer.h"

struct ec2_call {
        const struct service_call *call;
        struct region_store *store; /* call's */
        const char *region;         /* call's */
        struct form form;
        struct buffer *out; /* the reply's body, in which the operation's elements are written */
        const char *action;
        bool is_refused;
};

/* Refuses; the message is a sentence or two. Returns INGOT_OK. */
enum ingot_code ec2_refuse(struct ec2_call *ec2, unsigned status, const char *code, const char *format, ...)
        INGOT_PRINTF(4, 5);
/* The same with status 400. */
enum ingot_code ec2_refuse_value(struct ec2_call *ec2, const char *code, const char *format, ...)
        INGOT_PRINTF(3, 4);

/* Rule 2; has_dry_run: the operation knows DryRun. */
bool ec2_may_go_on(struct ec2_call *ec2, bool has_dry_run);

/* Read a parameter: false, and *ret untouched, when it was not sent (or was refused). */
bool ec2_read_bool(struct ec2_call *ec2, const char *name, bool *ret_value);
bool ec2_read_number(struct ec2_call *ec2, const char *name, uint32_t min, uint32_t max, uint32_t *ret_value);
/* Copies a text of at most chars_max characters; false when it was not sent. */
bool ec2_read_text(struct ec2_call *ec2, const char *name, size_t chars_max, char *out, size_t room_bytes);

/* An id of a resource: prefix and 8 or 17 lower-case hex digits. */
bool ec2_is_id(const char *text, const char *prefix);

/* Whether the region is not to know of a new id yet: chaos. */
bool ec2_is_hidden(const struct ec2_call *ec2, const char *id);

/* Writes the elements that begin and end a success; ec2_end() sets the status. */
void ec2_begin(struct ec2_call *ec2);
void ec2_end(struct ec2_call *ec2);

/* Reads Tag.N from under prefix ("" or "TagSpecification.1."); refuses what is no tag. tags has TAGS_MAX
 * elements.  is_value_optional: *ret_has_value tells for each whether a value was sent. */
void ec2_read_tags(struct ec2_call *ec2, const char *prefix, struct tag *tags, bool *ret_has_value,
                   uint32_t *ret_count);
/* Reads TagSpecification.N, all of which must be for resource_type. */
void ec2_read_tag_specification(struct ec2_call *ec2, const char *resource_type, struct tag *tags,
                                uint32_t *ret_count);
/* Writes a resource's tagSet. */
enum ingot_code ec2_write_tags(struct ec2_call *ec2, const char *resource_id,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/* The operations. */
enum ingot_code serve_register_image(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_describe_images(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_deregister_image(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_describe_snapshots(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_delete_snapshot(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_create_tags(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_delete_tags(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_describe_tags(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_import_snapshot(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_describe_import_snapshot_tasks(struct ec2_call *ec2,
                                                     struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_describe_regions(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;

/* What may be said about an AMI or a snapshot later, and about an account. */
enum ingot_code serve_copy_image(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_copy_snapshot(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_describe_image_attribute(struct ec2_call *ec2,
                                               struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_describe_snapshot_attribute(struct ec2_call *ec2,
                                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_disable_ebs_encryption_by_default(struct ec2_call *ec2,
                                                        struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_disable_image(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_disable_image_block_public_access(struct ec2_call *ec2,
                                                        struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_disable_image_deprecation(struct ec2_call *ec2,
                                                struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_disable_image_deregistration_protection(struct ec2_call *ec2,
                                                              struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_disable_snapshot_block_public_access(struct ec2_call *ec2,
                                                           struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_enable_ebs_encryption_by_default(struct ec2_call *ec2,
                                                       struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_enable_image(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_enable_image_block_public_access(struct ec2_call *ec2,
                                                       struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_enable_image_deprecation(struct ec2_call *ec2,
                                               struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_enable_image_deregistration_protection(struct ec2_call *ec2,
                                                             struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_enable_snapshot_block_public_access(struct ec2_call *ec2,
                                                          struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_ebs_default_kms_key_id(struct ec2_call *ec2,
                                                 struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_ebs_encryption_by_default(struct ec2_call *ec2,
                                                    struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_image_block_public_access_state(struct ec2_call *ec2,
                                                          struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_snapshot_block_public_access_state(struct ec2_call *ec2,
                                                             struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_modify_ebs_default_kms_key_id(struct ec2_call *ec2,
                                                    struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_modify_image_attribute(struct ec2_call *ec2, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_modify_snapshot_attribute(struct ec2_call *ec2,
                                                struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_reset_ebs_default_kms_key_id(struct ec2_call *ec2,
                                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
