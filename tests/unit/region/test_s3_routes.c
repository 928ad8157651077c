/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"

#include "base/own.h"
#include "region/import_jobs.h"
#include "wire/s3_shape.h"

/* Sends a request with x-amz-content-sha256, as S3 wants. */
static unsigned ask(struct region_rig *rig, const char *method, const char *target, const char *headers,
                    const void *body, size_t body_bytes)
{
        struct digest digest;
        char hex[DIGEST_HEX_CHARS + 1], lines[1024];

        assert_int_equal(digest_of(body ? body : "", body_bytes, &digest, NULL), INGOT_OK);
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        (void)snprintf(lines, sizeof(lines), "x-amz-content-sha256: %s\n%s", hex, headers ? headers : "");
        return region_rig_send(rig, "s3", method, target, lines, body, body_bytes);
}

static void expect(struct region_rig *rig, unsigned found, unsigned status, const char *code)
{
        char text[128];

        (void)snprintf(text, sizeof(text), "<Code>%s</Code>", code);
        if (found != status || !region_rig_says(rig, text))
                fail_msg("%s: %u %s", code, found, rig->reply.body.bytes);
}

static void a_bucket_is_made_in_the_region_of_the_request(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(ask(rig, "PUT", "/images", NULL, NULL, 0), 200);
        expect(rig, ask(rig, "PUT", "/images", NULL, NULL, 0), 409, "BucketAlreadyOwnedByYou");
        rig->region = "eu-west-1";
        expect(rig, ask(rig, "HEAD", "/images", NULL, NULL, 0), 400, "AuthorizationHeaderMalformed");
        expect(rig, ask(rig, "PUT", "/other", NULL, NULL, 0), 400, "IllegalLocationConstraintException");
        assert_int_equal(ask(rig, "GET", "/images?location=", NULL, NULL, 0), 200);
        expect(rig, ask(rig, "PUT", "/No_Bucket", NULL, NULL, 0), 400, "InvalidBucketName");
}

static void the_hash_of_the_payload_must_be_said(void **state)
{
        struct region_rig *rig = *state;

        expect(rig, region_rig_send(rig, "s3", "GET", "/", NULL, NULL, 0), 400, "InvalidRequest");
}

static void checksums_are_enforced(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(ask(rig, "PUT", "/images", NULL, NULL, 0), 200);
        expect(rig, ask(rig, "PUT", "/images/k", "x-amz-checksum-crc32: AAAAAA==\n", "hello", 5), 400,
               "BadDigest");
        expect(rig, ask(rig, "PUT", "/images/k", "Content-MD5: x\n", "hello", 5), 400, "InvalidDigest");
        /* From zlib, and from the Castagnoli vectors of RFC 3720 ("123456789"). */
        assert_int_equal(ask(rig, "PUT", "/images/k", "x-amz-checksum-crc32: NhCmhg==\n", "hello", 5), 200);
        assert_int_equal(ask(rig, "PUT", "/images/k", "x-amz-checksum-crc32c: 4waSgw==\n", "123456789", 9),
                         200);
        assert_int_equal(
                ask(rig, "PUT", "/images/k", "x-amz-checksum-crc64nvme: rosUhgp5mIg=\n", "123456789", 9),
                200);
        expect(rig, ask(rig, "GET", "/images/none", NULL, NULL, 0), 404, "NoSuchKey");
        assert_int_equal(ask(rig, "DELETE", "/images/k", NULL, NULL, 0), 204);
        assert_int_equal(ask(rig, "DELETE", "/images", NULL, NULL, 0), 204);
}

static void begin_upload(struct region_rig *rig, char *id, size_t room)
{
        assert_int_equal(ask(rig, "PUT", "/images", NULL, NULL, 0), 200);
        assert_int_equal(
                ask(rig, "POST", "/images/k?uploads=", "x-amz-checksum-algorithm: SHA256\n", NULL, 0), 200);
        region_rig_pick(rig, "<UploadId>", "</UploadId>", id, room);
}

static void parts_are_held_to_s3s_limits(void **state)
{
        struct region_rig *rig = *state;
        char id[64], target[256], body[512];
        const char small[] = "small";
        struct digest digest;
        char sum[DIGEST_BASE64_CHARS + 1], header[128];

        begin_upload(rig, id, sizeof(id));
        (void)snprintf(target, sizeof(target), "/images/k?partNumber=10001&uploadId=%s", id);
        expect(rig, ask(rig, "PUT", target, NULL, small, 5), 400, "InvalidArgument");
        (void)snprintf(target, sizeof(target), "/images/k?partNumber=1&uploadId=%s", id);
        expect(rig, ask(rig, "PUT", target, NULL, small, 5), 400, "InvalidRequest"); /* no SHA-256 */
        assert_int_equal(digest_of(small, 5, &digest, NULL), INGOT_OK);
        base64_encode(digest.bytes, DIGEST_BYTES, sum);
        (void)snprintf(header, sizeof(header), "x-amz-checksum-sha256: %s\n", sum);
        for (unsigned number = 1; number <= 2; number++) {
                (void)snprintf(target, sizeof(target), "/images/k?partNumber=%u&uploadId=%s", number, id);
                assert_int_equal(ask(rig, "PUT", target, header, small, 5), 200);
        }
        (void)snprintf(target, sizeof(target), "/images/k?uploadId=%s", id);
        (void)snprintf(
                body, sizeof(body),
                "<CompleteMultipartUpload><Part><PartNumber>1</"
                "PartNumber><ETag>eb5c1399a871211c7e7ed732d15e3a8b"
                "</ETag><ChecksumSHA256>%s</ChecksumSHA256></Part><Part><PartNumber>2</PartNumber><ETag>"
                "eb5c1399a871211c7e7ed732d15e3a8b</ETag><ChecksumSHA256>%s</ChecksumSHA256></Part>"
                "</CompleteMultipartUpload>",
                sum, sum);
        expect(rig, ask(rig, "POST", target, NULL, body, strlen(body)), 400, "EntityTooSmall");
        expect(rig, ask(rig, "POST", target, NULL, "<x", 2), 400, "MalformedXML");
        expect(rig, ask(rig, "DELETE", "/images", NULL, NULL, 0), 409, "BucketNotEmpty");
        assert_int_equal(ask(rig, "DELETE", target, NULL, NULL, 0), 204);
        expect(rig, ask(rig, "GET", target, NULL, NULL, 0), 404, "NoSuchUpload");
}

