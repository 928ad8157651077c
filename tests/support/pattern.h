/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PATTERN_H
#define SUPPORT_PATTERN_H

/* tests/support/pattern.h
 * pattern: a byte source without an end whose bytes are a function of their offset; half of them pack well.
 */
#include "model/byte_source.h"

enum { PATTERN_ZERO_FROM = 1 << 30 }; /* from this offset on, for 2^30 bytes, all bytes are zero */

extern const struct byte_source pattern_source;

void pattern_fill(uint64_t offset_bytes, void *bytes, size_t size_bytes);

#endif
