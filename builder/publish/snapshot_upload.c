/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "base/plural.h"
#include "publish/block_cursor.h"
#include "publish/latency.h"
#include "publish/pace.h"
#include "publish/snapshot_upload.h"

enum {
        IN_FLIGHT_LIMIT = 1024,
        PUMP_MS = 100,
        HALVE_EVERY_NS = 500000000, /* one wave of throttling is one reason to slow down, not sixteen */
        PHASE_CHARS = 255
};

static const uint64_t gib = UINT64_C(1) << 30;

struct upload;

/* One put at a time, and the source that yields its block. */
struct lane {
        struct lane *next_free;
        struct upload *upload;
        struct ebs_put put;
        struct byte_source body;
        struct block_to_send block;
};

struct upload {
        const struct ebs_client *ebs;
        const struct snapshot_request *request;
        struct snapshot_receipt *receipt;
        struct lane *lanes, *free_lanes;
        struct block_cursor cursor;
        struct digest_stream *linear;
        struct pace pace;
        bool has_next, is_doubling;
        struct block_to_send next;
        unsigned in_flight, window, window_max;
        unsigned until_growth; /* puts to end before the window may grow */
        uint64_t found_by_ns, blocks_to_send;
        struct latency latency;
        uint64_t best_ns, usual_ns; /* of an attempt: the quickest of late, and a moving mean */
        uint64_t troubles, halved_ns;
        enum ingot_code code; /* the first failure of a put */
        struct ingot_error err;
};

/* ---- one block ---- */

/* Rule 2: bytes past the disk's end are zeros. */
static enum ingot_code read_block(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                  struct ingot_error *err)
{
        const struct lane *lane = context;
        const struct snapshot_request *request = lane->upload->request;
        uint64_t at_bytes = lane->block.index * BLOCK_BYTES + offset_bytes;
        uint64_t there_bytes = 0;
        enum ingot_code r = INGOT_OK;

        if (lane->block.reason == BLOCK_SENT_DATA && at_bytes < request->map->size_bytes)
                there_bytes = min_u64(size_bytes, request->map->size_bytes - at_bytes);
        if (there_bytes)
                r = byte_source_read(request->disk, at_bytes, bytes, (size_t)there_bytes, err);
        memset((char *)bytes + there_bytes, 0, size_bytes - (size_t)there_bytes);
        return ingot_while(err, r, "reading block %" PRIu64 " of %s", lane->block.index, request->name);
}

static void set_window(struct upload *upload, unsigned window)
{
        upload->window = window;
        region_link_set_in_flight_max(upload->ebs->link, window); /* of retries too */
}

/* Rule 7: an answer came as quickly as with fewer in flight, or did not. */
static void grow(struct upload *upload, uint64_t took_ns)
{
        latency_add(&upload->latency, took_ns);
        if (!upload->best_ns || took_ns < upload->best_ns)
                upload->best_ns = took_ns;
        else
                upload->best_ns += upload->best_ns / 512; /* a network may have become slower for good */
        upload->usual_ns = upload->usual_ns ? (upload->usual_ns * 15 + took_ns) / 16 : took_ns;
        if (upload->until_growth) {
                upload->until_growth--;
        } else if (upload->usual_ns > 2 * upload->best_ns) {
                upload->is_doubling = false;
        } else if (upload->window < upload->window_max) {
                set_window(upload, upload->window + 1);
                upload->until_growth = upload->is_doubling ? 0 : upload->window;
        }
}

/* Rule 7: throttling, and deadlines that were missed. */
static void shrink(struct upload *upload)
{
        struct region_link_counts counts = region_link_counts(upload->ebs->link);
        uint64_t now_ns = clock_monotonic_ns(region_link_clock(upload->ebs->link));
        uint64_t troubles = counts.throttles + counts.deadlines_missed;

        if (troubles == upload->troubles)
                return;
        upload->troubles = troubles;
        if (upload->halved_ns && now_ns - upload->halved_ns < HALVE_EVERY_NS)
                return;
        upload->halved_ns = now_ns;
        upload->is_doubling = false;
        set_window(upload, upload->window > 1 ? upload->window / 2 : 1);
        upload->until_growth = upload->window;
}

static void keep_failure(struct upload *upload, const struct lane *lane, enum ingot_code code,
                         const struct ingot_error *err)
{
        if (upload->code)
                return;
        upload->code = code;
        upload->err = *err;
        (void)ingot_while(&upload->err, code, "uploading block %" PRIu64 " of %" PRIu64, lane->block.index,
                          block_map_block_count(upload->request->map));
}

