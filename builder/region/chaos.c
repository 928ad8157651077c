/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "region/chaos.h"
#include "region/chaos_draw.h"
#include "region/chaos_errors.h"
#include "region/chaos_lives.h"

enum {
        COUNTERS_MAX = 4096, /* of each table below; what comes later is let through */
        LIVES_MAX = 100000,
        PASS_LEAST_NS = 500000, /* shorter waits are saved up */
};

/* A table of counters by a key that is itself a hash. */
struct counter {
        uint64_t key, value;
};

struct counters {
        struct counter *items;
        size_t count, capacity;
};

struct rule_state {
        uint64_t matched, hits, burst_left;
};

struct chaos {
        const struct chaos_plan *plan;
        const struct clock *clock;
        uint64_t start_ns;
        struct rule_state *rules;      /* plan->rule_count of them */
        struct counters drawn;         /* how many requests of an operation a rule saw */
        struct counters buckets;       /* when a bucket will be full again */
        struct counters first_used_ns; /* of credentials */
        struct chaos_lives lives;
        uint64_t total_free_ns; /* when all that passed so far will have passed */
        uint64_t throttled, requests;
};

/* ---- counters ---- */

/* NULL: there is no room for another. */
static uint64_t *counter_find(struct counters *counters, uint64_t key, uint64_t at_first)
{
        for (size_t i = 0; i < counters->count; i++) {
                if (counters->items[i].key == key)
                        return &counters->items[i].value;
        }
        if (counters->count == COUNTERS_MAX)
                return NULL;
        if (counters->count == counters->capacity) {
                size_t capacity = counters->capacity ? 2 * counters->capacity : 16;
                struct counter *grown = realloc(counters->items, capacity * sizeof(*grown));

                if (!grown)
                        return NULL;
                counters->items = grown;
                counters->capacity = capacity;
        }
        counters->items[counters->count] = (struct counter){ .key = key, .value = at_first };
        return &counters->items[counters->count++].value;
}

/* ---- rules ---- */

static bool is_listed(const struct text_list *list, const char *word)
{
        for (size_t i = 0; i < list->count; i++) {
                if (word && strcmp(list->items[i].text, word) == 0)
                        return true;
        }
        return list->count == 0;
}

static bool rule_matches(const struct chaos *chaos, const struct chaos_rule *rule, const char *region,
                         const char *operation)
{
        uint64_t since_ns = clock_monotonic_ns(chaos->clock) - chaos->start_ns;

        return is_listed(&rule->regions, region) && is_listed(&rule->operations, operation) &&
               since_ns >= rule->from_ns && since_ns < rule->until_ns;
}

/* Whether the rule hits what it matches; each call is one more that it has seen.  *ret_draw is for its deed. */
static bool rule_hits(struct chaos *chaos, size_t number, const char *operation, uint64_t *ret_draw)
{
        const struct chaos_rule *rule = &chaos->plan->rules[number];
        struct rule_state *state = &chaos->rules[number];
        uint64_t subject = chaos_subject(operation ? operation : "");
        uint64_t *seen = counter_find(&chaos->drawn, chaos_draw(0, number, subject, 0), 0);
        uint64_t draw = chaos_draw(chaos->plan->seed, number, subject, seen ? (*seen)++ : 0);
        bool hits;

        *ret_draw = chaos_draw(draw, 1, 0, 0);
        state->matched++;
        if (state->matched < rule->first || state->matched > rule->last || state->hits >= rule->count_max)
                return false;
        hits = state->burst_left > 0 || chaos_falls(draw, rule->probability_ppm);
        if (hits)
                state->burst_left = state->burst_left > 0 ? state->burst_left - 1 : rule->burst - 1;
        state->hits += hits;
        return hits;
}

static bool is_for_requests(enum chaos_deed deed)
{
        return deed <= CHAOS_EXPIRE;
}

