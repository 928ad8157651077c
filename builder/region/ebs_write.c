/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/ebs_call.h"

/* The header's value as a number; false when it is absent or none. */
static bool header_number(const struct ebs_call *ebs, const char *name, uint64_t *ret_number)
{
        const char *text = region_request_header(ebs->request, name);

        return text && read_digits(text, ret_number);
}

static bool header_is(const struct ebs_call *ebs, const char *name, const char *wanted)
{
        const char *text = region_request_header(ebs->request, name);

        return text && strcmp(text, wanted) == 0;
}

/* Refuses a snapshot that takes no more blocks; *ret_refused tells whether it did. */
static enum ingot_code need_pending(const struct ebs_call *ebs, const struct snapshot_record *record,
                                    bool *ret_refused)
{
        *ret_refused = record->state != SNAPSHOT_PENDING;
        if (record->state == SNAPSHOT_ERROR)
                return ebs_refuse_value(ebs, "INVALID_SNAPSHOT_ID", "The snapshot '%s' is in state error: %s",
                                        record->id, record->state_message);
        if (*ret_refused)
                return ebs_refuse_value(ebs, "INVALID_SNAPSHOT_ID",
                                        "The snapshot '%s' was completed and cannot be changed.", record->id);
        return INGOT_OK;
}

/* What can be said of a put without a look at its snapshot. */
static enum ingot_code check_put(const struct ebs_call *ebs, uint64_t *ret_index, bool *ret_refused)
{
        const struct region_request *request = ebs->request;
        const char *checksum = region_request_header(request, "x-amz-checksum");
        const char *progress = region_request_header(request, "x-amz-progress");
        uint64_t data_bytes, percent;
        char actual[DIGEST_BASE64_CHARS + 1];

        *ret_refused = true;
        if (!read_digits(ebs->block_index, ret_index))
                return ebs_refuse_value(ebs, "INVALID_BLOCK", "'%s' is not a block index.", ebs->block_index);
        if (!header_number(ebs, "x-amz-data-length", &data_bytes) || data_bytes != BLOCK_BYTES)
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE", "x-amz-Data-Length must be %d.",
                                        BLOCK_BYTES);
        if (!header_is(ebs, "x-amz-checksum-algorithm", "SHA256"))
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE",
                                        "x-amz-Checksum-Algorithm must be SHA256.");
        if (!checksum)
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE", "x-amz-Checksum is missing.");
        if (progress && (!read_digits(progress, &percent) || percent > 100))
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE", "x-amz-Progress must be 0 to 100.");
        if (request->is_body_too_long || request->body_bytes != BLOCK_BYTES)
                return ebs_refuse_value(ebs, "INVALID_BLOCK", "A block has %d bytes, the body has %s%zu.",
                                        BLOCK_BYTES, request->is_body_too_long ? "more than " : "",
                                        request->body_bytes);
        base64_encode(request->body_digest.bytes, DIGEST_BYTES, actual);
        if (strcmp(checksum, actual) != 0)
                return ebs_refuse_value(ebs, "INVALID_BLOCK",
                                        "The block's checksum is %s and not x-amz-Checksum's %.64s.", actual,
                                        checksum);
        *ret_refused = false;
        return INGOT_OK;
}

static enum ingot_code put_locked(struct ebs_call *ebs, const struct snapshot_record *record,
                                  uint64_t block_index, struct ingot_error *err)
{
        char checksum[DIGEST_BASE64_CHARS + 1];
        bool is_refused;
        enum ingot_code r = need_pending(ebs, record, &is_refused);

        if (r || is_refused)
                return r;
        if (block_index >= (uint64_t)record->volume_gib * BLOCKS_PER_GIB)
                return ebs_refuse_value(
                        ebs, "INVALID_BLOCK",
                        "Block %llu lies outside the volume of %u GiB, which has %llu blocks.",
                        (unsigned long long)block_index, record->volume_gib,
                        (unsigned long long)record->volume_gib * BLOCKS_PER_GIB);
        r = block_store_put(ebs->store->blocks, (uint32_t)block_index, ebs->request->body,
                            &ebs->request->body_digest, err);
        if (r)
                return r;
        base64_encode(ebs->request->body_digest.bytes, DIGEST_BYTES, checksum);
        ebs->reply->status = 201;
        ebs->reply->content_type = "application/json";
        region_reply_add_header(ebs->reply, "x-amzn-RequestId", ebs->reply->request_id);
        region_reply_add_header(ebs->reply, "x-amz-Checksum", checksum);
        region_reply_add_header(ebs->reply, "x-amz-Checksum-Algorithm", "SHA256");
        buffer_append_text(&ebs->reply->body, "{}");
        return INGOT_OK;
}

