/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scripted_server.h"

#include "base/own.h"
#include "publish/snapshot_read.h"

enum { BLOCKS = 3 };

static const unsigned long indices[BLOCKS] = { 0, 2, 5 };

/* A region of one snapshot.  Its tokens are of a generation, and those of an earlier one have expired. */
struct fake_region {
        unsigned generation;   /* of the tokens that are taken */
        bool expires_for_ever; /* every token that is given has expired */
        unsigned lists, gets;
        unsigned wrong_checksums;  /* of so many gets */
        size_t block_bytes;        /* 0: BLOCK_BYTES */
        bool first_page_is_empty;  /* but there is more */
        bool forgets;              /* only the first list has blocks */
        bool lists_what_is_before; /* of startingBlockIndex */
        char *block;               /* text, all of one letter */
        char reply[1024], headers[256];
};

struct scene {
        struct fake_region region;
        struct scripted_server *server;
        struct credentials credentials;
        struct retry_policy policy;
        struct region_link *link;
        struct ebs_client ebs;
        struct snapshot_read_request request;
        struct snapshot_read_receipt receipt;
        unsigned taken[BLOCKS];
        unsigned long declined; /* this block is not wanted; 0: all are */
        struct ingot_error err;
};

static char key[] = "AKIDEXAMPLE", secret[] = "SECRET";

static void answer_list(struct fake_region *region, const char *target, struct scripted_reply *reply)
{
        const char *start = strstr(target, "startingBlockIndex=");
        unsigned long from = start ? strtoul(start + 19, NULL, 10) : 0;
        unsigned list = region->lists++;
        size_t used = 0;

        reply->body = region->reply;
        if (region->first_page_is_empty && list == 0) {
                (void)snprintf(
                        region->reply, sizeof(region->reply),
                        "{\"Blocks\":[],\"BlockSize\":524288,\"VolumeSize\":1,\"NextToken\":\"more\"}");
                return;
        }
        if (list)
                assert_true(!region->first_page_is_empty || list > 1 || strstr(target, "pageToken=more"));
        used += (size_t)snprintf(region->reply, sizeof(region->reply), "{\"Blocks\":[");
        for (size_t i = 0; i < BLOCKS; i++)
                if ((indices[i] >= from || region->lists_what_is_before) && !(region->forgets && list))
                        used += (size_t)snprintf(region->reply + used, sizeof(region->reply) - used,
                                                 "%s{\"BlockIndex\":%lu,\"BlockToken\":\"token%uof%lu\"}",
                                                 region->reply[used - 1] == '[' ? "" : ",", indices[i], list,
                                                 indices[i]);
        (void)snprintf(region->reply + used, sizeof(region->reply) - used,
                       "],\"BlockSize\":524288,\"VolumeSize\":1}");
}

static void answer_get(struct fake_region *region, const char *target, struct scripted_reply *reply)
{
        unsigned long index = strtoul(strstr(target, "/blocks/") + 8, NULL, 10), of = 0;
        const char *token = strstr(target, "blockToken=token");
        unsigned get = region->gets++;
        char checksum[DIGEST_BASE64_CHARS + 1];
        struct digest digest;
        unsigned generation = 0;

        assert_non_null(token);
        assert_int_equal(sscanf(token, "blockToken=token%uof%lu", &generation, &of), 2);
        assert_int_equal(of, index);
        if (generation < region->generation || region->expires_for_ever) {
                reply->status = 400;
                reply->headers = "x-amzn-ErrorType: ValidationException\r\n";
                reply->body = "{\"Reason\":\"INVALID_BLOCK_TOKEN\",\"message\":\"it has expired\"}";
                return;
        }
        memset(region->block, 'a' + (int)index, BLOCK_BYTES);
        assert_int_equal(digest_of(region->block, BLOCK_BYTES, &digest, NULL), INGOT_OK);
        if (get < region->wrong_checksums)
                digest.bytes[0] ^= 1;
        base64_encode(digest.bytes, DIGEST_BYTES, checksum);
        (void)snprintf(
                region->headers, sizeof(region->headers),
                "x-amz-Checksum: %s\r\nx-amz-Checksum-Algorithm: SHA256\r\nx-amz-Data-Length: 524288\r\n",
                checksum);
        region->block[region->block_bytes ? region->block_bytes : BLOCK_BYTES] = '\0';
        reply->headers = region->headers;
        reply->body = region->block;
}