static void refuse(const struct chaos_rule *rule, const char *service, struct fate_refusal *refusal)
{
        if (!chaos_error_find(service, rule->code.text, refusal)) {
                refusal->status = 400;
                (void)snprintf(refusal->code, sizeof(refusal->code), "%s", rule->code.text);
                (void)snprintf(refusal->message, sizeof(refusal->message), "The region has a bad day.");
        }
        if (rule->status)
                refusal->status = (unsigned)rule->status;
        if (rule->reason.text)
                (void)snprintf(refusal->reason, sizeof(refusal->reason), "%s", rule->reason.text);
        if (rule->message.text)
                (void)snprintf(refusal->message, sizeof(refusal->message), "%s", rule->message.text);
}

static bool has_expired(struct chaos *chaos, const struct chaos_rule *rule,
                        const struct chaos_request *request)
{
        uint64_t now_ns = clock_monotonic_ns(chaos->clock);
        uint64_t *first = counter_find(&chaos->first_used_ns, chaos_subject(request->credential), now_ns);

        return first && now_ns - *first >= rule->after_ns;
}

static void apply(const struct chaos_rule *rule, const struct chaos_request *request, uint64_t draw,
                  struct region_fate *fate)
{
        bool is_ended = fate->refusal.status || fate->end != FATE_ANSWER;

        switch (rule->deed) {
        case CHAOS_DELAY:
                fate->delay_ns += rule->by_ns - rule->jitter_ns + draw % (2 * rule->jitter_ns + 1);
                break;
        case CHAOS_ERROR:
                if (!is_ended)
                        refuse(rule, request->service, &fate->refusal);
                break;
        case CHAOS_EXPIRE:
                if (!is_ended)
                        (void)chaos_error_find(request->service, "expired", &fate->refusal);
                break;
        case CHAOS_HANG:
        case CHAOS_RESET:
        case CHAOS_CLOSE:
                if (is_ended)
                        break;
                fate->end = rule->deed == CHAOS_HANG    ? FATE_HANG
                            : rule->deed == CHAOS_RESET ? FATE_RESET
                                                        : FATE_CLOSE;
                fate->moment = rule->moment;
                fate->hang_ns = rule->for_ns;
                break;
        case CHAOS_UNKNOWN:
        case CHAOS_PENDING:
        case CHAOS_FAIL:
        case CHAOS_HIDE:
        case CHAOS_DEEDS:
        default: break;
        }
}

/* ---- quotas ---- */

static uint64_t *bucket_of(struct chaos *chaos, const struct chaos_request *request, enum chaos_bucket kind)
{
        return counter_find(&chaos->buckets,
                            chaos_draw(1, (uint64_t)kind, chaos_subject(request->region),
                                       chaos_subject(request->operation)),
                            0);
}

static void write_throttle(struct fate_refusal *refusal, const char *service, const char *reason,
                           const char *operation)
{
        (void)chaos_error_find(service, "throttled", refusal);
        if (reason)
                (void)snprintf(refusal->reason, sizeof(refusal->reason), "%s", reason);
        (void)snprintf(refusal->message, sizeof(refusal->message), "Rate exceeded for %s.", operation);
}

/* A put or a get draws on the snapshot's bucket, and on the account's if that gives. */
static void draw_block(struct chaos *chaos, const struct chaos_request *request, bool is_put,
                       struct fate_refusal *refusal)
{
        const struct chaos_quota *quotas = chaos->plan->quotas;
        const struct chaos_quota *own = &quotas[is_put ? BUCKET_PUT_SNAPSHOT : BUCKET_GET_SNAPSHOT];
        enum chaos_bucket kind = is_put ? BUCKET_PUT_ACCOUNT : BUCKET_GET_ACCOUNT;
        uint64_t now_ns = clock_monotonic_ns(chaos->clock), untold = 0;
        struct chaos_life *life = chaos_lives_find(&chaos->lives, request->snapshot_id);
        uint64_t *bucket = bucket_of(chaos, request, kind), *own_bucket;

