/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/chaos.h"
#include "region/ebs_call.h"
#include "region/tokens.h"

enum { PAGE_MIN = 100, PAGE_MAX = 10000, PURPOSE_CHARS = 255 };

/* Finds a snapshot that can be read; *ret_refused when there is none. */
static enum ingot_code need_completed(struct ebs_call *ebs, const char *id,
                                      struct snapshot_record *ret_record, bool *ret_refused,
                                      struct ingot_error *err)
{
        enum ingot_code r = snapshots_look(ebs->store, ebs->call->region, id, ret_record, err);

        *ret_refused = true;
        if (r == INGOT_E_NOT_FOUND)
                return ebs_refuse_snapshot(ebs, id);
        if (r)
                return r;
        if (ret_record->state != SNAPSHOT_COMPLETED)
                return ebs_refuse_value(ebs, "INVALID_SNAPSHOT_ID",
                                        "The snapshot '%s' is in state %s; only a completed one can be read.",
                                        id, ebs_status(ret_record));
        *ret_refused = false;
        return INGOT_OK;
}

/* ---- pages ---- */

struct page {
        char purpose[PURPOSE_CHARS + 1]; /* of its tokens */
        uint64_t start_index, result_max;
};

static enum ingot_code check_keys(const struct ebs_call *ebs, const char *const *known, bool *ret_refused)
{
        *ret_refused = true;
        for (size_t i = 0; i < ebs->query.count; i++) {
                const char *const *key = known;

                while (*key && strcmp(*key, ebs->query.pairs[i].name) != 0)
                        key++;
                if (!*key)
                        return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE",
                                                "There is no parameter '%.80s'.", ebs->query.pairs[i].name);
        }
        *ret_refused = false;
        return INGOT_OK;
}

static enum ingot_code read_page(const struct ebs_call *ebs, struct page *page, bool *ret_refused)
{
        const char *result_max = uri_query_find(&ebs->query, "maxResults");
        const char *start = uri_query_find(&ebs->query, "startingBlockIndex");
        const char *token = uri_query_find(&ebs->query, "pageToken");

        *ret_refused = true;
        page->result_max = PAGE_MAX;
        page->start_index = 0;
        if (result_max && (!read_digits(result_max, &page->result_max) || page->result_max < PAGE_MIN ||
                           page->result_max > PAGE_MAX))
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE", "maxResults must be %d to %d.",
                                        PAGE_MIN, PAGE_MAX);
        if (start && !read_digits(start, &page->start_index))
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE",
                                        "startingBlockIndex must be a block index.");
        if (token && token_read(ebs->store, page->purpose, token, &page->start_index) != TOKEN_GOOD)
                return ebs_refuse_value(ebs, "INVALID_PAGE_TOKEN",
                                        "pageToken was not made for this list, or has expired.");
        *ret_refused = false;
        return INGOT_OK;
}

static enum ingot_code put_token(const struct ebs_call *ebs, struct json_doc *doc, struct json_value *object,
                                 const char *key, const char *snapshot_id, uint64_t block_index,
                                 int64_t expiry_seconds, struct ingot_error *err)
{
        char purpose[PURPOSE_CHARS + 1], token[TOKEN_CHARS + 1];
        enum ingot_code r;

        (void)snprintf(purpose, sizeof(purpose), "block %s", snapshot_id);
        r = token_print(ebs->store, purpose, block_index, expiry_seconds, token, err);
        if (!r)
                json_doc_put_text(doc, object, key, token);
        return r;
}

static enum ingot_code put_next_token(const struct ebs_call *ebs, const struct page *page,
                                      struct json_doc *doc, uint64_t next_index, struct ingot_error *err)
{
        char token[TOKEN_CHARS + 1];
        enum ingot_code r =
                token_print(ebs->store, page->purpose, next_index,
                            clock_wall_seconds(ebs->store->clock) + PAGE_TOKEN_SECONDS, token, err);

        if (!r)
                json_doc_put_text(doc, doc->root, "NextToken", token);
        return r;
}

