/* SPDX-License-Identifier: Apache-2.0 */
/* One volume to a local region, read back: volume_publish, volume_parent, volume_verify and snapshot_read together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "lifecycle/volume_publish.h"
#include "lifecycle/volume_verify.h"
#include "model/memory_source.h"
#include "publish/snapshot_await.h"

enum { BLOCKS_MAX = 16 };

/* A disk drawn as letters: each block is filled with its letter; 'Z' is zero on purpose, '-' was never written. */
struct disk {
        char bytes[BLOCKS_MAX][BLOCK_BYTES];
        struct memory_source source;
        struct block_map map;
        struct digest image_digest;
};

struct scene {
        struct region_session session;
        struct disk disk;
        struct volume_to_publish volume;
        struct ingot_snapshot_receipt receipt;
        char id[EBS_SNAPSHOT_ID_CHARS + 1]; /* of the last publication */
        char *journal_path;
        char folder[4096];
        struct ingot_error err;
};

static void draw_disk(struct disk *disk, const char *picture)
{
        size_t count = strlen(picture);

        block_map_release(&disk->map);
        block_map_init(&disk->map, count * BLOCK_BYTES);
        for (size_t i = 0; i < count; i++) {
                struct digest digest;
                bool is_data = !strchr("Z-", picture[i]);

                memset(disk->bytes[i], is_data ? picture[i] : 0, BLOCK_BYTES);
                assert_int_equal(digest_of(disk->bytes[i], BLOCK_BYTES, &digest, NULL), INGOT_OK);
                if (picture[i] != '-') /* the digest of zeros makes a zero of it */
                        assert_int_equal(block_map_append_data(&disk->map, i, &digest, NULL), INGOT_OK);
        }
        memory_source_init(&disk->source, disk->bytes, count * BLOCK_BYTES);
        assert_int_equal(block_map_image_digest(&disk->map, &disk->image_digest, NULL), INGOT_OK);
}

static struct scene *open_scene(void *const *state)
{
        static struct scene scene;
        char folder[4096];
        const struct ingot_target target = { .to = "local", .region_folder = folder };

        memset(&scene, 0, sizeof(scene));
        (void)snprintf(folder, sizeof(folder), "%s", scratch_path(state, "region"));
        (void)snprintf(scene.folder, sizeof(scene.folder), "%s", scratch_path(state, "."));
        if (region_session_open(&target, NULL, &scene.session, &scene.err))
                fail_msg("%s", ingot_error_frame(&scene.err, 0));
        scene.volume = (struct volume_to_publish){ .release_name = "web",
                                                   .device_name = "/dev/xvda",
                                                   .disk = &scene.disk.source.source,
                                                   .map = &scene.disk.map,
                                                   .image_digest = &scene.disk.image_digest,
                                                   .volume_size_gib = 1 };
        return &scene;
}

static void close_scene(struct scene *scene)
{
        volume_receipt_release(&scene->receipt);
        free(scene->journal_path);
        block_map_release(&scene->disk.map);
        region_session_close(&scene->session);
}

static void draw(struct scene *scene, const char *picture)
{
        draw_disk(&scene->disk, picture);
        volume_receipt_release(&scene->receipt);
        free(scene->journal_path);
        scene->journal_path = volume_journal_path(scene->folder, scene->session.region, &scene->volume);
        scene->volume.journal_path = scene->journal_path;
        assert_non_null(scene->journal_path);
}

static enum ingot_code publish(struct scene *scene, const char *picture)
{
        const struct snapshot_await_policy quick = { .first_ms = 1, .ceiling_ms = 5, .deadline_ms = 10000 };
        struct journal *journal = NULL;
        const char *id = scene->id;
        enum ingot_code r;

        draw(scene, picture);
        r = volume_publish(&scene->session, &scene->volume, NULL, &scene->receipt, &journal, &scene->err);
        if (r) {
                journal_drop(&journal);
                return r;
        }
        (void)snprintf(scene->id, sizeof(scene->id), "%s", scene->receipt.snapshot_id);
        journal_end(&journal);
        return snapshot_await(&scene->session.ec2, &id, 1, &quick, NULL, &scene->err);
}

static enum ingot_code verify(struct scene *scene, uint64_t blocks, bool is_encrypted,
                              struct volume_verdict *ret_verdict)
{
        const struct volume_to_verify asked = { .snapshot_id = scene->id,
                                                .name = "/dev/xvda",
                                                .map = &scene->disk.map,
                                                .is_encrypted = is_encrypted,
                                                .blocks = blocks,
                                                .random_seed = 1 };

        return volume_verify(&scene->session.ebs, &asked, NULL, ret_verdict, &scene->err);
}

