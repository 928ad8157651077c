/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"

enum { TOKEN_ROOM = 128 };

static const char *error_type(const struct region_rig *rig)
{
        return rig->reply.header_count > 1 && strcmp(rig->reply.headers[1].name, "x-amzn-ErrorType") == 0
                       ? rig->reply.headers[1].value
                       : "";
}

static unsigned start(struct region_rig *rig, const char *json)
{
        return region_rig_send(rig, "ebs", "POST", "/snapshots", NULL, json, strlen(json));
}

static void start_request_that_breaks_a_rule_is_refused(void **state)
{
        struct region_rig *rig = *state;
        static const struct {
                const char *json;
                unsigned status;
                const char *reason;
        } rows[] = {
                { "", 400, "INVALID_PARAMETER_VALUE" },
                { "[]", 400, "INVALID_PARAMETER_VALUE" },
                { "{}", 400, "INVALID_VOLUME_SIZE" },
                { "{\"VolumeSize\":1,\"VolumeSize\":2}", 400, "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":\"1\"}", 400, "INVALID_VOLUME_SIZE" },
                { "{\"VolumeSize\":1.5}", 400, "INVALID_VOLUME_SIZE" },
                { "{\"VolumeSize\":-1}", 400, "INVALID_VOLUME_SIZE" },
                { "{\"VolumeSize\":65537}", 400, "INVALID_VOLUME_SIZE" },
                { "{\"VolumeSize\":1,\"Timeout\":9}", 400, "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":1,\"Timeout\":4321}", 400, "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":1,\"ParentSnapshot\":\"snap-1\"}", 400, "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":1,\"ParentSnapshotId\":\"vol-1\"}", 400, "INVALID_SNAPSHOT_ID" },
                { "{\"VolumeSize\":1,\"ParentSnapshotId\":\"snap-1\"}", 404, "SNAPSHOT_NOT_FOUND" },
                { "{\"VolumeSize\":1,\"ParentSnapshotId\":\"snap-1\",\"Encrypted\":false}", 400,
                  "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":1,\"Encrypted\":\"true\"}", 400, "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":1,\"KmsKeyArn\":\"arn:aws:kms:us-east-1:111122223333:key/1\"}", 400,
                  "INVALID_CUSTOMER_KEY" },
                { "{\"VolumeSize\":1,\"Encrypted\":true,\"KmsKeyArn\":\"alias/x\"}", 400,
                  "INVALID_CUSTOMER_KEY" },
                { "{\"VolumeSize\":1,\"ClientToken\":\"a b\"}", 400, "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":1,\"ClientToken\":\"\"}", 400, "INVALID_PARAMETER_VALUE" },
                { "{\"VolumeSize\":1,\"Tags\":[{\"Key\":\"aws:x\",\"Value\":\"\"}]}", 400, "INVALID_TAG" },
                { "{\"VolumeSize\":1,\"Tags\":[{\"Value\":\"x\"}]}", 400, "INVALID_TAG" },
                { "{\"VolumeSize\":1,\"Tags\":[{\"Key\":\"a\"},{\"Key\":\"a\"}]}", 400, "INVALID_TAG" },
                { "{\"VolumeSize\":1,\"Description\":\"\\u0001\"}", 400, "INVALID_PARAMETER_VALUE" },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                if (start(rig, rows[i].json) != rows[i].status || !region_rig_says(rig, rows[i].reason))
                        fail_msg("%s: %u", rows[i].json, rig->reply.status);
        }
}

static void longest_description_and_most_tags_are_taken(void **state)
{
        struct region_rig *rig = *state;
        char json[8192];
        int used;

        used = snprintf(json, sizeof(json), "{\"VolumeSize\":1,\"Description\":\"");
        for (int i = 0; i < 255; i++)
                used += snprintf(json + used, sizeof(json) - (size_t)used, "\xC3\xA9");
        used += snprintf(json + used, sizeof(json) - (size_t)used, "\",\"Tags\":[");
        for (int i = 0; i < 50; i++)
                used += snprintf(json + used, sizeof(json) - (size_t)used,
                                 "%s{\"Key\":\"k%d\",\"Value\":\"v\"}", i ? "," : "", i);
        (void)snprintf(json + used, sizeof(json) - (size_t)used, "]}");
        assert_int_equal(start(rig, json), 201);
        assert_true(region_rig_says(rig, "\"Key\":\"k49\""));
        (void)snprintf(json + used, sizeof(json) - (size_t)used, ",{\"Key\":\"k50\"}]}");
        assert_int_equal(start(rig, json), 400);
}