static void put_facts(struct json_doc *doc, const struct snapshot_record *record, int64_t expiry_seconds)
{
        json_doc_put_i64(doc, doc->root, "ExpiryTime", expiry_seconds);
        json_doc_put_u64(doc, doc->root, "VolumeSize", record->volume_gib);
        json_doc_put_u64(doc, doc->root, "BlockSize", BLOCK_BYTES);
}

/* Whether what nobody wrote is listed, too, and reads as noise: chaos. */
static bool is_noisy(const struct ebs_call *ebs, const struct snapshot_record *record)
{
        return record->is_encrypted && ebs->store->chaos && chaos_plan_of(ebs->store->chaos)->has_noise;
}

/* Yields the next block of the volume, written or not. */
static enum ingot_code next_of_all(const struct snapshot_record *record, uint64_t *next_index,
                                   struct block_record *ret_block, bool *ret_end)
{
        *ret_end = *next_index >= (uint64_t)record->volume_gib * BLOCKS_PER_GIB;
        ret_block->block_index = (uint32_t)(*next_index)++;
        return INGOT_OK;
}

static enum ingot_code list_blocks(struct ebs_call *ebs, const struct snapshot_record *record,
                                   const struct page *page, struct ingot_error *err)
{
        OWNED(block_list_release) struct block_list list = BLOCK_LIST_NONE;
        OWNED(json_doc_release) struct json_doc doc;
        int64_t expiry_seconds = clock_wall_seconds(ebs->store->clock) + BLOCK_TOKEN_SECONDS;
        struct json_value *blocks;
        uint64_t next_index = page->start_index;
        struct block_record block;
        bool end = false;
        enum ingot_code r;

        json_doc_init(&doc);
        put_facts(&doc, record, expiry_seconds);
        blocks = json_doc_put_array(&doc, doc.root, "Blocks");
        r = block_list_open(&list, ebs->store->blocks, record->id, err);
        if (!r)
                r = block_list_seek(&list, page->start_index, err);
        for (uint64_t count = 0; !r; count++) {
                struct json_value *item;

                r = is_noisy(ebs, record) ? next_of_all(record, &next_index, &block, &end)
                                          : block_list_next(&list, &block, &end, err);
                if (r || end)
                        break;
                if (count == page->result_max) {
                        r = put_next_token(ebs, page, &doc, block.block_index, err);
                        break;
                }
                item = json_doc_push_object(&doc, blocks);
                json_doc_put_u64(&doc, item, "BlockIndex", block.block_index);
                r = put_token(ebs, &doc, item, "BlockToken", record->id, block.block_index, expiry_seconds,
                              err);
        }
        return r ? r : ebs_reply_json(ebs, 200, &doc, err);
}

enum ingot_code serve_list_snapshot_blocks(struct ebs_call *ebs, struct ingot_error *err)
{
        static const char *const keys[] = { "pageToken", "maxResults", "startingBlockIndex", NULL };
        struct snapshot_record record;
        struct page page;
        bool is_refused;
        enum ingot_code r = check_keys(ebs, keys, &is_refused);

        if (r || is_refused)
                return r;
        (void)snprintf(page.purpose, sizeof(page.purpose), "blocks %s", ebs->snapshot_id);
        r = read_page(ebs, &page, &is_refused);
        if (!r && !is_refused)
                r = need_completed(ebs, ebs->snapshot_id, &record, &is_refused, err);
        return r || is_refused ? r : list_blocks(ebs, &record, &page, err);
}

/* ---- ListChangedBlocks ---- */

/* One of the two lists that are walked side by side. */
struct side {
        struct block_list list;
        const char *id; /* "" : no such side */
        struct block_record block;
        bool end;
};

static enum ingot_code open_side(struct ebs_call *ebs, struct side *side, uint64_t start_index,
                                 struct ingot_error *err)
{
        enum ingot_code r;

        side->end = true;
        if (!*side->id)
                return INGOT_OK;
        r = block_list_open(&side->list, ebs->store->blocks, side->id, err);
        if (!r)
                r = block_list_seek(&side->list, start_index, err);
        if (!r)
                r = block_list_next(&side->list, &side->block, &side->end, err);
        return r;
}

