/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "wire/ebs_shape.h"

bool ebs_is_snapshot_id(const char *text)
{
        size_t chars = strlen(text);

        return chars > 5 && chars <= EBS_SNAPSHOT_ID_CHARS && strncmp(text, "snap-", 5) == 0 &&
               strspn(text + 5, "0123456789abcdef") == chars - 5;
}

static void put_text(struct json_doc *doc, const char *key, const char *text)
{
        if (text)
                json_doc_put_text(doc, doc->root, key, text);
}

enum ingot_code ebs_shape_start(struct buffer *out, const struct ebs_start_request *request,
                                struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        struct json_value *tags;

        json_doc_init(&doc);
        json_doc_put_u64(&doc, doc.root, "VolumeSize", request->volume_size_gib);
        put_text(&doc, "ParentSnapshotId", request->parent_snapshot_id);
        put_text(&doc, "Description", request->description);
        put_text(&doc, "ClientToken", request->client_token);
        put_text(&doc, "KmsKeyArn", request->kms_key_arn);
        if (request->encrypted != TRI_UNSET)
                json_doc_put_bool(&doc, doc.root, "Encrypted", request->encrypted == TRI_YES);
        if (request->timeout_minutes)
                json_doc_put_u64(&doc, doc.root, "Timeout", request->timeout_minutes);
        tags = request->tag_count ? json_doc_put_array(&doc, doc.root, "Tags") : NULL;
        for (size_t i = 0; i < request->tag_count; i++) {
                struct json_value *tag = json_doc_push_object(&doc, tags);

                json_doc_put_text(&doc, tag, "Key", request->tags[i].key);
                json_doc_put_text(&doc, tag, "Value", request->tags[i].value);
        }
        return json_doc_print(&doc, true, out, err);
}

/* Copies a word of a reply; absent is "". */
static enum ingot_code read_word(const struct json_value *object, const char *key,
                                 char out[EBS_WORD_CHARS + 1], struct ingot_error *err)
{
        const struct json_value *value = json_value_member(object, key);
        const char *text = json_value_text(value);

        out[0] = '\0';
        if (!value || json_value_is_null(value))
                return INGOT_OK;
        if (!text || strlen(text) > EBS_WORD_CHARS)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' of the answer is not a word of at most %d characters", key,
                                  EBS_WORD_CHARS);
        memcpy(out, text, strlen(text) + 1);
        return INGOT_OK;
}

enum ingot_code ebs_shape_started(const char *json, size_t size_bytes, struct ebs_started *ret_started,
                                  struct ingot_error *err)
{
        static const char name[] = "answer to StartSnapshot";
        OWNED(json_value_drop) struct json_value *reply = NULL;
        struct ebs_started started = { .state = "" };
        const char *id = NULL;
        enum ingot_code r = json_value_parse(json, size_bytes, name, &reply, err);

        if (!r)
                r = json_need_text(reply, name, "SnapshotId", &id, err);
        if (!r && !ebs_is_snapshot_id(id))
                r = ingot_fail(err, INGOT_E_FORMAT, "%s: '%.80s' is not a snapshot id", name, id);
        if (!r)
                r = json_need_u64(reply, name, "VolumeSize", &started.volume_size_gib, err);
        if (!r)
                r = json_need_u64(reply, name, "BlockSize", &started.block_bytes, err);
        if (!r)
                r = read_word(reply, "Status", started.state, err);
        if (!r)
                r = read_word(reply, "SseType", started.sse_type, err);
        if (r)
                return r;
        memcpy(started.snapshot_id, id, strlen(id) + 1);
        started.has_kms_key = json_value_text(json_value_member(reply, "KmsKeyArn")) != NULL;
        *ret_started = started;
        return INGOT_OK;
}

enum ingot_code ebs_shape_completed(const char *json, size_t size_bytes, char ret_state[EBS_WORD_CHARS + 1],
                                    struct ingot_error *err)
{
        static const char name[] = "answer to CompleteSnapshot";
        OWNED(json_value_drop) struct json_value *reply = NULL;
        char state[EBS_WORD_CHARS + 1];
        enum ingot_code r = json_value_parse(json, size_bytes, name, &reply, err);

        if (!r && !json_value_is_object(reply))
                r = ingot_fail(err, INGOT_E_FORMAT, "%s is not an object", name);
        if (!r)
                r = read_word(reply, "Status", state, err);
        if (!r && !state[0])
                r = ingot_fail(err, INGOT_E_FORMAT, "%s has no Status", name);
        if (!r)
                memcpy(ret_state, state, sizeof(state));
        return r;
}

/* "com.amazonaws.ebs#ValidationException:http://..." is a "ValidationException". */
static void set_code(char out[FAULT_CODE_CHARS + 1], const char *text)
{
        char *end;

        if (!text)
                return;
        if (strchr(text, '#'))
                text = strchr(text, '#') + 1;
        fault_set_text(out, FAULT_CODE_CHARS, text);
        end = strchr(out, ':');
        if (end)
                *end = '\0';
}

static const char *either(const struct json_value *object, const char *key, const char *other)
{
        const char *text = json_value_text(json_value_member(object, key));

        return text ? text : json_value_text(json_value_member(object, other));
}

void ebs_shape_fault(const char *json, size_t size_bytes, const char *error_type, struct fault *ret_fault)
{
        OWNED(json_value_drop) struct json_value *reply = NULL;

        *ret_fault = (struct fault){ .code = "" };
        set_code(ret_fault->code, error_type);
        if (json_value_parse(json, size_bytes, "answer", &reply, NULL))
                return;
        if (!ret_fault->code[0])
                set_code(ret_fault->code, either(reply, "__type", "code"));
        fault_set_text(ret_fault->reason, FAULT_CODE_CHARS, either(reply, "Reason", "reason"));
        fault_set_text(ret_fault->message, FAULT_MESSAGE_CHARS, either(reply, "message", "Message"));
}
