/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MANIFEST_MEMBERS_H
#define MODEL_MANIFEST_MEMBERS_H

/* builder/model/manifest_members.h
 * manifest_members: members of JSON objects as a manifest has them: copied texts, digests, GUIDs, bounded lists.
 *
 * Rules    (1) where names the object in messages.  What is absent, of another type or past a bound is
 *              INGOT_E_FORMAT; all can fail with INGOT_E_MEMORY.
 * Tests    tests/unit/model/test_manifest.c
 */
#include "base/digest.h"
#include "base/guid.h"
#include "base/json.h"

/* Fails with   INGOT_E_MEMORY */
enum ingot_code member_copy(const char *text, char **ret_copy, struct ingot_error *err) INGOT_MUST_CHECK;

/* A text that must be there, copied. */
enum ingot_code member_need_copy(const struct json_value *object, const char *where, const char *key,
                                 char **ret_copy, struct ingot_error *err) INGOT_MUST_CHECK;

/* A text that may be left out: *ret_copy is NULL then. */
enum ingot_code member_may_copy(const struct json_value *object, const char *where, const char *key,
                                char **ret_copy, struct ingot_error *err) INGOT_MUST_CHECK;

/* A number that may be left out: 0 then. */
enum ingot_code member_may_u64(const struct json_value *object, const char *where, const char *key,
                               uint64_t *ret_value, struct ingot_error *err) INGOT_MUST_CHECK;

/* A SHA-256 in hex. */
enum ingot_code member_need_hex(const struct json_value *object, const char *where, const char *key,
                                struct digest *ret_digest, struct ingot_error *err) INGOT_MUST_CHECK;

enum ingot_code member_need_guid(const struct json_value *object, const char *where, const char *key,
                                 struct guid *ret_guid, struct ingot_error *err) INGOT_MUST_CHECK;

/* An array of at most that many items. */
enum ingot_code member_need_list(const struct json_value *object, const char *where, const char *key,
                                 size_t most, const struct json_value **ret_list,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Records "WHAT 'NAME'" as INGOT_E_FORMAT. */
enum ingot_code member_fail(struct ingot_error *err, const char *what, const char *name);

#endif
