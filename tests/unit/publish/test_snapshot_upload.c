/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scripted_server.h"

#include "base/own.h"
#include "model/memory_source.h"
#include "publish/snapshot_await.h"
#include "publish/snapshot_upload.h"

enum { BLOCKS = 9, TAIL_BYTES = 1000, DISK_BYTES = (BLOCKS - 1) * BLOCK_BYTES + TAIL_BYTES };

/* Which blocks of the disk hold data (D), are zero on purpose (Z) or absent (-). */
static const char states[BLOCKS + 1] = "DD-ZZD--D";

/* A region of one snapshot that checks what it gets and refuses as it is told. */
struct fake_region {
        const char *start_reply;          /* NULL: a fresh, unencrypted snapshot */
        unsigned start_status;            /* 0: 201 */
        struct scripted_reply faults[16]; /* answers to the first puts, where status or trick is set */
        unsigned fault_count, puts;
        bool wrong_echo, lose_completion;
        unsigned pending_looks; /* DescribeSnapshots says pending so often */
        const char *final_state;
        bool got[BLOCKS];
        char digests[BLOCKS][DIGEST_BASE64_CHARS + 1];
        unsigned completions;
        char changed_count[16], linear[64], start_body[1024];
        char reply[2048], headers[256];
};

struct scene {
        struct fake_region region;
        struct scripted_server *server;
        struct credentials credentials;
        struct retry_policy policy;
        struct region_link *link;
        struct ebs_client ebs;
        struct ec2_client ec2;
        char *disk;
        struct memory_source source;
        struct block_map map;
        struct snapshot_request request;
        struct snapshot_receipt receipt;
        struct ingot_error err;
};

static char key[] = "AKIDEXAMPLE", secret[] = "SECRET";

static void answer_put(struct fake_region *region, const struct scripted_request *request,
                       struct scripted_reply *reply)
{
        char checksum[64], actual[DIGEST_BASE64_CHARS + 1];
        unsigned long index = strtoul(strrchr(request->target, '/') + 1, NULL, 10), put = region->puts++;
        struct digest digest;

        if (put < region->fault_count && (region->faults[put].status || region->faults[put].trick)) {
                *reply = region->faults[put];
                return;
        }
        scripted_header(request, "x-amz-checksum", checksum, sizeof(checksum));
        assert_int_equal(digest_of(request->body, request->body_bytes, &digest, NULL), INGOT_OK);
        base64_encode(digest.bytes, DIGEST_BYTES, actual);
        reply->status = 201;
        if (request->body_bytes != BLOCK_BYTES || index >= BLOCKS || strcmp(actual, checksum) != 0) {
                reply->status = 400;
                reply->headers = "x-amzn-ErrorType: ValidationException\r\n";
                reply->body =
                        "{\"Reason\":\"INVALID_BLOCK\",\"message\":\"checksum of the block is another\"}";
                return;
        }
        region->got[index] = true;
        memcpy(region->digests[index], actual, sizeof(actual));
        (void)snprintf(region->headers, sizeof(region->headers),
                       "x-amz-Checksum: %s\r\nx-amz-Checksum-Algorithm: SHA256\r\n",
                       region->wrong_echo ? "AAAA" : checksum);
        reply->headers = region->headers;
        reply->body = "{}";
}

static void answer_completion(struct fake_region *region, const struct scripted_request *request,
                              struct scripted_reply *reply)
{
        scripted_header(request, "x-amz-changedblockscount", region->changed_count,
                        sizeof(region->changed_count));
        scripted_header(request, "x-amz-checksum", region->linear, sizeof(region->linear));
        reply->status = 202;
        reply->body = "{\"Status\":\"pending\"}";
        if (region->completions++ == 0 && region->lose_completion)
                reply->trick = SCRIPTED_HANG_UP;
        else if (region->lose_completion) {
                reply->status = 400;
                reply->body = "{\"__type\":\"ValidationException\",\"Reason\":\"INVALID_SNAPSHOT_ID\"}";
        }
}

