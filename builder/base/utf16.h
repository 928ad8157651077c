/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTF16_H
#define BASE_UTF16_H

/* builder/base/utf16.h
 * utf16: names as GPT and FAT keep them.
 *
 * Unit     unit = one 16-bit code unit; a character past U+FFFF takes two.
 * Rules    (1) Overlong forms, surrogates and values past U+10FFFF are not UTF-8.
 *          (2) Going back, a surrogate without its other half becomes U+FFFD.
 * Source   RFC 3629, RFC 2781.
 * Tests    tests/unit/base/test_utf16.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_is_valid(const char *text, size_t size_bytes);

/* Reads size_bytes of UTF-8 into at most capacity units, without a terminator; false when text is not UTF-8
 * or does not fit. */
bool utf16_from_utf8(const char *text, size_t size_bytes, uint16_t *out, size_t capacity, size_t *ret_units);

/* Prints units up to count or the first 0 as UTF-8 with a NUL; out holds 3 * count + 1 bytes.  Returns the
 * bytes printed, without the NUL. */
size_t utf16_to_utf8(const uint16_t *units, size_t count, char *out);

#endif