/* Yields the next index that either side has, and which of them do; *ret_end after the last. */
static enum ingot_code step_sides(struct side sides[2], struct block_record ret_blocks[2], bool ret_has[2],
                                  bool *ret_end, struct ingot_error *err)
{
        uint64_t index = UINT64_MAX;
        enum ingot_code r = INGOT_OK;

        for (unsigned i = 0; i < 2; i++) {
                if (!sides[i].end && sides[i].block.block_index < index)
                        index = sides[i].block.block_index;
        }
        *ret_end = index == UINT64_MAX;
        for (unsigned i = 0; !r && i < 2; i++) {
                ret_has[i] = !sides[i].end && sides[i].block.block_index == index;
                if (ret_has[i]) {
                        ret_blocks[i] = sides[i].block;
                        r = block_list_next(&sides[i].list, &sides[i].block, &sides[i].end, err);
                }
        }
        return r;
}

static enum ingot_code list_changes(struct ebs_call *ebs, struct side sides[2],
                                    const struct snapshot_record *second, const struct page *page,
                                    struct ingot_error *err)
{
        static const char *const token_keys[2] = { "FirstBlockToken", "SecondBlockToken" };
        OWNED(json_doc_release) struct json_doc doc;
        int64_t expiry_seconds = clock_wall_seconds(ebs->store->clock) + BLOCK_TOKEN_SECONDS;
        struct json_value *changes;
        uint64_t count = 0;
        enum ingot_code r = INGOT_OK;

        json_doc_init(&doc);
        put_facts(&doc, second, expiry_seconds);
        changes = json_doc_put_array(&doc, doc.root, "ChangedBlocks");
        for (unsigned i = 0; !r && i < 2; i++)
                r = open_side(ebs, &sides[i], page->start_index, err);
        while (!r) {
                struct block_record blocks[2] = { 0 };
                bool has[2], end;
                uint64_t index;

                r = step_sides(sides, blocks, has, &end, err);
                if (r || end)
                        break;
                if (has[0] && has[1] && digest_equal(&blocks[0].digest, &blocks[1].digest))
                        continue;
                index = has[0] ? blocks[0].block_index : blocks[1].block_index;
                if (count++ == page->result_max) {
                        r = put_next_token(ebs, page, &doc, index, err);
                        break;
                }
                {
                        struct json_value *item = json_doc_push_object(&doc, changes);

                        json_doc_put_u64(&doc, item, "BlockIndex", index);
                        for (unsigned i = 0; !r && i < 2; i++) {
                                if (has[i])
                                        r = put_token(ebs, &doc, item, token_keys[i], sides[i].id, index,
                                                      expiry_seconds, err);
                        }
                }
        }
        return r ? r : ebs_reply_json(ebs, 200, &doc, err);
}

static enum ingot_code need_related(struct ebs_call *ebs, const char *first_id, bool *ret_refused,
                                    struct ingot_error *err)
{
        struct snapshot_record first;
        bool are_related;
        enum ingot_code r;

        *ret_refused = true;
        if (!region_is_snapshot_id(first_id))
                return ebs_refuse_value(ebs, "INVALID_SNAPSHOT_ID", "'%.80s' is not a snapshot id.",
                                        first_id);
        r = need_completed(ebs, first_id, &first, ret_refused, err);
        if (r || *ret_refused)
                return r;
        r = snapshots_are_related(ebs->store, first_id, ebs->snapshot_id, &are_related, err);
        if (r)
                return r;
        *ret_refused = !are_related;
        if (!are_related)
                return ebs_refuse_value(ebs, "UNRELATED_SNAPSHOTS",
                                        "'%s' and '%s' have no ancestor in common.", first_id,
                                        ebs->snapshot_id);
        return INGOT_OK;
}

enum ingot_code serve_list_changed_blocks(struct ebs_call *ebs, struct ingot_error *err)
{
        static const char *const keys[] = { "firstSnapshotId", "pageToken", "maxResults",
                                            "startingBlockIndex", NULL };
        const char *first_id = uri_query_find(&ebs->query, "firstSnapshotId");
        OWNED(heap_drop) struct side *sides = calloc(2, sizeof(*sides));
        struct snapshot_record second;
        struct page page;
        bool is_refused;
        enum ingot_code r;