static void answer_describe(struct fake_region *region, struct scripted_reply *reply)
{
        const char *state = region->final_state ? region->final_state : "completed";

        if (region->pending_looks) {
                region->pending_looks--;
                state = "pending";
        }
        (void)snprintf(region->reply, sizeof(region->reply),
                       "<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>snap-0a1b</snapshotId>"
                       "<status>%s</status><statusMessage>no key</statusMessage></item></snapshotSet>"
                       "</DescribeSnapshotsResponse>",
                       state);
        reply->body = region->reply;
}

static void answer(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct fake_region *region = context;

        if (strcmp(request->target, "/snapshots") == 0) {
                (void)snprintf(region->start_body, sizeof(region->start_body), "%s", request->body);
                reply->status = region->start_status ? region->start_status : 201;
                reply->body =
                        region->start_reply
                                ? region->start_reply
                                : "{\"SnapshotId\":\"snap-0a1b\",\"Status\":\"pending\",\"VolumeSize\":1,"
                                  "\"BlockSize\":524288,\"SseType\":\"none\",\"StartTime\":1.5e9}";
        } else if (strncmp(request->target, "/snapshots/completion/", 22) == 0) {
                answer_completion(region, request, reply);
        } else if (strcmp(request->method, "PUT") == 0) {
                answer_put(region, request, reply);
        } else {
                answer_describe(region, reply);
        }
}

static void make_disk(struct scene *scene)
{
        scene->disk = calloc(1, DISK_BYTES);
        block_map_init(&scene->map, DISK_BYTES);
        for (uint64_t i = 0; i < BLOCKS; i++) {
                char block[1] = { (char)('a' + i) };
                static char padded[BLOCK_BYTES];
                uint64_t bytes = i == BLOCKS - 1 ? TAIL_BYTES : BLOCK_BYTES;
                struct digest digest;

                if (states[i] == 'Z')
                        assert_int_equal(block_map_append_zero(&scene->map, i, i + 1, NULL), INGOT_OK);
                if (states[i] != 'D')
                        continue;
                memset(scene->disk + i * BLOCK_BYTES, block[0], bytes);
                memset(padded, 0, sizeof(padded));
                memcpy(padded, scene->disk + i * BLOCK_BYTES, bytes);
                assert_int_equal(digest_of(padded, BLOCK_BYTES, &digest, NULL), INGOT_OK);
                assert_int_equal(block_map_append_data(&scene->map, i, &digest, NULL), INGOT_OK);
        }
        memory_source_init(&scene->source, scene->disk, DISK_BYTES);
}

static void open_scene(struct scene *scene)
{
        struct region_link_options options = { .credentials = &scene->credentials, .policy = &scene->policy };
        char url[64];

        scene->credentials = (struct credentials){ .access_key_id = key, .secret_access_key = secret };
        scene->policy = retry_policy_default;
        scene->policy.first_ms = 1;
        scene->policy.ceiling_ms = 2;
        scene->server = scripted_server_start(answer, &scene->region, NULL);
        assert_non_null(scene->server);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        assert_int_equal(region_link_new(&options, &scene->link, NULL), INGOT_OK);
        scene->ebs.link = scene->ec2.link = scene->link;
        assert_int_equal(endpoint_of_url(url, "us-east-1", "ebs", &scene->ebs.endpoint, NULL), INGOT_OK);
        assert_int_equal(endpoint_of_url(url, "us-east-1", "ec2", &scene->ec2.endpoint, NULL), INGOT_OK);
        make_disk(scene);
        scene->request = (struct snapshot_request){ .name = "/dev/xvda",
                                                    .disk = &scene->source.source,
                                                    .map = &scene->map,
                                                    .volume_size_gib = 1,
                                                    .client_token = "token-1",
                                                    .in_flight_max = 4 };
}

static void close_scene(struct scene *scene)
{
        region_link_free(scene->link);
        scripted_server_stop(scene->server);
        block_map_release(&scene->map);
        free(scene->disk);
}

static enum ingot_code upload(struct scene *scene)
{
        return snapshot_upload(&scene->ebs, &scene->request, NULL, &scene->receipt, &scene->err);
}

