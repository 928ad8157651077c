/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_GUID_H
#define BASE_GUID_H

/* builder/base/guid.h
 * guid: 128-bit identifiers, as text, as RFC 4122 bytes and as GPT stores them.
 *
 * Rules    (1) bytes are in RFC 4122 order, the order of the text.
 *          (2) Text is printed in lower case; either case is read.
 * Source   RFC 4122; UEFI 2.10 appendix A (the first three fields little-endian on disk).
 * Tests    tests/unit/base/test_guid.c
 */
#include <stdbool.h>
#include <stdint.h>

#include <ingot/error.h>

enum { GUID_BYTES = 16, GUID_TEXT_CHARS = 36 };

struct guid {
        uint8_t bytes[GUID_BYTES];
};

bool guid_is_nil(const struct guid *guid);
bool guid_equal(const struct guid *a, const struct guid *b);

/* Prints 36 characters and a NUL: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b". */
void guid_print(const struct guid *guid, char out[GUID_TEXT_CHARS + 1]);
/* Reads exactly 36 characters; false when they are not a GUID. */
bool guid_parse(const char *text, struct guid *ret_guid);

/* To and from the 16 bytes of a GPT. */
void guid_encode_gpt(const struct guid *guid, uint8_t out[GUID_BYTES]);
void guid_decode_gpt(const uint8_t in[GUID_BYTES], struct guid *ret_guid);

/*
 * Derives the GUID that purpose has under seed: the first 16 bytes of HMAC-SHA-256(seed, purpose) with
 * the version (8, "custom", RFC 9562) and variant bits set.
 *
 * purpose      "disk /dev/xvda", "partition /dev/xvda 1": never the same text for two things.
 * Fails with   INGOT_E_BUG  OpenSSL refused
 */
enum ingot_code guid_derive(const struct guid *seed, const char *purpose, struct guid *ret_guid,
                            struct ingot_error *err) INGOT_MUST_CHECK;

#endif