        if (!life && chaos->lives.count < LIVES_MAX)
                life = chaos_lives_add(&chaos->lives, request->region, request->snapshot_id, false, now_ns);
        own_bucket = !life ? &untold : is_put ? &life->put_full_ns : &life->get_full_ns;
        if (!chaos_take_token(own, now_ns, own_bucket)) {
                write_throttle(refusal, request->service, "RESOURCE_LEVEL_THROTTLE", request->operation);
        } else if (bucket && !chaos_take_token(&quotas[kind], now_ns, bucket)) {
                chaos_return_token(own, own_bucket);
                write_throttle(refusal, request->service, "ACCOUNT_THROTTLED", request->operation);
        }
}

static void draw_call(struct chaos *chaos, const struct chaos_request *request, enum chaos_bucket kind,
                      struct fate_refusal *refusal)
{
        uint64_t *bucket = bucket_of(chaos, request, kind);

        if (bucket && !chaos_take_token(&chaos->plan->quotas[kind], clock_monotonic_ns(chaos->clock), bucket))
                write_throttle(refusal, request->service, NULL, request->operation);
}

static void draw_quota(struct chaos *chaos, const struct chaos_request *request, struct fate_refusal *refusal)
{
        const char *operation = request->operation;

        if (!operation)
                return;
        if (strcmp(request->service, "ec2") == 0)
                draw_call(chaos, request,
                          strncmp(operation, "Describe", 8) == 0 || strncmp(operation, "Get", 3) == 0
                                  ? BUCKET_DESCRIBE
                                  : BUCKET_MUTATE,
                          refusal);
        else if (strcmp(request->service, "ebs") != 0)
                return;
        else if (strcmp(operation, "StartSnapshot") == 0)
                draw_call(chaos, request, BUCKET_START, refusal);
        else if (strcmp(operation, "CompleteSnapshot") == 0)
                draw_call(chaos, request, BUCKET_COMPLETE, refusal);
        else if (strncmp(operation, "List", 4) == 0)
                draw_call(chaos, request, BUCKET_LIST, refusal);
        else
                draw_block(chaos, request, strcmp(operation, "PutSnapshotBlock") == 0, refusal);
        chaos->throttled += refusal->status != 0;
}

/* ---- the fate of a request ---- */

/* 404 for some blocks of a snapshot that was started just now. */
static bool is_unknown_yet(struct chaos *chaos, const struct chaos_request *request)
{
        const struct chaos_life *life = chaos_lives_find(&chaos->lives, request->snapshot_id);
        const struct chaos_rule *rule;

        if (!life || life->rule_of[LIFE_UNKNOWN] < 0 || !request->operation ||
            strcmp(request->operation, "PutSnapshotBlock") != 0)
                return false;
        rule = &chaos->plan->rules[life->rule_of[LIFE_UNKNOWN]];
        return clock_monotonic_ns(chaos->clock) - life->born_ns < rule->for_ns &&
               chaos_falls(chaos_draw(chaos->plan->seed, (uint64_t)life->rule_of[LIFE_UNKNOWN], life->number,
                                      request->block_index),
                           rule->share_ppm);
}

void chaos_judge(struct chaos *chaos, const struct chaos_request *request, struct region_fate *ret_fate)
{
        struct region_fate fate = { .is_decided = true, .hang_ns = UINT64_MAX };
        uint64_t draw;
        bool is_done;

        chaos->requests++;
        for (size_t i = 0; i < chaos->plan->rule_count; i++) {
                const struct chaos_rule *rule = &chaos->plan->rules[i];

                if (!is_for_requests(rule->deed) ||
                    !rule_matches(chaos, rule, request->region, request->operation) ||
                    (rule->deed == CHAOS_EXPIRE && !has_expired(chaos, rule, request)))
                        continue;
                if (rule_hits(chaos, i, request->operation, &draw))
                        apply(rule, request, draw, &fate);
        }
        is_done = fate.refusal.status || (fate.end != FATE_ANSWER && fate.moment < FATE_AT_WORK);
        if (!is_done)
                draw_quota(chaos, request, &fate.refusal);
        if (!is_done && !fate.refusal.status && is_unknown_yet(chaos, request))
                (void)chaos_error_find(request->service, "snapshot-not-found", &fate.refusal);
        *ret_fate = fate;
}