static void must(const struct scene *scene, enum ingot_code r)
{
        if (r)
                fail_msg("%s: %s", ingot_code_name(r), ingot_error_frame(&scene->err, 0));
}

static void what_reads_back_is_what_was_sent(void **state)
{
        struct scene *scene = open_scene(state);
        struct volume_verdict verdict;

        must(scene, publish(scene, "ab-ZZc--d"));
        assert_int_equal(scene->receipt.data_blocks, 4);
        assert_int_equal(scene->receipt.blocks_sent, 4);
        assert_int_equal(scene->receipt.cost_micro_usd, 24);
        must(scene, verify(scene, INGOT_VERIFY_ALL, false, &verdict));
        assert_true(verdict.was_all);
        assert_int_equal(verdict.blocks_read, 4);
        assert_int_equal(verdict.blocks_unlisted, 5);
        must(scene, verify(scene, 3, false, &verdict));
        assert_false(verdict.was_all);
        assert_int_equal(verdict.blocks_read + verdict.blocks_unlisted, 3);
        assert_int_not_equal(access(scene->journal_path, F_OK), 0);
        close_scene(scene);
}

static void what_was_published_is_not_sent_again(void **state) /* rule 1 */
{
        struct scene *scene = open_scene(state);
        char first[EBS_SNAPSHOT_ID_CHARS + 1];

        must(scene, publish(scene, "abc"));
        memcpy(first, scene->id, sizeof(first));
        scene->volume.release_name = "another";
        must(scene, publish(scene, "abc"));
        assert_true(scene->receipt.reused);
        assert_string_equal(scene->id, first);
        close_scene(scene);
}

static void every_difference_is_found(void **state)
{
        static const char *const others[] = { "abx-Z", "ab--Z", "abcdZ", "abc-d", "-bc-Z" };
        struct scene *scene = open_scene(state);
        struct volume_verdict verdict;

        must(scene, publish(scene, "abc-Z"));
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                draw_disk(&scene->disk, others[i]);
                assert_int_equal(verify(scene, INGOT_VERIFY_ALL, false, &verdict), INGOT_E_CHECKSUM);
        }
        draw_disk(&scene->disk, "abc-Z"); /* an encrypted snapshot would read as noise where nothing is */
        assert_int_equal(verify(scene, INGOT_VERIFY_ALL, true, &verdict), INGOT_E_CHECKSUM);
        assert_non_null(strstr(ingot_error_frame(&scene->err, 0), "noise"));
        assert_int_equal(verify(scene, VOLUME_SAMPLE_MAX + 1, true, &verdict), INGOT_E_USAGE);
        close_scene(scene);
}

static void a_difference_reads_back_as_the_whole(void **state)
{
        static const char before[] = "abcdef-ZZ-gh", after[] = "abxd-Z-ZyZg";
        struct scene *scene = open_scene(state);
        struct volume_verdict verdict;
        struct parent_wish wish = { .is_named = true };
        char parent_id[EBS_SNAPSHOT_ID_CHARS + 1];

        for (unsigned by_reading = 0; by_reading < 2; by_reading++)
                for (unsigned encrypted = 0; encrypted < 2; encrypted++) {
                        struct block_map parent;
                        char name[16];

                        (void)snprintf(name, sizeof(name), "web-%u-%u", by_reading, encrypted);
                        scene->volume.release_name = name;
                        scene->volume.encrypted = encrypted ? TRI_YES : TRI_NO;
                        scene->volume.parent = NULL;
                        must(scene, publish(scene, before));
                        memcpy(parent_id, scene->id, sizeof(parent_id));
                        parent = scene->disk.map;
                        scene->disk.map = (struct block_map){ 0 };
                        wish.snapshot_id = parent_id;
                        wish.map = by_reading ? NULL : &parent;
                        scene->volume.parent = &wish;
                        must(scene, publish(scene, after));
                        if (!scene->receipt.reused) { /* of the second round the bytes are there */
                                assert_string_equal(scene->receipt.parent_snapshot_id, parent_id);
                                assert_int_equal(scene->receipt.data_blocks, 2);
                                assert_int_equal(scene->receipt.zero_blocks_over_parent,
                                                 3); /* one past the end */
                                assert_int_equal(scene->receipt.same_blocks_left_out, 4);
                                assert_int_equal(scene->receipt.encrypted, encrypted);
                        }
                        must(scene, verify(scene, INGOT_VERIFY_ALL, encrypted, &verdict));
                        block_map_release(&parent);
                }
        close_scene(scene);
}

