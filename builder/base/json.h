/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

/* builder/base/json.h
 * json: JSON by jansson, with messages that name the member and documents that check memory once.
 *
 * Rules    (1) Input with a duplicate key, or after the first value more than white space, is refused.
 *          (2) Output has its keys in bytewise order and is the same bytes on every machine.
 *          (3) A struct json_value below another is borrowed from it; only what json_value_parse() or a *_new()
 *              returned and was not put anywhere is owned.
 *          (4) A document being made remembers a failed allocation until json_doc_print().
 *          (5) Integers are signed 64-bit; a real is never taken where a whole number is meant.
 * Source   RFC 8259 as jansson 2.14 reads it.
 * Tests    tests/unit/base/test_json.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "base/buffer.h"

struct json_value;

/* ---- reading ---- */

/*
 * Parses bytes.
 *
 * name         what to call the document in messages: a path, or "reply of StartSnapshot"
 * ret_json     owned by the caller: json_value_free(), or OWNED(json_value_drop)
 * Fails with   INGOT_E_FORMAT  "NAME:LINE:COLUMN: ...", not JSON or a key given twice
 */
enum ingot_code json_value_parse(const char *bytes, size_t size_bytes, const char *name,
                                 struct json_value **ret_json, struct ingot_error *err) INGOT_MUST_CHECK;

/* Where and why a text is not JSON; line and column count from 1. */
struct json_fault {
        uint32_t line, column;
        char text[160];
};

/*
 * The same, for a caller who says the place in its own way.
 *
 * ret_fault    written when the result is INGOT_E_FORMAT
 * Fails with   INGOT_E_FORMAT
 */
enum ingot_code json_value_parse_or_fault(const char *bytes, size_t size_bytes, struct json_value **ret_json,
                                          struct json_fault *ret_fault) INGOT_MUST_CHECK;
void json_value_free(struct json_value *json);
void json_value_drop(struct json_value **json);

bool json_value_is_object(const struct json_value *json);
bool json_value_is_array(const struct json_value *json);
bool json_value_is_null(const struct json_value *json);
/* NULL or false when json is of another type (or NULL). */
const char *json_value_text(const struct json_value *json);
bool json_value_u64(const struct json_value *json, uint64_t *ret_value);
/* Also of a whole number; for what a format has as a real, where nothing is counted by it. */
bool json_value_real(const struct json_value *json, double *ret_value);
bool json_value_bool(const struct json_value *json, bool *ret_value);

/* The member's value; NULL when absent, or when json is not an object. */
const struct json_value *json_value_member(const struct json_value *json, const char *key);
size_t json_value_count(const struct json_value *json); /* 0 when not an array */
const struct json_value *json_value_at(const struct json_value *json, size_t index);

/* Walks the members of an object: for (void *at = json_value_first(o); at; at = json_value_next(o, at)). */
void *json_value_first(const struct json_value *object);
void *json_value_next(const struct json_value *object, void *at);
const char *json_value_key(void *at);
const struct json_value *json_value_of(void *at);

/*
 * Members that must be there.
 *
 * where        how the message names the object: "manifest", "reply of StartSnapshot"
 * Fails with   INGOT_E_FORMAT  absent, or of another type
 */
enum ingot_code json_need_text(const struct json_value *object, const char *where, const char *key,
                               const char **ret_text, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code json_need_u64(const struct json_value *object, const char *where, const char *key,
                              uint64_t *ret_value, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code json_need_array(const struct json_value *object, const char *where, const char *key,
                                const struct json_value **ret_array,
                                struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code json_need_object(const struct json_value *object, const char *where, const char *key,
                                 const struct json_value **ret_object,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Appends one value to out: keys sorted, on one line, without a newline.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code json_value_print(const struct json_value *json, struct buffer *out,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* ---- making ---- */

struct json_doc {
        struct json_value *root; /* an object, owned */
        bool failed;             /* an allocation failed, or a text was not UTF-8 */
};

void json_doc_init(struct json_doc *doc);
void json_doc_release(struct json_doc *doc); /* also for OWNED */

/* Each puts a value under key of object (doc->root for the top).  A NULL text or json puts null. */
void json_doc_put_text(struct json_doc *doc, struct json_value *object, const char *key, const char *text);
void json_doc_put_u64(struct json_doc *doc, struct json_value *object, const char *key, uint64_t value);
void json_doc_put_i64(struct json_doc *doc, struct json_value *object, const char *key, int64_t value);
void json_doc_put_real(struct json_doc *doc, struct json_value *object, const char *key, double value);
void json_doc_put_bool(struct json_doc *doc, struct json_value *object, const char *key, bool value);
/* value is copied: it stays with its owner. */
void json_doc_put_copy(struct json_doc *doc, struct json_value *object, const char *key,
                       const struct json_value *value);
/* Makes an empty object or array under key and returns it, borrowed from doc; harmless when failed. */
struct json_value *json_doc_put_object(struct json_doc *doc, struct json_value *object, const char *key);
struct json_value *json_doc_put_array(struct json_doc *doc, struct json_value *object, const char *key);
void json_doc_push_text(struct json_doc *doc, struct json_value *array, const char *text);
void json_doc_push_u64(struct json_doc *doc, struct json_value *array, uint64_t value);
void json_doc_push_copy(struct json_doc *doc, struct json_value *array, const struct json_value *value);
struct json_value *json_doc_push_object(struct json_doc *doc, struct json_value *array);

/*
 * Appends the document to out: keys sorted; indented by 2 and with a final newline, or on one line
 * without (compact).
 *
 * Fails with   INGOT_E_MEMORY  doc or out ran out of memory, or a text was not UTF-8
 */
enum ingot_code json_doc_print(const struct json_doc *doc, bool compact, struct buffer *out,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
