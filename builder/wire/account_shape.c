/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "wire/account_shape.h"

/* Copies a member's text; one that is not there, or too long, is "". */
static void read_text(const struct json_value *object, const char *key, char *out, size_t room_bytes)
{
        const char *text = json_value_text(json_value_member(object, key));

        out[0] = '\0';
        if (text && strlen(text) < room_bytes)
                (void)snprintf(out, room_bytes, "%s", text);
}

static enum ingot_code need_object(const char *json, size_t size_bytes, const char *name, const char *key,
                                   struct json_value **ret_reply, const struct json_value **ret_object,
                                   struct ingot_error *err)
{
        enum ingot_code r = json_value_parse(json, size_bytes, name, ret_reply, err);

        if (r)
                return r;
        return json_need_object(*ret_reply, name, key, ret_object, err);
}

enum ingot_code kms_shape_key(const char *json, size_t size_bytes, struct kms_key *ret_key,
                              struct ingot_error *err)
{
        static const char name[] = "reply of DescribeKey";
        OWNED(json_value_drop) struct json_value *reply = NULL;
        const struct json_value *metadata;
        struct kms_key key = { .is_enabled = false };
        enum ingot_code r = need_object(json, size_bytes, name, "KeyMetadata", &reply, &metadata, err);

        if (r)
                return r;
        read_text(metadata, "Arn", key.arn, sizeof(key.arn));
        read_text(metadata, "KeyState", key.state, sizeof(key.state));
        read_text(metadata, "KeyManager", key.manager, sizeof(key.manager));
        read_text(metadata, "KeyUsage", key.usage, sizeof(key.usage));
        read_text(metadata, "KeySpec", key.spec, sizeof(key.spec));
        if (!key.arn[0] || !key.state[0] ||
            !json_value_bool(json_value_member(metadata, "Enabled"), &key.is_enabled))
                return ingot_fail(err, INGOT_E_FORMAT, "%s has no Arn, KeyState or Enabled", name);
        *ret_key = key;
        return INGOT_OK;
}

enum ingot_code quota_shape_quota(const char *json, size_t size_bytes, struct quota *ret_quota,
                                  struct ingot_error *err)
{
        static const char name[] = "reply of GetServiceQuota";
        OWNED(json_value_drop) struct json_value *reply = NULL;
        const struct json_value *object;
        struct quota quota = { .value = 0 };
        double value;
        enum ingot_code r = need_object(json, size_bytes, name, "Quota", &reply, &object, err);

        if (r)
                return r;
        read_text(object, "QuotaCode", quota.code, sizeof(quota.code));
        read_text(object, "QuotaName", quota.name, sizeof(quota.name));
        if (!json_value_real(json_value_member(object, "Value"), &value) || !(value >= 0 && value < 1e18))
                return ingot_fail(err, INGOT_E_FORMAT, "%s has no Value that is a number", name);
        quota.value = (uint64_t)value;
        (void)json_value_bool(json_value_member(object, "Adjustable"), &quota.is_adjustable);
        *ret_quota = quota;
        return INGOT_OK;
}
