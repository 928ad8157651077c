/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "wire/ec2_reply.h"
#include "wire/xml.h"

/* Reads members of one reply; the first that cannot be read is kept, and ends the reply. */
struct reader {
        struct reply_pool *pool;
        enum ingot_code code;
        struct ingot_error *err;
};

static char *read_text(struct reader *reader, const struct xml_node *node, const char *name)
{
        return reply_pool_text(reader->pool, xml_text(xml_child(node, name)));
}

static void refuse_value(struct reader *reader, const char *name, const char *text, const char *wanted)
{
        if (!reader->code)
                reader->code = ingot_fail(reader->err, INGOT_E_FORMAT, "<%s> is '%.40s', which is not %s",
                                          name, text, wanted);
}

static uint64_t read_number(struct reader *reader, const struct xml_node *node, const char *name)
{
        const char *text = xml_text(xml_child(node, name));
        uint64_t value = 0;

        if (!text)
                return 0;
        if (!*text || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text)) {
                refuse_value(reader, name, text, "a number");
                return 0;
        }
        for (; *text; text++)
                value = value * 10 + (uint64_t)(*text - '0');
        return value;
}

static enum tri_state read_tri(struct reader *reader, const struct xml_node *node, const char *name)
{
        const char *text = xml_text(xml_child(node, name));

        if (!text)
                return TRI_UNSET;
        if (strcmp(text, "true") == 0)
                return TRI_YES;
        if (strcmp(text, "false") != 0)
                refuse_value(reader, name, text, "true or false");
        return TRI_NO;
}

static size_t count_items(const struct xml_node *set)
{
        size_t count = 0;

        for (const struct xml_node *item = xml_child(set, "item"); item; item = xml_next(item, "item"))
                count++;
        return count;
}

static struct wire_tag *read_tags(struct reader *reader, const struct xml_node *node, size_t *ret_count)
{
        const struct xml_node *set = xml_child(node, "tagSet");
        size_t count = count_items(set), i = 0;
        struct wire_tag *tags = reply_pool_array(reader->pool, count, sizeof(*tags));

        *ret_count = tags ? count : 0;
        for (const struct xml_node *item = xml_child(set, "item"); tags && item;
             item = xml_next(item, "item")) {
                tags[i].key = read_text(reader, item, "key");
                tags[i++].value = read_text(reader, item, "value");
        }
        return tags;
}

static void read_block_device(struct reader *reader, const struct xml_node *item, struct mapping_entry *entry)
{
        const struct xml_node *ebs = xml_child(item, "ebs");

        entry->device_name = read_text(reader, item, "deviceName");
        entry->virtual_name = read_text(reader, item, "virtualName");
        entry->kind = ebs ? MAPPING_EBS : entry->virtual_name ? MAPPING_VIRTUAL : MAPPING_NO_DEVICE;
        entry->snapshot_id = read_text(reader, ebs, "snapshotId");
        entry->volume_type = read_text(reader, ebs, "volumeType");
        entry->volume_size_gib = read_number(reader, ebs, "volumeSize");
        entry->iops = read_number(reader, ebs, "iops");
        entry->throughput_mibs = read_number(reader, ebs, "throughput");
        /* One of the newer members that keep their capital in replies. */
        entry->volume_initialization_rate_mibs = read_number(reader, ebs, "VolumeInitializationRate");
        entry->encrypted = read_tri(reader, ebs, "encrypted");
        entry->delete_on_termination = read_tri(reader, ebs, "deleteOnTermination");
}

static void read_block_devices(struct reader *reader, const struct xml_node *node, struct ec2_image *image)
{
        const struct xml_node *set = xml_child(node, "blockDeviceMapping");
        size_t count = count_items(set), i = 0;

        image->block_devices = reply_pool_array(reader->pool, count, sizeof(*image->block_devices));
        if (!image->block_devices)
                return;
        image->block_device_count = count;
        for (const struct xml_node *item = xml_child(set, "item"); item; item = xml_next(item, "item"))
                read_block_device(reader, item, &image->block_devices[i++]);
}

