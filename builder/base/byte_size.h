/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BYTE_SIZE_H
#define BASE_BYTE_SIZE_H

/* builder/base/byte_size.h
 * byte_size: sizes as people write them: "8GiB", "512 KiB", "1048576".
 *
 * Unit     powers of 1024 only: B KiB MiB GiB TiB; a bare number is bytes.  "GB" is refused rather than
 *          guessed at.
 * Rules    (1) Whole numbers; one optional space before the unit.
 *          (2) A size above 2^63 - 1 is refused.
 * Tests    tests/unit/base/test_byte_size.c
 */
#include <stdbool.h>
#include <stdint.h>

enum { BYTE_SIZE_TEXT_CHARS = 31 };

/* Reads all of text as a size; false when it is not one. */
bool byte_size_parse(const char *text, uint64_t *ret_bytes);

/* Prints exactly: the largest unit that divides bytes ("64MiB", "1537B"). */
void byte_size_print_exact(uint64_t bytes, char out[BYTE_SIZE_TEXT_CHARS + 1]);

/* Prints for people: three significant digits ("1.37 GiB", "64.0 MiB", "512 B"). */
void byte_size_print(uint64_t bytes, char out[BYTE_SIZE_TEXT_CHARS + 1]);

#endif
