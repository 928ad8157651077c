/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_filter.h"
#include "region/ec2_page.h"

enum { RESOURCES_MAX = 1000 };

void ec2_read_tags(struct ec2_call *ec2, const char *prefix, struct tag *tags, bool *ret_has_value,
                   uint32_t *ret_count)
{
        uint32_t count = 0;

        for (unsigned i = 1; form_has(&ec2->form, "%sTag.%u", prefix, i); i++) {
                const char *key = form_find(&ec2->form, "%sTag.%u.Key", prefix, i);
                const char *value = form_find(&ec2->form, "%sTag.%u.Value", prefix, i);
                size_t key_chars = 0, value_chars = 0;

                if (count == TAGS_MAX) {
                        (void)ec2_refuse_value(ec2, "TagLimitExceeded", "There are more than %d tags.",
                                               TAGS_MAX);
                        break;
                }
                /* The form has looked at the texts themselves: rule 3 there. */
                if (key)
                        (void)is_plain_text(key, &key_chars);
                if (value)
                        (void)is_plain_text(value, &value_chars);
                if (!key || key_chars == 0 || key_chars > TAG_KEY_CHARS || value_chars > TAG_VALUE_CHARS) {
                        (void)ec2_refuse_value(
                                ec2, "InvalidParameterValue",
                                "A tag needs a key of 1 to %d characters and a value of at most %d.",
                                TAG_KEY_CHARS, TAG_VALUE_CHARS);
                        break;
                }
                if (strncmp(key, "aws:", 4) == 0) {
                        (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                               "Tag keys starting with 'aws:' are reserved for internal use");
                        break;
                }
                for (uint32_t j = 0; j < count; j++) {
                        if (strcmp(tags[j].key, key) == 0)
                                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                                       "Duplicate tag key '%.100s' specified.", key);
                }
                (void)snprintf(tags[count].key, sizeof(tags[count].key), "%s", key);
                (void)snprintf(tags[count].value, sizeof(tags[count].value), "%s", value ? value : "");
                if (ret_has_value)
                        ret_has_value[count] = value != NULL;
                count++;
        }
        *ret_count = count;
}

void ec2_read_tag_specification(struct ec2_call *ec2, const char *resource_type, struct tag *tags,
                                uint32_t *ret_count)
{
        char prefix[64];
        const char *type;

        *ret_count = 0;
        if (!form_has(&ec2->form, "TagSpecification.1"))
                return;
        type = form_find(&ec2->form, "TagSpecification.1.ResourceType");
        if (!type || strcmp(type, resource_type) != 0) {
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "'%.60s' is not a valid taggable resource type for this operation.",
                                       type ? type : "");
                return;
        }
        if (form_has(&ec2->form, "TagSpecification.2")) {
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Tag specification resource type '%s' is given "
                                       "more than once.",
                                       resource_type);
                return;
        }
        (void)snprintf(prefix, sizeof(prefix), "TagSpecification.1.");
        ec2_read_tags(ec2, prefix, tags, NULL, ret_count);
}

enum ingot_code ec2_write_tags(struct ec2_call *ec2, const char *resource_id, struct ingot_error *err)
{
        OWNED(heap_drop) struct tag *tags = calloc(TAGS_MAX, sizeof(*tags));
        uint32_t count = 0;
        enum ingot_code r;

        if (!tags)
                return ingot_fail_memory(err, TAGS_MAX * sizeof(*tags));
        r = catalogue_read_tags(ec2->store->catalogue, resource_id, tags, &count, err);
        if (r || count == 0)
                return r;
        element_open(ec2->out, "tagSet");
        for (uint32_t i = 0; i < count; i++) {
                element_open(ec2->out, "item");
                element_text(ec2->out, "key", tags[i].key);
                element_text(ec2->out, "value", tags[i].value);
                element_close(ec2->out, "item");
        }
        element_close(ec2->out, "tagSet");
        return INGOT_OK;
}

/* ---- CreateTags, DeleteTags ---- */

