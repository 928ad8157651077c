/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/ebs_call.h"
#include "region/encryption.h"
#include "region/keys.h"

enum {
        VOLUME_GIB_MAX = 65536,
        TIMEOUT_MINUTES_MIN = 10,
        TIMEOUT_MINUTES_MAX = 4320,
        TIMEOUT_MINUTES_DEFAULT = 60,
};

struct start_request {
        struct snapshot_record record;
        bool is_encryption_given; /* Encrypted stands in the request, whatever it says */
        struct tag tags[TAGS_MAX];
        uint32_t tag_count;
        char complaint[256]; /* "" : none */
        const char *reason;
};

static bool complain(struct start_request *start, const char *reason, const char *format, ...)
        INGOT_PRINTF(3, 4);

static bool complain(struct start_request *start, const char *reason, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)vsnprintf(start->complaint, sizeof(start->complaint), format, args);
        va_end(args);
        start->reason = reason;
        return false;
}

static bool read_number(struct start_request *start, const struct json_value *value, const char *name,
                        uint64_t min, uint64_t max, const char *reason, uint32_t *ret_number)
{
        uint64_t number;

        if (!json_value_u64(value, &number) || number < min || number > max)
                return complain(start, reason, "%s must be a whole number from %llu to %llu.", name,
                                (unsigned long long)min, (unsigned long long)max);
        *ret_number = (uint32_t)number;
        return true;
}

static bool read_text(struct start_request *start, const struct json_value *value, const char *name,
                      size_t chars_min, size_t chars_max, char *out, size_t room_bytes)
{
        const char *text = json_value_text(value);
        size_t chars;

        if (!text || !is_plain_text(text, &chars) || chars < chars_min || chars > chars_max)
                return complain(start, "INVALID_PARAMETER_VALUE",
                                "%s must be a text of %zu to %zu characters, none a control character.", name,
                                chars_min, chars_max);
        (void)snprintf(out, room_bytes, "%s", text);
        return true;
}

static bool read_tags(struct start_request *start, const struct json_value *tags)
{
        if (!json_value_is_array(tags) || json_value_count(tags) > TAGS_MAX)
                return complain(start, "INVALID_TAG", "Tags must be a list of at most %d tags.", TAGS_MAX);
        for (size_t i = 0; i < json_value_count(tags); i++) {
                const struct json_value *item = json_value_at(tags, i);
                const struct json_value *value = json_value_member(item, "Value");
                struct tag *tag = &start->tags[i];

                if (!read_text(start, json_value_member(item, "Key"), "The key of a tag", 1, TAG_KEY_CHARS,
                               tag->key, sizeof(tag->key)) ||
                    (value && !read_text(start, value, "The value of a tag", 0, TAG_VALUE_CHARS - 1,
                                         tag->value, sizeof(tag->value)))) {
                        start->reason = "INVALID_TAG";
                        return false;
                }
                if (strncmp(tag->key, "aws:", 4) == 0)
                        return complain(start, "INVALID_TAG",
                                        "Tag keys that begin with 'aws:' are reserved.");
                for (size_t j = 0; j < i; j++) {
                        if (strcmp(start->tags[j].key, tag->key) == 0)
                                return complain(start, "INVALID_TAG", "The tag key '%.100s' is given twice.",
                                                tag->key);
                }
        }
        start->tag_count = (uint32_t)json_value_count(tags);
        return true;
}

/* arn:aws...:kms:REGION:ACCOUNT:key/ID: a key, not an alias (the model's pattern). */
static bool is_key_arn(const char *arn)
{
        const char *kms = strncmp(arn, "arn:aws", 7) == 0 ? strstr(arn, ":kms:") : NULL;
        const char *key = kms ? strstr(kms, ":key/") : NULL;

        if (!key || key - kms < 5 + 13)
                return false;
        return key[-13] == ':' && strspn(key - 12, "0123456789") == 12;
}