/* When bytes that begin to pass now, or after those before them, have passed. */
static uint64_t pass_at(uint64_t now_ns, uint64_t free_ns, uint64_t size_bytes, uint64_t bytes_per_second)
{
        if (!bytes_per_second)
                return now_ns;
        return max_u64(now_ns, free_ns) + (uint64_t)((double)size_bytes * 1e9 / (double)bytes_per_second);
}

uint64_t chaos_pass(struct chaos *chaos, uint64_t size_bytes, uint64_t *flow)
{
        uint64_t now_ns = clock_monotonic_ns(chaos->clock), wait_ns;

        *flow = pass_at(now_ns, *flow, size_bytes, chaos->plan->connection_bytes_per_second);
        chaos->total_free_ns =
                pass_at(now_ns, chaos->total_free_ns, size_bytes, chaos->plan->total_bytes_per_second);
        wait_ns = max_u64(*flow, chaos->total_free_ns) - now_ns;
        return wait_ns < PASS_LEAST_NS ? 0 : wait_ns;
}

/* ---- what became of ids ---- */

/* Draws, once, what a snapshot's life will be: the first rule of each deed that hits it. */
static void draw_life(struct chaos *chaos, struct chaos_life *life)
{
        static const enum chaos_deed deeds[LIFE_DEEDS] = {
                [LIFE_UNKNOWN] = CHAOS_UNKNOWN, [LIFE_PENDING] = CHAOS_PENDING, [LIFE_FAIL] = CHAOS_FAIL
        };
        uint64_t draw;

        for (size_t i = 0; i < chaos->plan->rule_count; i++) {
                const struct chaos_rule *rule = &chaos->plan->rules[i];

                for (unsigned kind = 0; kind < LIFE_DEEDS; kind++) {
                        if (rule->deed == deeds[kind] && rule_matches(chaos, rule, life->region, NULL) &&
                            rule_hits(chaos, i, NULL, &draw) && life->rule_of[kind] < 0)
                                life->rule_of[kind] = (int)i;
                }
        }
}

void chaos_note_birth(struct chaos *chaos, const char *region, const char *id)
{
        struct chaos_life *life = chaos_lives_find(&chaos->lives, id);

        if (life || chaos->lives.count >= LIVES_MAX)
                return;
        life = chaos_lives_add(&chaos->lives, region, id, true, clock_monotonic_ns(chaos->clock));
        if (life && strncmp(id, "snap-", 5) == 0)
                draw_life(chaos, life);
}

void chaos_note_completion(struct chaos *chaos, const char *region, const char *snapshot_id)
{
        struct chaos_life *life = chaos_lives_find(&chaos->lives, snapshot_id);

        if (!life && chaos->lives.count < LIVES_MAX)
                life = chaos_lives_add(&chaos->lives, region, snapshot_id, false,
                                       clock_monotonic_ns(chaos->clock));
        if (life && !life->is_completed) {
                life->is_completed = true;
                life->completed_ns = clock_monotonic_ns(chaos->clock);
        }
}

bool chaos_hides(struct chaos *chaos, const char *region, const char *operation, const char *id)
{
        const struct chaos_life *life = chaos_lives_find(&chaos->lives, id);
        bool hides = false;
        uint64_t draw;

        if (!life || !life->is_new)
                return false;
        for (size_t i = 0; i < chaos->plan->rule_count; i++) {
                const struct chaos_rule *rule = &chaos->plan->rules[i];

                if (rule->deed == CHAOS_HIDE && rule_matches(chaos, rule, region, operation) &&
                    clock_monotonic_ns(chaos->clock) - life->born_ns < rule->for_ns &&
                    rule_hits(chaos, i, operation, &draw))
                        hides = true;
        }
        return hides;
}

