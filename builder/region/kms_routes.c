/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guid.h"
#include "base/own.h"
#include "region/json_call.h"
#include "region/keys.h"

/* KMS as far as EBS needs it: symmetric keys that AWS or the customer manages, their states and their aliases. */

enum {
        DAY_SECONDS = 86400,
        WINDOW_DAYS_MIN = 7,
        WINDOW_DAYS_MAX = 30,
        KEY_TEXT_CHARS = 2048,
        ALIASES_MAX = 1000
};

static void write_key(struct json_call *json, const struct key *key)
{
        struct json_doc *doc = &json->reply;
        struct json_value *metadata = json_doc_put_object(doc, doc->root, "KeyMetadata"), *list;

        json_doc_put_text(doc, metadata, "AWSAccountId", json->call->account_id);
        json_doc_put_text(doc, metadata, "KeyId", key->record.id);
        json_doc_put_text(doc, metadata, "Arn", key->arn);
        json_doc_put_i64(doc, metadata, "CreationDate", key->record.created_seconds);
        json_doc_put_bool(doc, metadata, "Enabled", key_is_usable(key));
        json_doc_put_text(doc, metadata, "Description", key->record.description);
        json_doc_put_text(doc, metadata, "KeyUsage", "ENCRYPT_DECRYPT");
        json_doc_put_text(doc, metadata, "KeyState", key->record.state);
        if (key->record.deletion_seconds)
                json_doc_put_i64(doc, metadata, "DeletionDate", key->record.deletion_seconds);
        json_doc_put_text(doc, metadata, "Origin", "AWS_KMS");
        json_doc_put_text(doc, metadata, "KeyManager", key->is_aws_managed ? "AWS" : "CUSTOMER");
        json_doc_put_text(doc, metadata, "CustomerMasterKeySpec", "SYMMETRIC_DEFAULT");
        json_doc_put_text(doc, metadata, "KeySpec", "SYMMETRIC_DEFAULT");
        list = json_doc_put_array(doc, metadata, "EncryptionAlgorithms");
        json_doc_push_text(doc, list, "SYMMETRIC_DEFAULT");
        json_doc_put_bool(doc, metadata, "MultiRegion", false);
}

static enum ingot_code need_key(struct json_call *json, const char *text, struct key *ret_key,
                                struct ingot_error *err)
{
        enum ingot_code r = key_find(json->call, text, ret_key, err);

        return r == INGOT_E_NOT_FOUND
                       ? json_refuse(json, "NotFoundException", "Key '%.200s' does not exist", text)
                       : r;
}

static enum ingot_code serve_describe_key(struct json_call *json, struct ingot_error *err)
{
        OWNED(heap_drop) struct key *key = calloc(1, sizeof(*key));
        const char *text = json_read_text(json, "KeyId", KEY_TEXT_CHARS, true);
        enum ingot_code r;

        if (!key)
                return ingot_fail_memory(err, sizeof(*key));
        (void)json_read(json, "GrantTokens");
        if (!json_may_go_on(json))
                return INGOT_OK;
        r = need_key(json, text, key, err);
        if (!r && !json->is_refused)
                write_key(json, key);
        return r;
}

/* A random UUID: version 4, RFC 4122. */
static enum ingot_code make_id(char out[KEY_ID_CHARS + 1], struct ingot_error *err)
{
        struct guid guid;
        enum ingot_code r = random_bytes(guid.bytes, sizeof(guid.bytes), err);

        if (r)
                return r;
        guid.bytes[6] = (uint8_t)((guid.bytes[6] & 0x0f) | 0x40);
        guid.bytes[8] = (uint8_t)((guid.bytes[8] & 0x3f) | 0x80);
        guid_print(&guid, out);
        return INGOT_OK;
}

/* What the region has not got is refused, not passed over. */
static void read_only_choice(struct json_call *json, const char *name, const char *choice)
{
        const char *text = json_read_text(json, name, KEY_TEXT_CHARS, false);

        if (text && strcmp(text, choice) != 0)
                (void)json_refuse(json, "UnsupportedOperationException", "%s can only be %s here.", name,
                                  choice);
}

static enum ingot_code serve_create_key(struct json_call *json, struct ingot_error *err)
{
        OWNED(heap_drop) struct key *key = calloc(1, sizeof(*key));
        const char *description = json_read_text(json, "Description", 8192, false);
        bool is_multi_region;
        enum ingot_code r;