static void answer(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct fake_region *region = context;

        assert_string_equal(request->method, "GET");
        if (strstr(request->target, "/blocks/"))
                answer_get(region, request->target, reply);
        else
                answer_list(region, request->target, reply);
}

static enum ingot_code list(void *context, uint64_t block_index, bool *ret_wanted, struct ingot_error *err)
{
        const struct scene *scene = context;

        (void)err;
        *ret_wanted = !scene->declined || block_index != scene->declined;
        return INGOT_OK;
}

static enum ingot_code take(void *context, uint64_t block_index, const void *bytes,
                            const struct digest *digest, struct ingot_error *err)
{
        struct scene *scene = context;
        const char *letters = bytes;
        struct digest found;

        (void)err;
        assert_int_equal(digest_of(bytes, BLOCK_BYTES, &found, NULL), INGOT_OK);
        assert_memory_equal(found.bytes, digest->bytes, DIGEST_BYTES);
        assert_int_equal(letters[0], 'a' + (int)block_index);
        for (size_t i = 0; i < BLOCKS; i++)
                scene->taken[i] += indices[i] == block_index;
        return INGOT_OK;
}

static void open_scene(struct scene *scene)
{
        struct region_link_options options = { .credentials = &scene->credentials, .policy = &scene->policy };
        char url[64];

        scene->credentials = (struct credentials){ .access_key_id = key, .secret_access_key = secret };
        scene->policy = retry_policy_default;
        scene->policy.first_ms = 1;
        scene->policy.ceiling_ms = 2;
        scene->region.block = calloc(1, 2 * BLOCK_BYTES + 1);
        memset(scene->region.block, 'z', 2 * BLOCK_BYTES);
        scene->server = scripted_server_start(answer, &scene->region, NULL);
        assert_non_null(scene->server);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        assert_int_equal(region_link_new(&options, &scene->link, NULL), INGOT_OK);
        scene->ebs.link = scene->link;
        assert_int_equal(endpoint_of_url(url, "us-east-1", "ebs", &scene->ebs.endpoint, NULL), INGOT_OK);
        scene->request = (struct snapshot_read_request){
                .snapshot_id = "snap-0a1b", .phase = "reading", .context = scene, .list = list, .take = take
        };
}

static void close_scene(struct scene *scene)
{
        region_link_free(scene->link);
        scripted_server_stop(scene->server);
        free(scene->region.block);
}

static enum ingot_code read_all(struct scene *scene)
{
        return snapshot_read(&scene->ebs, &scene->request, NULL, &scene->receipt, &scene->err);
}

static void every_block_is_taken_once(const struct scene *scene)
{
        for (size_t i = 0; i < BLOCKS; i++)
                assert_int_equal(scene->taken[i], 1);
        assert_int_equal(scene->receipt.blocks_read, BLOCKS);
        assert_int_equal(scene->receipt.blocks_listed, BLOCKS);
        assert_int_equal(scene->receipt.volume_size_gib, 1);
}

static void blocks_come_with_their_digests(void **state) /* rules 1 and 2 */
{
        struct scene scene = { .declined = 0 };

        (void)state;
        open_scene(&scene);
        if (read_all(&scene))
                fail_msg("%s", ingot_error_frame(&scene.err, 0));
        every_block_is_taken_once(&scene);
        assert_int_equal(scene.region.gets, BLOCKS);
        close_scene(&scene);
}

static void what_is_declined_is_not_read(void **state) /* rules 1 and 4 */
{
        struct scene scene = { .declined = 2 };

        (void)state;
        open_scene(&scene);
        assert_int_equal(read_all(&scene), INGOT_OK);
        assert_int_equal(scene.taken[1], 0);
        assert_int_equal(scene.region.gets, BLOCKS - 1);
        close_scene(&scene);
}