static void client_token_stands_for_one_request(void **state)
{
        struct region_rig *rig = *state;
        char first[RESOURCE_ID_CHARS + 1], again[RESOURCE_ID_CHARS + 1];

        region_rig_start(rig, "{\"VolumeSize\":1,\"ClientToken\":\"t\",\"Description\":\"d\"}", first);
        region_rig_start(rig, "{\"Description\":\"d\",\"VolumeSize\":1,\"ClientToken\":\"t\"}", again);
        assert_string_equal(first, again);
        assert_int_equal(start(rig, "{\"VolumeSize\":1,\"ClientToken\":\"t\"}"), 409);
        assert_string_equal(error_type(rig), "ConflictException");
        rig->region = "eu-west-1";
        region_rig_start(rig, "{\"VolumeSize\":2,\"ClientToken\":\"t\"}", again);
        assert_string_not_equal(first, again);
}

static void child_of_an_encrypted_parent_is_encrypted_with_its_key(void **state)
{
        struct region_rig *rig = *state;
        char parent[RESOURCE_ID_CHARS + 1], json[128];

        region_rig_upload(rig,
                          "{\"VolumeSize\":1,\"Encrypted\":true,"
                          "\"KmsKeyArn\":\"arn:aws:kms:us-east-1:111122223333:key/abc\"}",
                          (const uint8_t[]){ 1 }, 1, parent);
        (void)snprintf(json, sizeof(json), "{\"VolumeSize\":2,\"ParentSnapshotId\":\"%s\"}", parent);
        assert_int_equal(start(rig, json), 201);
        assert_true(region_rig_says(rig, "\"KmsKeyArn\":\"arn:aws:kms:us-east-1:111122223333:key/abc\""));
        assert_true(region_rig_says(rig, "\"SseType\":\"sse-kms\""));
}

static unsigned put_with(struct region_rig *rig, const char *id, const char *index, const char *headers,
                         size_t body_bytes)
{
        static uint8_t block[BLOCK_BYTES];
        char path[160];

        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks/%s", id, index);
        return region_rig_send(rig, "ebs", "PUT", path, headers, block, body_bytes);
}

#define ZEROS     "B4VNL+8pega6gWheZgwzLeNtXRjVRpJ9MNqtbX/aFUE="
#define LENGTH    "x-amz-Data-Length: 524288\n"
#define CHECKSUM  "x-amz-Checksum: " ZEROS "\n"
#define ALGORITHM "x-amz-Checksum-Algorithm: SHA256\n"

static void put_that_breaks_a_rule_is_refused(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];
        static const struct {
                const char *index, *headers;
                size_t body_bytes;
                const char *reason;
        } rows[] = {
                { "0", CHECKSUM ALGORITHM, BLOCK_BYTES, "INVALID_PARAMETER_VALUE" },
                { "0", LENGTH ALGORITHM, BLOCK_BYTES, "INVALID_PARAMETER_VALUE" },
                { "0", LENGTH CHECKSUM, BLOCK_BYTES, "INVALID_PARAMETER_VALUE" },
                { "0", LENGTH CHECKSUM "x-amz-Checksum-Algorithm: SHA1\n", BLOCK_BYTES,
                  "INVALID_PARAMETER_VALUE" },
                { "0", LENGTH CHECKSUM ALGORITHM "x-amz-Progress: 101\n", BLOCK_BYTES,
                  "INVALID_PARAMETER_VALUE" },
                { "0", "x-amz-Data-Length: 524287\n" CHECKSUM ALGORITHM, BLOCK_BYTES - 1,
                  "INVALID_PARAMETER_VALUE" },
                { "0", LENGTH CHECKSUM ALGORITHM, BLOCK_BYTES - 1, "INVALID_BLOCK" },
                { "0", LENGTH "x-amz-Checksum: x\n" ALGORITHM, BLOCK_BYTES, "INVALID_BLOCK" },
                { "2048", LENGTH CHECKSUM ALGORITHM, BLOCK_BYTES, "INVALID_BLOCK" },
                { "4294967296", LENGTH CHECKSUM ALGORITHM, BLOCK_BYTES, "INVALID_BLOCK" },
                { "-1", LENGTH CHECKSUM ALGORITHM, BLOCK_BYTES, "INVALID_BLOCK" },
                { "x", LENGTH CHECKSUM ALGORITHM, BLOCK_BYTES, "INVALID_BLOCK" },
        };

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                if (put_with(rig, id, rows[i].index, rows[i].headers, rows[i].body_bytes) != 400 ||
                    strcmp(error_type(rig), "ValidationException") != 0 ||
                    !region_rig_says(rig, rows[i].reason))
                        fail_msg("row %zu: %u %s", i, rig->reply.status, rig->reply.body.bytes);
        }
        assert_int_equal(
                put_with(rig, id, "2047", LENGTH CHECKSUM ALGORITHM "x-amz-Progress: 100\n", BLOCK_BYTES),
                201);
        assert_string_equal(rig->reply.headers[1].name, "x-amz-Checksum");
        assert_string_equal(rig->reply.headers[1].value, ZEROS);
        assert_int_equal(put_with(rig, "snap-00000000000000000", "0", LENGTH CHECKSUM ALGORITHM, BLOCK_BYTES),
                         404);
        assert_string_equal(error_type(rig), "ResourceNotFoundException");
        assert_int_equal(region_rig_complete(rig, id, 1), 202); /* nothing that was refused was kept */
}

