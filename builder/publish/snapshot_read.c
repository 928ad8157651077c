/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "publish/snapshot_read.h"

enum {
        PUMP_MS = 100,
        GETS_PER_SECOND = 1000,
        DEADLINE_MS = 30000,
        ATTEMPTS_MAX = 3,     /* beyond those of region_link */
        PAGE_BLOCKS_MIN = 100 /* the least that ListSnapshotBlocks takes */
};

struct reading;

/* One get at a time. */
struct lane {
        struct lane *next_free; /* or the next of those that are to ask again */
        struct reading *reading;
        struct ebs_get get;
        char token[EBS_TOKEN_CHARS + 1];
        unsigned attempts;
};

struct reading {
        const struct ebs_client *ebs;
        const struct snapshot_read_request *request;
        struct snapshot_read_receipt *receipt;
        struct lane *lanes, *free_lanes, *again; /* rule 5 */
        struct pace own_pace;
        struct pace *pace;
        unsigned in_flight;
        enum ingot_code code; /* the first failure of a get, or of take() */
        struct ingot_error err;
};

static void end_get(void *context, struct ebs_get *get, enum ingot_code code, const struct ebs_got *got,
                    const struct ingot_error *err)
{
        struct lane *lane = context;
        struct reading *reading = lane->reading;
        struct ingot_error why;

        if (code && (got->token_expired || code == INGOT_E_CHECKSUM) && !reading->code &&
            lane->attempts < ATTEMPTS_MAX) {
                lane->next_free = reading->again;
                reading->again = lane;
                return;
        }
        lane->next_free = reading->free_lanes;
        reading->free_lanes = lane;
        reading->in_flight--;
        if (code) {
                why = *err;
        } else {
                reading->receipt->blocks_read++;
                code = reading->code ? INGOT_OK
                                     : reading->request->take(reading->request->context, get->block_index,
                                                              got->bytes, &got->digest, &why);
        }
        if (code && !reading->code) {
                reading->code = ingot_while(&why, code, "reading block %" PRIu64 " of %s", get->block_index,
                                            get->snapshot_id);
                reading->err = why;
        }
}

static enum ingot_code start_get(struct reading *reading, struct lane *lane, uint64_t index,
                                 const char *token, struct ingot_error *err)
{
        (void)snprintf(lane->token, sizeof(lane->token), "%s", token);
        lane->attempts++;
        lane->get = (struct ebs_get){ .client = reading->ebs,
                                      .snapshot_id = reading->request->snapshot_id,
                                      .block_index = index,
                                      .block_token = lane->token,
                                      .deadline_ms = DEADLINE_MS,
                                      .done = end_get,
                                      .context = lane };
        return ebs_get_block(&lane->get, err);
}

/* Rule 5: with a new token, as the list gives it now. */
static enum ingot_code ask_again(struct reading *reading, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        while (!r && reading->again) {
                OWNED(ebs_page_release) struct ebs_page page = { 0 };
                struct lane *lane = reading->again;
                uint64_t index = lane->get.block_index;

                reading->again = lane->next_free;
                r = ebs_list_blocks(reading->ebs, reading->request->snapshot_id, index, PAGE_BLOCKS_MIN,
                                    &page, err);
                if (!r && (!page.count || page.blocks[0].index != index))
                        r = ingot_fail(err, INGOT_E_REMOTE,
                                       "block %" PRIu64 " was listed before, and is not any more", index);
                if (!r)
                        r = start_get(reading, lane, index, page.blocks[0].token, err);
        }
        return r;
}

static enum ingot_code look_around(struct reading *reading, uint32_t wait_ms,
                                   const struct ingot_observer *observer, struct ingot_error *err)
{
        const struct snapshot_read_request *request = reading->request;
        enum ingot_code r =
                ingot_observe(observer, request->phase, reading->receipt->blocks_read * BLOCK_BYTES,
                              request->blocks_to_read * BLOCK_BYTES, err);

        if (!r)
                r = region_link_pump(reading->ebs->link, wait_ms, err);
        if (!r && !reading->code)
                r = ask_again(reading, err);
        if (!r && reading->code) {
                r = reading->code;
                if (err)
                        *err = reading->err;
        }
        return r;
}