static void a_read_begins_where_it_is_told(void **state) /* rule 4 */
{
        struct scene scene = { .declined = 0 };

        (void)state;
        open_scene(&scene);
        scene.request.start_index = 3;
        assert_int_equal(read_all(&scene), INGOT_OK);
        assert_int_equal(scene.region.gets, 1);
        assert_int_equal(scene.taken[2], 1);
        close_scene(&scene);
}

static void expired_token_is_replaced(void **state) /* rule 5 */
{
        struct scene scene = { .region = { .generation = 1 } };

        (void)state;
        open_scene(&scene);
        if (read_all(&scene))
                fail_msg("%s", ingot_error_frame(&scene.err, 0));
        every_block_is_taken_once(&scene);
        assert_int_equal(scene.region.gets, 2 * BLOCKS);
        close_scene(&scene);
}

static void token_that_always_expires_ends_the_read(void **state) /* rule 5: a few times */
{
        struct scene scene = { .region = { .expires_for_ever = true } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(read_all(&scene), INGOT_E_BUG);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "INVALID_BLOCK_TOKEN"));
        assert_true(scene.region.gets <= 3 * BLOCKS);
        close_scene(&scene);
}

static void block_that_is_listed_no_more_is_not_asked_for(void **state)
{
        struct scene scene = { .region = { .generation = 1, .forgets = true } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(read_all(&scene), INGOT_E_REMOTE);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "was listed before"));
        close_scene(&scene);
}

static void other_bytes_than_the_checksum_says_are_asked_for_again(void **state) /* rule 5 */
{
        struct scene once = { .region = { .wrong_checksums = 1 } };
        struct scene always = { .region = { .wrong_checksums = 1000 } };

        (void)state;
        open_scene(&once);
        assert_int_equal(read_all(&once), INGOT_OK);
        every_block_is_taken_once(&once);
        assert_int_equal(once.region.gets, BLOCKS + 1);
        close_scene(&once);
        open_scene(&always);
        assert_int_equal(read_all(&always), INGOT_E_CHECKSUM);
        close_scene(&always);
}

static void block_of_another_size_is_refused(void **state)
{
        static const size_t sizes[] = { BLOCK_BYTES - 1, BLOCK_BYTES + 1, 2 * BLOCK_BYTES };

        (void)state;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct scene scene = { .region = { .block_bytes = sizes[i] } };

                open_scene(&scene);
                assert_int_equal(read_all(&scene), INGOT_E_REMOTE);
                close_scene(&scene);
        }
}

static void empty_page_with_more_to_come_is_gone_on_from(void **state) /* ebs_read.h, rule 1 */
{
        struct scene scene = { .region = { .first_page_is_empty = true } };

        (void)state;
        open_scene(&scene);
        if (read_all(&scene))
                fail_msg("%s", ingot_error_frame(&scene.err, 0));
        every_block_is_taken_once(&scene);
        close_scene(&scene);
}

static void list_that_goes_back_is_refused(void **state)
{
        struct scene scene = { .region = { .lists_what_is_before = true } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(read_all(&scene), INGOT_E_REMOTE);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "block 0 was listed, from 6 on"));
        close_scene(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(blocks_come_with_their_digests),
                cmocka_unit_test(what_is_declined_is_not_read),
                cmocka_unit_test(a_read_begins_where_it_is_told),
                cmocka_unit_test(expired_token_is_replaced),
                cmocka_unit_test(token_that_always_expires_ends_the_read),
                cmocka_unit_test(block_that_is_listed_no_more_is_not_asked_for),
                cmocka_unit_test(other_bytes_than_the_checksum_says_are_asked_for_again),
                cmocka_unit_test(block_of_another_size_is_refused),
                cmocka_unit_test(empty_page_with_more_to_come_is_gone_on_from),
                cmocka_unit_test(list_that_goes_back_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
