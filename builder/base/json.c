/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"

/* struct json_value is jansson's json_t under our name; these two are the only places that know it. */
static json_t *inside(const struct json_value *value)
{
        return (json_t *)value;
}

static struct json_value *outside(json_t *value)
{
        return (struct json_value *)value;
}

enum ingot_code json_value_parse_or_fault(const char *bytes, size_t size_bytes, struct json_value **ret_json,
                                          struct json_fault *ret_fault)
{
        json_error_t why;
        json_t *value = json_loadb(bytes, size_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);

        if (!value) {
                ret_fault->line = why.line > 0 ? (uint32_t)why.line : 1;
                ret_fault->column = why.column > 0 ? (uint32_t)why.column : 1;
                (void)snprintf(ret_fault->text, sizeof(ret_fault->text), "%s", why.text);
                return INGOT_E_FORMAT;
        }
        *ret_json = outside(value);
        return INGOT_OK;
}

enum ingot_code json_value_parse(const char *bytes, size_t size_bytes, const char *name,
                                 struct json_value **ret_json, struct ingot_error *err)
{
        struct json_fault fault;

        if (json_value_parse_or_fault(bytes, size_bytes, ret_json, &fault))
                return ingot_fail(err, INGOT_E_FORMAT, "%s:%u:%u: %s", name, (unsigned)fault.line,
                                  (unsigned)fault.column, fault.text);
        return INGOT_OK;
}

void json_value_free(struct json_value *json)
{
        json_decref(inside(json));
}

void json_value_drop(struct json_value **json)
{
        json_value_free(*json);
        *json = NULL;
}

bool json_value_is_object(const struct json_value *json)
{
        return json_is_object(inside(json));
}

bool json_value_is_array(const struct json_value *json)
{
        return json_is_array(inside(json));
}

bool json_value_is_null(const struct json_value *json)
{
        return json_is_null(inside(json));
}

const char *json_value_text(const struct json_value *json)
{
        return json_string_value(inside(json));
}

bool json_value_u64(const struct json_value *json, uint64_t *ret_value)
{
        if (!json_is_integer(inside(json)) || json_integer_value(inside(json)) < 0)
                return false;
        *ret_value = (uint64_t)json_integer_value(inside(json));
        return true;
}

bool json_value_real(const struct json_value *json, double *ret_value)
{
        if (!json_is_number(inside(json)))
                return false;
        *ret_value = json_number_value(inside(json));
        return true;
}

bool json_value_bool(const struct json_value *json, bool *ret_value)
{
        if (!json_is_boolean(inside(json)))
                return false;
        *ret_value = json_is_true(inside(json));
        return true;
}

const struct json_value *json_value_member(const struct json_value *json, const char *key)
{
        return outside(json_object_get(inside(json), key));
}

size_t json_value_count(const struct json_value *json)
{
        return json_array_size(inside(json));
}

const struct json_value *json_value_at(const struct json_value *json, size_t index)
{
        return outside(json_array_get(inside(json), index));
}

void *json_value_first(const struct json_value *object)
{
        return json_object_iter(inside(object));
}

void *json_value_next(const struct json_value *object, void *at)
{
        return json_object_iter_next(inside(object), at);
}

const char *json_value_key(void *at)
{
        return json_object_iter_key(at);
}

const struct json_value *json_value_of(void *at)
{
        return outside(json_object_iter_value(at));
}

enum ingot_code json_need_text(const struct json_value *object, const char *where, const char *key,
                               const char **ret_text, struct ingot_error *err)
{
        const char *text = json_value_text(json_value_member(object, key));

        if (!text)
                return ingot_fail(err, INGOT_E_FORMAT, "%s has no text '%s'", where, key);
        *ret_text = text;
        return INGOT_OK;
}

enum ingot_code json_need_u64(const struct json_value *object, const char *where, const char *key,
                              uint64_t *ret_value, struct ingot_error *err)
{
        if (!json_value_u64(json_value_member(object, key), ret_value))
                return ingot_fail(err, INGOT_E_FORMAT, "%s has no whole number '%s'", where, key);
        return INGOT_OK;
}

enum ingot_code json_need_array(const struct json_value *object, const char *where, const char *key,
                                const struct json_value **ret_array, struct ingot_error *err)
{
        const struct json_value *array = json_value_member(object, key);

        if (!json_value_is_array(array))
                return ingot_fail(err, INGOT_E_FORMAT, "%s has no array '%s'", where, key);
        *ret_array = array;
        return INGOT_OK;
}

