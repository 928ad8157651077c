/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_LAY_EXTENTS_H
#define SUPPORT_LAY_EXTENTS_H

/* tests/support/lay_extents.h
 * lay_extents: the smallest assembler there can be, for tests of what is laid out, and sources for it.
 */
#include <stdbool.h>

#include "model/extent.h"

/*
 * Writes the extents into a new file of size_bytes; 0 when done, -1 with errno.
 *
 * is_poisoned  what no extent covers is 0xA5 instead of a hole: to prove that nobody reads it
 */
int lay_extents(const char *path, const struct extent_list *list, uint64_t size_bytes, bool is_poisoned);

/* A source whose byte at offset n depends on n alone and is never 0; one of a kind, never ends. */
const struct byte_source *pattern_source(void);

/* What pattern_source() reads at offset_bytes. */
void pattern_fill(uint64_t offset_bytes, void *bytes, size_t size_bytes);

#endif