        if (!sides)
                return ingot_fail_memory(err, 2 * sizeof(*sides));
        r = check_keys(ebs, keys, &is_refused);
        if (r || is_refused)
                return r;
        (void)snprintf(page.purpose, sizeof(page.purpose), "changes %.*s %s", RESOURCE_ID_CHARS,
                       first_id ? first_id : "", ebs->snapshot_id);
        r = need_completed(ebs, ebs->snapshot_id, &second, &is_refused, err);
        if (!r && !is_refused && first_id)
                r = need_related(ebs, first_id, &is_refused, err);
        if (!r && !is_refused)
                r = read_page(ebs, &page, &is_refused);
        if (r || is_refused)
                return r;
        sides[0].id = first_id ? first_id : "";
        sides[1].id = ebs->snapshot_id;
        sides[0].list.fd = sides[1].list.fd = -1;
        r = list_changes(ebs, sides, &second, &page, err);
        block_list_release(&sides[0].list);
        block_list_release(&sides[1].list);
        return r;
}

/* ---- GetSnapshotBlock ---- */

static enum ingot_code read_noise(const struct ebs_call *ebs, uint64_t block_index, void *out,
                                  struct digest *ret_digest, struct ingot_error *err)
{
        enum ingot_code r =
                chaos_noise(ebs->store->chaos, ebs->snapshot_id, block_index, out, BLOCK_BYTES, err);

        return r ? r : digest_of(out, BLOCK_BYTES, ret_digest, err);
}

enum ingot_code serve_get_snapshot_block(struct ebs_call *ebs, struct ingot_error *err)
{
        static const char *const keys[] = { "blockToken", NULL };
        const char *token = uri_query_find(&ebs->query, "blockToken");
        OWNED(heap_drop) char *block = NULL;
        char purpose[PURPOSE_CHARS + 1], text[DIGEST_BASE64_CHARS + 1];
        struct snapshot_record record;
        struct digest digest;
        uint64_t block_index, token_index;
        bool is_refused;
        enum ingot_code r = check_keys(ebs, keys, &is_refused);

        if (!r && !is_refused)
                r = need_completed(ebs, ebs->snapshot_id, &record, &is_refused, err);
        if (r || is_refused)
                return r;
        if (!read_digits(ebs->block_index, &block_index))
                return ebs_refuse_value(ebs, "INVALID_BLOCK", "'%s' is not a block index.", ebs->block_index);
        (void)snprintf(purpose, sizeof(purpose), "block %s", ebs->snapshot_id);
        if (!token || token_read(ebs->store, purpose, token, &token_index) != TOKEN_GOOD ||
            token_index != block_index)
                return ebs_refuse_value(ebs, "INVALID_BLOCK_TOKEN",
                                        "blockToken was not made for this block, or has expired.");
        block = malloc(BLOCK_BYTES);
        if (!block)
                return ingot_fail_memory(err, BLOCK_BYTES);
        r = snapshots_read_block(ebs->store, &record, block_index, block, &digest, err);
        if (r == INGOT_E_NOT_FOUND && is_noisy(ebs, &record))
                r = read_noise(ebs, block_index, block, &digest, err);
        if (r)
                return r;
        base64_encode(digest.bytes, DIGEST_BYTES, text);
        ebs->reply->status = 200;
        ebs->reply->content_type = "application/octet-stream";
        region_reply_add_header(ebs->reply, "x-amzn-RequestId", ebs->reply->request_id);
        region_reply_add_header(ebs->reply, "x-amz-Data-Length", "524288");
        region_reply_add_header(ebs->reply, "x-amz-Checksum", text);
        region_reply_add_header(ebs->reply, "x-amz-Checksum-Algorithm", "SHA256");
        buffer_append(&ebs->reply->body, block, BLOCK_BYTES);
        return INGOT_OK;
}