enum ingot_code json_need_object(const struct json_value *object, const char *where, const char *key,
                                 const struct json_value **ret_object, struct ingot_error *err)
{
        const struct json_value *member = json_value_member(object, key);

        if (!json_value_is_object(member))
                return ingot_fail(err, INGOT_E_FORMAT, "%s has no object '%s'", where, key);
        *ret_object = member;
        return INGOT_OK;
}

void json_doc_init(struct json_doc *doc)
{
        doc->root = outside(json_object());
        doc->failed = !doc->root;
}

void json_doc_release(struct json_doc *doc)
{
        json_value_drop(&doc->root);
        doc->failed = false;
}

/* Takes value, which is NULL when its allocation failed. */
static void put(struct json_doc *doc, struct json_value *object, const char *key, json_t *value)
{
        if (json_object_set_new(inside(object), key, value))
                doc->failed = true;
}

static void push(struct json_doc *doc, struct json_value *array, json_t *value)
{
        if (json_array_append_new(inside(array), value))
                doc->failed = true;
}

static json_t *text_or_null(const char *text)
{
        return text ? json_string(text) : json_null();
}

static json_t *copy_or_null(const struct json_value *value)
{
        return value ? json_deep_copy(inside(value)) : json_null();
}

void json_doc_put_text(struct json_doc *doc, struct json_value *object, const char *key, const char *text)
{
        put(doc, object, key, text_or_null(text));
}

void json_doc_put_i64(struct json_doc *doc, struct json_value *object, const char *key, int64_t value)
{
        put(doc, object, key, json_integer(value));
}

void json_doc_put_u64(struct json_doc *doc, struct json_value *object, const char *key, uint64_t value)
{
        if (value > INT64_MAX)
                doc->failed = true;
        put(doc, object, key, json_integer((json_int_t)value));
}

void json_doc_put_real(struct json_doc *doc, struct json_value *object, const char *key, double value)
{
        put(doc, object, key, json_real(value));
}

void json_doc_put_bool(struct json_doc *doc, struct json_value *object, const char *key, bool value)
{
        put(doc, object, key, json_boolean(value));
}

void json_doc_put_copy(struct json_doc *doc, struct json_value *object, const char *key,
                       const struct json_value *value)
{
        put(doc, object, key, copy_or_null(value));
}

struct json_value *json_doc_put_object(struct json_doc *doc, struct json_value *object, const char *key)
{
        json_t *made = json_object();

        put(doc, object, key, made);
        return doc->failed ? NULL : outside(made);
}

struct json_value *json_doc_put_array(struct json_doc *doc, struct json_value *object, const char *key)
{
        json_t *made = json_array();

        put(doc, object, key, made);
        return doc->failed ? NULL : outside(made);
}

void json_doc_push_text(struct json_doc *doc, struct json_value *array, const char *text)
{
        push(doc, array, text_or_null(text));
}

void json_doc_push_u64(struct json_doc *doc, struct json_value *array, uint64_t value)
{
        if (value > INT64_MAX)
                doc->failed = true;
        push(doc, array, json_integer((json_int_t)value));
}

void json_doc_push_copy(struct json_doc *doc, struct json_value *array, const struct json_value *value)
{
        push(doc, array, copy_or_null(value));
}

struct json_value *json_doc_push_object(struct json_doc *doc, struct json_value *array)
{
        json_t *made = json_object();

        push(doc, array, made);
        return doc->failed ? NULL : outside(made);
}

static int append_to_buffer(const char *bytes, size_t size_bytes, void *context)
{
        buffer_append(context, bytes, size_bytes);
        return 0;
}

enum ingot_code json_doc_print(const struct json_doc *doc, bool compact, struct buffer *out,
                               struct ingot_error *err)
{
        size_t flags = JSON_SORT_KEYS | (compact ? JSON_COMPACT : JSON_INDENT(2));

        if (doc->failed || json_dump_callback(inside(doc->root), append_to_buffer, out, flags))
                return ingot_fail(err, INGOT_E_MEMORY,
                                  "a JSON document ran out of memory or holds a text that is not UTF-8");
        if (!compact)
                buffer_append_char(out, '\n');
        return buffer_check(out, err);
}

enum ingot_code json_value_print(const struct json_value *json, struct buffer *out, struct ingot_error *err)
{
        if (json_dump_callback(inside(json), append_to_buffer, out,
                               JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY))
                return ingot_fail_memory(err, out->ceiling_bytes);
        return buffer_check(out, err);
}