        if (!key)
                return ingot_fail_memory(err, sizeof(*key));
        read_only_choice(json, "KeyUsage", "ENCRYPT_DECRYPT");
        read_only_choice(json, "KeySpec", "SYMMETRIC_DEFAULT");
        read_only_choice(json, "CustomerMasterKeySpec", "SYMMETRIC_DEFAULT");
        read_only_choice(json, "Origin", "AWS_KMS");
        if (json_value_bool(json_read(json, "MultiRegion"), &is_multi_region) && is_multi_region)
                (void)json_refuse(json, "UnsupportedOperationException",
                                  "There are no multi-Region keys here.");
        (void)json_read(json, "Policy");
        (void)json_read(json, "BypassPolicyLockoutSafetyCheck");
        (void)json_read(json, "Tags");
        if (!json_may_go_on(json))
                return INGOT_OK;
        r = make_id(key->record.id, err);
        if (r)
                return r;
        (void)snprintf(key->record.description, sizeof(key->record.description), "%s",
                       description ? description : "");
        (void)snprintf(key->record.state, sizeof(key->record.state), "Enabled");
        key->record.created_seconds = clock_wall_seconds(json->call->store->clock);
        key_print_arn(json->call, key->record.id, key->arn);
        r = catalogue_add_key(json->call->store->catalogue, json->call->region, &key->record, err);
        if (!r)
                write_key(json, key);
        return r;
}

/* ---- states ---- */

/* Finds the customer's key that a state is asked for, in one of the states it may be in. */
static enum ingot_code find_to_change(struct json_call *json, const char *text, bool is_deletion_fine,
                                      struct key *key, struct ingot_error *err)
{
        enum ingot_code r = need_key(json, text, key, err);

        if (r || json->is_refused)
                return r;
        if (key->is_aws_managed)
                return json_refuse(json, "AccessDeniedException", "Key %s is managed by AWS", key->arn);
        if (!is_deletion_fine && strcmp(key->record.state, "PendingDeletion") == 0)
                return json_refuse(json, "KMSInvalidStateException", "%s is pending deletion.", key->arn);
        return INGOT_OK;
}

static enum ingot_code change_state(struct json_call *json, const char *state, bool is_from_deletion,
                                    struct ingot_error *err)
{
        OWNED(heap_drop) struct key *key = calloc(1, sizeof(*key));
        const char *text = json_read_text(json, "KeyId", KEY_TEXT_CHARS, true);
        enum ingot_code r;

        if (!key)
                return ingot_fail_memory(err, sizeof(*key));
        if (!json_may_go_on(json))
                return INGOT_OK;
        r = find_to_change(json, text, is_from_deletion, key, err);
        if (r || json->is_refused)
                return r;
        if (is_from_deletion && strcmp(key->record.state, "PendingDeletion") != 0)
                return json_refuse(json, "KMSInvalidStateException", "%s is not pending deletion.", key->arn);
        (void)snprintf(key->record.state, sizeof(key->record.state), "%s", state);
        key->record.deletion_seconds = 0;
        if (is_from_deletion)
                json_doc_put_text(&json->reply, json->reply.root, "KeyId", key->arn);
        return catalogue_update_key(json->call->store->catalogue, &key->record, err);
}

static enum ingot_code serve_disable_key(struct json_call *json, struct ingot_error *err)
{
        return change_state(json, "Disabled", false, err);
}

static enum ingot_code serve_enable_key(struct json_call *json, struct ingot_error *err)
{
        return change_state(json, "Enabled", false, err);
}

static enum ingot_code serve_cancel_key_deletion(struct json_call *json, struct ingot_error *err)
{
        return change_state(json, "Disabled", true, err);
}

static enum ingot_code serve_schedule_key_deletion(struct json_call *json, struct ingot_error *err)
{
        OWNED(heap_drop) struct key *key = calloc(1, sizeof(*key));
        const char *text = json_read_text(json, "KeyId", KEY_TEXT_CHARS, true);
        uint64_t days = WINDOW_DAYS_MAX;
        enum ingot_code r;

        if (!key)
                return ingot_fail_memory(err, sizeof(*key));
        json_read_number(json, "PendingWindowInDays", WINDOW_DAYS_MIN, WINDOW_DAYS_MAX, &days);
        if (!json_may_go_on(json))
                return INGOT_OK;
        r = find_to_change(json, text, false, key, err);
        if (r || json->is_refused)
                return r;
        (void)snprintf(key->record.state, sizeof(key->record.state), "PendingDeletion");
        key->record.deletion_seconds =
                clock_wall_seconds(json->call->store->clock) + (int64_t)days * DAY_SECONDS;
        json_doc_put_text(&json->reply, json->reply.root, "KeyId", key->arn);
        json_doc_put_i64(&json->reply, json->reply.root, "DeletionDate", key->record.deletion_seconds);
        json_doc_put_text(&json->reply, json->reply.root, "KeyState", key->record.state);
        json_doc_put_u64(&json->reply, json->reply.root, "PendingWindowInDays", days);
        return catalogue_update_key(json->call->store->catalogue, &key->record, err);
}

