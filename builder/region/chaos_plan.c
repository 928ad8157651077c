/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "model/template_fields.h"
#include "model/template_reader.h"
#include "region/chaos_plan.h"
#include "region/chaos_rule.h"

enum { RULES_MAX = 256, PENDING_DEFAULT = 100, RATE_MAX = 1000000 };

static const struct chaos_quota aws_quotas[BUCKET_KINDS] = {
        [BUCKET_PUT_SNAPSHOT] = { 1000, 1000 },
        [BUCKET_PUT_ACCOUNT] = { 1000, 1000 },
        [BUCKET_GET_SNAPSHOT] = { 1000, 1000 },
        [BUCKET_GET_ACCOUNT] = { 1000, 1000 },
        [BUCKET_LIST] = { 50, 50 },
        [BUCKET_START] = { 10, 10 },
        [BUCKET_COMPLETE] = { 10, 10 },
        [BUCKET_DESCRIBE] = { 20, 100 },
        [BUCKET_MUTATE] = { 5, 50 },
};

/* The file as it was written: nothing is scaled yet. */
struct asked {
        struct chaos_plan *plan;
        struct number_value seed, scale_ppm, pending_max, connection_bytes, total_bytes;
        struct text_value absent_blocks;
};

/* ---- throttle ---- */

struct asked_quota {
        struct number_value rate, burst;
};

static void take_quota(struct checker *checker, const struct node *value, const struct field *field,
                       void *member)
{
        static const struct field fields[] = {
                { .key = "rate",
                  .take = take_number,
                  .offset = offsetof(struct asked_quota, rate),
                  .required = true,
                  .max = RATE_MAX },
                { .key = "burst",
                  .take = take_number,
                  .offset = offsetof(struct asked_quota, burst),
                  .min = 1,
                  .max = RATE_MAX },
        };
        struct asked_quota asked = { .rate = { 0 } };
        struct chaos_quota *quota = member;

        if (value->kind == NODE_MAPPING) {
                if (!checker_take_fields(checker, value, fields, FIELD_COUNT(fields), &asked))
                        return;
        } else {
                take_number(checker, value, field, &asked.rate);
        }
        quota->rate_per_second = asked.rate.value;
        quota->burst = asked.burst.given ? asked.burst.value : asked.rate.value;
}

#define QUOTA(name, bucket)                                                                                  \
        {                                                                                                    \
                .key = (name), .take = take_quota, .offset = (bucket) * sizeof(struct chaos_quota),          \
                .max = RATE_MAX                                                                              \
        }

static void take_throttle(struct checker *checker, const struct node *value, const struct field *field,
                          void *member)
{
        static const struct field fields[] = {
                QUOTA("put-per-snapshot", BUCKET_PUT_SNAPSHOT),
                QUOTA("put-per-account", BUCKET_PUT_ACCOUNT),
                QUOTA("get-per-snapshot", BUCKET_GET_SNAPSHOT),
                QUOTA("get-per-account", BUCKET_GET_ACCOUNT),
                QUOTA("list", BUCKET_LIST),
                QUOTA("start", BUCKET_START),
                QUOTA("complete", BUCKET_COMPLETE),
                QUOTA("describe", BUCKET_DESCRIBE),
                QUOTA("mutate", BUCKET_MUTATE),
        };
        struct asked *asked = member;

        (void)field;
        if (value->kind == NODE_SCALAR &&
            (strcmp(value->text, "off") == 0 || strcmp(value->text, "false") == 0))
                memset(asked->plan->quotas, 0, sizeof(asked->plan->quotas));
        else if (value->kind == NODE_SCALAR)
                checker_complain(checker, &value->mark,
                                 "must be 'off', or a mapping of the quotas that differ from AWS's");
        else
                (void)checker_take_fields(checker, value, fields, FIELD_COUNT(fields), asked->plan->quotas);
}

/* ---- the rest ---- */

static void take_bandwidth(struct checker *checker, const struct node *value, const struct field *field,
                           void *member)
{
        static const struct field fields[] = {
                { .key = "per-connection",
                  .take = chaos_take_size,
                  .offset = offsetof(struct asked, connection_bytes) },
                { .key = "in-all", .take = chaos_take_size, .offset = offsetof(struct asked, total_bytes) },
        };

        (void)field;
        (void)checker_take_fields(checker, value, fields, FIELD_COUNT(fields), member);
}

static void take_default_encryption(struct checker *checker, const struct node *value,
                                    const struct field *field, void *member)
{
        struct asked *asked = member;

        take_bool(checker, value, field, &asked->plan->is_encrypted_by_default);
}

