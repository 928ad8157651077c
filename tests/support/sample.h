/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SAMPLE_H
#define SUPPORT_SAMPLE_H

/* tests/support/sample.h
 * sample: a byte source without an end whose bytes are a function of their offset; half of them pack well.
 */
#include "model/byte_source.h"

enum { SAMPLE_ZERO_FROM = 1 << 30 }; /* from this offset on, for 2^30 bytes, all bytes are zero */

extern const struct byte_source sample_source;

void sample_fill(uint64_t offset_bytes, void *bytes, size_t size_bytes);

#endif