/* ---- aliases ---- */

static enum ingot_code serve_create_alias(struct json_call *json, struct ingot_error *err)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-";
        OWNED(heap_drop) struct key *key = calloc(1, sizeof(*key));
        const char *name = json_read_text(json, "AliasName", KEY_ALIAS_CHARS, true);
        const char *target = json_read_text(json, "TargetKeyId", KEY_TEXT_CHARS, true);
        enum ingot_code r;

        if (!key)
                return ingot_fail_memory(err, sizeof(*key));
        if (name && (strncmp(name, "alias/", 6) != 0 || !name[6] || strncmp(name, "alias/aws/", 10) == 0 ||
                     strspn(name, alphabet) != strlen(name)))
                (void)json_refuse(json, "InvalidAliasNameException", "'%.100s' is no name of an alias", name);
        if (!json_may_go_on(json))
                return INGOT_OK;
        r = find_to_change(json, target, false, key, err);
        if (r || json->is_refused)
                return r;
        r = catalogue_add_alias(json->call->store->catalogue, json->call->region, name, key->record.id,
                                clock_wall_seconds(json->call->store->clock), err);
        return r == INGOT_E_CONFLICT
                       ? json_refuse(json, "AlreadyExistsException", "Alias '%.200s' exists", name)
                       : r;
}

struct alias_walk {
        struct json_call *json;
        struct json_value *list;
        uint64_t count;
};

static void write_alias(void *context, const char *name, const char *key_id, int64_t created_seconds)
{
        struct alias_walk *walk = context;
        struct json_doc *doc = &walk->json->reply;
        const struct service_call *call = walk->json->call;
        struct json_value *item;
        char arn[KEY_ARN_CHARS + KEY_ALIAS_CHARS + 1];

        if (walk->count++ >= ALIASES_MAX)
                return;
        item = json_doc_push_object(doc, walk->list);
        (void)snprintf(arn, sizeof(arn), "arn:aws:kms:%s:%s:%s", call->region_name, call->account_id, name);
        json_doc_put_text(doc, item, "AliasName", name);
        json_doc_put_text(doc, item, "AliasArn", arn);
        json_doc_put_text(doc, item, "TargetKeyId", key_id);
        json_doc_put_i64(doc, item, "CreationDate", created_seconds);
        json_doc_put_i64(doc, item, "LastUpdatedDate", created_seconds);
}

/* One page: Limit and Marker change nothing while there are at most ALIASES_MAX. */
static enum ingot_code serve_list_aliases(struct json_call *json, struct ingot_error *err)
{
        OWNED(heap_drop) struct key *key = calloc(1, sizeof(*key));
        const char *text = json_read_text(json, "KeyId", KEY_TEXT_CHARS, false);
        struct alias_walk walk = { .json = json };
        uint64_t limit = ALIASES_MAX;
        enum ingot_code r = INGOT_OK;

        if (!key)
                return ingot_fail_memory(err, sizeof(*key));
        json_read_number(json, "Limit", 1, ALIASES_MAX, &limit);
        if (json_read(json, "Marker"))
                (void)json_refuse(json, "InvalidMarkerException", "The marker was never given.");
        if (!json_may_go_on(json))
                return INGOT_OK;
        if (text)
                r = need_key(json, text, key, err);
        if (r || json->is_refused)
                return r;
        walk.list = json_doc_put_array(&json->reply, json->reply.root, "Aliases");
        if (!text || key->is_aws_managed)
                write_alias(&walk, KEY_AWS_ALIAS, KEY_AWS_ID, 0);
        json_doc_put_bool(&json->reply, json->reply.root, "Truncated", false);
        return catalogue_each_alias(json->call->store->catalogue, json->call->region,
                                    text ? key->record.id : NULL, write_alias, &walk, err);
}

static const struct json_operation operations[] = {
        { "CancelKeyDeletion", serve_cancel_key_deletion },
        { "CreateAlias", serve_create_alias },
        { "CreateKey", serve_create_key },
        { "DescribeKey", serve_describe_key },
        { "DisableKey", serve_disable_key },
        { "EnableKey", serve_enable_key },
        { "ListAliases", serve_list_aliases },
        { "ScheduleKeyDeletion", serve_schedule_key_deletion },
        { NULL, NULL },
};

static const struct json_service service = { "TrentService", "ValidationException", operations };

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        return json_serve(&service, call, err);
}

static const char *find_operation(const struct region_request *request)
{
        return json_find_operation(&service, request);
}

static const char *operation_at(size_t index)
{
        return json_operation_at(&service, index);
}

const struct region_service kms_service = { "kms",     serve,          json_refuse_stranger, json_break_down,
                                            json_fail, find_operation, operation_at };