/* What the region has is what was asked for, and the LINEAR digest is over just that. */
static void check_blocks(struct scene *scene, const char *sent)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        char linear[DIGEST_BASE64_CHARS + 1];
        struct digest digest;

        assert_int_equal(digest_stream_new(&stream, NULL), INGOT_OK);
        for (unsigned i = 0; i < BLOCKS; i++) {
                assert_int_equal(scene->region.got[i], sent[i] == 's');
                if (!scene->region.got[i])
                        continue;
                assert_true(base64_decode(scene->region.digests[i], digest.bytes, DIGEST_BYTES));
                digest_stream_update(stream, digest.bytes, DIGEST_BYTES);
        }
        assert_int_equal(digest_stream_finish(stream, &digest, NULL), INGOT_OK);
        base64_encode(digest.bytes, DIGEST_BYTES, linear);
        assert_string_equal(scene->region.linear, linear);
        assert_memory_equal(scene->receipt.linear.bytes, digest.bytes, DIGEST_BYTES);
}

static void only_data_is_sent_to_an_unencrypted_snapshot(void **state) /* rules 1, 2, 3 */
{
        struct scene scene = { .region = { .final_state = NULL } };

        (void)state;
        open_scene(&scene);
        if (upload(&scene))
                fail_msg("%s", ingot_error_frame(&scene.err, 0));
        check_blocks(&scene, "ss---s--s");
        assert_string_equal(scene.region.changed_count, "4");
        assert_string_equal(scene.receipt.snapshot_id, "snap-0a1b");
        assert_int_equal(scene.receipt.blocks_sent, 4);
        assert_int_equal(scene.receipt.blocks[BLOCK_LEFT_ZERO], 2);
        assert_int_equal(scene.receipt.blocks[BLOCK_LEFT_ABSENT], 3);
        assert_int_equal(scene.receipt.bytes_sent, 4 * BLOCK_BYTES);
        assert_int_equal(scene.receipt.retries, 0);
        assert_non_null(strstr(scene.region.start_body, "\"ClientToken\":\"token-1\""));
        assert_non_null(strstr(scene.region.start_body, "\"Timeout\":4320"));
        close_scene(&scene);
}

static void everything_is_sent_to_an_encrypted_snapshot(void **state) /* rule 1 */
{
        static const char *const replies[] = {
                "{\"SnapshotId\":\"snap-0a1b\",\"Status\":\"pending\",\"VolumeSize\":1,\"BlockSize\":524288,"
                "\"SseType\":\"sse-ebs\"}",
                "{\"SnapshotId\":\"snap-0a1b\",\"Status\":\"pending\",\"VolumeSize\":1,\"BlockSize\":524288,"
                "\"KmsKeyArn\":\"arn\"}",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
                struct scene scene = { .region = { .start_reply = replies[i] } };

                open_scene(&scene);
                assert_int_equal(upload(&scene), INGOT_OK);
                check_blocks(&scene, "sssssssss");
                assert_true(scene.receipt.is_encrypted);
                assert_int_equal(scene.receipt.blocks_sent, BLOCKS);
                assert_int_equal(scene.receipt.blocks[BLOCK_LEFT_ZERO], 0);
                close_scene(&scene);
        }
}

static void faults_on_the_way_change_nothing(void **state) /* rule 4 */
{
        static const struct scripted_reply faults[] = {
                { .status = 404,
                  .body = "{\"__type\":\"ResourceNotFoundException\",\"Reason\":\"SNAPSHOT_NOT_FOUND\"}" },
                { .status = 400, .body = "{\"__type\":\"RequestThrottledException\"}" },
                { .status = 500, .body = "{}" },
                { .trick = SCRIPTED_HANG_UP },
                { .trick = SCRIPTED_HALF, .status = 201, .body = "{}" },
                { .trick = SCRIPTED_GARBAGE },
        };
        struct scene scene = { .region = { .fault_count = 6 } };

        (void)state;
        memcpy(scene.region.faults, faults, sizeof(faults));
        open_scene(&scene);
        assert_int_equal(upload(&scene), INGOT_OK);
        check_blocks(&scene, "ss---s--s");
        assert_int_equal(scene.receipt.blocks_sent, 4);
        /* libcurl itself repeats a request whose kept connection turns out to have been hung up */
        assert_in_range(scene.receipt.retries, 5, 6);
        assert_int_equal(scene.receipt.throttles, 1);
        close_scene(&scene);
}

