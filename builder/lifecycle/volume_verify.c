/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/own.h"
#include "lifecycle/volume_verify.h"
#include "publish/snapshot_read.h"

struct verification {
        const struct volume_to_verify *volume;
        uint64_t *sample; /* ascending, distinct; NULL: every block */
        size_t sample_count, sample_at;
        uint64_t next_index; /* no block before it was not looked at */
        struct volume_verdict verdict;
};

/* ---- the sample ---- */

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

static int compare(const void *a, const void *b)
{
        uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

        return one < other ? -1 : one > other;
}

/* Rule 3: draws until there are enough that differ; the sample is at most half of what there is. */
static enum ingot_code draw_sample(struct verification *verification, uint64_t block_count,
                                   struct ingot_error *err)
{
        uint64_t state = verification->volume->random_seed;
        size_t wanted = (size_t)verification->volume->blocks, count = 0;

        verification->sample = calloc(wanted + 1, sizeof(*verification->sample));
        if (!verification->sample)
                return ingot_fail_memory(err, wanted * sizeof(*verification->sample));
        while (count < wanted) {
                size_t kept = 0;

                for (; count < wanted; count++)
                        verification->sample[count] = next_random(&state) % block_count;
                qsort(verification->sample, count, sizeof(*verification->sample), compare);
                for (size_t i = 0; i < count; i++)
                        if (!kept || verification->sample[i] != verification->sample[kept - 1])
                                verification->sample[kept++] = verification->sample[i];
                count = kept;
        }
        verification->sample_count = count;
        return INGOT_OK;
}

/* ---- what the list says ---- */

static enum ingot_code complain_unlisted(const struct verification *verification, uint64_t index,
                                         enum block_state state, struct ingot_error *err)
{
        const struct volume_to_verify *volume = verification->volume;

        if (state == BLOCK_DATA)
                return ingot_fail(err, INGOT_E_CHECKSUM,
                                  "block %" PRIu64 " of %s holds data, and %s does not have it", index,
                                  volume->name, volume->snapshot_id);
        return ingot_fail(err, INGOT_E_CHECKSUM,
                          "block %" PRIu64 " of %s is zero, and %s, which is encrypted, does not have it: it "
                          "would read as noise",
                          index, volume->name, volume->snapshot_id);
}

/* Blocks [from, to) are not listed: all that are looked at must be zeros that need not be. */
static enum ingot_code look_at_gap(struct verification *verification, uint64_t from, uint64_t to,
                                   struct ingot_error *err)
{
        const struct volume_to_verify *volume = verification->volume;
        const struct block_map *map = volume->map;

        to = min_u64(to, block_map_block_count(map));
        if (!verification->sample && from < to) {
                for (size_t i = 0; i < map->run_count; i++)
                        if (map->runs[i].state == BLOCK_DATA && map->runs[i].first_index < to &&
                            map->runs[i].end_index > from)
                                return complain_unlisted(verification,
                                                         max_u64(from, map->runs[i].first_index), BLOCK_DATA,
                                                         err);
                if (volume->is_encrypted)
                        return complain_unlisted(verification, from, BLOCK_ABSENT, err);
                verification->verdict.blocks_unlisted += to - from;
        }
        for (; verification->sample && verification->sample_at < verification->sample_count &&
               verification->sample[verification->sample_at] < to;
             verification->sample_at++) {
                uint64_t index = verification->sample[verification->sample_at];
                enum block_state state = block_map_find(map, index, NULL);

                if (state == BLOCK_DATA || volume->is_encrypted)
                        return complain_unlisted(verification, index, state, err);
                verification->verdict.blocks_unlisted++;
        }
        return INGOT_OK;
}

static enum ingot_code list_block(void *context, uint64_t block_index, bool *ret_wanted,
                                  struct ingot_error *err)
{
        struct verification *verification = context;
        enum ingot_code r = look_at_gap(verification, verification->next_index, block_index, err);

        verification->next_index = block_index + 1;
        /* Beyond the disk's end nothing was sent, and an encrypted snapshot may hold anything there. */
        *ret_wanted = !verification->volume->is_encrypted ||
                      block_index < block_map_block_count(verification->volume->map);
        if (verification->sample) {
                *ret_wanted = verification->sample_at < verification->sample_count &&
                              verification->sample[verification->sample_at] == block_index;
                verification->sample_at += *ret_wanted;
        }
        return r;
}

/* ---- what the blocks say ---- */

static enum ingot_code take_block(void *context, uint64_t block_index, const void *bytes,
                                  const struct digest *digest, struct ingot_error *err)
{
        struct verification *verification = context;
        const struct volume_to_verify *volume = verification->volume;
        const struct digest *wanted = NULL;
        enum block_state state = block_map_find(volume->map, block_index, &wanted);
        char is[DIGEST_BASE64_CHARS + 1], was[DIGEST_BASE64_CHARS + 1];

        (void)bytes;
        if (state != BLOCK_DATA)
                wanted = &block_map_zero_digest;
        if (!digest_equal(digest, wanted)) {
                base64_encode(digest->bytes, DIGEST_BYTES, is);
                base64_encode(wanted->bytes, DIGEST_BYTES, was);
                return ingot_fail(err, INGOT_E_CHECKSUM,
                                  "block %" PRIu64 " of %s was sent as %s and %s has it as %s", block_index,
                                  volume->name, was, volume->snapshot_id, is);
        }
        verification->verdict.blocks_read++;
        return INGOT_OK;
}

static enum ingot_code run(struct verification *verification, const struct ebs_client *ebs,
                           const struct ingot_observer *observer, struct ingot_error *err)
{
        const struct volume_to_verify *volume = verification->volume;
        uint64_t block_count = block_map_block_count(volume->map);
        struct snapshot_read_receipt receipt;
        char phase[256];
        struct snapshot_read_request request = { .snapshot_id = volume->snapshot_id,
                                                 .phase = phase,
                                                 .blocks_to_read = block_map_data_count(volume->map),
                                                 .context = verification,
                                                 .list = list_block,
                                                 .take = take_block };
        enum ingot_code r = INGOT_OK;

        (void)snprintf(phase, sizeof(phase), "reading back %.200s", volume->name);
        if (volume->blocks != INGOT_VERIFY_ALL && volume->blocks > VOLUME_SAMPLE_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "a sample of %" PRIu64 " blocks; at most %d, or all",
                                  volume->blocks, VOLUME_SAMPLE_MAX);
        if (volume->blocks < block_count / 2) {
                request.blocks_to_read = volume->blocks;
                r = draw_sample(verification, block_count, err);
        }
        if (!r)
                r = snapshot_read(ebs, &request, observer, &receipt, err);
        if (!r)
                r = look_at_gap(verification, verification->next_index, block_count, err);
        verification->verdict.was_all = !verification->sample;
        verification->verdict.blocks_listed = r ? 0 : receipt.blocks_listed;
        return r;
}

enum ingot_code volume_verify(const struct ebs_client *ebs, const struct volume_to_verify *volume,
                              const struct ingot_observer *observer, struct volume_verdict *ret_verdict,
                              struct ingot_error *err)
{
        struct verification verification = { .volume = volume };
        enum ingot_code r = run(&verification, ebs, observer, err);

        free(verification.sample);
        if (r)
                return ingot_while(err, r, "verifying %s", volume->snapshot_id);
        *ret_verdict = verification.verdict;
        return INGOT_OK;
}
