/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/ec2_page.h"
#include "region/tokens.h"

enum { PURPOSE_CHARS = 200 };

void ec2_ids_read(struct ec2_call *ec2, const char *name, const char *prefix, const char *malformed_code,
                  struct ec2_ids *ret_ids)
{
        ret_ids->count = 0;
        for (unsigned i = 1; form_has(&ec2->form, "%s.%u", name, i); i++) {
                const char *id = form_find(&ec2->form, "%s.%u", name, i);

                if (!id || !ec2_is_id(id, prefix)) {
                        (void)ec2_refuse_value(ec2, malformed_code,
                                               "Invalid id: \"%.80s\" (expecting \"%s...\")", id ? id : "",
                                               prefix);
                        return;
                }
                if (ret_ids->count == IDS_MAX) {
                        (void)ec2_refuse_value(ec2, "InvalidParameterValue", "There are more than %d ids.",
                                               IDS_MAX);
                        return;
                }
                ret_ids->is_found[ret_ids->count] = false;
                ret_ids->ids[ret_ids->count++] = id;
        }
}

bool ec2_ids_take(struct ec2_ids *ids, const char *id)
{
        bool is_asked = ids->count == 0;

        for (size_t i = 0; i < ids->count; i++) {
                if (strcmp(ids->ids[i], id) == 0)
                        is_asked = ids->is_found[i] = true;
        }
        return is_asked;
}

void ec2_ids_need_all(struct ec2_call *ec2, const struct ec2_ids *ids, const char *code, const char *noun)
{
        for (size_t i = 0; i < ids->count; i++) {
                if (!ids->is_found[i])
                        (void)ec2_refuse_value(ec2, code, "The %s '%s' does not exist", noun, ids->ids[i]);
        }
}

bool ec2_read_owners(struct ec2_call *ec2, const char *name)
{
        bool is_ours = !form_has(&ec2->form, "%s.1", name);

        for (unsigned i = 1; form_has(&ec2->form, "%s.%u", name, i); i++) {
                const char *owner = form_find(&ec2->form, "%s.%u", name, i);

                if (owner && (strcmp(owner, "self") == 0 || strcmp(owner, ec2->call->account_id) == 0))
                        is_ours = true;
        }
        return is_ours;
}

static void print_purpose(const struct ec2_call *ec2, char out[PURPOSE_CHARS + 1])
{
        (void)snprintf(out, PURPOSE_CHARS + 1, "page %s %s", ec2->action, ec2->region);
}

void ec2_page_read(struct ec2_call *ec2, const struct ec2_ids *ids, struct ec2_page *ret_page)
{
        const char *token = form_find(&ec2->form, "NextToken");
        char purpose[PURPOSE_CHARS + 1];

        *ret_page = (struct ec2_page){ 0 };
        if (ec2_read_number(ec2, "MaxResults", PAGE_RESULTS_MIN, PAGE_RESULTS_MAX, &ret_page->result_max) &&
            ids && ids->count > 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "The parameter MaxResults cannot be used with a list of ids");
        print_purpose(ec2, purpose);
        if (token && token_read(ec2->store, purpose, token, &ret_page->after) != TOKEN_GOOD)
                (void)ec2_refuse_value(ec2, "InvalidNextToken",
                                       "The token was not made for this list, or expired.");
}

bool ec2_page_take(struct ec2_page *page, int64_t number)
{
        if (page->result_max && page->count == page->result_max) {
                page->is_full = true;
                return false;
        }
        page->count++;
        page->last = (uint64_t)number;
        return true;
}

enum ingot_code ec2_page_write(struct ec2_call *ec2, const struct ec2_page *page, struct ingot_error *err)
{
        char purpose[PURPOSE_CHARS + 1], token[TOKEN_CHARS + 1];
        enum ingot_code r;

        if (!page->is_full)
                return INGOT_OK;
        print_purpose(ec2, purpose);
        r = token_print(ec2->store, purpose, page->last,
                        clock_wall_seconds(ec2->store->clock) + PAGE_TOKEN_SECONDS, token, err);
        if (!r)
                element_text(ec2->out, "nextToken", token);
        return r;
}