struct tagging {
        const char *resource_ids[RESOURCES_MAX]; /* borrowed from the form */
        size_t resource_count;
        struct tag tags[TAGS_MAX];
        bool has_value[TAGS_MAX];
        uint32_t tag_count;
};

static void read_tagging(struct ec2_call *ec2, struct tagging *tagging)
{
        for (unsigned i = 1; form_has(&ec2->form, "ResourceId.%u", i); i++) {
                const char *id = form_find(&ec2->form, "ResourceId.%u", i);

                if (!id || tagging->resource_count == RESOURCES_MAX) {
                        (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                               "There may be at most %d resources.", RESOURCES_MAX);
                        return;
                }
                tagging->resource_ids[tagging->resource_count++] = id;
        }
        if (tagging->resource_count == 0)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter "
                                       "resourceIdSet");
        ec2_read_tags(ec2, "", tagging->tags, tagging->has_value, &tagging->tag_count);
}

/* Refuses a resource that is not there. */
static enum ingot_code need_resource(struct ec2_call *ec2, const char *id, struct ingot_error *err)
{
        struct snapshot_record snapshot;
        struct image_record image;
        enum ingot_code r;

        if (ec2_is_id(id, "ami-")) {
                r = catalogue_find_image(ec2->store->catalogue, ec2->region, id, &image, err);
                return r == INGOT_E_NOT_FOUND ? ec2_refuse_value(ec2, "InvalidAMIID.NotFound",
                                                                 "The image id '[%s]' does not exist", id)
                                              : r;
        }
        if (ec2_is_id(id, "snap-")) {
                r = snapshots_find(ec2->store, ec2->region, id, &snapshot, err);
                return r == INGOT_E_NOT_FOUND ? ec2_refuse_value(ec2, "InvalidSnapshot.NotFound",
                                                                 "The snapshot '%s' does not exist.", id)
                                              : r;
        }
        return ec2_refuse_value(ec2, "InvalidID", "The ID '%.80s' is not valid", id);
}

static enum ingot_code change_resource(struct ec2_call *ec2, const struct tagging *tagging, const char *id,
                                       bool is_creating, struct ingot_error *err)
{
        OWNED(heap_drop) struct tag *now = calloc(TAGS_MAX, sizeof(*now));
        struct catalogue *catalogue = ec2->store->catalogue;
        uint32_t count = 0, added = 0;
        enum ingot_code r;

        if (!now)
                return ingot_fail_memory(err, TAGS_MAX * sizeof(*now));
        if (!is_creating && tagging->tag_count == 0)
                return catalogue_remove_tags(catalogue, id, err);
        r = catalogue_read_tags(catalogue, id, now, &count, err);
        for (uint32_t i = 0; !r && i < tagging->tag_count; i++) {
                bool is_new = true;

                for (uint32_t j = 0; j < count; j++)
                        is_new &= strcmp(now[j].key, tagging->tags[i].key) != 0;
                added += is_new;
        }
        if (!r && is_creating && count + added > TAGS_MAX)
                return ec2_refuse_value(ec2, "TagLimitExceeded",
                                        "The resource '%s' would have more than %d tags.", id, TAGS_MAX);
        for (uint32_t i = 0; !r && i < tagging->tag_count; i++)
                r = is_creating ? catalogue_set_tag(catalogue, ec2->region, id, &tagging->tags[i], err)
                                : catalogue_remove_tag(catalogue, id, tagging->tags[i].key,
                                                       tagging->has_value[i] ? tagging->tags[i].value : NULL,
                                                       err);
        return r;
}

/* All resources or none: what is refused half-way is taken back. */
static enum ingot_code change_all(struct ec2_call *ec2, const struct tagging *tagging, bool is_creating,
                                  struct ingot_error *err)
{
        enum ingot_code r = catalogue_begin(ec2->store->catalogue, err);

