/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

/* builder/base/crc32.h
 * crc32: the CRC-32 of GPT headers and partition arrays.
 *
 * Source   UEFI 2.10, 5.3.2 (the CRC-32 of ISO 3309: polynomial 04C11DB7, reflected, inverted).
 * Tests    tests/unit/base/test_crc32.c
 */
#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *bytes, size_t size_bytes);

#endif