enum ingot_code serve_put_snapshot_block(struct ebs_call *ebs, struct ingot_error *err)
{
        struct snapshot_record record;
        uint64_t block_index;
        bool is_refused;
        enum ingot_code r = check_put(ebs, &block_index, &is_refused);

        if (r || is_refused)
                return r;
        r = snapshots_lock(ebs->store, ebs->call->region, ebs->snapshot_id, &record, err);
        if (r == INGOT_E_NOT_FOUND)
                return ebs_refuse_snapshot(ebs, ebs->snapshot_id);
        if (r)
                return r;
        r = put_locked(ebs, &record, block_index, err);
        block_store_unlock(ebs->store->blocks);
        return r;
}

/* ---- CompleteSnapshot ---- */

struct completion {
        uint64_t changed_count;
        const char *checksum; /* NULL: none was sent */
};

static enum ingot_code check_completion(const struct ebs_call *ebs, struct completion *ret_completion,
                                        bool *ret_refused)
{
        const char *checksum = region_request_header(ebs->request, "x-amz-checksum");
        const char *algorithm = region_request_header(ebs->request, "x-amz-checksum-algorithm");
        const char *aggregation = region_request_header(ebs->request, "x-amz-checksum-aggregation-method");

        *ret_refused = true;
        if (!header_number(ebs, "x-amz-changedblockscount", &ret_completion->changed_count))
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE",
                                        "x-amz-ChangedBlocksCount must be a number of blocks.");
        if (ebs->request->body_bytes > 0)
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE", "CompleteSnapshot takes no body.");
        if ((algorithm && strcmp(algorithm, "SHA256") != 0) || (checksum && !algorithm))
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE",
                                        "x-amz-Checksum-Algorithm must be SHA256.");
        if ((aggregation && strcmp(aggregation, "LINEAR") != 0) || (checksum && !aggregation))
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE",
                                        "x-amz-Checksum-Aggregation-Method must be LINEAR.");
        ret_completion->checksum = checksum;
        *ret_refused = false;
        return INGOT_OK;
}

static enum ingot_code compare_completion(const struct ebs_call *ebs, const struct completion *completion,
                                          uint64_t block_count, const struct digest *linear,
                                          bool *ret_refused)
{
        char actual[DIGEST_BASE64_CHARS + 1];

        *ret_refused = true;
        if (completion->changed_count != block_count)
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE",
                                        "x-amz-ChangedBlocksCount is %llu and %llu blocks were written.",
                                        (unsigned long long)completion->changed_count,
                                        (unsigned long long)block_count);
        base64_encode(linear->bytes, DIGEST_BYTES, actual);
        if (completion->checksum && strcmp(completion->checksum, actual) != 0)
                return ebs_refuse_value(
                        ebs, "INVALID_PARAMETER_VALUE",
                        "The snapshot's LINEAR checksum is %s and not x-amz-Checksum's %.64s.", actual,
                        completion->checksum);
        *ret_refused = false;
        return INGOT_OK;
}

static enum ingot_code complete_locked(struct ebs_call *ebs, struct snapshot_record *record,
                                       const struct completion *completion, struct ingot_error *err)
{
        bool was_completed = record->state == SNAPSHOT_COMPLETING || record->state == SNAPSHOT_COMPLETED;
        struct digest linear;
        uint64_t block_count;
        bool is_refused = false;
        enum ingot_code r = INGOT_OK;

        if (!was_completed)
                r = need_pending(ebs, record, &is_refused);
        if (r || is_refused)
                return r;
        r = block_store_sum(ebs->store->blocks, &block_count, &linear, err);
        if (!r)
                r = compare_completion(ebs, completion, block_count, &linear, &is_refused);
        if (!r && !is_refused && !was_completed)
                r = snapshots_seal(ebs->store, record, block_count, &linear, err);
        if (r || is_refused)
                return r;
        ebs->reply->status = 202;
        ebs->reply->content_type = "application/json";
        region_reply_add_header(ebs->reply, "x-amzn-RequestId", ebs->reply->request_id);
        buffer_appendf(&ebs->reply->body, "{\"Status\":\"%s\"}", ebs_status(record));
        return INGOT_OK;
}

enum ingot_code serve_complete_snapshot(struct ebs_call *ebs, struct ingot_error *err)
{
        struct completion completion;
        struct snapshot_record record;
        bool is_refused;
        enum ingot_code r = check_completion(ebs, &completion, &is_refused);

        if (r || is_refused)
                return r;
        r = snapshots_lock(ebs->store, ebs->call->region, ebs->snapshot_id, &record, err);
        if (r == INGOT_E_NOT_FOUND)
                return ebs_refuse_snapshot(ebs, ebs->snapshot_id);
        if (r)
                return r;
        r = complete_locked(ebs, &record, &completion, err);
        block_store_unlock(ebs->store->blocks);
        return r;
}