        if (r)
                return r;
        for (size_t i = 0; !r && !ec2->is_refused && i < tagging->resource_count; i++) {
                r = need_resource(ec2, tagging->resource_ids[i], err);
                if (!r && !ec2->is_refused)
                        r = change_resource(ec2, tagging, tagging->resource_ids[i], is_creating, err);
        }
        if (ec2->is_refused) {
                (void)!catalogue_end(ec2->store->catalogue, INGOT_E_CANCELLED,
                                     NULL); /* the refusal is the reply */
                return INGOT_OK;
        }
        return catalogue_end(ec2->store->catalogue, r, err);
}

static enum ingot_code change_tags(struct ec2_call *ec2, bool is_creating, struct ingot_error *err)
{
        OWNED(heap_drop) struct tagging *tagging = calloc(1, sizeof(*tagging));
        enum ingot_code r;

        if (!tagging)
                return ingot_fail_memory(err, sizeof(*tagging));
        read_tagging(ec2, tagging);
        if (is_creating && tagging->tag_count == 0)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter tagSet");
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = change_all(ec2, tagging, is_creating, err);
        if (r || ec2->is_refused)
                return r;
        ec2_begin(ec2);
        element_bool(ec2->out, "return", true);
        ec2_end(ec2);
        return INGOT_OK;
}

enum ingot_code serve_create_tags(struct ec2_call *ec2, struct ingot_error *err)
{
        return change_tags(ec2, true, err);
}

enum ingot_code serve_delete_tags(struct ec2_call *ec2, struct ingot_error *err)
{
        return change_tags(ec2, false, err);
}

/* ---- DescribeTags ---- */

struct tag_walk {
        struct ec2_call *ec2;
        struct ec2_filters filters;
        struct ec2_page page;
        int64_t number; /* of the tag, counted by the walk */
};

static enum ingot_code visit_tag(void *context, const char *resource_id, const struct tag *tag,
                                 bool *ret_stop, struct ingot_error *err)
{
        struct tag_walk *walk = context;
        struct buffer *out = walk->ec2->out;
        const char *type = strncmp(resource_id, "ami-", 4) == 0 ? "image" : "snapshot";
        char name[sizeof(tag->key) + 4];

        (void)err;
        walk->number++;
        if (walk->number <= (int64_t)walk->page.after)
                return INGOT_OK;
        ec2_filters_begin(&walk->filters);
        ec2_filters_fact(&walk->filters, "key", tag->key);
        ec2_filters_fact(&walk->filters, "value", tag->value);
        ec2_filters_fact(&walk->filters, "resource-id", resource_id);
        ec2_filters_fact(&walk->filters, "resource-type", type);
        (void)snprintf(name, sizeof(name), "tag:%s", tag->key);
        ec2_filters_fact(&walk->filters, name, tag->value);
        if (!ec2_filters_pass(&walk->filters))
                return INGOT_OK;
        *ret_stop = !ec2_page_take(&walk->page, walk->number);
        if (*ret_stop)
                return INGOT_OK;
        element_open(out, "item");
        element_text(out, "resourceId", resource_id);
        element_text(out, "resourceType", type);
        element_text(out, "key", tag->key);
        element_text(out, "value", tag->value);
        element_close(out, "item");
        return INGOT_OK;
}

enum ingot_code serve_describe_tags(struct ec2_call *ec2, struct ingot_error *err)
{
        static const char *const known[] = { "key", "value", "resource-id", "resource-type", NULL };
        OWNED(heap_drop) struct tag_walk *walk = calloc(1, sizeof(*walk));
        enum ingot_code r;

        if (!walk)
                return ingot_fail_memory(err, sizeof(*walk));
        walk->ec2 = ec2;
        ec2_filters_read(ec2, known, &walk->filters);
        ec2_page_read(ec2, NULL, &walk->page);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        ec2_begin(ec2);
        element_open(ec2->out, "tagSet");
        r = catalogue_each_tag(ec2->store->catalogue, ec2->region, "", "", visit_tag, walk, err);
        element_close(ec2->out, "tagSet");
        if (!r)
                r = ec2_page_write(ec2, &walk->page, err);
        ec2_end(ec2);
        return r;
}