static void block_put_twice_counts_once_and_the_later_stands(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];
        struct snapshot_record record;
        static uint8_t block[BLOCK_BYTES];
        struct digest digest;

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(region_rig_put(rig, id, 0, 1), 201);
        assert_int_equal(region_rig_put(rig, id, 0, 2), 201);
        assert_int_equal(region_rig_put(rig, id, 0, 2), 201);
        assert_int_equal(region_rig_complete(rig, id, 3), 400);
        assert_int_equal(region_rig_complete(rig, id, 1), 202);
        assert_int_equal(region_rig_complete(rig, id, 1), 202); /* a retry is told the same */
        assert_int_equal(region_rig_complete(rig, id, 2), 400);
        assert_int_equal(snapshots_look(rig->store, "us-east-1", id, &record, NULL), INGOT_OK);
        assert_int_equal(snapshots_read_block(rig->store, &record, 0, block, &digest, NULL), INGOT_OK);
        assert_int_equal(block[0], 2);
        assert_int_equal(snapshots_read_block(rig->store, &record, 1, block, &digest, NULL),
                         INGOT_E_NOT_FOUND);
}

static void completion_that_breaks_a_rule_is_refused(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], path[128];
        /* SHA-256 of the 32 bytes that are the SHA-256 of a block of zeros; computed with Python's hashlib. */
        static const char good[] = "x-amz-ChangedBlocksCount: 1\nx-amz-Checksum-Algorithm: SHA256\n"
                                   "x-amz-Checksum-Aggregation-Method: LINEAR\nx-amz-Checksum: "
                                   "3QyamIjs9/uk1ge+ZPpwA6Yo7YmArJ8I121qDaF+DcI=\n";
        static const char *const bad[] = {
                "",
                "x-amz-ChangedBlocksCount: x\n",
                "x-amz-ChangedBlocksCount: 0\n",
                "x-amz-ChangedBlocksCount: 1\nx-amz-Checksum: " ZEROS "\n",
                "x-amz-ChangedBlocksCount: 1\nx-amz-Checksum: " ZEROS "\n" ALGORITHM,
                "x-amz-ChangedBlocksCount: 1\nx-amz-Checksum: " ZEROS "\n" ALGORITHM
                "x-amz-Checksum-Aggregation-Method: LINEAR\n",
                "x-amz-ChangedBlocksCount: 1\nx-amz-Checksum-Aggregation-Method: TREE\n",
        };

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(region_rig_put(rig, id, 0, 0), 201);
        (void)snprintf(path, sizeof(path), "/snapshots/completion/%s", id);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                if (region_rig_send(rig, "ebs", "POST", path, bad[i], NULL, 0) != 400)
                        fail_msg("row %zu: %u", i, rig->reply.status);
        }
        assert_int_equal(region_rig_send(rig, "ebs", "POST", path, good, NULL, 0), 202);
        assert_true(region_rig_says(rig, "{\"Status\":\"pending\"}"));
}

static void snapshot_of_another_region_is_not_found(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        rig->region = "eu-west-1";
        assert_int_equal(region_rig_put(rig, id, 0, 1), 404);
        assert_int_equal(region_rig_complete(rig, id, 0), 404);
        rig->region = "us-east-1";
        assert_int_equal(region_rig_put(rig, id, 0, 1), 201);
}

static unsigned list(struct region_rig *rig, const char *id, const char *tail)
{
        char path[512];

        (void)snprintf(path, sizeof(path), "/snapshots/%s/%s", id, tail);
        return region_rig_send(rig, "ebs", "GET", path, NULL, NULL, 0);
}