static void end_put(void *context, struct ebs_put *put, enum ingot_code code, const struct ingot_error *err)
{
        struct lane *lane = context;
        struct upload *upload = lane->upload;
        const struct snapshot_memory *memory = upload->request->memory;
        struct ingot_error trouble;

        lane->next_free = upload->free_lanes;
        upload->free_lanes = lane;
        upload->in_flight--;
        if (code) {
                keep_failure(upload, lane, code, err);
                return;
        }
        upload->receipt->blocks_sent++;
        upload->receipt->bytes_sent += BLOCK_BYTES;
        grow(upload, put->last_attempt_ns);
        if (memory && memory->acknowledged) {
                code = memory->acknowledged(memory->context, lane->block.index, lane->block.digest, &trouble);
                if (code)
                        keep_failure(upload, lane, code, &trouble);
        }
}

/* Steps to the next block that memory does not know; what it knows is part of the snapshot's digest all the same. */
static void step(struct upload *upload)
{
        const struct snapshot_memory *memory = upload->request->memory;

        while ((upload->has_next = block_cursor_next(&upload->cursor, &upload->next))) {
                digest_stream_update(upload->linear, upload->next.digest->bytes, DIGEST_BYTES);
                if (!memory || !memory->is_acknowledged ||
                    !memory->is_acknowledged(memory->context, upload->next.index, upload->next.digest))
                        return;
                upload->receipt->blocks_known++;
        }
}

static enum ingot_code start_put(struct upload *upload, struct ingot_error *err)
{
        struct lane *lane = upload->free_lanes;
        enum ingot_code r;

        upload->free_lanes = lane->next_free;
        lane->block = upload->next;
        lane->body = (struct byte_source){ lane, read_block };
        lane->put = (struct ebs_put){ .client = upload->ebs,
                                      .snapshot_id = upload->receipt->snapshot_id,
                                      .block_index = lane->block.index,
                                      .digest = lane->block.digest,
                                      .body = &lane->body,
                                      .found_by_ns = upload->found_by_ns,
                                      .deadline_ms = upload->request->put_deadline_ms
                                                             ? upload->request->put_deadline_ms
                                                             : latency_deadline_ms(&upload->latency),
                                      .paces = { upload->request->account_pace, &upload->pace },
                                      .done = end_put,
                                      .context = lane };
        r = ebs_put_block(&lane->put, err);
        if (r) {
                lane->next_free = upload->free_lanes;
                upload->free_lanes = lane;
                return r;
        }
        upload->in_flight++;
        if (upload->in_flight > upload->receipt->in_flight_most)
                upload->receipt->in_flight_most = upload->in_flight;
        step(upload);
        return INGOT_OK;
}

/* ---- all blocks ---- */

static enum ingot_code tell(struct upload *upload, const struct ingot_observer *observer, const char *phase,
                            struct ingot_error *err)
{
        const struct snapshot_receipt *receipt = upload->receipt;

        return ingot_observe(observer, phase, (receipt->blocks_sent + receipt->blocks_known) * BLOCK_BYTES,
                             upload->blocks_to_send * BLOCK_BYTES, err);
}

static enum ingot_code turn(struct upload *upload, struct ingot_error *err)
{
        const struct snapshot_memory *memory = upload->request->memory;
        enum ingot_code r = INGOT_OK;

        while (!r && upload->has_next && upload->in_flight < upload->window)
                r = start_put(upload, err);
        if (!r)
                r = region_link_pump(upload->ebs->link, PUMP_MS, err);
        shrink(upload);
        if (!r && memory && memory->idle)
                r = memory->idle(memory->context, err);
        if (!r && upload->code) {
                r = upload->code;
                if (err)
                        *err = upload->err;
        }
        return r;
}

static enum ingot_code send_blocks(struct upload *upload, const struct ingot_observer *observer,
                                   struct ingot_error *err)
{
        const struct snapshot_request *request = upload->request;
        const struct block_rules rules = { .map = request->map,
                                           .parent = request->parent_snapshot_id ? request->parent : NULL,
                                           .is_encrypted = upload->receipt->is_encrypted,
                                           .parent_is_whole = request->parent_is_whole };
        char phase[PHASE_CHARS + 1];
        enum ingot_code r = INGOT_OK;

        (void)snprintf(phase, sizeof(phase), "uploading %s", request->name);
        block_cursor_tally(&rules, upload->receipt->blocks);
        upload->blocks_to_send = block_tally_sent(upload->receipt->blocks);
        block_cursor_init(&upload->cursor, &rules);
        set_window(upload, upload->window);
        step(upload);
        while (!r && (upload->has_next || upload->in_flight)) {
                r = tell(upload, observer, phase, err);
                if (!r)
                        r = turn(upload, err);
        }
        region_link_set_in_flight_max(upload->ebs->link, 0);
        return r ? r : tell(upload, observer, phase, err);
}