static void read_image(struct reader *reader, const struct xml_node *item, void *place)
{
        struct ec2_image *image = place;

        image->image_id = read_text(reader, item, "imageId");
        image->name = read_text(reader, item, "name");
        image->description = read_text(reader, item, "description");
        image->state = read_text(reader, item, "imageState");
        image->state_reason = read_text(reader, xml_child(item, "stateReason"), "message");
        image->owner_id = read_text(reader, item, "imageOwnerId");
        image->creation_date = read_text(reader, item, "creationDate");
        image->architecture = read_text(reader, item, "architecture");
        image->virtualization_type = read_text(reader, item, "virtualizationType");
        image->boot_mode = read_text(reader, item, "bootMode");
        image->tpm_support = read_text(reader, item, "tpmSupport");
        image->imds_support = read_text(reader, item, "imdsSupport");
        image->sriov_net_support = read_text(reader, item, "sriovNetSupport");
        image->root_device_name = read_text(reader, item, "rootDeviceName");
        image->root_device_type = read_text(reader, item, "rootDeviceType");
        image->deprecation_time = read_text(reader, item, "deprecationTime");
        image->deregistration_protection = read_text(reader, item, "deregistrationProtection");
        image->last_launched_time = read_text(reader, item, "lastLaunchedTime");
        image->source_image_id = read_text(reader, item, "sourceImageId");
        image->source_image_region = read_text(reader, item, "sourceImageRegion");
        image->platform_details = read_text(reader, item, "platformDetails");
        image->ena_support = read_tri(reader, item, "enaSupport");
        image->is_public = read_tri(reader, item, "isPublic");
        image->tags = read_tags(reader, item, &image->tag_count);
        read_block_devices(reader, item, image);
}

static void read_snapshot(struct reader *reader, const struct xml_node *item, void *place)
{
        struct ec2_snapshot *snapshot = place;

        snapshot->snapshot_id = read_text(reader, item, "snapshotId");
        snapshot->description = read_text(reader, item, "description");
        snapshot->state = read_text(reader, item, "status");
        snapshot->state_message = read_text(reader, item, "statusMessage");
        snapshot->progress = read_text(reader, item, "progress");
        snapshot->start_time = read_text(reader, item, "startTime");
        snapshot->owner_id = read_text(reader, item, "ownerId");
        snapshot->volume_id = read_text(reader, item, "volumeId");
        snapshot->sse_type = read_text(reader, item, "sseType");
        snapshot->kms_key_id = read_text(reader, item, "kmsKeyId");
        snapshot->volume_size_gib = read_number(reader, item, "volumeSize");
        snapshot->encrypted = read_tri(reader, item, "encrypted");
        snapshot->tags = read_tags(reader, item, &snapshot->tag_count);
}

static void read_resource_tag(struct reader *reader, const struct xml_node *item, void *place)
{
        struct ec2_resource_tag *tag = place;

        tag->resource_id = read_text(reader, item, "resourceId");
        tag->resource_type = read_text(reader, item, "resourceType");
        tag->tag.key = read_text(reader, item, "key");
        tag->tag.value = read_text(reader, item, "value");
}

static void read_region(struct reader *reader, const struct xml_node *item, void *place)
{
        struct ec2_region *region = place;

        region->name = read_text(reader, item, "regionName");
        region->endpoint = read_text(reader, item, "regionEndpoint");
        region->opt_in_status = read_text(reader, item, "optInStatus");
}

static enum ingot_code open_reply(const char *xml, size_t size_bytes, const char *root,
                                  struct xml_document **ret_document, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r = xml_parse(xml, size_bytes, EC2_REPLY_BYTES_MAX, &document, err);

        if (r)
                return r;
        if (!xml_is(xml_root(document), root))
                return ingot_fail(err, INGOT_E_FORMAT, "the answer is a <%.60s>, not a <%s>",
                                  xml_name(xml_root(document)), root);
        *ret_document = TAKE(document);
        return INGOT_OK;
}