static void a_refusal_ends_the_upload_and_names_the_snapshot(void **state) /* rule 5 */
{
        struct scene scene = { .region = { .fault_count = 3 } };

        (void)state;
        scene.region.faults[2] = (struct scripted_reply){
                .status = 403, .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}"
        };
        open_scene(&scene);
        assert_int_equal(upload(&scene), INGOT_E_DENIED);
        assert_string_equal(scene.receipt.snapshot_id, "snap-0a1b");
        assert_int_equal(scene.region.completions, 0);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 1), "uploading block"));
        close_scene(&scene);
}

static void a_wrong_echo_is_a_checksum_error(void **state)
{
        struct scene scene = { .region = { .wrong_echo = true } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(upload(&scene), INGOT_E_CHECKSUM);
        assert_int_equal(scene.region.completions, 0);
        close_scene(&scene);
}

static void a_disk_that_changed_does_not_become_a_snapshot(void **state) /* rule 6 */
{
        struct scene scene = { .region = { .fault_count = 0 } };

        (void)state;
        open_scene(&scene);
        scene.disk[5 * BLOCK_BYTES + 7] ^= 1;
        assert_int_equal(upload(&scene), INGOT_E_CHECKSUM);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "block 5 no longer has the digest"));
        assert_int_equal(scene.region.completions, 0);
        close_scene(&scene);
}

static enum ingot_code fail_to_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                    struct ingot_error *err)
{
        (void)context;
        (void)bytes;
        (void)size_bytes;
        return ingot_fail(err, INGOT_E_SYSTEM, "reading at %" PRIu64 ": Input/output error", offset_bytes);
}

static void a_disk_that_cannot_be_read_is_told_as_such(void **state)
{
        struct scene scene = { .region = { .fault_count = 0 } };
        struct byte_source broken = { NULL, fail_to_read };

        (void)state;
        open_scene(&scene);
        scene.request.disk = &broken;
        assert_int_equal(upload(&scene), INGOT_E_SYSTEM);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "Input/output error"));
        close_scene(&scene);
}