static void list_parameter_that_breaks_a_rule_is_refused(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];
        static const char *const bad[] = { "blocks?maxResults=99",
                                           "blocks?maxResults=10001",
                                           "blocks?maxResults=x",
                                           "blocks?startingBlockIndex=-1",
                                           "blocks?pageToken=AAAA",
                                           "blocks?page=1",
                                           "changedblocks?firstSnapshotId=x",
                                           "blocks/0",
                                           "blocks/0?blockToken=AAAA" };

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1 }, 1, id);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                if (list(rig, id, bad[i]) != 400)
                        fail_msg("%s: %u", bad[i], rig->reply.status);
        }
        assert_int_equal(list(rig, id, "blocks?maxResults=100&startingBlockIndex=1"), 200);
        assert_true(region_rig_says(rig, "\"Blocks\":[]"));
        assert_true(region_rig_says(rig, "\"BlockSize\":524288"));
}

static void pages_follow_one_another_without_a_gap(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], token[TOKEN_ROOM], tail[256];
        unsigned next = 0;

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        for (unsigned i = 0; i < 250; i++)
                assert_int_equal(region_rig_put(rig, id, 3 * i, 0), 201);
        assert_int_equal(region_rig_complete(rig, id, 250), 202);
        (void)snprintf(tail, sizeof(tail), "blocks?maxResults=100");
        for (unsigned page = 0; page < 3; page++) {
                unsigned found = 0;

                assert_int_equal(list(rig, id, tail), 200);
                for (const char *at = rig->reply.body.bytes; (at = strstr(at, "\"BlockIndex\":"));
                     at++, found++)
                        assert_int_equal(strtoull(at + 13, NULL, 10), 3 * next++);
                assert_int_equal(found, page < 2 ? 100 : 50);
                region_rig_pick(rig, "\"NextToken\":\"", "\"", token, sizeof(token));
                (void)snprintf(tail, sizeof(tail), "blocks?maxResults=100&pageToken=");
                for (const char *at = token; *at; at++) {
                        size_t used = strlen(tail);

                        (void)snprintf(tail + used, sizeof(tail) - used, strchr("+/=", *at) ? "%%%02X" : "%c",
                                       *at);
                }
        }
        assert_string_equal(token, "");
}

static void tokens_run_out(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], token[TOKEN_ROOM], tail[256] = "blocks/0?blockToken=";

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1 }, 1, id);
        assert_int_equal(list(rig, id, "blocks"), 200);
        region_rig_pick(rig, "\"BlockToken\":\"", "\"", token, sizeof(token));
        for (const char *at = token; *at; at++) {
                size_t used = strlen(tail);

                (void)snprintf(tail + used, sizeof(tail) - used, strchr("+/=", *at) ? "%%%02X" : "%c", *at);
        }
        assert_int_equal(list(rig, id, tail), 200);
        assert_int_equal(rig->reply.body.size_bytes, BLOCK_BYTES);
        rig->now_seconds += 7 * 86400;
        assert_int_equal(list(rig, id, tail), 200);
        rig->now_seconds += 1;
        assert_int_equal(list(rig, id, tail), 400);
        assert_true(region_rig_says(rig, "INVALID_BLOCK_TOKEN"));
}

static void hundred_snapshots_may_be_pending(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        for (unsigned i = 0; i < 100; i++)
                region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(start(rig, "{\"VolumeSize\":1}"), 400);
        assert_string_equal(error_type(rig), "ConcurrentLimitExceededException");
        assert_int_equal(region_rig_complete(rig, id, 0), 202);
        assert_int_equal(start(rig, "{\"VolumeSize\":1}"), 201);
        rig->now_seconds += 3601; /* all have lapsed */
        assert_int_equal(start(rig, "{\"VolumeSize\":1}"), 201);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(start_request_that_breaks_a_rule_is_refused),
                TEST(longest_description_and_most_tags_are_taken),
                TEST(client_token_stands_for_one_request),
                TEST(child_of_an_encrypted_parent_is_encrypted_with_its_key),
                TEST(put_that_breaks_a_rule_is_refused),
                TEST(block_put_twice_counts_once_and_the_later_stands),
                TEST(completion_that_breaks_a_rule_is_refused),
                TEST(snapshot_of_another_region_is_not_found),
                TEST(list_parameter_that_breaks_a_rule_is_refused),
                TEST(pages_follow_one_another_without_a_gap),
                TEST(tokens_run_out),
                TEST(hundred_snapshots_may_be_pending),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