static void what_is_not_served_is_said_so(void **state)
{
        struct region_rig *rig = *state;

        expect(rig, ask(rig, "GET", "/images?acl=", NULL, NULL, 0), 501, "NotImplemented");
        expect(rig, ask(rig, "PUT", "/images/k?tagging=", NULL, NULL, 0), 501, "NotImplemented");
}

/* ---- imports, without threads: the rig's clock stands still, and import_run() is called here ---- */

static void an_import_makes_a_snapshot_of_the_blocks_that_hold_data(void **state)
{
        static const char start[] =
                "Action=ImportSnapshot&DiskContainer.Format=%s&ClientToken=%s"
                "&DiskContainer.UserBucket.S3Bucket=images&DiskContainer.UserBucket.S3Key=disk";
        struct region_rig *rig = *state;
        OWNED(heap_drop) uint8_t *disk = calloc(3, BLOCK_BYTES);
        char form[512], id[RESOURCE_ID_CHARS + 1], again[RESOURCE_ID_CHARS + 1], form_id[128];

        disk[2 * BLOCK_BYTES + 7] = 1;
        assert_int_equal(ask(rig, "PUT", "/images", NULL, NULL, 0), 200);
        (void)snprintf(form, sizeof(form), start, "RAW", "a");
        expect(rig, region_rig_ec2(rig, form), 400, "InvalidParameter"); /* there is no such object */
        assert_int_equal(ask(rig, "PUT", "/images/disk", NULL, disk, (size_t)3 * BLOCK_BYTES), 200);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        region_rig_pick(rig, "<importTaskId>", "</importTaskId>", id, sizeof(id));
        assert_int_equal(region_rig_ec2(rig, form), 200);
        region_rig_pick(rig, "<importTaskId>", "</importTaskId>", again, sizeof(again));
        assert_string_equal(id, again);
        (void)snprintf(form, sizeof(form), start, "VMDK", "a");
        expect(rig, region_rig_ec2(rig, form), 400, "IdempotentParameterMismatch");
        import_jobs_free(rig->store->imports); /* whatever the thread got done, this one does the rest */
        rig->store->imports = NULL;
        assert_int_equal(import_run(rig->store, id, NULL, NULL), INGOT_OK);
        (void)snprintf(form_id, sizeof(form_id), "Action=DescribeImportSnapshotTasks&ImportTaskId.1=%s", id);
        assert_int_equal(region_rig_ec2(rig, form_id), 200);
        assert_true(region_rig_says(rig, "<status>completed</status>"));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots&Owner.1=self"), 200);
        assert_true(region_rig_says(rig, "<fullSnapshotSizeInBytes>524288</fullSnapshotSizeInBytes>"));
}

static void a_bad_disk_is_deleting_then_deleted_and_says_why(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], form[128];

        assert_int_equal(ask(rig, "PUT", "/images", NULL, NULL, 0), 200);
        assert_int_equal(ask(rig, "PUT", "/images/disk", NULL, "no disk", 7), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=ImportSnapshot&DiskContainer.Format=VMDK"
                                             "&DiskContainer.Url=s3%3A%2F%2Fimages%2Fdisk"),
                         200);
        region_rig_pick(rig, "<importTaskId>", "</importTaskId>", id, sizeof(id));
        import_jobs_free(rig->store->imports);
        rig->store->imports = NULL;
        assert_int_equal(import_run(rig->store, id, NULL, NULL), INGOT_OK);
        (void)snprintf(form, sizeof(form), "Action=DescribeImportSnapshotTasks&ImportTaskId.1=%s", id);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_true(region_rig_says(rig, "<status>deleting</status>"));
        assert_true(region_rig_says(rig, "ClientError: Disk validation failed ["));
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_true(region_rig_says(rig, "<status>deleted</status>"));
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(a_bucket_is_made_in_the_region_of_the_request),
                RIG_TEST(the_hash_of_the_payload_must_be_said),
                RIG_TEST(checksums_are_enforced),
                RIG_TEST(parts_are_held_to_s3s_limits),
                RIG_TEST(what_is_not_served_is_said_so),
                RIG_TEST(an_import_makes_a_snapshot_of_the_blocks_that_hold_data),
                RIG_TEST(a_bad_disk_is_deleting_then_deleted_and_says_why),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