static bool read_client_token(struct start_request *start, const struct json_value *value)
{
        struct snapshot_record *record = &start->record;

        if (!read_text(start, value, "ClientToken", 1, CLIENT_TOKEN_CHARS, record->client_token,
                       sizeof(record->client_token)))
                return false;
        for (const char *at = record->client_token; *at; at++) {
                if (isspace((unsigned char)*at) || (unsigned char)*at > 0x7E)
                        return complain(start, "INVALID_PARAMETER_VALUE",
                                        "ClientToken must be ASCII without white space.");
        }
        return true;
}

static bool read_member(struct start_request *start, const char *key, const struct json_value *value)
{
        struct snapshot_record *record = &start->record;

        if (strcmp(key, "VolumeSize") == 0)
                return read_number(start, value, key, 1, VOLUME_GIB_MAX, "INVALID_VOLUME_SIZE",
                                   &record->volume_gib);
        if (strcmp(key, "Timeout") == 0)
                return read_number(start, value, key, TIMEOUT_MINUTES_MIN, TIMEOUT_MINUTES_MAX,
                                   "INVALID_PARAMETER_VALUE", &record->timeout_minutes);
        if (strcmp(key, "Description") == 0)
                return read_text(start, value, key, 1, DESCRIPTION_CHARS, record->description,
                                 sizeof(record->description));
        if (strcmp(key, "ClientToken") == 0)
                return read_client_token(start, value);
        if (strcmp(key, "Tags") == 0)
                return read_tags(start, value);
        if (strcmp(key, "ParentSnapshotId") == 0) {
                const char *id = json_value_text(value);

                if (!id || !region_is_snapshot_id(id))
                        return complain(start, "INVALID_SNAPSHOT_ID",
                                        "ParentSnapshotId is not a snapshot id.");
                (void)snprintf(record->parent_id, sizeof(record->parent_id), "%s", id);
                return true;
        }
        if (strcmp(key, "Encrypted") == 0) {
                start->is_encryption_given = true;
                return json_value_bool(value, &record->is_encrypted) ||
                       complain(start, "INVALID_PARAMETER_VALUE", "Encrypted must be true or false.");
        }
        if (strcmp(key, "KmsKeyArn") == 0) {
                const char *arn = json_value_text(value);

                if (!arn || strlen(arn) > KMS_KEY_ARN_CHARS || !is_key_arn(arn))
                        return complain(start, "INVALID_CUSTOMER_KEY",
                                        "KmsKeyArn must be the full ARN of a key.");
                (void)snprintf(record->kms_key_arn, sizeof(record->kms_key_arn), "%s", arn);
                return true;
        }
        return complain(start, "INVALID_PARAMETER_VALUE", "StartSnapshot has no member '%.80s'.", key);
}