/* What the four list replies have in common. */
struct list_shape {
        const char *root, *set;
        size_t item_bytes;
        void (*read)(struct reader *reader, const struct xml_node *item, void *place);
};

static enum ingot_code read_list(const struct list_shape *shape, const char *xml, size_t size_bytes,
                                 void **items, size_t *count, struct reply_pool *pool,
                                 const char **next_token, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        struct reader reader = { .pool = pool, .err = err };
        const struct xml_node *set;
        size_t more;
        char *grown;
        enum ingot_code r = open_reply(xml, size_bytes, shape->root, &document, err);

        if (r)
                return r;
        set = xml_child(xml_root(document), shape->set);
        more = count_items(set);
        if (more > EC2_LIST_MAX - *count)
                return ingot_fail(err, INGOT_E_MEMORY, "a list of more than %d items", EC2_LIST_MAX);
        grown = realloc(*items, (*count + more + 1) * shape->item_bytes);
        if (!grown)
                return ingot_fail_memory(err, (*count + more + 1) * shape->item_bytes);
        *items = grown;
        memset(grown + *count * shape->item_bytes, 0, (more + 1) * shape->item_bytes);
        for (const struct xml_node *item = xml_child(set, "item"); item; item = xml_next(item, "item"))
                shape->read(&reader, item, grown + (*count)++ * shape->item_bytes);
        *next_token = read_text(&reader, xml_root(document), "nextToken");
        if (*next_token && !**next_token)
                *next_token = NULL;
        return reader.code ? reader.code : reply_pool_check(pool, err);
}

enum ingot_code ec2_reply_images(const char *xml, size_t size_bytes, struct ec2_image_list *list,
                                 struct ingot_error *err)
{
        static const struct list_shape shape = { "DescribeImagesResponse", "imagesSet",
                                                 sizeof(struct ec2_image), read_image };
        void *items = list->items;
        enum ingot_code r =
                read_list(&shape, xml, size_bytes, &items, &list->count, &list->pool, &list->next_token, err);

        list->items = items;
        return r;
}

enum ingot_code ec2_reply_snapshots(const char *xml, size_t size_bytes, struct ec2_snapshot_list *list,
                                    struct ingot_error *err)
{
        static const struct list_shape shape = { "DescribeSnapshotsResponse", "snapshotSet",
                                                 sizeof(struct ec2_snapshot), read_snapshot };
        void *items = list->items;
        enum ingot_code r =
                read_list(&shape, xml, size_bytes, &items, &list->count, &list->pool, &list->next_token, err);

        list->items = items;
        return r;
}

enum ingot_code ec2_reply_tags(const char *xml, size_t size_bytes, struct ec2_tag_list *list,
                               struct ingot_error *err)
{
        static const struct list_shape shape = { "DescribeTagsResponse", "tagSet",
                                                 sizeof(struct ec2_resource_tag), read_resource_tag };
        void *items = list->items;
        enum ingot_code r =
                read_list(&shape, xml, size_bytes, &items, &list->count, &list->pool, &list->next_token, err);

        list->items = items;
        return r;
}

enum ingot_code ec2_reply_regions(const char *xml, size_t size_bytes, struct ec2_region_list *list,
                                  struct ingot_error *err)
{
        static const struct list_shape shape = { "DescribeRegionsResponse", "regionInfo",
                                                 sizeof(struct ec2_region), read_region };
        void *items = list->items;
        enum ingot_code r =
                read_list(&shape, xml, size_bytes, &items, &list->count, &list->pool, &list->next_token, err);

        list->items = items;
        return r;
}

void ec2_image_list_release(struct ec2_image_list *list)
{
        free(list->items);
        reply_pool_release(&list->pool);
        *list = (struct ec2_image_list){ .items = NULL };
}

void ec2_snapshot_list_release(struct ec2_snapshot_list *list)
{
        free(list->items);
        reply_pool_release(&list->pool);
        *list = (struct ec2_snapshot_list){ .items = NULL };
}

void ec2_tag_list_release(struct ec2_tag_list *list)
{
        free(list->items);
        reply_pool_release(&list->pool);
        *list = (struct ec2_tag_list){ .items = NULL };
}