static void a_lost_answer_to_completion_is_no_failure(void **state)
{
        struct scene scene = { .region = { .lose_completion = true } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(upload(&scene), INGOT_OK);
        assert_int_equal(scene.region.completions, 2);
        close_scene(&scene);
}

static void a_token_of_a_completed_snapshot_is_that_snapshot(void **state) /* rule 4 */
{
        struct scene scene = { .region = { .start_reply =
                                                   "{\"SnapshotId\":\"snap-0a1b\",\"Status\":\"completed\","
                                                   "\"VolumeSize\":1,\"BlockSize\":524288}" } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(upload(&scene), INGOT_OK);
        assert_true(scene.receipt.was_there);
        assert_int_equal(scene.region.puts, 0);
        close_scene(&scene);
}

static void answers_outside_the_model_are_the_regions_fault(void **state)
{
        static const struct {
                const char *reply;
                unsigned status;
                enum ingot_code code;
        } rows[] = {
                { "", 201, INGOT_E_REMOTE },
                { "[]", 201, INGOT_E_REMOTE },
                { "{\"SnapshotId\":\"../../x\",\"VolumeSize\":1,\"BlockSize\":524288}", 201, INGOT_E_REMOTE },
                { "{\"SnapshotId\":\"snap-1\",\"VolumeSize\":1,\"BlockSize\":512}", 201, INGOT_E_REMOTE },
                { "{\"SnapshotId\":\"snap-1\",\"VolumeSize\":1,\"BlockSize\":524288,\"Status\":\"error\"}",
                  201, INGOT_E_CONFLICT },
                { "{\"__type\":\"ConflictException\"}", 409, INGOT_E_CONFLICT },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct scene scene = { .region = { .start_reply = rows[i].reply,
                                                   .start_status = rows[i].status } };

                open_scene(&scene);
                assert_int_equal(upload(&scene), rows[i].code);
                assert_int_equal(scene.region.puts, 0);
                close_scene(&scene);
        }
}

static void requests_out_of_range_are_not_sent(void **state)
{
        struct scene scene = { .region = { .fault_count = 0 } };

        (void)state;
        open_scene(&scene);
        scene.request.volume_size_gib = 0;
        assert_int_equal(upload(&scene), INGOT_E_USAGE);
        scene.request.volume_size_gib = 65537;
        assert_int_equal(upload(&scene), INGOT_E_USAGE);
        scene.request.volume_size_gib = 1;
        scene.request.client_token = "two words";
        assert_int_equal(upload(&scene), INGOT_E_USAGE);
        scene.request.client_token = "t";
        scene.map.size_bytes = (UINT64_C(1) << 30) + 1;
        assert_int_equal(upload(&scene), INGOT_E_USAGE);
        assert_int_equal(scripted_server_request_count(scene.server), 0);
        close_scene(&scene);
}

/* What a journal does: an order of events, and what was acknowledged before. */
struct notes {
        char events[64];
        bool known[BLOCKS];
        enum ingot_code fail_with;
};

static void note(struct notes *notes, char event)
{
        size_t used = strlen(notes->events);

        if (used + 1 < sizeof(notes->events))
                notes->events[used] = event;
}

static enum ingot_code note_start(void *context, const struct ebs_started *started, struct ingot_error *err)
{
        (void)err;
        assert_string_equal(started->snapshot_id, "snap-0a1b");
        note(context, 's');
        return INGOT_OK;
}

static enum ingot_code note_block(void *context, uint64_t block_index, const struct digest *digest,
                                  struct ingot_error *err)
{
        struct notes *notes = context;

        (void)digest;
        note(notes, (char)('0' + block_index));
        return notes->fail_with ? ingot_fail(err, notes->fail_with, "no space left") : INGOT_OK;
}

static bool is_noted(void *context, uint64_t block_index, const struct digest *digest)
{
        (void)digest;
        return ((struct notes *)context)->known[block_index];
}

static enum ingot_code note_completion(void *context, struct ingot_error *err)
{
        (void)err;
        note(context, 'c');
        return INGOT_OK;
}

static struct snapshot_memory memory_of(struct notes *notes)
{
        return (struct snapshot_memory){ .context = notes,
                                         .started = note_start,
                                         .acknowledged = note_block,
                                         .is_acknowledged = is_noted,
                                         .completing = note_completion };
}

static void memory_hears_of_every_step_in_order(void **state) /* rule 8 */
{
        struct notes notes = { .events = "" };
        struct snapshot_memory memory = memory_of(&notes);
        struct scene scene = { .region = { .fault_count = 1 } };

        (void)state;
        scene.region.faults[0].status = 500; /* a block is acknowledged once, however often it was sent */
        open_scene(&scene);
        scene.request.memory = &memory;
        scene.request.in_flight_max = 1;
        assert_int_equal(upload(&scene), INGOT_OK);
        assert_string_equal(notes.events, "s0158c");
        close_scene(&scene);
}

static void what_memory_knows_is_not_sent_again(void **state) /* rule 8 */
{
        struct notes notes = { .known = { true, false, false, false, false, true } };
        struct snapshot_memory memory = memory_of(&notes);
        const struct snapshot_taken_up taken_up = { .snapshot_id = "snap-0a1b",
                                                    .sse_type = "none",
                                                    .blocks_acknowledged = 2 };
        struct scene scene = { .region = { .fault_count = 0 } };
        struct digest linear;

        (void)state;
        open_scene(&scene);
        scene.request.memory = &memory;
        scene.request.taken_up = &taken_up;
        assert_int_equal(upload(&scene), INGOT_OK);
        assert_string_equal(scene.region.start_body, ""); /* nothing was started */
        assert_false(scene.region.got[0] || scene.region.got[5]);
        assert_true(scene.region.got[1] && scene.region.got[8]);
        assert_int_equal(scene.receipt.blocks_sent, 2);
        assert_int_equal(scene.receipt.blocks_known, 2);
        assert_string_equal(scene.region.changed_count, "4");
        /* the snapshot's digest is over all four */
        assert_int_equal(block_map_linear_digest(&scene.map, &linear, NULL), INGOT_OK);
        assert_memory_equal(scene.receipt.linear.bytes, linear.bytes, DIGEST_BYTES);
        close_scene(&scene);
}

static void a_snapshot_with_other_blocks_is_not_completed(void **state)
{
        struct notes notes = { .known = { true } };
        struct snapshot_memory memory = memory_of(&notes);
        const struct snapshot_taken_up taken_up = { .snapshot_id = "snap-0a1b",
                                                    .sse_type = "none",
                                                    .blocks_acknowledged = 2 }; /* one is not of this disk */
        struct scene scene = { .region = { .fault_count = 0 } };

        (void)state;
        open_scene(&scene);
        scene.request.memory = &memory;
        scene.request.taken_up = &taken_up;
        assert_int_equal(upload(&scene), INGOT_E_CONFLICT);
        assert_int_equal(scene.region.completions, 0);
        close_scene(&scene);
}

static void what_cannot_be_remembered_ends_the_upload(void **state)
{
        struct notes notes = { .fail_with = INGOT_E_SYSTEM };
        struct snapshot_memory memory = memory_of(&notes);
        struct scene scene = { .region = { .fault_count = 0 } };

        (void)state;
        open_scene(&scene);
        scene.request.memory = &memory;
        assert_int_equal(upload(&scene), INGOT_E_SYSTEM);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "no space left"));
        assert_int_equal(scene.region.completions, 0);
        close_scene(&scene);
}

