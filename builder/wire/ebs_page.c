/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "wire/ebs_page.h"

enum { BLOCKS_PER_GIB = 2048, VOLUME_GIB_MAX = 65536, BLOCK_SIZE_BYTES = 524288 };

static const char name[] = "answer to ListSnapshotBlocks";

void ebs_page_release(struct ebs_page *page)
{
        free(page->blocks);
        *page = (struct ebs_page){ .count = 0 };
}

static enum ingot_code copy_token(const char *text, char out[EBS_TOKEN_CHARS + 1], struct ingot_error *err)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
        size_t chars = strlen(text);

        if (!chars || chars > EBS_TOKEN_CHARS || strspn(text, alphabet) != chars)
                return ingot_fail(err, INGOT_E_FORMAT, "%s: '%.80s' is not a token", name, text);
        memcpy(out, text, chars + 1);
        return INGOT_OK;
}

static enum ingot_code read_blocks(const struct json_value *list, struct ebs_page *page,
                                   struct ingot_error *err)
{
        size_t count = json_value_count(list);

        if (count > EBS_PAGE_BLOCKS_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "%s: %zu blocks on a page; at most %d", name, count,
                                  EBS_PAGE_BLOCKS_MAX);
        page->blocks = calloc(count + 1, sizeof(*page->blocks));
        if (!page->blocks)
                return ingot_fail_memory(err, count * sizeof(*page->blocks));
        for (size_t i = 0; i < count; i++) {
                struct ebs_page_block *block = &page->blocks[i];
                const char *token = NULL;
                enum ingot_code r =
                        json_need_u64(json_value_at(list, i), name, "BlockIndex", &block->index, err);

                if (!r)
                        r = json_need_text(json_value_at(list, i), name, "BlockToken", &token, err);
                if (!r)
                        r = copy_token(token, block->token, err);
                if (r)
                        return r;
                if (block->index >= page->volume_size_gib * BLOCKS_PER_GIB)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "%s: block %" PRIu64 " is past the volume's %" PRIu64 " GiB", name,
                                          block->index, page->volume_size_gib);
                if (i && block->index <= page->blocks[i - 1].index)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "%s: block %" PRIu64 " comes after block %" PRIu64, name,
                                          block->index, page->blocks[i - 1].index);
        }
        page->count = count;
        return INGOT_OK;
}

enum ingot_code ebs_page_parse(const char *json, size_t size_bytes, struct ebs_page *ret_page,
                               struct ingot_error *err)
{
        OWNED(json_value_drop) struct json_value *reply = NULL;
        OWNED(ebs_page_release) struct ebs_page page = { .count = 0 };
        const struct json_value *list = NULL, *next;
        uint64_t block_bytes = 0;
        enum ingot_code r = json_value_parse(json, size_bytes, name, &reply, err);

        if (!r)
                r = json_need_u64(reply, name, "VolumeSize", &page.volume_size_gib, err);
        if (!r)
                r = json_need_u64(reply, name, "BlockSize", &block_bytes, err);
        if (!r && (!page.volume_size_gib || page.volume_size_gib > VOLUME_GIB_MAX ||
                   block_bytes != BLOCK_SIZE_BYTES))
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "%s: a volume of %" PRIu64 " GiB in blocks of %" PRIu64 " bytes", name,
                               page.volume_size_gib, block_bytes);
        if (!r)
                r = json_need_array(reply, name, "Blocks", &list, err);
        if (!r)
                r = read_blocks(list, &page, err);
        if (r)
                return r;
        next = json_value_member(reply, "NextToken");
        if (next && !json_value_is_null(next)) {
                const char *text = json_value_text(next);

                r = copy_token(text ? text : "", page.next_token, err);
                if (r)
                        return r;
        }
        *ret_page = page;
        page = (struct ebs_page){ .count = 0 };
        return INGOT_OK;
}