static enum ingot_code make_lanes(struct upload *upload, struct ingot_error *err)
{
        const struct snapshot_request *request = upload->request;
        unsigned most = request->in_flight_max ? request->in_flight_max : SNAPSHOT_IN_FLIGHT_MAX;

        upload->window_max = most;
        upload->window = request->in_flight_start ? request->in_flight_start : SNAPSHOT_IN_FLIGHT_START;
        if (most > IN_FLIGHT_LIMIT)
                return ingot_fail(err, INGOT_E_USAGE, "%u puts in flight; 1 to %d are possible", most,
                                  IN_FLIGHT_LIMIT);
        if (upload->window > most)
                upload->window = most;
        upload->is_doubling = true;
        upload->until_growth = upload->window;
        pace_init(&upload->pace, request->puts_per_second == SNAPSHOT_UNPACED ? 0
                                 : request->puts_per_second                   ? request->puts_per_second
                                                                              : SNAPSHOT_PUTS_PER_SECOND);
        upload->lanes = calloc(most, sizeof(*upload->lanes));
        if (!upload->lanes)
                return ingot_fail_memory(err, most * sizeof(*upload->lanes));
        for (unsigned i = 0; i < most; i++) {
                upload->lanes[i].upload = upload;
                upload->lanes[i].next_free = upload->free_lanes;
                upload->free_lanes = &upload->lanes[i];
        }
        return digest_stream_new(&upload->linear, err);
}

/* ---- the snapshot ---- */

/* Rule 1. */
static bool is_encrypted(const struct snapshot_request *request, const struct ebs_started *started)
{
        if (started->sse_type[0])
                return strcmp(started->sse_type, "none") != 0;
        return request->encrypted == TRI_YES || request->kms_key_arn || started->has_kms_key;
}

static enum ingot_code start_snapshot(struct upload *upload, struct ingot_error *err)
{
        const struct snapshot_request *request = upload->request;
        struct snapshot_receipt *receipt = upload->receipt;
        const struct ebs_start_request start = { .volume_size_gib = request->volume_size_gib,
                                                 .parent_snapshot_id = request->parent_snapshot_id,
                                                 .description = request->description,
                                                 .client_token = request->client_token,
                                                 .kms_key_arn = request->kms_key_arn,
                                                 .encrypted = request->encrypted,
                                                 .timeout_minutes = request->timeout_minutes
                                                                            ? request->timeout_minutes
                                                                            : SNAPSHOT_TIMEOUT_MINUTES,
                                                 .tags = request->tags,
                                                 .tag_count = request->tag_count };
        struct ebs_started started;
        enum ingot_code r = ebs_start_snapshot(upload->ebs, &start, &started, err);

        if (r)
                return r;
        memcpy(receipt->snapshot_id, started.snapshot_id, sizeof(receipt->snapshot_id));
        memcpy(receipt->sse_type, started.sse_type, sizeof(receipt->sse_type));
        memcpy(receipt->state, started.state, sizeof(receipt->state));
        receipt->is_encrypted = is_encrypted(request, &started);
        upload->found_by_ns = clock_monotonic_ns(region_link_clock(upload->ebs->link)) +
                              (uint64_t)RETRY_NOT_FOUND_GRACE_MS * 1000000;
        receipt->was_there = strcmp(started.state, "completed") == 0;
        if (strcmp(started.state, "error") == 0)
                return ingot_fail(err, INGOT_E_CONFLICT,
                                  "the client token '%s' names %s, which ended in error; use another token",
                                  request->client_token, started.snapshot_id);
        if (request->memory && request->memory->started)
                r = request->memory->started(request->memory->context, &started, err);
        return r;
}

/* A snapshot of another run. */
static void take_up_snapshot(struct upload *upload)
{
        const struct snapshot_taken_up *taken_up = upload->request->taken_up;
        const struct clock *clock = region_link_clock(upload->ebs->link);
        int64_t left_seconds =
                taken_up->started_seconds + RETRY_NOT_FOUND_GRACE_MS / 1000 - clock_wall_seconds(clock);
        struct snapshot_receipt *receipt = upload->receipt;
        struct ebs_started started = { .state = "pending" };

        (void)snprintf(receipt->snapshot_id, sizeof(receipt->snapshot_id), "%s", taken_up->snapshot_id);
        (void)snprintf(receipt->sse_type, sizeof(receipt->sse_type), "%s", taken_up->sse_type);
        (void)snprintf(receipt->state, sizeof(receipt->state), "pending");
        memcpy(started.sse_type, receipt->sse_type, sizeof(started.sse_type));
        receipt->is_encrypted = is_encrypted(upload->request, &started);
        if (left_seconds > 0 && left_seconds <= RETRY_NOT_FOUND_GRACE_MS / 1000)
                upload->found_by_ns = clock_monotonic_ns(clock) + (uint64_t)left_seconds * 1000000000;
}