static void a_completion_that_was_carried_out_before_is_no_failure(void **state)
{
        struct notes notes = { .known = { true, true, false, false, false, true, false, false, true } };
        struct snapshot_memory memory = memory_of(&notes);
        const struct snapshot_taken_up taken_up = { .snapshot_id = "snap-0a1b",
                                                    .sse_type = "none",
                                                    .was_completing = true,
                                                    .blocks_acknowledged = 4 };
        struct scene scene = { .region = { .lose_completion = true, .completions = 1 } };

        (void)state;
        open_scene(&scene);
        scene.request.memory = &memory;
        scene.request.taken_up = &taken_up;
        assert_int_equal(upload(&scene), INGOT_OK);
        assert_int_equal(scene.region.puts, 0);
        close_scene(&scene);
}

static void over_a_parent_only_what_differs_is_sent(void **state) /* rule 1 */
{
        struct block_map parent;
        const struct digest *digest = NULL;
        struct digest other = { { 1 } };
        struct scene scene = { .region = { .fault_count = 0 } };

        (void)state;
        open_scene(&scene);
        block_map_init(&parent, DISK_BYTES);
        (void)block_map_find(&scene.map, 0, &digest);
        assert_int_equal(block_map_append_data(&parent, 0, digest, NULL), INGOT_OK); /* the same */
        assert_int_equal(block_map_append_data(&parent, 1, &other, NULL), INGOT_OK); /* changed */
        assert_int_equal(block_map_append_data(&parent, 2, &other, NULL), INGOT_OK); /* absent now */
        assert_int_equal(block_map_append_data(&parent, 3, &other, NULL), INGOT_OK); /* zero now */
        scene.request.parent_snapshot_id = "snap-0b";
        scene.request.parent = &parent;
        assert_int_equal(upload(&scene), INGOT_OK);
        check_blocks(&scene, "-sss-s--s");
        assert_non_null(strstr(scene.region.start_body, "\"ParentSnapshotId\":\"snap-0b\""));
        assert_int_equal(scene.receipt.blocks[BLOCK_SENT_DATA], 3);
        assert_int_equal(scene.receipt.blocks[BLOCK_SENT_ZERO_OVER_PARENT], 2);
        assert_int_equal(scene.receipt.blocks[BLOCK_LEFT_SAME], 1);
        block_map_release(&parent);
        close_scene(&scene);
}

static int after_two_looks(void *context)
{
        return ++*(unsigned *)context > 2;
}