static void a_parent_that_is_read_is_as_good(void **state)
{
        struct scene *scene = open_scene(state);
        struct volume_verdict verdict;
        char parent_id[EBS_SNAPSHOT_ID_CHARS + 1];
        struct parent_wish wish = { .is_named = true, .snapshot_id = parent_id };

        must(scene, publish(scene, "abcd-Z"));
        memcpy(parent_id, scene->id, sizeof(parent_id));
        scene->volume.parent = &wish;
        must(scene, publish(scene, "abx--Z"));
        assert_int_equal(scene->receipt.parent_blocks_read, 4);
        assert_int_equal(scene->receipt.blocks_sent, 2);
        assert_int_equal(scene->receipt.zero_blocks_over_parent, 1);
        must(scene, verify(scene, INGOT_VERIFY_ALL, false, &verdict));
        close_scene(scene);
}

static void a_parent_that_cannot_be_one_is_refused_or_passed_over(void **state)
{
        struct scene *scene = open_scene(state);
        char parent_id[EBS_SNAPSHOT_ID_CHARS + 1];
        struct parent_wish wish = { .is_named = true, .snapshot_id = parent_id };

        scene->volume.volume_size_gib = 2;
        must(scene, publish(scene, "ab"));
        memcpy(parent_id, scene->id, sizeof(parent_id));
        scene->volume.parent = &wish;
        scene->volume.volume_size_gib = 1;
        assert_int_equal(publish(scene, "ac"), INGOT_E_CONFLICT);
        scene->volume.volume_size_gib = 2;
        scene->volume.encrypted = TRI_YES;
        assert_int_equal(publish(scene, "ac"), INGOT_E_CONFLICT);
        scene->volume.encrypted = TRI_UNSET;
        wish.snapshot_id = "snap-0123456789abcdef0";
        assert_int_equal(publish(scene, "ac"), INGOT_E_NOT_FOUND);
        wish.snapshot_id = "ami-1";
        assert_int_equal(publish(scene, "ac"), INGOT_E_USAGE);
        wish.is_named = false;
        wish.snapshot_id = "snap-0123456789abcdef0";
        must(scene, publish(scene, "ac"));
        assert_null(scene->receipt.parent_snapshot_id);
        assert_int_equal(scene->receipt.blocks_sent, 2);
        close_scene(scene);
}

/* A snapshot that was begun and stopped after its first blocks. */
static void begin_and_stop(struct scene *scene, const char *picture)
{
        struct journal *journal = NULL;

        draw(scene, picture);
        scene->disk.bytes[2][0] ^= 1; /* the region refuses what has not the digest it should have */
        scene->volume.puts_per_second =
                10; /* one at a time: two are acknowledged before the third is refused */
        assert_int_equal(
                volume_publish(&scene->session, &scene->volume, NULL, &scene->receipt, &journal, &scene->err),
                INGOT_E_CHECKSUM);
        assert_non_null(journal);
        assert_int_equal(journal_attempt(journal)->blocks_acknowledged, 2);
        journal_drop(&journal);
        scene->volume.puts_per_second = 0;
}

static void the_next_run_goes_on(void **state) /* rule 3 */
{
        struct scene *scene = open_scene(state);
        struct volume_verdict verdict;
        char begun[EBS_SNAPSHOT_ID_CHARS + 1];

        begin_and_stop(scene, "abcd");
        (void)snprintf(begun, sizeof(begun), "%s", scene->receipt.snapshot_id);
        must(scene, publish(scene, "abcd"));
        assert_string_equal(scene->id, begun);
        assert_int_equal(scene->receipt.blocks_resumed, 2);
        assert_int_equal(scene->receipt.blocks_sent, 2);
        must(scene, verify(scene, INGOT_VERIFY_ALL, false, &verdict));
        close_scene(scene);
}

static void what_was_deleted_meanwhile_is_begun_anew(void **state) /* rule 3 */
{
        struct scene *scene = open_scene(state);
        char begun[EBS_SNAPSHOT_ID_CHARS + 1];

        begin_and_stop(scene, "abcd");
        (void)snprintf(begun, sizeof(begun), "%s", scene->receipt.snapshot_id);
        must(scene, ec2_delete_snapshot(&scene->session.ec2, begun, &scene->err));
        must(scene, publish(scene, "abcd"));
        assert_string_not_equal(scene->id, begun);
        assert_int_equal(scene->receipt.blocks_resumed, 0);
        assert_int_equal(scene->receipt.blocks_sent, 4);
        close_scene(scene);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                ONE(what_reads_back_is_what_was_sent),
                ONE(what_was_published_is_not_sent_again),
                ONE(every_difference_is_found),
                ONE(a_difference_reads_back_as_the_whole),
                ONE(a_parent_that_is_read_is_as_good),
                ONE(a_parent_that_cannot_be_one_is_refused_or_passed_over),
                ONE(the_next_run_goes_on),
                ONE(what_was_deleted_meanwhile_is_begun_anew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
