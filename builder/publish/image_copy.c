/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/own.h"
#include "publish/image_copy.h"
#include "publish/query_post.h"
#include "wire/ec2_attribute_reply.h"

enum { PRESIGNED_SECONDS = 3600, URL_BYTES_MAX = 16384 };

/* "TagSpecification.N" for a type of resource that gets tags; counts them in *number. */
static void append_tags(struct buffer *form, const char *type, const struct wire_tag *tags, size_t tag_count,
                        unsigned *number)
{
        char name[64];

        if (tag_count == 0)
                return;
        (*number)++;
        (void)snprintf(name, sizeof(name), "TagSpecification.%u.ResourceType", *number);
        ec2_request_text(form, name, type);
        (void)snprintf(name, sizeof(name), "TagSpecification.%u.", *number);
        ec2_request_tags(form, name, tags, tag_count);
}

enum ingot_code image_copy(const struct ec2_client *client, const struct image_copy_request *request,
                           char ret_image_id[EC2_ID_CHARS + 1], struct fault *ret_fault,
                           struct ingot_error *err)
{
        static const char operation[] = "CopyImage";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        unsigned number = 0;
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "Name", request->name);
        ec2_request_text(&form, "SourceImageId", request->source_image_id);
        ec2_request_text(&form, "SourceRegion", request->source_region);
        ec2_request_text(&form, "ClientToken", request->client_token);
        ec2_request_text(&form, "Description", request->description);
        ec2_request_tri(&form, "Encrypted", request->encrypted);
        ec2_request_text(&form, "KmsKeyId", request->kms_key_id);
        if (request->with_tags)
                ec2_request_tri(&form, "CopyImageTags", TRI_YES);
        ec2_request_number(&form, "SnapshotCopyCompletionDurationMinutes", request->completion_minutes);
        append_tags(&form, "image", request->image_tags, request->image_tag_count, &number);
        append_tags(&form, "snapshot", request->snapshot_tags, request->snapshot_tag_count, &number);
        r = query_post(client, operation, &form, &reply, ret_fault, err);
        if (r || client->is_dry_run)
                return r;
        return region_link_judge(ec2_reply_text(reply.bytes, reply.size_bytes, operation, "imageId",
                                                ret_image_id, EC2_ID_CHARS + 1, err),
                                 operation, err);
}

/* GET https://ec2.SOURCE/?Action=CopySnapshot&..., signed by query. */
static enum ingot_code presign(const struct ec2_client *client, const struct snapshot_copy_request *request,
                               struct buffer *url, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(URL_BYTES_MAX);
        char host[ENDPOINT_AUTHORITY_CHARS + 1];
        const struct sigv4_header header = { "Host", host };
        struct digest empty;
        char hash[DIGEST_HEX_CHARS + 1];
        struct sigv4_request signing = { .method = "GET",
                                         .path = "/",
                                         .headers = &header,
                                         .header_count = 1,
                                         .payload_hash = hash,
                                         .region = request->source->region,
                                         .service = request->source->service };
        enum ingot_code r = digest_of("", 0, &empty, err);

        if (r)
                return r;
        hex_encode(empty.bytes, DIGEST_BYTES, hash);
        endpoint_print_authority(request->source, host);
        ec2_request_begin(&query, "CopySnapshot", EC2_VERSION);
        ec2_request_text(&query, "SourceRegion", request->source->region);
        ec2_request_text(&query, "SourceSnapshotId", request->source_snapshot_id);
        ec2_request_text(&query, "DestinationRegion", client->endpoint.region);
        r = buffer_check(&query, err);
        if (r)
                return r;
        signing.query = query.bytes;
        buffer_appendf(url, "%s://%s/?", request->source->is_tls ? "https" : "http", host);
        r = sigv4_presign(&signing, request->credentials, clock_wall_seconds(region_link_clock(client->link)),
                          PRESIGNED_SECONDS, url, err);
        return r ? r : buffer_check(url, err);
}

enum ingot_code snapshot_copy(const struct ec2_client *client, const struct snapshot_copy_request *request,
                              char ret_snapshot_id[EC2_ID_CHARS + 1], struct ingot_error *err)
{
        static const char operation[] = "CopySnapshot";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), url = BUFFER_INIT(URL_BYTES_MAX);
        unsigned number = 0;
        enum ingot_code r = presign(client, request, &url, err);

        if (r)
                return ingot_while(err, r, "signing the copy of snapshot '%s'", request->source_snapshot_id);
        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "SourceRegion", request->source->region);
        ec2_request_text(&form, "SourceSnapshotId", request->source_snapshot_id);
        ec2_request_text(&form, "DestinationRegion", client->endpoint.region);
        ec2_request_text(&form, "PresignedUrl", url.bytes);
        ec2_request_text(&form, "Description", request->description);
        ec2_request_tri(&form, "Encrypted", request->encrypted);
        ec2_request_text(&form, "KmsKeyId", request->kms_key_id);
        ec2_request_number(&form, "CompletionDurationMinutes", request->completion_minutes);
        append_tags(&form, "snapshot", request->tags, request->tag_count, &number);
        return query_post_for_text(client, operation, &form, "snapshotId", ret_snapshot_id, EC2_ID_CHARS + 1,
                                   err);
}