/* What a client token stands for: every member but itself. */
static enum ingot_code fingerprint(const struct json_value *json, char out[DIGEST_HEX_CHARS + 1],
                                   struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(4 << 20);
        struct digest digest;
        enum ingot_code r;

        json_doc_init(&doc);
        for (void *at = json_value_first(json); at; at = json_value_next(json, at)) {
                if (strcmp(json_value_key(at), "ClientToken") != 0)
                        json_doc_put_copy(&doc, doc.root, json_value_key(at), json_value_of(at));
        }
        r = json_doc_print(&doc, true, &text, err);
        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

static bool read_request(struct start_request *start, const struct json_value *json)
{
        struct snapshot_record *record = &start->record;

        if (!json_value_is_object(json))
                return complain(start, "INVALID_PARAMETER_VALUE", "The body is not a JSON object.");
        for (void *at = json_value_first(json); at; at = json_value_next(json, at)) {
                if (!json_value_is_null(json_value_of(at)) &&
                    !read_member(start, json_value_key(at), json_value_of(at)))
                        return false;
        }
        if (record->volume_gib == 0)
                return complain(start, "INVALID_VOLUME_SIZE", "VolumeSize is missing.");
        if (*record->kms_key_arn && !record->is_encrypted)
                return complain(start, "INVALID_CUSTOMER_KEY", "KmsKeyArn wants Encrypted to be true.");
        if (*record->parent_id && start->is_encryption_given)
                return complain(start, "INVALID_PARAMETER_VALUE",
                                "Encrypted and ParentSnapshotId exclude each other.");
        return true;
}

static enum ingot_code reply_record(struct ebs_call *ebs, const struct snapshot_record *record,
                                    struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        struct tag tags[TAGS_MAX];
        uint32_t tag_count;
        struct json_value *list;
        enum ingot_code r = catalogue_read_tags(ebs->store->catalogue, record->id, tags, &tag_count, err);

        if (r)
                return r;
        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "SnapshotId", record->id);
        json_doc_put_text(&doc, doc.root, "OwnerId", ebs->call->account_id);
        json_doc_put_text(&doc, doc.root, "Status", ebs_status(record));
        json_doc_put_i64(&doc, doc.root, "StartTime", record->start_seconds);
        json_doc_put_u64(&doc, doc.root, "VolumeSize", record->volume_gib);
        json_doc_put_u64(&doc, doc.root, "BlockSize", BLOCK_BYTES);
        json_doc_put_text(&doc, doc.root, "SseType", snapshots_sse_type(record));
        if (*record->description)
                json_doc_put_text(&doc, doc.root, "Description", record->description);
        if (*record->parent_id)
                json_doc_put_text(&doc, doc.root, "ParentSnapshotId", record->parent_id);
        if (*record->kms_key_arn)
                json_doc_put_text(&doc, doc.root, "KmsKeyArn", record->kms_key_arn);
        if (tag_count > 0) {
                list = json_doc_put_array(&doc, doc.root, "Tags");
                for (uint32_t i = 0; i < tag_count; i++) {
                        struct json_value *tag = json_doc_push_object(&doc, list);

                        json_doc_put_text(&doc, tag, "Key", tags[i].key);
                        json_doc_put_text(&doc, tag, "Value", tags[i].value);
                }
        }
        return ebs_reply_json(ebs, 201, &doc, err);
}

/* A parent must be there, completed and no larger; encryption is the parent's. */
static enum ingot_code take_parent(struct ebs_call *ebs, struct snapshot_record *record, bool *ret_refused,
                                   struct ingot_error *err)
{
        struct snapshot_record parent;
        enum ingot_code r;

        *ret_refused = true;
        r = snapshots_look(ebs->store, record->region, record->parent_id, &parent, err);
        if (r == INGOT_E_NOT_FOUND)
                return ebs_refuse_snapshot(ebs, record->parent_id);
        if (r)
                return r;
        if (parent.state != SNAPSHOT_COMPLETED)
                return ebs_refuse_value(ebs, "INVALID_SNAPSHOT_ID",
                                        "The parent '%s' is in state %s, not completed.", parent.id,
                                        ebs_status(&parent));
        if (record->volume_gib < parent.volume_gib)
                return ebs_refuse_value(ebs, "INVALID_VOLUME_SIZE",
                                        "VolumeSize %u is smaller than the parent's %u.", record->volume_gib,
                                        parent.volume_gib);
        record->is_encrypted = parent.is_encrypted;
        (void)snprintf(record->kms_key_arn, sizeof(record->kms_key_arn), "%s", parent.kms_key_arn);
        *ret_refused = false;
        return INGOT_OK;
}

/*
 * Decides by the account's default and looks at the key.  A key that was never made here is taken as one that somebody
 * lets us use; one that was made and disabled is refused.
 */
static enum ingot_code settle_encryption(struct ebs_call *ebs, struct snapshot_record *record,
                                         bool *ret_refused, struct ingot_error *err)
{
        struct key key;
        bool is_default = false;
        enum ingot_code r = encryption_is_default(ebs->store, record->region, &is_default, err);

        if (r)
                return r;
        *ret_refused = true;
        if (is_default && *record->parent_id && !record->is_encrypted)
                return ebs_refuse_value(
                        ebs, "INVALID_PARAMETER_VALUE",
                        "The parent '%s' is not encrypted and the account encrypts by default.",
                        record->parent_id);
        record->is_encrypted |= is_default;
        if (record->is_encrypted && !*record->kms_key_arn) {
                r = key_read_default(ebs->call, record->kms_key_arn, err);
                if (r)
                        return r;
        }
        if (record->is_encrypted) {
                r = key_find(ebs->call, record->kms_key_arn, &key, err);
                if (r && r != INGOT_E_NOT_FOUND)
                        return r;
                if (r ? !is_key_arn(record->kms_key_arn) : !key_is_usable(&key))
                        return ebs_refuse_value(ebs, "INVALID_CUSTOMER_KEY",
                                                "The key '%.200s' cannot be used.", record->kms_key_arn);
        }
        *ret_refused = false;
        return INGOT_OK;
}