bool chaos_keeps_pending(struct chaos *chaos, const char *snapshot_id)
{
        const struct chaos_life *life = chaos_lives_find(&chaos->lives, snapshot_id);

        return life && life->rule_of[LIFE_PENDING] >= 0 &&
               (!life->is_completed || clock_monotonic_ns(chaos->clock) - life->completed_ns <
                                               chaos->plan->rules[life->rule_of[LIFE_PENDING]].for_ns);
}

const char *chaos_dooms(struct chaos *chaos, const char *snapshot_id)
{
        const struct chaos_life *life = chaos_lives_find(&chaos->lives, snapshot_id);
        const struct chaos_rule *rule;
        uint64_t since_ns;

        if (!life || life->rule_of[LIFE_FAIL] < 0)
                return NULL;
        rule = &chaos->plan->rules[life->rule_of[LIFE_FAIL]];
        if (rule->is_after_completion && !life->is_completed)
                return NULL;
        since_ns = rule->is_after_completion ? life->completed_ns : life->born_ns;
        if (clock_monotonic_ns(chaos->clock) - since_ns < rule->after_ns)
                return NULL;
        return rule->message.text ? rule->message.text : "The snapshot could not be created.";
}

int64_t chaos_scale_seconds(const struct chaos *chaos, int64_t seconds)
{
        return seconds * (int64_t)chaos->plan->scale_ppm / CHAOS_MILLION;
}

const struct chaos_plan *chaos_plan_of(const struct chaos *chaos)
{
        return chaos->plan;
}

enum ingot_code chaos_noise(const struct chaos *chaos, const char *snapshot_id, uint64_t block_index,
                            void *out, size_t size_bytes, struct ingot_error *err)
{
        uint64_t key = chaos_draw(chaos->plan->seed, chaos_subject(snapshot_id), block_index, 0);

        if (size_bytes % sizeof(key))
                return ingot_fail(err, INGOT_E_BUG, "noise comes in words of %zu bytes", sizeof(key));
        for (size_t i = 0; i < size_bytes / sizeof(key); i++) {
                uint64_t word = chaos_draw(key, i, 0, 0);

                memcpy((char *)out + i * sizeof(word), &word, sizeof(word));
        }
        return INGOT_OK;
}

/* ---- from beginning to end ---- */

enum ingot_code chaos_new(const struct chaos_plan *plan, const struct clock *clock, struct chaos **ret_chaos,
                          struct ingot_error *err)
{
        OWNED(chaos_drop) struct chaos *chaos = calloc(1, sizeof(*chaos));

        if (!chaos)
                return ingot_fail_memory(err, sizeof(*chaos));
        chaos->plan = plan;
        chaos->clock = clock;
        chaos->start_ns = clock_monotonic_ns(clock);
        chaos->rules = calloc(plan->rule_count + 1, sizeof(*chaos->rules));
        if (!chaos->rules)
                return ingot_fail_memory(err, plan->rule_count * sizeof(*chaos->rules));
        *ret_chaos = TAKE(chaos);
        return INGOT_OK;
}

void chaos_free(struct chaos *chaos)
{
        if (!chaos)
                return;
        chaos_lives_release(&chaos->lives);
        free(chaos->drawn.items);
        free(chaos->buckets.items);
        free(chaos->first_used_ns.items);
        free(chaos->rules);
        free(chaos);
}

void chaos_drop(struct chaos **chaos)
{
        chaos_free(*chaos);
        *chaos = NULL;
}

void chaos_report(const struct chaos *chaos, struct buffer *out)
{
        for (size_t i = 0; i < chaos->plan->rule_count; i++) {
                const struct chaos_rule *rule = &chaos->plan->rules[i];

                buffer_appendf(out, "%s (%s): %" PRIu64 " of %" PRIu64 "\n", rule->name,
                               chaos_deed_name(rule->deed), chaos->rules[i].hits, chaos->rules[i].matched);
        }
        buffer_appendf(out, "throttled: %" PRIu64 " of %" PRIu64 " requests\n", chaos->throttled,
                       chaos->requests);
}