void ec2_region_list_release(struct ec2_region_list *list)
{
        free(list->items);
        reply_pool_release(&list->pool);
        *list = (struct ec2_region_list){ .items = NULL };
}

void ec2_caller_identity_release(struct ec2_caller_identity *identity)
{
        reply_pool_release(&identity->pool);
        *identity = (struct ec2_caller_identity){ .account = NULL };
}

enum ingot_code ec2_reply_caller_identity(const char *xml, size_t size_bytes,
                                          struct ec2_caller_identity *ret_identity, struct ingot_error *err)
{
        OWNED(ec2_caller_identity_release) struct ec2_caller_identity identity = { .account = NULL };
        OWNED(xml_drop) struct xml_document *document = NULL;
        struct reader reader = { .pool = &identity.pool, .err = err };
        const struct xml_node *result;
        enum ingot_code r = open_reply(xml, size_bytes, "GetCallerIdentityResponse", &document, err);

        if (r)
                return r;
        result = xml_child(xml_root(document), "GetCallerIdentityResult");
        identity.account = read_text(&reader, result, "Account");
        identity.arn = read_text(&reader, result, "Arn");
        identity.user_id = read_text(&reader, result, "UserId");
        r = reply_pool_check(&identity.pool, err);
        if (r)
                return r;
        if (!identity.account)
                return ingot_fail(err, INGOT_E_FORMAT, "the answer has no <Account>");
        *ret_identity = identity;
        identity = (struct ec2_caller_identity){ .account = NULL };
        return INGOT_OK;
}

enum ingot_code ec2_reply_image_id(const char *xml, size_t size_bytes, char ret_image_id[EC2_ID_CHARS + 1],
                                   struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        const char *id;
        enum ingot_code r = open_reply(xml, size_bytes, "RegisterImageResponse", &document, err);

        if (r)
                return r;
        id = xml_text(xml_child(xml_root(document), "imageId"));
        if (!id || !*id || strlen(id) > EC2_ID_CHARS)
                return ingot_fail(err, INGOT_E_FORMAT, "the answer has no <imageId> of at most %d characters",
                                  EC2_ID_CHARS);
        memcpy(ret_image_id, id, strlen(id) + 1);
        return INGOT_OK;
}

enum ingot_code ec2_reply_return(const char *xml, size_t size_bytes, const char *operation,
                                 struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        const char *said;
        enum ingot_code r = xml_parse(xml, size_bytes, EC2_REPLY_BYTES_MAX, &document, err);
        size_t chars = strlen(operation);
        const char *name;

        if (r)
                return r;
        name = xml_name(xml_root(document));
        if (strncmp(name, operation, chars) != 0 || strcmp(name + chars, "Response") != 0)
                return ingot_fail(err, INGOT_E_FORMAT, "the answer is a <%.60s>, not a <%sResponse>", name,
                                  operation);
        /* DeleteSnapshot answers nothing but its root on some regions. */
        said = xml_text(xml_child(xml_root(document), "return"));
        if (said && strcmp(said, "true") != 0)
                return ingot_fail(err, INGOT_E_FORMAT, "the answer to %s is <return>%.40s</return>",
                                  operation, said);
        return INGOT_OK;
}

void ec2_reply_fault(const char *xml, size_t size_bytes, struct fault *ret_fault)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        const struct xml_node *root, *error;

        *ret_fault = (struct fault){ .code = "" };
        if (xml_parse(xml, size_bytes, EC2_REPLY_BYTES_MAX, &document, NULL))
                return;
        root = xml_root(document);
        /* EC2: Response/Errors/Error; STS: ErrorResponse/Error */
        error = xml_child(xml_is(root, "Response") ? xml_child(root, "Errors") : root, "Error");
        fault_set_text(ret_fault->code, FAULT_CODE_CHARS, xml_text(xml_child(error, "Code")));
        fault_set_text(ret_fault->message, FAULT_MESSAGE_CHARS, xml_text(xml_child(error, "Message")));
}
