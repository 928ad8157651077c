/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/manifest_members.h"

enum ingot_code member_copy(const char *text, char **ret_copy, struct ingot_error *err)
{
        char *made = strdup(text);

        if (!made)
                return ingot_fail_memory(err, strlen(text) + 1);
        *ret_copy = made;
        return INGOT_OK;
}

enum ingot_code member_need_copy(const struct json_value *object, const char *where, const char *key,
                                 char **ret_copy, struct ingot_error *err)
{
        const char *text;
        enum ingot_code r = json_need_text(object, where, key, &text, err);

        return r ? r : member_copy(text, ret_copy, err);
}

enum ingot_code member_may_copy(const struct json_value *object, const char *where, const char *key,
                                char **ret_copy, struct ingot_error *err)
{
        *ret_copy = NULL;
        return json_value_member(object, key) ? member_need_copy(object, where, key, ret_copy, err)
                                              : INGOT_OK;
}

enum ingot_code member_may_u64(const struct json_value *object, const char *where, const char *key,
                               uint64_t *ret_value, struct ingot_error *err)
{
        *ret_value = 0;
        return json_value_member(object, key) ? json_need_u64(object, where, key, ret_value, err) : INGOT_OK;
}

enum ingot_code member_need_hex(const struct json_value *object, const char *where, const char *key,
                                struct digest *ret_digest, struct ingot_error *err)
{
        const char *text;
        enum ingot_code r = json_need_text(object, where, key, &text, err);

        if (!r && !hex_decode(text, ret_digest->bytes, DIGEST_BYTES))
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s is no SHA-256 in hex", key, where);
        return r;
}

enum ingot_code member_need_guid(const struct json_value *object, const char *where, const char *key,
                                 struct guid *ret_guid, struct ingot_error *err)
{
        const char *text;
        enum ingot_code r = json_need_text(object, where, key, &text, err);

        if (!r && !guid_parse(text, ret_guid))
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s is no GUID", key, where);
        return r;
}

enum ingot_code member_need_list(const struct json_value *object, const char *where, const char *key,
                                 size_t most, const struct json_value **ret_list, struct ingot_error *err)
{
        enum ingot_code r = json_need_array(object, where, key, ret_list, err);

        if (!r && json_value_count(*ret_list) > most)
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s has %zu items; at most %zu are possible", key,
                               where, json_value_count(*ret_list), most);
        return r;
}

enum ingot_code member_fail(struct ingot_error *err, const char *what, const char *name)
{
        return ingot_fail(err, INGOT_E_FORMAT, "%s '%s'", what, name);
}