/* Answers a start whose client token was used before. */
static enum ingot_code answer_again(struct ebs_call *ebs, const struct snapshot_record *record,
                                    struct ingot_error *err)
{
        struct snapshot_record earlier;
        enum ingot_code r = catalogue_find_snapshot_by_token(ebs->store->catalogue, record->region,
                                                             record->client_token, &earlier, err);

        if (r)
                return r;
        if (strcmp(earlier.request_digest, record->request_digest) != 0)
                return ebs_refuse(ebs, 409, "ConflictException", NULL,
                                  "The client token was used for '%s' with other parameters.", earlier.id);
        return reply_record(ebs, &earlier, err);
}

static enum ingot_code start_new(struct ebs_call *ebs, struct start_request *start, struct ingot_error *err)
{
        struct snapshot_record *record = &start->record;
        uint64_t pending_count;
        bool is_refused = false;
        enum ingot_code r = INGOT_OK;

        if (*record->parent_id)
                r = take_parent(ebs, record, &is_refused, err);
        if (r || is_refused)
                return r;
        r = settle_encryption(ebs, record, &is_refused, err);
        if (r || is_refused)
                return r;
        r = snapshots_settle(ebs->store, record->region, err);
        if (!r)
                r = catalogue_count_snapshots(ebs->store->catalogue, record->region, SNAPSHOT_PENDING,
                                              &pending_count, err);
        if (!r && pending_count >= snapshots_pending_max(ebs->store))
                return ebs_refuse(ebs, 400, "ConcurrentLimitExceededException", NULL,
                                  "There are %llu pending snapshots, the most there may be.",
                                  (unsigned long long)snapshots_pending_max(ebs->store));
        if (!r)
                r = random_resource_id("snap-", record->id, err);
        if (!r)
                r = snapshots_start(ebs->store, record, start->tags, start->tag_count, err);
        if (r == INGOT_E_CONFLICT && *record->client_token) /* another process was quicker with this token */
                return answer_again(ebs, record, err);
        return r ? r : reply_record(ebs, record, err);
}

enum ingot_code serve_start_snapshot(struct ebs_call *ebs, struct ingot_error *err)
{
        OWNED(json_value_drop) struct json_value *json = NULL;
        OWNED(heap_drop) struct start_request *start = calloc(1, sizeof(*start));
        struct snapshot_record *record;
        enum ingot_code r;

        if (!start)
                return ingot_fail_memory(err, sizeof(*start));
        record = &start->record;
        if (ebs->request->is_body_too_long)
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE", "The body is too long.");
        r = json_value_parse(ebs->request->body, ebs->request->body_bytes, "body", &json, err);
        if (r == INGOT_E_FORMAT)
                return ebs_refuse_value(ebs, "INVALID_PARAMETER_VALUE", "The body is not JSON.");
        if (r)
                return r;
        record->timeout_minutes = TIMEOUT_MINUTES_DEFAULT;
        if (!read_request(start, json))
                return ebs_refuse_value(ebs, start->reason, "%s", start->complaint);
        (void)snprintf(record->region, sizeof(record->region), "%s", ebs->call->region);
        (void)snprintf(record->boot_id, sizeof(record->boot_id), "%s", ebs->store->boot_id);
        record->start_seconds = clock_wall_seconds(ebs->store->clock);
        r = fingerprint(json, record->request_digest, err);
        if (r)
                return r;
        if (*record->client_token) {
                r = answer_again(ebs, record, err);
                if (r != INGOT_E_NOT_FOUND)
                        return r;
        }
        return start_new(ebs, start, err);
}