static void cancelling_stops_at_once(void **state)
{
        unsigned looks = 0;
        struct ingot_observer observer = { .context = &looks, .is_cancelled = after_two_looks };
        struct scene scene = { .region = { .fault_count = 16 } };

        (void)state;
        for (unsigned i = 0; i < 16; i++)
                scene.region.faults[i].trick = SCRIPTED_STALL;
        open_scene(&scene);
        assert_int_equal(snapshot_upload(&scene.ebs, &scene.request, &observer, &scene.receipt, &scene.err),
                         INGOT_E_CANCELLED);
        assert_string_equal(scene.receipt.snapshot_id, "snap-0a1b");
        close_scene(&scene);
}

struct seen {
        uint64_t last_bytes, total_bytes;
};

static void see(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        struct seen *seen = context;

        assert_string_equal(phase, "uploading /dev/xvda");
        assert_true(done_bytes >= seen->last_bytes);
        *seen = (struct seen){ done_bytes, total_bytes };
}

static void progress_ends_at_its_total(void **state)
{
        struct seen seen = { 0, 0 };
        struct ingot_observer observer = { .context = &seen, .progress = see };
        struct scene scene = { .region = { .fault_count = 0 } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(snapshot_upload(&scene.ebs, &scene.request, &observer, &scene.receipt, &scene.err),
                         INGOT_OK);
        assert_int_equal(seen.last_bytes, 4 * BLOCK_BYTES);
        assert_int_equal(seen.total_bytes, 4 * BLOCK_BYTES);
        close_scene(&scene);
}

static void waiting_ends_when_the_snapshot_does(void **state)
{
        static const struct {
                const char *id, *final_state;
                unsigned pending_looks;
                uint32_t deadline_ms;
                enum ingot_code code;
        } rows[] = {
                { "snap-0a1b", "completed", 3, 60000, INGOT_OK },
                { "snap-0a1b", "error", 1, 60000, INGOT_E_REMOTE },
                { "snap-0a1b", "pending", 0, 20, INGOT_E_REMOTE },
                { "snap-0c", "completed", 0, 20, INGOT_E_NOT_FOUND },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct scene scene = { .region = { .final_state = rows[i].final_state,
                                                   .pending_looks = rows[i].pending_looks } };
                struct snapshot_await_policy policy = { .first_ms = 1,
                                                        .ceiling_ms = 2,
                                                        .deadline_ms = rows[i].deadline_ms };

                open_scene(&scene);
                assert_int_equal(snapshot_await(&scene.ec2, &rows[i].id, 1, &policy, NULL, &scene.err),
                                 rows[i].code);
                close_scene(&scene);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_data_is_sent_to_an_unencrypted_snapshot),
                cmocka_unit_test(everything_is_sent_to_an_encrypted_snapshot),
                cmocka_unit_test(faults_on_the_way_change_nothing),
                cmocka_unit_test(a_refusal_ends_the_upload_and_names_the_snapshot),
                cmocka_unit_test(a_wrong_echo_is_a_checksum_error),
                cmocka_unit_test(a_disk_that_changed_does_not_become_a_snapshot),
                cmocka_unit_test(a_disk_that_cannot_be_read_is_told_as_such),
                cmocka_unit_test(a_lost_answer_to_completion_is_no_failure),
                cmocka_unit_test(a_token_of_a_completed_snapshot_is_that_snapshot),
                cmocka_unit_test(answers_outside_the_model_are_the_regions_fault),
                cmocka_unit_test(requests_out_of_range_are_not_sent),
                cmocka_unit_test(memory_hears_of_every_step_in_order),
                cmocka_unit_test(what_memory_knows_is_not_sent_again),
                cmocka_unit_test(a_snapshot_with_other_blocks_is_not_completed),
                cmocka_unit_test(what_cannot_be_remembered_ends_the_upload),
                cmocka_unit_test(a_completion_that_was_carried_out_before_is_no_failure),
                cmocka_unit_test(over_a_parent_only_what_differs_is_sent),
                cmocka_unit_test(cancelling_stops_at_once),
                cmocka_unit_test(progress_ends_at_its_total),
                cmocka_unit_test(waiting_ends_when_the_snapshot_does),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