static enum ingot_code complete_snapshot(struct upload *upload, struct ingot_error *err)
{
        struct snapshot_receipt *receipt = upload->receipt;
        const struct snapshot_memory *memory = upload->request->memory;
        uint64_t block_count = receipt->blocks_sent + receipt->blocks_known;
        bool may_be_done = upload->request->taken_up && upload->request->taken_up->was_completing;
        unsigned attempts = 0;
        enum ingot_code r = INGOT_OK;

        if (upload->request->taken_up &&
            receipt->blocks_known != upload->request->taken_up->blocks_acknowledged)
                return ingot_fail(err, INGOT_E_CONFLICT,
                                  "%s holds %" PRIu64 " %s of an earlier run, of which %" PRIu64
                                  " %s to be sent",
                                  receipt->snapshot_id, upload->request->taken_up->blocks_acknowledged,
                                  plural(upload->request->taken_up->blocks_acknowledged, "block", "blocks"),
                                  receipt->blocks_known, plural(receipt->blocks_known, "is", "are"));
        r = digest_stream_finish(upload->linear, &receipt->linear, err);

        if (!r && memory && memory->completing)
                r = memory->completing(memory->context, err);
        if (r)
                return r;
        r = ebs_complete_snapshot(upload->ebs, receipt->snapshot_id, block_count, &receipt->linear,
                                  receipt->state, &attempts, err);
        /* The answer to the first attempt was lost: a refusal of the second says that the first was carried
         * out, or something that snapshot_await() will say as well. */
        if ((attempts > 1 || may_be_done) &&
            (r == INGOT_E_BUG || r == INGOT_E_CONFLICT || r == INGOT_E_NOT_FOUND))
                return INGOT_OK;
        if (!r && strcmp(receipt->state, "error") == 0)
                r = ingot_fail(err, INGOT_E_REMOTE, "%s ended in error when it was completed",
                               receipt->snapshot_id);
        return ingot_while(err, r, "completing %s of %" PRIu64 " %s", receipt->snapshot_id, block_count,
                           plural(block_count, "block", "blocks"));
}

static enum ingot_code check_request(const struct snapshot_request *request, struct ingot_error *err)
{
        uint64_t size_bytes = request->map->size_bytes;

        if (request->volume_size_gib <= 65536 && size_bytes > request->volume_size_gib * gib)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "the disk of %s has %" PRIu64 " bytes, its volume only %" PRIu64 " GiB",
                                  request->name, size_bytes, request->volume_size_gib);
        return INGOT_OK; /* the rest is ebs_start_snapshot()'s to check */
}

static enum ingot_code run(struct upload *upload, const struct ingot_observer *observer,
                           struct ingot_error *err)
{
        enum ingot_code r = check_request(upload->request, err);

        if (!r)
                r = make_lanes(upload, err);
        if (!r && upload->request->taken_up)
                take_up_snapshot(upload);
        else if (!r)
                r = start_snapshot(upload, err);
        if (r || upload->receipt->was_there)
                return r;
        r = send_blocks(upload, observer, err);
        if (r)
                region_link_abandon(upload->ebs->link); /* before the lanes go */
        return r ? r : complete_snapshot(upload, err);
}

enum ingot_code snapshot_upload(const struct ebs_client *ebs, const struct snapshot_request *request,
                                const struct ingot_observer *observer, struct snapshot_receipt *receipt,
                                struct ingot_error *err)
{
        const struct clock *clock = region_link_clock(ebs->link);
        struct region_link_counts before = region_link_counts(ebs->link), after;
        uint64_t started_ns = clock_monotonic_ns(clock);
        struct upload upload = { .ebs = ebs, .request = request, .receipt = receipt };
        enum ingot_code r;

        *receipt = (struct snapshot_receipt){ .snapshot_id = "" };
        upload.troubles = before.throttles + before.deadlines_missed;
        r = run(&upload, observer, err);
        after = region_link_counts(ebs->link);
        receipt->retries = (after.attempts - before.attempts) - (after.calls - before.calls);
        receipt->throttles = after.throttles - before.throttles;
        receipt->deadlines_missed = after.deadlines_missed - before.deadlines_missed;
        receipt->put_p50_ns = latency_percentile_ns(&upload.latency, 50);
        receipt->put_p99_ns = latency_percentile_ns(&upload.latency, 99);
        receipt->elapsed_ms = (clock_monotonic_ns(clock) - started_ns) / 1000000;
        digest_stream_free(upload.linear);
        free(upload.lanes);
        return ingot_while(err, r, "making the snapshot of %s", request->name);
}