/* Starts the get of one block as soon as a lane and the pace allow. */
static enum ingot_code read_block(struct reading *reading, const struct ebs_page_block *block,
                                  const struct ingot_observer *observer, struct ingot_error *err)
{
        const struct clock *clock = region_link_clock(reading->ebs->link);
        enum ingot_code r = INGOT_OK;
        struct lane *lane;
        uint32_t wait_ms = PUMP_MS;

        while (!r && (!reading->free_lanes || !pace_take(reading->pace, clock_monotonic_ns(clock), &wait_ms)))
                r = look_around(reading, (uint32_t)min_u64(wait_ms, PUMP_MS), observer, err);
        if (r)
                return r;
        lane = reading->free_lanes;
        lane->attempts = 0;
        r = start_get(reading, lane, block->index, block->token, err);
        if (r)
                return r;
        reading->free_lanes = lane->next_free;
        reading->in_flight++;
        /* The window fills without waiting; what has arrived is taken on the way. */
        return look_around(reading, 0, observer, err);
}

static enum ingot_code read_page(struct reading *reading, const struct ebs_page *page,
                                 const struct ingot_observer *observer, struct ingot_error *err)
{
        const struct snapshot_read_request *request = reading->request;
        OWNED(heap_drop) bool *wanted = calloc(page->count + 1, sizeof(*wanted));
        enum ingot_code r = INGOT_OK;

        if (!wanted)
                return ingot_fail_memory(err, page->count);
        for (size_t i = 0; !r && i < page->count; i++) {
                wanted[i] = true;
                if (request->list)
                        r = request->list(request->context, page->blocks[i].index, &wanted[i], err);
        }
        reading->receipt->blocks_listed += page->count;
        for (size_t i = 0; !r && request->take && i < page->count; i++)
                if (wanted[i])
                        r = read_block(reading, &page->blocks[i], observer, err);
        /* Ascending order: list() of the next page comes after every take() of this one. */
        while (!r && reading->in_flight)
                r = look_around(reading, PUMP_MS, observer, err);
        return r;
}

static enum ingot_code run(struct reading *reading, const struct ingot_observer *observer,
                           struct ingot_error *err)
{
        const struct snapshot_read_request *request = reading->request;
        uint64_t next_index = request->start_index;
        enum ingot_code r;

        for (;;) {
                OWNED(ebs_page_release) struct ebs_page page = { 0 };

                r = ebs_list_blocks(reading->ebs, request->snapshot_id, next_index, 0, &page, err);
                if (r)
                        return r;
                reading->receipt->volume_size_gib = page.volume_size_gib;
                if (!page.count)
                        return INGOT_OK;
                r = read_page(reading, &page, observer, err);
                if (r)
                        return r;
                next_index = page.blocks[page.count - 1].index + 1;
        }
}

enum ingot_code snapshot_read(const struct ebs_client *ebs, const struct snapshot_read_request *request,
                              const struct ingot_observer *observer, struct snapshot_read_receipt *receipt,
                              struct ingot_error *err)
{
        unsigned most = request->in_flight_max ? request->in_flight_max : SNAPSHOT_READ_IN_FLIGHT;
        const struct clock *clock = region_link_clock(ebs->link);
        struct region_link_counts before = region_link_counts(ebs->link), after;
        uint64_t started_ns = clock_monotonic_ns(clock);
        OWNED(heap_drop) struct lane *lanes = calloc(most, sizeof(*lanes));
        struct reading reading = { .ebs = ebs, .request = request, .receipt = receipt, .lanes = lanes };
        enum ingot_code r;

        *receipt = (struct snapshot_read_receipt){ 0 };
        if (!lanes)
                return ingot_fail_memory(err, most * sizeof(*lanes));
        for (unsigned i = 0; i < most; i++) {
                lanes[i].reading = &reading;
                lanes[i].next_free = reading.free_lanes;
                reading.free_lanes = &lanes[i];
        }
        pace_init(&reading.own_pace, GETS_PER_SECOND);
        reading.pace = request->pace ? request->pace : &reading.own_pace;
        r = run(&reading, observer, err);
        if (!r && request->take)
                r = ingot_observe(observer, request->phase, receipt->blocks_read * BLOCK_BYTES,
                                  receipt->blocks_read * BLOCK_BYTES, err);
        if (r)
                region_link_abandon(ebs->link); /* before the lanes go */
        after = region_link_counts(ebs->link);
        receipt->retries = (after.attempts - before.attempts) - (after.calls - before.calls);
        receipt->elapsed_ms = (clock_monotonic_ns(clock) - started_ns) / 1000000;
        return ingot_while(err, r, "reading %s", request->snapshot_id);
}
