/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_QUERY_POST_H
#define PUBLISH_QUERY_POST_H

/* builder/publish/query_post.h
 * query_post: send a form of a Query protocol, for the files that make the forms.
 *
 * Tests    tests/unit/publish/test_ec2_client.c
 */
#include "publish/ec2_client.h"

enum { QUERY_BODY_BYTES_MAX = 4 << 20 };

/*
 * Sends a form that was made and reads the answer's bytes.
 *
 * ret_fault    the last refusal, on any result; may be NULL
 * Fails with   as region_link_call()
 */
enum ingot_code query_post_to(struct region_link *link, const struct endpoint *endpoint,
                              const char *operation, const struct buffer *form, struct buffer *ret_reply,
                              struct fault *ret_fault, struct ingot_error *err) INGOT_MUST_CHECK;

/* The same to EC2.  A dry run (ec2_client.h, rule 4) that would have succeeded is INGOT_OK with an empty reply. */
enum ingot_code query_post(const struct ec2_client *client, const char *operation, struct buffer *form,
                           struct buffer *ret_reply, struct fault *ret_fault,
                           struct ingot_error *err) INGOT_MUST_CHECK;

/* A call to EC2 whose answer says no more than that it was carried out. */
enum ingot_code query_post_for_return(const struct ec2_client *client, const char *operation,
                                      struct buffer *form, struct ingot_error *err) INGOT_MUST_CHECK;

/* A call to EC2 of whose answer one text matters: ret_text stays as it is in a dry run. */
enum ingot_code query_post_for_text(const struct ec2_client *client, const char *operation,
                                    struct buffer *form, const char *member, char *ret_text,
                                    size_t room_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