static void take_rules(struct checker *checker, const struct node *value, const struct field *field,
                       void *member)
{
        struct asked *asked = member;
        struct chaos_plan *plan = asked->plan;

        (void)field;
        if (!checker_need(checker, value, NODE_SEQUENCE))
                return;
        if (value->count > RULES_MAX) {
                checker_complain(checker, &value->mark, "has %zu rules; at most %d are possible",
                                 value->count, RULES_MAX);
                return;
        }
        plan->rules = checker_allocate(checker, value->count, sizeof(*plan->rules));
        for (size_t i = 0; plan->rules && i < value->count; i++) {
                size_t outer = checker_enter_index(checker, i);

                chaos_rule_take(checker, value->children[i].value, i, &plan->rules[plan->rule_count++]);
                checker_leave(checker, outer);
        }
}

static const char *const absent_choices[] = { "zeros", "noise", NULL };

static const struct field plan_fields[] = {
        { .key = "seed", .take = take_number, .offset = offsetof(struct asked, seed), .max = INT64_MAX },
        { .key = "time-scale", .take = chaos_take_share, .offset = offsetof(struct asked, scale_ppm) },
        { .key = "throttle", .take = take_throttle },
        { .key = "bandwidth", .take = take_bandwidth },
        { .key = "pending-snapshots",
          .take = take_number,
          .offset = offsetof(struct asked, pending_max),
          .max = 100000 },
        { .key = "ebs-encryption-by-default", .take = take_default_encryption },
        { .key = "absent-blocks",
          .take = take_text,
          .offset = offsetof(struct asked, absent_blocks),
          .choices = absent_choices },
        { .key = "rules", .take = take_rules },
};

static enum ingot_code fill_plan(struct chaos_plan *plan, const struct node *root,
                                 struct complaint_list *complaints, struct ingot_error *err)
{
        struct asked asked = { .plan = plan };
        struct checker checker = { .complaints = complaints, .path = CHECKER_PATH_INIT };

        memcpy(plan->quotas, aws_quotas, sizeof(plan->quotas));
        (void)checker_take_fields(&checker, root, plan_fields, FIELD_COUNT(plan_fields), &asked);
        plan->seed = asked.seed.value;
        plan->scale_ppm = asked.scale_ppm.given ? asked.scale_ppm.value : CHAOS_MILLION;
        plan->pending_max = asked.pending_max.given ? asked.pending_max.value : PENDING_DEFAULT;
        plan->connection_bytes_per_second = asked.connection_bytes.value;
        plan->total_bytes_per_second = asked.total_bytes.value;
        plan->has_noise = asked.absent_blocks.text && strcmp(asked.absent_blocks.text, "noise") == 0;
        free(asked.absent_blocks.text);
        if (asked.scale_ppm.given && !asked.scale_ppm.value)
                complain(complaints, &asked.scale_ppm.mark, "time-scale", "must be more than 0");
        for (size_t i = 0; i < plan->rule_count; i++)
                chaos_rule_scale(&plan->rules[i], plan->scale_ppm);
        return checker_finish(&checker, err);
}

enum ingot_code chaos_plan_parse(const char *bytes, size_t size_bytes, const char *file,
                                 struct complaint_list *complaints, struct chaos_plan **ret_plan,
                                 struct ingot_error *err)
{
        OWNED(chaos_plan_drop) struct chaos_plan *plan = calloc(1, sizeof(*plan));
        OWNED(node_drop) struct node *root = NULL;
        size_t before = complaints->count + complaints->left_out;
        enum ingot_code r;

        if (!plan || !(plan->file = strdup(file)))
                return ingot_fail_memory(err, sizeof(*plan));
        r = template_read(bytes, size_bytes, plan->file, complaints, &root, err);
        if (!r)
                r = fill_plan(plan, root, complaints, err);
        complaint_list_sort(complaints);
        if (!r && complaints->count + complaints->left_out > before)
                r = complaint_list_fail(complaints, file, err);
        if (r) {
                complaint_list_rename(complaints, plan->file, file);
                return r;
        }
        *ret_plan = TAKE(plan);
        return INGOT_OK;
}

void chaos_plan_free(struct chaos_plan *plan)
{
        if (!plan)
                return;
        for (size_t i = 0; i < plan->rule_count; i++)
                chaos_rule_release(&plan->rules[i]);
        free(plan->rules);
        free(plan->file);
        free(plan);
}

void chaos_plan_drop(struct chaos_plan **plan)
{
        chaos_plan_free(*plan);
        *plan = NULL;
}
